"""The catalogues of the page hold every message, translated, and nothing else."""

from __future__ import annotations

import pytest

from admin.moved_days.messages import LOCALE
from admin.moved_days.pages import HERE
from register.pages.catalogue import read
from register.pages.messages import extracted
from register.words import LANGUAGES, Language
from tests.admin.workbench.test_catalogue import ids, places


def test_code_and_templates_are_looked_through() -> None:
    assert {"Working days", "Enter the day", "marked as complete"} <= ids(extracted(HERE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_translated_and_no_other(language: Language) -> None:
    catalogue = read(LOCALE / f"{language}.po", language)
    assert ids(catalogue) == ids(extracted(HERE))
    for message in catalogue:
        if message.id:
            assert message.string, message.id
            assert not message.fuzzy, message.id
            assert places(str(message.string)) == places(str(message.id)), message.id
