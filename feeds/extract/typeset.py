"""From content to a PDF: typst, with fonts of its own, a QR code, and the proof file attached.

What users wrote goes to typst as data, never as markup. The same content gives the same bytes: no font of the machine,
no clock. Pure: no database, no web, and nothing is fetched.
"""

from __future__ import annotations

import io
import unicodedata
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import msgspec
import segno
import typst

from feeds.extract.proof_file import NAME

STANDARDS: Final[tuple[list[typst.PDFStandard], ...]] = (["a-3a", "ua-1"], ["1.7"])
"""PDF/A-3 and PDF/UA; plain PDF for a text with characters that no font here has, which those forbid."""


class TypesetError(RuntimeError):
    """The template did not compile, or an address is longer than any of ours."""


@lru_cache(maxsize=1)
def _template() -> bytes:
    return resources.files("feeds.extract").joinpath("extract.typ").read_bytes()


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def compile_pdf(content: dict[str, Any], at: datetime, proof: bytes) -> bytes:
    """The PDF of a content, dated ``at`` (UTC), with ``proof`` attached. Raises ``TypesetError``."""
    inputs = {
        "content": msgspec.json.encode(_printable(content)).decode(),
        "qr": qr_svg(content["address"]),
        "name": NAME,
        "proof": proof.decode(),
    }
    failed: typst.TypstError | None = None
    for standards in STANDARDS:
        try:
            # A caller's mistake in types is typst's TypeError, a fault of ours as well, and not caught.
            return typst.compile(
                _template(),
                format="pdf",
                font_paths=_fonts(),
                ignore_system_fonts=True,
                sys_inputs=inputs,
                pdf_standards=standards,
                timestamp=int(at.timestamp()),
            )
        except typst.TypstError as error:
            failed = error
    raise TypesetError("" if failed is None else failed.diagnostic) from failed


def qr_svg(text: str) -> str:
    """A QR code as SVG, dark modules only, with its quiet zone. Raises ``TypesetError`` for a text of over 2 kB."""
    buffer = io.BytesIO()
    try:
        code = segno.make(text, error="m", micro=False)
    except segno.DataOverflowError as error:
        raise TypesetError(f"{len(text)} characters are too many for a QR code") from error
    code.save(buffer, kind="svg", border=2, xmldecl=False, omitsize=True)
    return buffer.getvalue().decode()


_INVISIBLE: Final = frozenset(("Cc", "Cf", "Co", "Cs", "Cn"))
_NOTHING: Final = frozenset("\u00ad\u200b\u2060\ufeff\r")
_PLAIN: Final = {"\n": "\n", "\t": " "}


def _printable(value: Any) -> Any:
    """The content with a sign in place of every character that is not seen, or that would turn the text around."""
    if isinstance(value, str):
        return "".join(_shown(character) for character in value)
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _INVISIBLE:
        return character
    return "" if character in _NOTHING else _PLAIN.get(character, "\ufffd")
