"""A draft as the database keeps it: its row, its versions, what is attached to it. Times are UTC."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from register.database import Database
from register.drafts.actors import Actor
from register.drafts.model import Content, Draft, Event, Kind
from register.drafts.states import State

WRITING: Final = ("created", "saved", "settled", "attached", "detached", "submitted")
"""Events whose actors wrote the draft, so that none of them approves it."""

_NAMES: Final = (
    "id",
    "state",
    "kind",
    "content",
    "doubts",
    "source",
    "version",
    "created_at",
    "updated_at",
    "published_seq",
    "author",
    "author_name",
    "submitter",
    "submitter_name",
    "approver",
    "approver_name",
    "returned_reason",
    "publish_at",
    "measure",
    "base_version",
)
_COLUMNS: Final = ", ".join(f"draft.{name}" for name in _NAMES)


class UnknownDraft(LookupError):
    """There is no draft of this number."""


def loaded(value: Any) -> Any:
    """JSON as the engine gives it back."""
    return json.loads(value) if isinstance(value, str | bytes) else value


def dumped(value: Any) -> str:
    """JSON as it is kept."""
    return json.dumps(value, ensure_ascii=False)


def _draft(row: Mapping[str, Any]) -> Draft:
    content = loaded(row["content"])
    return Draft(**{**row, "content": content, "doubts": loaded(row["doubts"])})


async def read_draft(db: Database, draft: int) -> Draft:
    """A draft as it stands. Raises ``UnknownDraft``."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS}, subject AS published FROM draft LEFT JOIN entry ON seq = published_seq "  # noqa: S608
        "WHERE draft.id = {}",
        draft,
    )
    if not rows:
        raise UnknownDraft(f"no draft {draft} / проекта {draft} нет")
    return _draft(rows[0])


@dataclass(frozen=True, slots=True)
class DraftFilter:
    """Which drafts are wanted; empty means all."""

    states: Sequence[State] = ()
    kinds: Sequence[Kind] = ()
    measure: str | None = None
    author: int | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The condition in SQL, and its values."""
        parts, values = ["1 = 1"], list[Any]()
        for name, wanted in (("state", self.states), ("kind", self.kinds)):
            if wanted:
                parts.append(f"draft.{name} IN ({', '.join(['{}'] * len(wanted))})")
                values += wanted
        for name, one in (("measure", self.measure), ("author", self.author)):
            if one is not None:
                parts.append(f"draft.{name} = {{}}")
                values.append(one)
        return " AND ".join(parts), values


async def list_drafts(
    db: Database, chosen: DraftFilter, *, before: int | None = None, limit: int = 100
) -> tuple[list[Draft], int]:
    """The newest drafts of a choice, below the number ``before``, and how many the choice has in all."""
    where, values = chosen.where()
    total = (await db.fetch_rows(f"SELECT count(*) FROM draft WHERE {where}", *values))[0][0]  # noqa: S608
    below = " AND draft.id < {}" if before is not None else ""
    rows = await db.fetch(
        f"SELECT {_COLUMNS}, subject AS published FROM draft LEFT JOIN entry ON seq = published_seq "  # noqa: S608
        f"WHERE {where}{below} ORDER BY draft.id DESC LIMIT {{}}",
        *values,
        *([before] if before is not None else []),
        limit,
    )
    return [_draft(row) for row in rows], int(total)


async def read_events(db: Database, draft: int) -> list[Event]:
    """Everything that happened to a draft, oldest first, without the contents."""
    rows = await db.fetch(
        "SELECT id, at, actor, actor_name, action, from_state, state, version, note FROM draft_event "
        "WHERE draft = {} ORDER BY id",
        draft,
    )
    return [Event(**row) for row in rows]


async def content_at(db: Database, draft: int, version: int) -> Content | None:
    """What the draft said at a version; None for one that never was."""
    rows = await db.fetch_rows(
        "SELECT content FROM draft_event WHERE draft = {} AND version <= {} AND action <> 'set_aside' "
        "AND content IS NOT NULL ORDER BY id DESC LIMIT 1",
        draft,
        version,
    )
    if not rows:
        return None
    content: Content = loaded(rows[0][0])
    return content


async def writers_of(db: Database, draft: int) -> frozenset[int]:
    """The accounts that wrote, changed or submitted the draft."""
    rows = await db.fetch_rows(
        f"SELECT DISTINCT actor FROM draft_event WHERE draft = {{}} AND actor IS NOT NULL "  # noqa: S608
        f"AND action IN ({', '.join(['{}'] * len(WRITING))})",
        draft,
        *WRITING,
    )
    author = await db.fetch_rows("SELECT author FROM draft WHERE id = {} AND author IS NOT NULL", draft)
    return frozenset(row[0] for row in (*rows, *author))


async def add_event(
    db: Database,
    draft: int,
    who: Actor | None,
    action: str,
    states: tuple[State, State],
    version: int,
    at: datetime,
    *,
    content: Content | None = None,
    note: str | None = None,
) -> None:
    """Keep for ever what happened; ``states`` are those before and after."""
    await db.execute(
        "INSERT INTO draft_event (draft, at, actor, actor_name, action, from_state, state, version, content, note) "
        "VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
        draft,
        at,
        None if who is None else who.id,
        "" if who is None else who.name[:200],
        action,
        *states,
        version,
        None if content is None else dumped(content),
        note,
    )
