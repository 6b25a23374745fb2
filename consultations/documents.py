"""The documents of the parties: kept under their hash, told by their content, never shown as a page of ours."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import BinaryIO, ClassVar, Final

from consultations.rules import HC15, HC16, ConsultationRefused
from register.drafts.attachments import PDF, Cabinet
from register.drafts.rules import DraftRefused

RTF: Final = "application/rtf"
DOC: Final = "application/msword"
XLS: Final = "application/vnd.ms-excel"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"

SUFFIXES: Final[Mapping[str, str]] = {
    PDF: ".pdf",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
    f"{_OPEN}.text": ".odt",
    f"{_OPEN}.spreadsheet": ".ods",
    f"{_OPEN}.presentation": ".odp",
    DOC: ".doc",
    XLS: ".xls",
    RTF: ".rtf",
}
"""What is taken, and how the name of a download ends."""

_MAIN_PARTS: Final[Mapping[str, str]] = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}.presentationml.presentation",
}
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RTF: Final = b"{\\rtf1"
_STREAMS: Final[Mapping[bytes, str]] = {
    "WordDocument".encode("utf-16-le"): DOC,
    "Workbook".encode("utf-16-le"): XLS,
}
_MACROS: Final = "_VBA_PROJECT".encode("utf-16-le")
_MOST_MEMBERS: Final = 10_000
_MOST_TYPE: Final = 200


class DocumentCabinet(Cabinet):
    """The documents of consultations, below one directory of their own: ``ab/cdef….bin``."""

    suffix: ClassVar[str] = ".bin"

    def check(self, file: BinaryIO, size: int) -> str:
        """The media type of a document, by its content. Raises ``ConsultationRefused`` by HC15."""
        file.seek(0)
        head = file.read(8)
        if head.startswith(b"%PDF"):
            try:
                return super().check(file, size)
            except DraftRefused as error:
                text = error.findings[0].text
                raise ConsultationRefused(HC15.found(text["ru"], text["en"])) from None
        if head.startswith(_ZIP):
            return _packed(file)
        if head == _OLE:
            return _compound(file)
        if head.startswith(_RTF):
            return RTF
        raise ConsultationRefused(HC15.found())

    def too_large(self) -> Exception:
        """HC16."""
        return ConsultationRefused(HC16.found())


def _packed(file: BinaryIO) -> str:
    """A file of today's office programs: a ZIP with a part that says what it is. Nothing of it is unpacked."""
    try:
        with zipfile.ZipFile(file) as packed:
            names = packed.namelist()
            if len(names) > _MOST_MEMBERS:
                raise ConsultationRefused(HC15.found())
            if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
                raise _macros()
            if "[Content_Types].xml" in names:
                found = next((kind for part, kind in _MAIN_PARTS.items() if part in names), None)
            else:
                found = _open_document(packed, names)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        raise ConsultationRefused(
            HC15.found("Файл поврежден: сохраните документ заново", "The file is damaged: save the document anew")
        ) from None
    if found is None:
        raise ConsultationRefused(HC15.found())
    return found


def _open_document(packed: zipfile.ZipFile, names: list[str]) -> str | None:
    """OpenDocument says its media type in its first member, which is stored as it is (ODF 1.3, part 2, 3.3)."""
    if not names or names[0] != "mimetype":
        return None
    member = packed.getinfo("mimetype")
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > _MOST_TYPE or "content.xml" not in names:
        return None
    kind = packed.read(member).decode("ascii", "replace").strip()
    return kind if kind.startswith(_OPEN) and kind in SUFFIXES else None


def _compound(file: BinaryIO) -> str:
    """A file of the older office programs, told by the names in its directory."""
    file.seek(0)
    content = file.read()
    if _MACROS in content:
        raise _macros()
    found = next((kind for name, kind in _STREAMS.items() if name in content), None)
    if found is None:
        raise ConsultationRefused(HC15.found())
    return found


def _macros() -> ConsultationRefused:
    return ConsultationRefused(
        HC15.found("Документ содержит макросы: сохраните его без них", "The document has macros: save it without them")
    )
