"""Cosignatures of witnesses: taken when they hold, kept for ever, shown under the checkpoint that they are of."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.cosignatures import MAX_WITNESSES, WitnessError, add_witness, remove_witness, witnesses
from feeds.notes import NoteError, Signer, open_checkpoint, open_note
from feeds.witness_keys import WitnessKey, stamp_of
from register.database import AppendOnly
from tests.feeds.conftest import opened_site
from tests.feeds.helpers import ORIGIN, SEED, Site
from tests.feeds.test_go_verifier import Run, go_program
from tests.feeds.witnesses import BY, KG, WitnessSigner, cosigned, post, witnessed
from tests.register.api.helpers import assert_problem, notified

LOG = Signer(ORIGIN, SEED)
# The example of the specification (C2SP tlog-cosignature) is signed by keys that it does not give; its form is.
EXAMPLE_LINE = (
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
)


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Run:
    source = Path(__file__).parent / "go_cosignature" / "check.go"
    return go_program(source, tmp_path_factory.mktemp("go"))


def test_the_key_of_a_witness() -> None:
    key = WitnessKey.parse(f" {KG.verifier_key}\n")
    assert (key.name, key.verifier_key) == (KG.name, KG.verifier_key)
    name, hexhash, encoded = KG.verifier_key.split("+")
    for bad in (
        "",
        name,
        f"{name}+{hexhash}",
        f"{name}+{hexhash[:-1]}0+{encoded}",
        f"other.example+{hexhash}+{encoded}",
        f"{name}+{hexhash}+{encoded[:-4]}",
        LOG.verifier_key,
        f"{name}+{hexhash}+{base64.b64encode(bytes([6]) * 40).decode()}",
    ):
        with pytest.raises(NoteError):
            WitnessKey.parse(bad)
    with pytest.raises(NoteError, match="200"):
        WitnessKey("w" * 201, bytes(32))


def test_the_time_stands_where_the_specification_puts_it() -> None:
    assert stamp_of(base64.b64decode(EXAMPLE_LINE)[4:]) == 1679315147


@pytest.mark.anyio
async def test_a_cosignature_is_shown_under_its_checkpoint(site: Site, tmp_path: Path, go: Run) -> None:
    await site.fill()
    before = await site.get("/log/checkpoint")
    await witnessed(site)
    response = await site.get("/log/checkpoint")
    assert response.headers["etag"] != before.headers["etag"]
    assert response.content.startswith(before.content)
    opened = open_note(response.content, [LOG.verifier, WitnessKey.parse(KG.verifier_key)])
    assert [signature.name for signature in opened.verified] == [ORIGIN, KG.name]
    assert open_checkpoint(response.content, [LOG.verifier], ORIGIN).size == 6

    path = tmp_path / "checkpoint"
    path.write_bytes(response.content)
    assert go(path, LOG.verifier_key) == (0, f"ok {ORIGIN} 1\n")
    assert go(path, LOG.verifier_key, KG.verifier_key) == (0, f"ok {ORIGIN} {KG.name} 0\n")
    path.write_bytes(response.content.replace(b"\n6\n", b"\n7\n", 1))
    assert go(path, LOG.verifier_key)[0] == 1


@pytest.mark.anyio
async def test_a_new_entry_waits_for_its_own_cosignature(site: Site) -> None:
    await site.fill()
    await witnessed(site)
    await site.include(notified("BY", "4401"))
    assert KG.name not in (await site.get("/log/checkpoint")).text
    (item,) = (await site.get("/log/cosignatures")).json()["items"]
    assert (item["witness"], item["key"], item["newest"]["size"]) == ("Кыргызская Республика", KG.verifier_key, 6)
    assert item["newest"]["root"] == site.service.register.checkpoint(6)
    assert item["newest"]["time"] == "2026-09-10T09:06:00.000Z"
    site.clock.move(hours=1)
    assert (await post(site, await cosigned(site, KG))).status_code == 200
    assert (await site.get("/log/checkpoint")).text.count(f"— {KG.name} ") == 1
    # What was shown to a witness earlier and comes late is kept, and does not hide what it has seen since.
    late = Signer(ORIGIN, SEED)
    text = f"{ORIGIN}\n3\n{site.service.register.checkpoint(3)}\n"
    assert (await post(site, (late.sign(text) + KG.line(text, site.clock.now)).encode())).status_code == 200
    (item,) = (await site.get("/log/cosignatures")).json()["items"]
    assert item["newest"]["size"] == 7
    rows = await site.db.fetch_rows("SELECT size FROM cosignature ORDER BY id")
    assert [row[0] for row in rows] == [6, 7, 3]


@pytest.mark.anyio
async def test_sent_twice_it_is_kept_once_and_for_ever(site: Site) -> None:
    await site.fill()
    await add_witness(site.db, "KG", KG.verifier_key, site.clock.now)
    note = await cosigned(site, KG)
    first, second = await post(site, note), await post(site, note)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["accepted"][0]["newest"]["size"] == 6
    assert len(await site.db.fetch("SELECT id FROM cosignature")) == 1
    for sql in ("UPDATE cosignature SET size = 1", "DELETE FROM cosignature"):
        with pytest.raises(AppendOnly):
            await site.db.execute(sql)


@pytest.mark.anyio
async def test_several_witnesses_at_once_and_strangers_passed_over(site: Site) -> None:
    await site.fill()
    stranger = WitnessSigner("witness.example/stranger", bytes([9]) * 32)
    await add_witness(site.db, "KG", KG.verifier_key, site.clock.now)
    await add_witness(site.db, "BY", BY.verifier_key, site.clock.now)
    response = await post(site, await cosigned(site, KG, stranger, BY))
    assert [item["witness"] for item in response.json()["accepted"]] == ["KG", "BY"]
    shown = (await site.get("/log/checkpoint")).text
    assert [name in shown for name in (KG.name, BY.name, stranger.name)] == [True, True, False]
    assert len(await site.db.fetch("SELECT id FROM cosignature")) == 2


@pytest.mark.anyio
async def test_what_does_not_hold_is_refused(site: Site) -> None:
    await site.fill()
    note = await cosigned(site, KG)
    assert_problem(await post(site, note), 422, "")  # not a witness yet
    await add_witness(site.db, "KG", KG.verifier_key, site.clock.now)
    text = note.decode().partition("\n\n")[0] + "\n"
    now = site.clock.now
    extended = text + "extension\n"
    elsewhere = text.replace(ORIGIN, "other.example/log")
    for bad in (
        b"",
        b"\xff",
        text.encode(),
        note.replace(b"\n6\n", b"\n5\n", 1),
        f"{text}\n{BY.line(text, now)}".encode(),
        f"{text}\n{KG.line(elsewhere, now)}".encode(),
        f"{elsewhere}\n{KG.line(elsewhere, now)}".encode(),
        f"{extended}\n{KG.line(extended, now)}".encode(),
        f"{text}\n{KG.line(text, now + timedelta(minutes=6))}".encode(),
        f"{text}\n— {KG.name} {base64.b64encode(WitnessKey.parse(KG.verifier_key).key_id + b'x').decode()}\n".encode(),
    ):
        assert_problem(await post(site, bad), 422, "")
    assert_problem(await post(site, b"x" * 70_000), 413)
    assert_problem(await site.client.post("/log/cosignatures?x=1", content=note), 422, "/x")
    assert not await site.db.fetch("SELECT id FROM cosignature")
    assert (await post(site, note)).status_code == 200


@pytest.mark.anyio
async def test_another_history_under_our_name_is_told_to_the_operator(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    await site.fill()
    await add_witness(site.db, "KG", KG.verifier_key, site.clock.now)
    other = f"{ORIGIN}\n6\n{base64.b64encode(bytes(32)).decode()}\n"
    assert_problem(await post(site, f"{other}\n{KG.line(other, site.clock.now)}".encode()), 409, "")
    assert [record.levelname for record in caplog.records if "another tree" in record.message] == ["CRITICAL"]
    longer = other.replace("\n6\n", "\n7\n")
    assert_problem(await post(site, f"{longer}\n{KG.line(longer, site.clock.now)}".encode()), 409, "")
    assert not await site.db.fetch("SELECT id FROM cosignature")


@pytest.mark.anyio
async def test_naming_witnesses(site: Site) -> None:
    now = site.clock.now
    await witnessed(site)
    for name, key in (
        ("Кыргызская Республика", BY.verifier_key),
        ("Other", KG.verifier_key),
        ("Other", WitnessSigner("witness.example/alias", bytes([7]) * 32).verifier_key),
        ("", BY.verifier_key),
        ("a\nb", BY.verifier_key),
        ("x" * 201, BY.verifier_key),
    ):
        with pytest.raises(WitnessError):
            await add_witness(site.db, name, key, now)
    with pytest.raises(NoteError, match=r"cosignature/v1"):
        await add_witness(site.db, "Other", LOG.verifier_key, now)
    assert KG.name in (await site.get("/log/checkpoint")).text
    await remove_witness(site.db, "Кыргызская Республика", now)
    await site.log.cosignatures.refresh(at_once=True)
    assert KG.name not in (await site.get("/log/checkpoint")).text
    assert (await site.get("/log/cosignatures")).json()["items"] == []
    with pytest.raises(WitnessError):
        await remove_witness(site.db, "Кыргызская Республика", now)
    await add_witness(site.db, "Кыргызская Республика", KG.verifier_key, now)
    await site.log.cosignatures.refresh(at_once=True)
    assert KG.name in (await site.get("/log/checkpoint")).text
    for number in range(1, MAX_WITNESSES):
        signer = WitnessSigner(f"witness.example/{number}", number.to_bytes(32, "big"))
        await add_witness(site.db, f"Witness {number}", signer.verifier_key, now)
    assert len(await witnesses(site.db)) == MAX_WITNESSES
    with pytest.raises(WitnessError, match=str(MAX_WITNESSES)):
        await add_witness(site.db, "BY", BY.verifier_key, now)


@pytest.mark.anyio
async def test_another_process_and_a_restart_show_it_too(site: Site, database_url: str, tmp_path: Path) -> None:
    await site.fill()
    async with opened_site(database_url, tmp_path / "signed.checkpoint", site.clock) as other:
        assert KG.name not in (await other.get("/log/checkpoint")).text
        await witnessed(site)
        await other.log.cosignatures.refresh(at_once=True)
        shown = (await other.get("/log/checkpoint")).content
        assert shown == (await site.get("/log/checkpoint")).content
        assert KG.name in shown.decode()
    # The file of what was signed last holds the log's own signatures alone.
    assert KG.name not in (tmp_path / "signed.checkpoint").read_text("utf-8")
    async with opened_site(database_url, tmp_path / "signed.checkpoint", site.clock) as again:
        assert (await again.get("/log/checkpoint")).content == shown
