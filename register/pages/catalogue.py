"""The words of the pages: gettext catalogues, read from ``locale/*.po`` at start; nothing has to be compiled."""

from __future__ import annotations

import io
import itertools
from gettext import GNUTranslations
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from register.words import Language

HERE: Final = Path(__file__).parent
LOCALE: Final = HERE / "locale"
TEMPLATES: Final = HERE / "templates"


def N_(message: str) -> str:
    """Mark a message that is translated later, where the language is known."""
    return message


def read(path: Path, language: Language) -> Catalog:
    """A catalogue as its file has it. Raises ``OSError`` when there is none, ``PoFileError`` when it is broken."""
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def translations(language: Language, *folders: Path) -> GNUTranslations:
    """What translates into a language, from the catalogues of the folders; the first that has a message counts."""
    found = [_compiled(read(folder / f"{language}.po", language)) for folder in (folders or (LOCALE,))]
    for first, second in itertools.pairwise(found):
        first.add_fallback(second)
    return found[0]


def _compiled(catalogue: Catalog) -> GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
