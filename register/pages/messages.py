"""The messages of the pages, gathered from code and templates into the catalogues.

``python -m register.pages.messages`` brings ``locale/*.po`` up to date after a text was changed; a test fails until
every message has its translation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from register.pages.catalogue import HERE, LOCALE, read
from register.words import LANGUAGES

_METHODS: Final = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
_OPTIONS: Final[dict[str, dict[str, Any]]] = {"**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS: Final[dict[str, Any]] = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def extracted(folder: Path = HERE, options: Mapping[str, dict[str, Any]] = _OPTIONS) -> Catalog:
    """Every message of the Python files and templates under a folder."""
    catalogue = Catalog()
    for name, line, message, comments, context in extract_from_dir(
        folder, method_map=_METHODS, options_map=dict(options), keywords=_KEYWORDS
    ):
        catalogue.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return catalogue


def update(folder: Path = HERE) -> None:
    """Write every message of the code and templates under ``folder`` into the catalogues in its ``locale``.

    The English of a message is the message itself. What is new waits in Russian for its translation.
    """
    template = extracted(folder)
    for language in LANGUAGES:
        path = folder / LOCALE.name / f"{language}.po"
        catalogue = read(path, language) if path.exists() else Catalog(locale=language)
        # No guesses from messages that look alike: a fuzzy translation of a term of the law is a wrong one.
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        if language == "en":
            for message in catalogue:
                if message.id:
                    message.string = message.id
        write(catalogue, path)


def write(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue with a header that changes only when the catalogue does."""
    header = _HEADER.format(language=catalogue.locale_identifier, plural=catalogue.plural_forms)
    with path.open("wb") as file:
        file.write(header.encode())
        write_po(file, catalogue, width=110, no_location=True, omit_header=True, sort_output=True)


_HEADER: Final = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""


if __name__ == "__main__":
    update()
