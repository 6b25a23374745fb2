"""The catalogues of the workbench hold every message, translated, and nothing else."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog

from admin.workbench.common import HERE
from admin.workbench.messages import LOCALE
from register.pages.catalogue import read
from register.pages.messages import extracted
from register.words import LANGUAGES, Language


def ids(catalogue: Catalog) -> set[str | tuple[str, ...]]:
    return {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}


def places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def test_code_and_templates_are_looked_through() -> None:
    assert {"Workbench", "Find a measure", "doubt settled"} <= ids(extracted(HERE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_translated_and_no_other(language: Language) -> None:
    catalogue = read(LOCALE / f"{language}.po", language)
    assert ids(catalogue) == ids(extracted(HERE))
    for message in catalogue:
        if message.id:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = places(message.id if isinstance(message.id, str) else message.id[-1])
            assert all(forms), message.id
            assert not message.fuzzy, message.id
            assert len(forms) == (1 if isinstance(message.id, str) else {"ru": 3, "en": 2}[language])
            assert all(places(str(form)) == wanted for form in forms), message.id
