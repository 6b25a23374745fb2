"""``verify_extract``: an untouched extract holds; every change of proof, answer or page is found; its limit is said."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText

from feeds.extract import content as pages
from feeds.extract import proof_file
from feeds.extract.proof_file import ProofFile
from feeds.extract.quoted import Quoted
from feeds.extract.verification import verify_extract
from feeds.notes import Signer
from feeds.verification import NOT_CHECKED, NOT_WHOLE, WHOLE
from register.proof import answer, read_question
from register.words import LANGUAGES, Language
from tests.feeds.extract.samples import (
    SIGNER,
    answered,
    changed,
    later,
    measured,
    sample,
    signed,
    with_entry,
    with_pages_of,
    written,
)
from tests.register.synthetic import build, record

OTHER = Signer("register.example/log", bytes(32))
KEY = SIGNER.verifier_key
EXACT = "byte for byte"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "extract.pdf"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "make",
    [
        lambda language: answered(sample(), language, origin="KZ", value_eur="9000", compliance="RU"),
        lambda language: answered(later(sample()), language, known_at=5),
        lambda language: answered(sample(), language, code="9701"),
        lambda language: answered(build([]), language),
        lambda language: measured(sample(), "KG-2026-001", language),
        lambda language: measured(later(sample()), "KG-2026-001", language, seq=3),
        lambda language: measured(sample(), "KG-2026-002", language),
    ],
    ids=["answer", "past", "nothing", "empty", "measure", "past measure", "60 lines"],
)
def test_an_untouched_extract_holds(make: Callable[[Language], ProofFile], language: Language, file: Path) -> None:
    verdict = verify_extract(written(file, make(language)), KEY)
    assert verdict.exit_status == WHOLE, verdict.line()
    assert EXACT in verdict.line("en")
    assert "такой файл не показывает" in verdict.line("ru")
    assert "the document's own" not in verdict.line("en")
    assert verdict.checkpoint is not None


def test_the_line_says_what_the_proof_says_and_whose_key_it_is(file: Path) -> None:
    line = verify_extract(written(file, answered(sample()))).line("en")
    for said in (
        "7204 10 000 0",
        "10 September 2026",
        "A special certificate is needed.",
        "KG-2026-001 (2)",
        f"the key is the document's own: compare {KEY} with https://register.example/log/key",
        "the transition for export duties is taken to last",
        "no such file can show: ask https://register.example/en/?code=7204100000",
    ):
        assert said in line
    measure = verify_extract(written(file, measured(sample(), "KG-2026-001"))).line("ru")
    assert "KG-2026-001, версия 2" in measure
    assert "Действует с 08.08.2026 по 08.07.2027." in measure


def _body(proof: ProofFile) -> ProofFile:
    entry = next(entry for entry in proof.entries if entry.seq == 7)
    assert entry.body is not None
    return with_entry(proof, 7, body=entry.body.replace("2027-07-08", "2027-07-09"))


def _header(proof: ProofFile) -> ProofFile:
    entry = next(entry for entry in proof.entries if entry.seq == 7)
    return with_entry(proof, 7, header=entry.header.replace("T16:", "T17:"))


def _path(proof: ProofFile) -> ProofFile:
    first, *rest = next(entry for entry in proof.entries if entry.seq == 7).inclusion
    return with_entry(proof, 7, inclusion=["A" + first[1:] if first[0] != "A" else "B" + first[1:], *rest])


BROKEN: dict[str, tuple[Callable[[ProofFile], ProofFile], str]] = {
    "body": (_body, "entry 7: the body is not the one whose hash is in the log"),
    "header": (_header, "is not in the tree"),
    "path": (_path, "is not in the tree"),
    "number": (lambda proof: with_entry(proof, 7, seq=6), "is not in the tree|not the length"),
    "checkpoint": (
        lambda proof: changed(proof, checkpoint=proof.checkpoint.replace("\n7\n", "\n8\n")),
        "signature",
    ),
    "root": (lambda proof: changed(proof, root="A" * 43 + "="), "does not continue"),
    "no hash": (lambda proof: changed(proof, root="?"), "'?' is no hash"),
    "signer": (lambda proof: changed(proof, checkpoint=signed(sample(), OTHER).note), "No known key"),
    "time": (lambda proof: changed(proof, recorded_at="2024-01-09T16:00:01.000Z"), "the time of entry 7"),
    "other state": (lambda proof: changed(proof, question={**proof.question, "known_at": 6}), "another state"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("kind", ["answer", "measure"])
def test_a_changed_proof_is_found(name: str, kind: str, file: Path) -> None:
    tamper, said = BROKEN[name]
    proof = answered(sample()) if kind == "answer" else measured(sample(), "KG-2026-001")
    verdict = verify_extract(with_pages_of(file, proof, tamper(proof)), KEY)
    assert verdict.exit_status == NOT_WHOLE, verdict.line()
    assert any(part in verdict.line("en") for part in said.split("|")), verdict.line("en")
    assert verdict.line("ru").startswith("нарушено")


def _answer(**changes: Any) -> Callable[[ProofFile], ProofFile]:
    def tamper(proof: ProofFile) -> ProofFile:
        assert proof.answer is not None
        return changed(proof, answer={**proof.answer, **changes})

    return tamper


def _ground(proof: ProofFile) -> ProofFile:
    given = copy.deepcopy(proof.answer)
    assert given is not None
    given["grounds"][0]["text"]["en"] = "Nothing is needed."
    return changed(proof, answer=given)


@pytest.mark.parametrize(
    "tamper",
    [
        _answer(proof="none", accepted=[]),
        _answer(holds_until="2026-12-31"),
        _answer(measures=[]),
        _answer(grounds=[]),
        _answer(grounds=[1]),
        _answer(notes=[]),
        _ground,
        lambda proof: changed(proof, answer=None),
        lambda proof: changed(proof, question={**proof.question, "code": "2515110000"}),
        lambda proof: changed(proof, question={**proof.question, "colour": "red"}),
        lambda proof: changed(proof, duties_until="2020-01-01"),
        lambda proof: changed(proof, duties_until="someday"),
        lambda proof: changed(proof, kind="measure"),
    ],
)
def test_an_answer_that_the_entries_do_not_give_is_found(tamper: Callable[[ProofFile], ProofFile], file: Path) -> None:
    proof = answered(sample())
    verdict = verify_extract(with_pages_of(file, proof, tamper(proof)), KEY)
    assert verdict.exit_status == NOT_WHOLE, verdict.line()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda proof: changed(proof, question={**proof.question, "id": "KG-2026-002"}),
        lambda proof: changed(proof, question={**proof.question, "id": ["KG-2026-001"]}),
        lambda proof: changed(proof, entries=[entry for entry in proof.entries if entry.seq != 1]),
        lambda proof: changed(proof, entries=[*proof.entries, proof.entries[0]]),
        lambda proof: changed(proof, kind="answer"),
    ],
)
def test_a_measure_with_another_record_or_fewer_versions_is_found(
    tamper: Callable[[ProofFile], ProofFile], file: Path
) -> None:
    proof = measured(sample(), "KG-2026-001")
    verdict = verify_extract(with_pages_of(file, proof, tamper(proof)), KEY)
    assert verdict.exit_status == NOT_WHOLE, verdict.line()


def test_an_old_version_beside_the_new_one_is_found(file: Path) -> None:
    register, proof = sample(), answered(sample())
    old = proof_file.QuotedEntry(
        1, register.header(1).decode(), register.body(1).decode(), proof_file._texts(register.tree.inclusion(0, 7))
    )
    verdict = verify_extract(with_pages_of(file, proof, changed(proof, entries=[old, *proof.entries])), KEY)
    assert verdict.exit_status == NOT_WHOLE
    assert "KG-2026-001 is quoted in two versions" in verdict.line()


def test_another_key_is_refused_and_its_own_is_named(file: Path) -> None:
    register = sample()
    proof = answered(register)
    forged = changed(proof, checkpoint=signed(register, OTHER).note, key=OTHER.verifier_key)
    written(file, forged)
    assert verify_extract(file, KEY).exit_status == NOT_WHOLE
    own = verify_extract(file)
    assert own.exit_status == WHOLE
    assert OTHER.verifier_key in own.line()
    assert verify_extract(written(file, proof), "no key").exit_status == NOT_WHOLE


def test_changed_pages_are_found(file: Path) -> None:
    proof = answered(sample())
    other = [{"text": "No proof of origin is needed.", "style": ""}]
    verdict = verify_extract(with_pages_of(file, proof, proof, headline=other), KEY)
    assert verdict.exit_status == NOT_WHOLE
    assert "the pages do not say 'A special certificate is needed.'" in verdict.line("en")
    # Every fact is there, and a sentence is added.
    then = [*pages.content(proof)["then"], "The date may be disregarded."]
    verdict = verify_extract(with_pages_of(file, proof, proof, then=then), KEY)
    assert verdict.exit_status == NOT_WHOLE
    assert "Thedatemay" in verdict.line("en")
    other_day = answered(sample(), date="2026-09-11")
    assert verify_extract(with_pages_of(file, other_day, proof), KEY).exit_status == NOT_WHOLE


def test_words_of_another_version_are_not_judged(file: Path) -> None:
    proof = changed(answered(sample()), software="eaeu-measures-register 99")
    then = [*pages.content(proof)["then"], "Another wording."]
    verdict = verify_extract(with_pages_of(file, proof, proof, then=then), KEY)
    assert verdict.exit_status == NOT_CHECKED
    assert "made by 'eaeu-measures-register 99'" in verdict.line("en")
    assert verify_extract(with_pages_of(file, _ground(proof), _ground(proof)), KEY).exit_status == NOT_CHECKED
    assert verify_extract(with_pages_of(file, proof, _answer(proof="none")(proof)), KEY).exit_status == NOT_WHOLE


def _saved_anew(file: Path, mark: bool) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(file.read_bytes())))
    if mark:
        writer.add_annotation(0, FreeText(text="Not needed", rect=(50, 550, 400, 650), background_color="ffffff"))
    with file.open("wb") as out:
        writer.write(out)


def test_a_file_saved_anew_holds_with_a_warning_and_one_with_marks_does_not(file: Path) -> None:
    written(file, answered(sample()))
    _saved_anew(file, mark=False)
    verdict = verify_extract(file, KEY)
    assert verdict.exit_status == WHOLE, verdict.line()
    assert "is drawn over the text is not seen" in verdict.line("en")
    assert EXACT not in verdict.line("en")
    _saved_anew(file, mark=True)
    assert verify_extract(file, KEY).exit_status == NOT_CHECKED


def test_what_was_left_out_cannot_be_seen_and_the_line_says_so(file: Path) -> None:
    """The limit of any such file: without the entry of Kyrgyzstan the others give another answer, and hold together."""
    proof = answered(sample())
    fewer = with_entry(proof, 7, body=None)
    weaker = answer(Quoted(fewer), read_question(fewer.question)).public()
    assert weaker["proof"] != "special_certificate"
    verdict = verify_extract(written(file, changed(fewer, answer=weaker)), KEY)
    assert verdict.exit_status == WHOLE
    assert "that no other entry bears on this no such file can show" in verdict.line("en")


def test_an_address_of_another_host_is_named(file: Path) -> None:
    proof = changed(answered(sample()), base_url="https://registers.example")
    assert "the address https://registers.example is not signed" in verify_extract(written(file, proof), KEY).line("en")


def test_signs_that_would_move_the_cursor_are_not_printed(file: Path) -> None:
    proof = changed(answered(sample()), base_url="https://register.example/\x1b[2J\n\u202e")
    line = verify_extract(written(file, proof), KEY).line("en")
    assert line.isprintable()


def test_what_is_no_extract_is_not_checked(file: Path) -> None:
    assert verify_extract(file).exit_status == NOT_CHECKED
    file.write_bytes(b"%PDF-1.7 nothing")
    assert verify_extract(file).exit_status == NOT_CHECKED
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    with file.open("wb") as out:
        writer.write(out)
    verdict = verify_extract(file)
    assert verdict.exit_status == NOT_CHECKED
    assert "one register-proof.json must be attached" in verdict.line("en")
    writer.add_attachment("register-proof.json", b"{}")
    with file.open("wb") as out:
        writer.write(out)
    verdict = verify_extract(file)
    assert verdict.exit_status == NOT_WHOLE
    assert "cannot be read" in verdict.line("en")


WHOLE_FILE = pages.pdf(measured(build([record("KG-2026-001", "7204")]), "KG-2026-001"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(WHOLE_FILE) - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_never_passes_for_the_file_itself(place: int, bit: int, tmp_path: Path) -> None:
    damaged = bytearray(WHOLE_FILE)
    damaged[place] ^= 1 << bit
    path = tmp_path / "flipped.pdf"
    path.write_bytes(damaged)
    assert EXACT not in verify_extract(path, KEY).line("en")


def test_measures_of_an_announcement_are_refused(file: Path) -> None:
    register = build([record("KG-2026-001", "7204")])
    proof = answered(register)
    body = proof.entries[0].body
    assert body is not None
    announced = with_entry(proof, 1, body=body.replace("measure.included", "measure.effective"))
    with pytest.raises(proof_file.ProofFileError, match="no version of a measure"):
        Quoted(announced)


def test_an_address_too_long_for_a_code_is_found(file: Path) -> None:
    proof = answered(sample())
    verdict = verify_extract(
        with_pages_of(file, proof, changed(proof, base_url="https://x.example/" + "a" * 3000)), KEY
    )
    assert verdict.exit_status == NOT_WHOLE
    assert "too many for a QR code" in verdict.line("en")


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, item in items for place in ((*path, name), *_places(item, (*path, name)))]


PROOFS = [answered(sample(), compliance="RU", value_eur="10"), measured(sample(), "KG-2026-001")]
VALUES: list[Any] = [None, -1, 2.5, "", "x", [], [1], {}, True]
UNSIGNED = {"software", "language", "base_url", "demonstration", "duties_until", "key"}
"""Members that no signature covers: what they may be is said on the page and in the verdict."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), proof=st.sampled_from(PROOFS), value=st.sampled_from(VALUES))
def test_any_member_of_any_type_gets_a_verdict(
    data: st.DataObject, proof: ProofFile, value: Any, tmp_path: Path
) -> None:
    decoded = json.loads(proof.encode())
    *above, last = data.draw(st.sampled_from(_places(decoded)))
    holder = decoded
    for name in above:
        holder = holder[name]
    same = holder[last] == value
    holder[last] = value
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(WHOLE_FILE)))
    writer._root_object.pop("/AF", None)
    writer._root_object["/Names"].get_object().pop("/EmbeddedFiles", None)
    writer.add_attachment("register-proof.json", json.dumps(decoded).encode())
    path = tmp_path / "made-up.pdf"
    with path.open("wb") as out:
        writer.write(out)
    verdict = verify_extract(path, KEY)
    assert verdict.exit_status == NOT_WHOLE or same or (above or [last])[0] in UNSIGNED, verdict.line()
    assert EXACT not in verdict.line("en")
