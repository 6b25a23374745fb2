"""The catalogues hold every message of code and templates, translated, and nothing else."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message

from register.pages.catalogue import LOCALE, read, translations
from register.pages.messages import extracted
from register.words import LANGUAGES, Language


def ids(catalogue: Catalog) -> set[str | tuple[str, ...]]:
    return {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}


def test_the_templates_are_looked_through() -> None:
    assert {"Which proof of origin applies?", "There is no such date in the calendar."} <= ids(extracted())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_and_no_other(language: Language) -> None:
    assert ids(read(LOCALE / f"{language}.po", language)) == ids(extracted())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: Language) -> None:
    for message in read(LOCALE / f"{language}.po", language):
        if message.id:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(forms), message.id
            assert not message.fuzzy, message.id
            assert len(forms) == (1 if isinstance(message.id, str) else {"ru": 3, "en": 2}[language])


def places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def wanted(message: Message) -> set[str]:
    return places(message.id if isinstance(message.id, str) else message.id[-1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_the_same_places(language: Language) -> None:
    for message in read(LOCALE / f"{language}.po", language):
        if message.id:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(places(str(form)) == wanted(message) for form in forms), message.id


def test_russian_counts_in_three_forms() -> None:
    counted = translations("ru").ngettext
    said = [counted("%(num)s measure", "%(num)s measures", number) % {"num": number} for number in (1, 2, 5, 11, 21)]
    assert said == ["1 мера", "2 меры", "5 мер", "11 мер", "21 мера"]
