"""What the pages of consultations share, the public ones and those of the parties: catalogue, style sheet, words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get

from register.pages import catalogue
from register.web import IMMUTABLE, Prepared, not_found, respond
from register.words import CONSULTATION_STATUS_NAMES, LANGUAGES, Language

HERE: Final = Path(__file__).parent
LOCALE: Final = HERE / "locale"
PATH: Final = "/consultations"

_SHEET: Final = (HERE / "static" / "consultations.css").read_bytes()
SHEET_ADDRESS: Final = f"/static/consultations/consultations.{hashlib.sha256(_SHEET).hexdigest()[:12]}.css"
_PREPARED: Final = Prepared(
    _SHEET, "text/css; charset=utf-8", seq=0, cache=IMMUTABLE, headers={"X-Content-Type-Options": "nosniff"}
)


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: Language) -> GNUTranslations:
    """The catalogue of these pages, with that of the public pages behind it."""
    return catalogue.translations(language, LOCALE, catalogue.LOCALE)


@get("/static/consultations/{name:str}", include_in_schema=False, sync_to_thread=False)
def style_sheet(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The style sheet, by its present name only."""
    if request.scope["path"] != SHEET_ADDRESS:
        raise not_found("Такого файла нет", "There is no such file", "/name")
    return respond(request, _PREPARED)


def names(language: Language) -> dict[str, Any]:
    """What the templates of consultations need beside the frame."""
    return {
        "consultations_style": SHEET_ADDRESS,
        "standing_name": lambda status: standing_name(status, language),
    }


def standing_name(status: str, language: Language) -> str:
    """How a status is called; one that has no name is called as in the contract."""
    found: Mapping[str, str] | None = CONSULTATION_STATUS_NAMES.get(status)
    return status if found is None else found[language]
