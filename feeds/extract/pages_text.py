"""What a PDF holds for its verification: the file attached, and the text of its pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final, TypeVar

from pypdf import PageObject, PdfReader

from feeds.extract.proof_file import NAME
from register.merkle import LogError

T = TypeVar("T")
_LINK: Final = "/Link"


class NoExtract(LogError):
    """A file that is no PDF, or one without a proof inside."""


class Opened:
    """A PDF and the proof attached to it. Raises ``NoExtract``, as its methods do for a file that is damaged."""

    def __init__(self, data: bytes) -> None:
        self._reader = _reading(lambda: PdfReader(io.BytesIO(data), strict=False))
        attached = _reading(lambda: [part for name, parts in self._reader.attachments.items() for part in parts
                                     if name == NAME])  # fmt: skip
        if len(attached) != 1:
            raise NoExtract(
                ru=f"в файл должно быть вложено одно доказательство {NAME}, вложено: {len(attached)}",
                en=f"one {NAME} must be attached to the file; attached are {len(attached)}",
            )
        self.proof: bytes = attached[0]

    def text(self) -> str:
        """The text of all pages without its blanks: they depend on who reads the file."""
        return _reading(lambda: "".join("".join(page.extract_text().split()) for page in self._reader.pages))

    def covered(self) -> bool:
        """Whether pages bear pictures, or marks other than links, over which the text says nothing."""
        return _reading(lambda: any(_covered(page) for page in self._reader.pages))


def _covered(page: PageObject) -> bool:
    marks = page.annotations or ()
    return bool(len(page.images)) or any(mark.get_object().get("/Subtype") != _LINK for mark in marks)


def _reading(read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception as error:
        # A damaged file breaks the reader in more ways than it has exceptions of its own for.
        raise NoExtract(ru=f"PDF не читается: {error!r}", en=f"the PDF cannot be read: {error!r}") from error
