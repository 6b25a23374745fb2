"""Views of a list that a person has saved: a name for the filters of an address. Times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from register.database import Database

MOST: Final = 20
"""Views of one person on one list."""
LONGEST_NAME: Final = 80
LONGEST_QUERY: Final = 1000


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view: its number, its name, and the query that shows it."""

    id: int
    name: str
    query: str


class ViewRefused(ValueError):
    """A view that cannot be saved; ``text`` says why, in Russian and English."""

    def __init__(self, ru: str, en: str) -> None:
        self.text = {"ru": ru, "en": en}
        super().__init__(en)


async def views_of(db: Database, account: int, listed: str) -> list[SavedView]:
    """The views of a person on a list, by name."""
    rows = await db.fetch(
        "SELECT id, name, query FROM saved_view WHERE account = {} AND list = {} ORDER BY name, id", account, listed
    )
    return [SavedView(int(row["id"]), row["name"], row["query"]) for row in rows]


async def save_view(db: Database, account: int, listed: str, name: str, query: str, now: datetime) -> None:
    """Save a view; one of the same name is saved anew. Raises ``ViewRefused``."""
    name = " ".join(name.split())
    if not name:
        raise ViewRefused("Укажите название подборки.", "Give the view a name.")
    if len(name) > LONGEST_NAME:
        raise ViewRefused(f"Название длиннее {LONGEST_NAME} знаков.", f"The name is longer than {LONGEST_NAME} signs.")
    if len(query) > LONGEST_QUERY:
        raise ViewRefused("Слишком много условий.", "There are too many conditions.")
    async with db.transaction():
        known = await views_of(db, account, listed)
        if len(known) >= MOST and name not in [one.name for one in known]:
            raise ViewRefused(f"Подборок уже {MOST}; удалите ненужную.", f"There are {MOST} views; remove one first.")
        await db.execute("DELETE FROM saved_view WHERE account = {} AND list = {} AND name = {}", account, listed, name)
        await db.execute(
            "INSERT INTO saved_view (account, list, name, query, created_at) VALUES ({}, {}, {}, {}, {})",
            account,
            listed,
            name,
            query,
            now,
        )


async def remove_view(db: Database, account: int, number: int) -> None:
    """Remove a view of a person; one of another person stays."""
    await db.execute("DELETE FROM saved_view WHERE id = {} AND account = {}", number, account)
