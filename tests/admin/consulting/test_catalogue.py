"""The catalogues of both packages of pages: every message of code and templates, translated, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin.consulting.common import HERE, LOCALE
from consultations.model import STATUSES
from consultations.pages import common as public
from register.pages.catalogue import LOCALE as FIRST
from register.pages.catalogue import read
from register.pages.messages import extracted
from register.words import CONSULTATION_STATUS_NAMES, LANGUAGES, Language
from tests.register.pages.test_catalogue import ids, places, wanted

PACKAGES = pytest.mark.parametrize(("code", "locale"), [(HERE, LOCALE), (public.HERE, public.LOCALE)])


@PACKAGES
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_and_no_other(code: Path, locale: Path, language: Language) -> None:
    assert ids(read(locale / f"{language}.po", language)) == ids(extracted(code))


@PACKAGES
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_fills_the_same_places(code: Path, locale: Path, language: Language) -> None:
    for message in read(locale / f"{language}.po", language):
        if message.id:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(forms), message.id
            assert not message.fuzzy, message.id
            assert len(forms) == (1 if isinstance(message.id, str) else {"ru": 3, "en": 2}[language])
            assert all(places(str(form)) == wanted(message) for form in forms), message.id


def test_no_other_catalogue_says_the_same_message_otherwise() -> None:
    """All catalogues are one on a page: the public pages' own comes first, then whichever was imported first."""
    root = Path(__file__).parents[3]
    first = {message.id: message.string for message in read(FIRST / "ru.po", "ru") if message.id}
    for folder in (LOCALE, public.LOCALE):
        own = {message.id: message.string for message in read(folder / "ru.po", "ru") if message.id}
        assert {key: said for key, said in own.items() if first.get(key, said) != said} == {}
        for path in sorted(root.glob("*/*/locale/ru.po")):
            others = {
                message.id: message.string for message in read(path, "ru") if message.id and message.id not in first
            }
            assert {key: own[key] for key, said in others.items() if own.get(key, said) != said and any(said)} == {}, (
                path
            )


def test_every_status_has_a_name() -> None:
    assert tuple(CONSULTATION_STATUS_NAMES) == STATUSES
