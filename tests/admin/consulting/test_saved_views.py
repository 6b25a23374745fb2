"""Saved views of lists: limits, names, whose they are; on both engines."""

from __future__ import annotations

import pytest

from admin.accounts import Role, people
from admin.accounts.people import Particulars
from admin.consulting.saved_views import LONGEST_NAME, MOST, ViewRefused, remove_view, save_view, views_of
from register.database import Database
from tests.admin.conftest import NOW, SETUP

pytestmark = pytest.mark.anyio


async def person(db: Database, email: str) -> int:
    given = Particulars(email, "Лицо", Role.OFFICIAL, "KG", "ru")
    return await people.add(db, SETUP, given, password_hash=None, now=NOW, own=False)


async def test_a_view_is_saved_anew_under_its_name_and_removed_by_its_owner_only(database: Database) -> None:
    one, other = await person(database, "a@x.example"), await person(database, "b@x.example")
    await save_view(database, one, "consultations", " Мои   дела ", "state=KG", NOW)
    await save_view(database, one, "consultations", "Мои дела", "state=KZ", NOW)
    await save_view(database, one, "drafts", "Мои дела", "", NOW)
    [view] = await views_of(database, one, "consultations")
    assert (view.name, view.query) == ("Мои дела", "state=KZ")
    assert await views_of(database, other, "consultations") == []
    await remove_view(database, other, view.id)
    assert len(await views_of(database, one, "consultations")) == 1
    await remove_view(database, one, view.id)
    assert await views_of(database, one, "consultations") == []
    assert len(await views_of(database, one, "drafts")) == 1


async def test_what_cannot_be_saved_is_refused_in_both_languages(database: Database) -> None:
    one = await person(database, "a@x.example")
    for name, query in ((" ", ""), ("я" * (LONGEST_NAME + 1), ""), ("имя", "q=" + "x" * 1000)):
        with pytest.raises(ViewRefused) as refused:
            await save_view(database, one, "consultations", name, query, NOW)
        assert refused.value.text["ru"]
        assert refused.value.text["en"]
    for number in range(MOST):
        await save_view(database, one, "consultations", f"{number}", "", NOW)
    with pytest.raises(ViewRefused):
        await save_view(database, one, "consultations", "еще одна", "", NOW)
    await save_view(database, one, "consultations", "0", "asked=1", NOW)
    assert len(await views_of(database, one, "consultations")) == MOST
