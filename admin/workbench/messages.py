"""The messages of the workbench, gathered into the catalogues.

``python -m admin.workbench.messages`` brings ``locale/*.po`` up to date; a test fails until all are translated.
"""

from __future__ import annotations

from typing import Final

from babel.messages.catalog import Catalog

from admin.workbench.common import HERE
from register.pages.catalogue import read
from register.pages.messages import extracted, write
from register.words import LANGUAGES

LOCALE: Final = HERE / "locale"


def update() -> None:
    """Write every message of the code into the catalogues; the English of a message is the message itself."""
    template = extracted(HERE)
    for language in LANGUAGES:
        path = LOCALE / f"{language}.po"
        catalogue = read(path, language) if path.exists() else Catalog(locale=language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        if language == "en":
            for message in catalogue:
                if message.id:
                    message.string = message.id
        write(catalogue, path)


if __name__ == "__main__":
    update()
