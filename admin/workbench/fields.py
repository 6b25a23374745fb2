"""The form of a draft: its content as fields, and what was typed as content. Pure: no database, no web.

Nothing typed is lost: a text that is no day, no code or no number goes into the content as it was typed, and the rules
of the Register say what is wrong with it. What the form has no field for stays as it was.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from admin.workbench.cells import CELLS, OF_CHANGE, Cell
from admin.workbench.lines import Line, numbered, read_lines, written
from register.drafts.model import Content, Kind
from register.pages import query

Typed = Mapping[str, Sequence[str]]
"""A form as sent: every text of each name, in order. Empty fields may be missing."""

OF_MEASURE: Final = frozenset(("include", "amend", "correct"))
CELLS_OF: Final[Mapping[Kind, tuple[Cell, ...]]] = {
    **dict.fromkeys(("include", "amend", "correct"), CELLS),
    **dict.fromkeys(("extend", "terminate"), OF_CHANGE),
}
"""The cells of a notification that the form of a kind of draft has."""
_MOST_ROWS: Final = 5000
ACT: Final = ("role", "issuer", "type", "number", "date", "title", "url")


def one(typed: Typed, name: str) -> str:
    """The first text of a field, without blanks around; empty when there is none."""
    return next(iter(typed.get(name, ())), "").replace("\r\n", "\n").strip()


def measure_of(kind: Kind, content: Content) -> dict[str, Any]:
    """The record inside the content of a draft; empty for kinds that have none."""
    found = content.get("measure") if kind in OF_MEASURE else None
    return found if isinstance(found, dict) else {}


def text_of(value: Any, language: str = "ru") -> str:
    """A text of the content in one language, whatever the content holds there."""
    if isinstance(value, Mapping):
        value = value.get(language)
    elif language != "ru":
        value = None
    return value if isinstance(value, str) else ""


def content_from(kind: Kind, typed: Typed, base: Content) -> Content:
    """The content that a form stands for; ``base`` is the content that the form was made from."""
    content = copy.deepcopy(base)
    if kind in OF_MEASURE:
        content["measure"] = _measure(kind, typed, measure_of(kind, base))
        if kind == "amend":
            content["reason"] = one(typed, "reason") or "legal_change"
            content.update(_notified(typed))
        if kind == "correct":
            content["explanation"] = _text(typed, "explanation", content.get("explanation"))
    elif kind in ("extend", "terminate"):
        content["effective_to"] = _day(typed, "effective_to")
        content["acts"] = _acts(typed)
        content.update(_notified(typed))
    elif kind == "permit":
        content["declaration"] = {
            **(content.get("declaration") or {}),
            "from": _day(typed, "declaration_from"),
            "to": _day(typed, "declaration_to"),
            "protocol": _protocol(typed),
            "consultation": one(typed, "consultation") or None,
        }
    else:
        content["last_day"] = _day(typed, "last_day")
        content["protocol"] = _protocol(typed)
    return content


def _notified(typed: Typed) -> dict[str, str | None]:
    """The day on which a change was notified; a form without the field says nothing of it."""
    return {"change_notified_on": _day(typed, "change_notified_on")} if "has_change_notified_on" in typed else {}


def notified_of(kind: Kind, content: Content) -> Any:
    """The day of the notification that a draft answers to, as typed; None where there is none."""
    if kind == "include":
        return measure_of(kind, content).get("notified_on")
    return content.get("change_notified_on")


def _measure(kind: Kind, typed: Typed, base: Mapping[str, Any]) -> dict[str, Any]:
    measure = {
        **base,
        "state": one(typed, "state") or None,
        "kind": one(typed, "kind") or None,
        "title": _text(typed, "title", base.get("title")),
        "acts": _acts(typed),
        "goods": _goods(typed, base.get("goods") or ()),
        "destination": one(typed, "destination") or "third_countries",
        "transport": list(typed.get("transport", ())) or None,
        "origin_condition": _text(typed, "origin_condition", base.get("origin_condition")),
        "conditions": _conditions(typed, base.get("conditions") or ()),
        "effective_from": _day(typed, "effective_from"),
        "effective_to": _day(typed, "effective_to"),
        "suspensions": _suspensions(typed),
        "notified_on": _day(typed, "notified_on"),
    }
    if kind == "include":
        measure["included_on"] = _day(typed, "included_on")
    return measure


def _text(typed: Typed, name: str, base: Any) -> dict[str, str | None] | None:
    """A text in Russian, and in English where the form has a field for it, else as it was."""
    ru = one(typed, f"{name}_ru")
    en = one(typed, f"{name}_en") if f"has_{name}_en" in typed else text_of(base, "en")
    return {"ru": ru or None, **({"en": en} if en else {})} if ru or en else None


def _day(typed: Typed, name: str) -> str | None:
    text = one(typed, name)
    found = query.day(text) if text else None
    return found.isoformat() if found else text or None


def _rows(typed: Typed, prefix: str) -> list[int]:
    """The numbers of the rows of a table that something was typed in, in order."""
    pattern = re.compile(rf"{prefix}-(\d{{1,5}})-\w+")
    found = {int(match[1]) for name in typed if (match := pattern.fullmatch(name))}
    return sorted(place for place in found if place < _MOST_ROWS)


def _acts(typed: Typed) -> list[dict[str, Any]]:
    acts = []
    for place in _rows(typed, "a"):
        texts = {name: one(typed, f"a-{place}-{name}") or None for name in ACT}
        texts["date"] = _day(typed, f"a-{place}-date")
        if any(texts[name] for name in ACT if name != "role"):
            acts.append({**texts, "role": texts["role"] or "introduces"})
    return acts


def _suspensions(typed: Typed) -> list[dict[str, Any]]:
    found = [{name: _day(typed, f"s-{place}-{name}") for name in ("from", "to")} for place in _rows(typed, "s")]
    return [period for period in found if period["from"] or period["to"]]


def _conditions(typed: Typed, base: Sequence[Any]) -> list[dict[str, str | None]]:
    """One condition a line; one that was there before keeps its English. Those in English only stay."""
    known = {" ".join(text_of(item).split()): item for item in base if isinstance(item, Mapping)}
    lines = [" ".join(line.split()) for line in one(typed, "conditions").splitlines()]
    kept = [item for text, item in known.items() if not text]
    return [dict(known.get(line) or {"ru": line}) for line in lines if line] + [dict(item) for item in kept]


def _protocol(typed: Typed) -> dict[str, str | None] | None:
    number, day = one(typed, "protocol_number"), _day(typed, "protocol_date")
    return {"number": number or None, "date": day} if number or day else None


def _goods(typed: Typed, base: Sequence[Any]) -> list[Line]:
    known = {item["line"]: item for item in base if isinstance(item, Mapping) and isinstance(item.get("line"), int)}
    lines: list[Line] = []
    for place in _rows(typed, "g"):
        text = one(typed, f"g-{place}-code")
        number = one(typed, f"g-{place}-line")
        old = known.get(int(number)) if re.fullmatch(r"\d{1,5}", number) else None
        description = one(typed, f"g-{place}-description")
        if not text:
            continue
        read = [dict(old)] if old is not None and text == written(old) else read_lines(text)
        if old is not None:
            read[0] = {**old, **read[0]}
        for line in read:
            line["description"] = _described(description, line.get("description"))
            line["valid_from"] = _day(typed, f"g-{place}-from")
            line["valid_to"] = _day(typed, f"g-{place}-to")
        lines += read
    return numbered(lines)


def with_line(content: Content, code: str) -> Content:
    """The content with one more goods line, unless that code is there already."""
    changed = copy.deepcopy(content)
    measure = changed["measure"]
    goods: list[Line] = [dict(line) for line in measure.get("goods") or () if isinstance(line, Mapping)]
    if not any(line.get("code_from") == code and not line.get("code_to") for line in goods):
        measure["goods"] = numbered([*goods, *read_lines(code)])
    return changed


def _described(text: str, base: Any) -> dict[str, str | None] | None:
    en = text_of(base, "en")
    return {"ru": text or None, **({"en": en} if en else {})} if text or en else None


def anchor(pointer: str) -> str | None:
    """The id of the field that a pointer into the content leads to; None where the form has no such field."""
    parts = pointer.removeprefix("/measure").strip("/").split("/")
    first, rest = parts[0], parts[1:]
    if first == "goods":
        # A goods line is one field, whatever of its codes is wrong.
        name = rest[1] if len(rest) > 1 else "code"
        part = {"valid_from": "from", "valid_to": "to", "description": "description"}.get(name, "code")
        return f"f-g-{rest[0]}-{part}" if rest and rest[0].isdigit() else "goods"
    if first == "acts":
        return f"f-a-{rest[0]}-{rest[1] if len(rest) > 1 else 'number'}" if rest else "acts"
    if first == "suspensions":
        return f"f-s-{rest[0]}-{rest[1] if len(rest) > 1 else 'from'}" if rest else "suspensions"
    if first in ("title", "origin_condition", "explanation"):
        return f"f-{first}_{rest[0] if rest and rest[0] == 'en' else 'ru'}"
    if first in ("declaration", "protocol"):
        return _of_permission(parts)
    return f"f-{first}" if first in _PLAIN else None


_PLAIN: Final = frozenset(
    (
        *("state", "kind", "destination", "transport", "conditions", "effective_from", "effective_to"),
        *("notified_on", "change_notified_on", "included_on", "reason", "last_day", "publish_at"),
    )
)


def _of_permission(parts: Sequence[str]) -> str:
    names = [name for name in parts if name != "declaration"]
    if not names:
        return "f-declaration_from"
    if names[0] == "protocol":
        return f"f-protocol_{names[1] if len(names) > 1 else 'number'}"
    return "f-consultation" if names[0] == "consultation" else f"f-declaration_{names[0]}"
