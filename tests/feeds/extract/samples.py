"""A small Register with what extracts have to show, the log over it, and extracts that somebody tampered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from feeds.extract import content as pages
from feeds.extract.pages_text import Opened
from feeds.extract.proof_file import ProofFile, Setting, Signed, of_answer, of_measure
from feeds.extract.typeset import compile_pdf
from feeds.notes import Checkpoint, Signer
from register.index import Register
from register.proof import answer, read_question
from register.words import Language
from tests.register.synthetic import append, build, record

SIGNER = Signer("register.example/log", bytes(range(32)))
SETTING = Setting("https://register.example", False, None)
UNTIL = {"effective_from": "2026-08-08", "effective_to": "2027-01-08"}
NASTY = "#panic() $x$ \\u{1} @a <b> *c* _d_ `e` \"q\" 'r' [s] // t /* u */ = v {w} ~ #sys.inputs"
ACT = {
    "role": "introduces",
    "issuer": "Кабинет Министров Кыргызской Республики",
    "type": "постановление",
    "number": "587",
    "date": "2026-07-27",
    "title": f"О запрете {NASTY}",
    "url": "https://acts.example/587?a=1#b",
}


def goods(count: int) -> list[dict[str, Any]]:
    """Goods lines of every kind: partial, with exclusions, with own dates, with a text that looks like markup."""
    return [
        {
            "line": line,
            "code_from": f"73{line:02d}",
            "partial": line % 7 == 0,
            "description": {"ru": f"Товар строки {line}: {NASTY}"},
            "excluded": [{"code_from": f"73{line:02d}10", "description": {"ru": "лом"}}] if line % 10 == 0 else [],
            "included_on": "2026-08-20" if line > 50 else None,
        }
        for line in range(1, count + 1)
    ]


def records() -> list[dict[str, Any]]:
    """Seven entries of six measures; the first was changed by the last."""
    scrap = {"title": {"ru": "Запрет вывоза лома", "en": "Scrap"}, "acts": [ACT]}
    return [
        record("KG-2026-001", "7204", **UNTIL, **scrap),
        record("AM-2026-001", "2515110000", **UNTIL),
        record("RU-2026-001", "720410", kind="export_duty"),
        record("KZ-2026-001", "*720410", declaration={"permitted": True, "from": "2026-08-05"}),
        record("BY-2026-001", "7204", effective_from="2026-10-15"),
        record("KG-2026-002", goods=goods(60), title={"ru": NASTY, "en": None}, acts=[ACT], **UNTIL),
        record("KG-2026-001", "7204", **{**UNTIL, "effective_to": "2027-07-08"}, **scrap),
    ]


def sample() -> Register:
    return build(records())


def later(register: Register) -> Register:
    """With one more entry, which has nothing to do with the others."""
    append(register, [record("AM-2026-009", "0101")])
    return register


def signed(register: Register, signer: Signer = SIGNER) -> Signed:
    note = Checkpoint(signer.name, register.seq, register.tree.root()).sign(signer)
    return Signed(register.seq, note, f"{signer.verifier_key}\n")


def answered(register: Register, language: Language = "en", **asked: Any) -> ProofFile:
    """The proof of an answer; about scrap on 10 September 2026 when nothing else is asked."""
    question = read_question({"code": "7204100000", "date": "2026-09-10", **asked})
    given = answer(register, question)
    return of_answer(register, question, given, SETTING, signed(register), language)


def measured(register: Register, id_: str, language: Language = "en", seq: int | None = None) -> ProofFile:
    """The proof of a measure's record."""
    seq = register.seq if seq is None else seq
    version = register.version(id_, seq)
    assert version is not None
    return of_measure(register, version, seq, SETTING, signed(register), language)


def squeezed(text: str) -> str:
    """A text without blanks, as the text of pages is compared."""
    return "".join(text.split())


def text_of(data: bytes) -> str:
    return Opened(data).text()


def written(path: Path, proof: ProofFile) -> Path:
    """The extract of a proof, as a file."""
    path.write_bytes(pages.pdf(proof))
    return path


def with_pages_of(path: Path, shown: ProofFile, inside: ProofFile, **changes: Any) -> Path:
    """A file whose pages are those of one proof, changed as given, and whose attachment is another."""
    assert shown.recorded_at is not None
    content = {**pages.content(shown), **changes}
    path.write_bytes(compile_pdf(content, pages.moment(shown.recorded_at), inside.encode()))
    return path


def changed(proof: ProofFile, **changes: Any) -> ProofFile:
    return msgspec.structs.replace(proof, **changes)


def with_entry(proof: ProofFile, number: int, **changes: Any) -> ProofFile:
    """The proof with one entry quoted otherwise."""
    entries = [msgspec.structs.replace(entry, **changes) if entry.seq == number else entry for entry in proof.entries]
    return changed(proof, entries=entries)
