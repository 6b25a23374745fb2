"""Acts: PDF by what they hold, kept whole under their hash or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from register.database import Database
from register.drafts import commands
from register.drafts.attachments import MOST_BYTES, Cabinet, attach, attachments_of, detach, is_public, safe_name
from register.drafts.rules import DraftRefused
from tests.register.drafts.helpers import CLERK, NOW, TODAY, content, pdf

pytestmark = pytest.mark.anyio


async def pieces(data: bytes, size: int = 7000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_a_pdf_is_kept_under_its_hash(tmp_path: Path, anyio_backend: str) -> None:
    cabinet, data = Cabinet(tmp_path), pdf()
    stored = await cabinet.store(pieces(data, 11))
    digest = hashlib.sha256(data).hexdigest()
    assert (stored.sha256, stored.size) == (digest, len(data))
    path = cabinet.path(digest)
    assert path == tmp_path / digest[:2] / f"{digest[2:]}.pdf"
    assert path.read_bytes() == data
    await cabinet.store(pieces(data))
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [path.name]
    assert cabinet.path("../" + digest) is None
    assert cabinet.path("0" * 64) is None


BAD = {
    "empty": b"",
    "a web page": b"<html><script>alert(1)</script></html>",
    "a program": b"MZ" + pdf(),
    "something before it": b"junk" + pdf(),
    "something after it": pdf() + b"PK\x03\x04 an archive",
    "cut off": pdf()[:-20],
    "a head alone": b"%PDF-1.7\n%%EOF",
    "no version": b"%PDF-9.9\n" + pdf()[9:],
    "a table that is not there": pdf().replace(b"startxref\n", b"startxref\n9"),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
async def test_what_is_no_pdf_is_refused_and_leaves_nothing(data: bytes, tmp_path: Path, anyio_backend: str) -> None:
    with pytest.raises(DraftRefused) as refused:
        await Cabinet(tmp_path).store(pieces(data))
    assert [one.rule for one in refused.value.findings] == ["HD14"]
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]


async def test_a_file_of_twenty_megabytes_is_taken_and_one_byte_more_is_not(tmp_path: Path, anyio_backend: str) -> None:
    small = pdf()
    whole = small[:9] + b"%" + b"x" * (MOST_BYTES - len(small) - 2) + b"\n" + small[9:]
    moved = MOST_BYTES - len(small)
    offset = int(small.split(b"startxref\n")[1].split(b"\n")[0])
    written = whole.replace(b"startxref\n%d" % offset, b"startxref\n%d" % (offset + moved))
    written = written[:9] + written[9 + len(written) - MOST_BYTES :]
    place = written.rindex(b"xref\n0 2")
    written = written.replace(b"startxref\n%d" % (offset + moved), b"startxref\n%d" % place)
    assert len(written) == MOST_BYTES
    assert (await Cabinet(tmp_path).store(pieces(written, 2**20))).size == MOST_BYTES
    with pytest.raises(DraftRefused) as refused:
        await Cabinet(tmp_path / "other").store(pieces(written + b"\n", 2**20))
    assert refused.value.status == 413
    assert os.listdir(tmp_path / "other") == []


async def test_an_act_belongs_to_its_draft_and_is_public_with_it(database: Database, tmp_path: Path) -> None:
    stored = await Cabinet(tmp_path).store(pieces(pdf()))
    draft = await commands.create(database, CLERK, "include", now=NOW, content={"measure": content()})
    again = await attach(database, draft.id, stored, "../Постановление\n587.pdf", CLERK, now=NOW)
    assert again.version == 2
    assert await attach(database, draft.id, stored, "other.pdf", CLERK, now=NOW) == again
    [file] = await attachments_of(database, draft.id)
    assert (file.name, file.size, file.added_by) == ("Постановление 587.pdf", stored.size, CLERK.id)
    assert file.public("https://r.example")["url"] == f"https://r.example/attachments/{stored.sha256}.pdf"
    assert not await is_public(database, stored.sha256)
    await commands.submit(database, draft.id, CLERK, now=NOW, today=TODAY)
    with pytest.raises(DraftRefused):
        await detach(database, draft.id, stored.sha256, CLERK, now=NOW)
    await database.execute("UPDATE draft SET state = 'published' WHERE id = {}", draft.id)
    assert await is_public(database, stored.sha256)


async def test_an_act_is_taken_off_while_the_draft_is_open(database: Database, tmp_path: Path) -> None:
    stored = await Cabinet(tmp_path).store(pieces(pdf()))
    draft = await commands.create(database, CLERK, "include", now=NOW)
    await attach(database, draft.id, stored, "a.pdf", CLERK, now=NOW)
    gone = await detach(database, draft.id, stored.sha256, CLERK, now=NOW)
    assert await attachments_of(database, draft.id) == []
    assert await detach(database, draft.id, stored.sha256, CLERK, now=NOW) == gone


@pytest.mark.parametrize(
    ("given", "kept"), [("", "act.pdf"), ("..", "act.pdf"), ("a/b\\c.pdf", "a b c.pdf"), ("x" * 300, "x" * 200)]
)
def test_a_name_is_made_harmless(given: str, kept: str) -> None:
    assert safe_name(given) == kept
