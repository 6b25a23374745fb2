"""Documents are told by their content, kept under their hash, given to the parties and shown by nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consultations.documents import SUFFIXES, DocumentCabinet
from consultations.rules import ConsultationRefused
from register.drafts.attachments import MOST_BYTES, PDF
from tests.consultations.conftest import Desk
from tests.consultations.people import APPROVER, AUDITOR, CLERK, KZ, OPERATOR, RU, pdf, plan

pytestmark = pytest.mark.anyio

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def packed(*names: str, mimetype: str | None = None, compress: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        if mimetype is not None:
            file.writestr(zipfile.ZipInfo("mimetype"), mimetype, compress)
        for name in names:
            file.writestr(name, "<x/>")
    return made.getvalue()


def ole(stream: str) -> bytes:
    return OLE + b"\x00" * 504 + stream.encode("utf-16-le") + b"\x00" * 512


GOOD = {
    "pdf": (pdf(), PDF),
    "docx": (packed("[Content_Types].xml", "word/document.xml"), WORD),
    "xlsx": (packed("[Content_Types].xml", "xl/workbook.xml"), None),
    "pptx": (packed("[Content_Types].xml", "ppt/presentation.xml"), None),
    "odt": (packed("content.xml", mimetype="application/vnd.oasis.opendocument.text"), None),
    "ods": (packed("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"), None),
    "doc": (ole("WordDocument"), "application/msword"),
    "xls": (ole("Workbook"), "application/vnd.ms-excel"),
    "rtf": (rb"{\rtf1\ansi x}", "application/rtf"),
}
BAD = {
    "html": b"<!doctype html><script>alert(1)</script>",
    "script in a name": b"#!/bin/sh\n",
    "broken pdf": b"%PDF-1.7\nand no more",
    "any zip": packed("x.txt"),
    "a zip cut off": packed("[Content_Types].xml", "word/document.xml")[:60],
    "macros": packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "old macros": ole("WordDocument") + "_VBA_PROJECT".encode("utf-16-le"),
    "an ole of another kind": ole("Something"),
    "an odf of another kind": packed("content.xml", mimetype="application/vnd.oasis.opendocument.formula"),
    "an odf that says it late": packed("content.xml", "mimetype"),
    "exe": b"MZ\x90\x00" + b"\x00" * 60,
    "empty": b"",
}


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("suffix", GOOD)
async def test_what_is_taken(tmp_path: Path, suffix: str) -> None:
    cabinet = DocumentCabinet(tmp_path)
    body, kind = GOOD[suffix]
    stored = await cabinet.store(chunks(body[:5], body[5:]))
    assert SUFFIXES[stored.media_type] == f".{suffix}"
    assert kind in (None, stored.media_type)
    path = cabinet.path(stored.sha256)
    assert path is not None
    assert path.read_bytes() == body


@pytest.mark.parametrize("name", BAD)
async def test_what_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConsultationRefused) as refused:
        await DocumentCabinet(tmp_path).store(chunks(BAD[name]))
    assert [one.rule for one in refused.value.findings] == ["HC15"]
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_too_large_is_not_taken_in_whole(tmp_path: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 2**20
            yield b"\x00" * 2**20

    with pytest.raises(ConsultationRefused) as refused:
        await DocumentCabinet(tmp_path).store(endless())
    assert refused.value.status == 413
    assert taken <= MOST_BYTES + 2**20
    assert list(tmp_path.iterdir()) == []


async def test_documents_over_http(desk: Desk) -> None:
    made = (await desk.post("/consultations", KZ, plan())).json()["id"]
    path = f"/consultations/{made}/documents"
    body = GOOD["docx"][0]
    response = await desk.ask("POST", f"{path}?name=../Позиция «КЗ».docx", RU, content=body)
    assert response.status_code == 201, response.text
    [document] = response.json()["documents"]
    assert (document["media_type"], document["party"], document["size"]) == (WORD, "RU", len(body))
    assert "/" not in document["name"]
    again = await desk.ask("POST", f"{path}?name=other.docx", CLERK, content=body)
    assert again.json()["documents"] == [document]
    for who in (KZ, CLERK, APPROVER, AUDITOR):
        given = await desk.ask("GET", f"{path}/{document['sha256']}", who)
        assert given.status_code == 200
        assert given.content == body
        assert given.headers["content-disposition"].startswith("attachment; ")
        assert given.headers["x-content-type-options"] == "nosniff"
        assert given.headers["content-security-policy"].startswith("sandbox")
        assert given.headers["content-type"] == "application/octet-stream"
        assert given.headers["cache-control"] == "private, no-store"
    assert (await desk.ask("GET", f"{path}/{document['sha256']}", OPERATOR)).status_code == 403
    assert (await desk.ask("GET", f"{path}/{'0' * 64}", KZ)).status_code == 404
    other = (await desk.post("/consultations", KZ, plan())).json()["id"]
    assert (await desk.ask("GET", f"/consultations/{other}/documents/{document['sha256']}", KZ)).status_code == 404
    refused = await desk.ask("POST", path, KZ, content=BAD["html"])
    assert (refused.status_code, refused.json()["errors"][0]["rule"]) == (422, "HC15")
    assert (await desk.ask("POST", path, APPROVER, content=body)).status_code == 403
    await desk.step(f"/consultations/{made}/withdraw", KZ, {"reason": "не вводится"})
    late = await desk.ask("POST", path, KZ, content=pdf("late"))
    assert (late.status_code, late.json()["errors"][0]["rule"]) == (409, "HC1")
