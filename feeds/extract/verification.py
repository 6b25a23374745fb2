"""Whether an extract says what the signed journal says: ``verify_extract``, for ``register verify FILE.pdf``.

Checked are the checkpoint's signature, the place of every entry quoted in the log, the answer, computed anew from
those entries alone, and the pages, typeset anew from the proof. Not to be shown by any such file: that the journal
holds no other entry that bears on the question. The verdict says so. Serves A4(4).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from feeds.extract import proof_file
from feeds.extract.content import address, pdf
from feeds.extract.pages_text import NoExtract, Opened
from feeds.extract.proof_file import NAME, ProofFile, ProofFileError
from feeds.extract.quoted import Quoted
from feeds.extract.summary import Text, both, evidence, facts, subject
from feeds.extract.typeset import TypesetError
from feeds.notes import Checkpoint, Verifier, open_checkpoint
from feeds.verification import NOT_CHECKED, NOT_WHOLE, WHOLE, Verdict
from register.entries import EntryError, check_body
from register.index import Register
from register.merkle import LogError, leaf_hash, verify_consistency, verify_inclusion
from register.proof import QuestionError, answer, read_question

DECISIVE: Final = ("code", "date", "known_at", "certainty", "proof", "accepted", "measures", "compliance_required")
DECISIVE_TOO: Final = ("holds_until", "next", "journal")


class _NotWhole(LogError):
    """What is wrong with an extract."""


class _OtherWords(LogError):
    """The facts hold, but words differ from what this version of the software says."""


def verify_extract(path: Path | str, verifier_key: str | None = None) -> Verdict:
    """Check a PDF extract with ``verifier_key``, or with the key inside it, which the verdict then names as such.

    Exit status 0: what it says follows from entries of the signed journal, and its pages say nothing else; 1: it does
    not; 2: it could not be checked, or only in part, which the line explains.
    """
    shown = str(path)
    try:
        data = Path(path).read_bytes()
        opened = Opened(data)
    except OSError as error:
        return _failed(NOT_CHECKED, shown, Text(str(error), str(error)))
    except NoExtract as error:
        return _failed(NOT_CHECKED, shown, Text(**error.text))
    try:
        proof = proof_file.decode(opened.proof)
        verifier = Verifier.parse(proof.key.partition("\n")[0] if verifier_key is None else verifier_key.strip())
        checkpoint = _check_log(proof, verifier)
        register = Quoted(proof)
        _check_answer(proof, register)
        pages = _check_pages(data, opened, proof)
    except (_OtherWords, NoExtract) as error:
        return _failed(NOT_CHECKED, shown, Text(**error.text))
    except LogError as error:
        return _failed(NOT_WHOLE, shown, Text(**error.text))
    line = both(
        subject(proof, register), evidence(proof, checkpoint, verifier, verifier_key is None), pages, _limit(proof)
    )
    return Verdict(_lines(f"верно: {line.ru}", f"whole: {line.en}"), WHOLE, checkpoint)


def _limit(proof: ProofFile) -> Text:
    """What no such file can show."""
    return Text(
        f"что других относящихся к вопросу записей нет, такой файл не показывает: спросите {address(proof)}",
        f"that no other entry bears on this no such file can show: ask {address(proof)}",
    )


def _failed(status: int, path: str, text: Text) -> Verdict:
    word = {NOT_WHOLE: Text("нарушено", "not whole"), NOT_CHECKED: Text("не проверено", "not checked")}[status]
    return Verdict(_lines(f"{word.ru}: {path}: {text.ru}", f"{word.en}: {path}: {text.en}"), status)


def _lines(ru: str, en: str) -> dict[str, str]:
    """Each text on one line: a file made up could bring signs that turn a terminal's lines around."""
    return {
        name: "".join(sign if sign.isprintable() else " " for sign in text) for name, text in (("ru", ru), ("en", en))
    }


def _check_log(proof: ProofFile, verifier: Verifier) -> Checkpoint:
    """The checkpoint that signs every entry quoted. Raises ``LogError``."""
    checkpoint = open_checkpoint(proof.checkpoint, [verifier], verifier.name)
    (root,) = proof_file.hashes([proof.root])
    path = proof_file.hashes(proof.consistency)
    verify_consistency(proof.seq, checkpoint.size, root, checkpoint.root, path)
    for entry in proof.entries:
        leaf = leaf_hash(entry.header.encode())
        verify_inclusion(entry.seq - 1, proof.seq, leaf, proof_file.hashes(entry.inclusion), root)
        if entry.body is None:
            continue
        try:
            check_body(entry.header.encode(), entry.body.encode(), entry.seq)
        except EntryError as error:
            raise _NotWhole(
                ru=f"запись {entry.seq}: текст – не тот, хэш которого в журнале",
                en=f"entry {entry.seq}: the body is not the one whose hash is in the log",
            ) from error
    _check_moment(proof)
    return checkpoint


class _Header(msgspec.Struct):
    seq: int
    recorded_at: str
    subject: str


def _check_moment(proof: ProofFile) -> None:
    """The time on the pages is that of the last entry of the state asked."""
    times = {entry.seq: msgspec.json.decode(entry.header, type=_Header).recorded_at for entry in proof.entries}
    if proof.recorded_at != times.get(proof.seq):
        raise _NotWhole(
            ru=f"время записи {proof.seq} – не то, что в журнале", en=f"the time of entry {proof.seq} is not the log's"
        )


def _check_answer(proof: ProofFile, register: Quoted) -> None:
    if proof.question.get("known_at") != proof.seq:
        raise _NotWhole(ru="вопрос – о другом состоянии Реестра", en="the question is of another state of the Register")
    if proof.kind == "measure" and proof.answer is None:
        _check_record(proof, register)
        return
    given = proof.answer
    if given is None or proof.kind == "measure":
        raise ProofFileError(ru=f"{NAME}: вид и ответ не согласуются", en=f"{NAME}: kind and answer do not agree")
    found = _answered(proof, register)
    for name in (*DECISIVE, *DECISIVE_TOO):
        if found[name] != given.get(name):
            raise _NotWhole(
                ru=f"записи дают другой ответ: {name} – {found[name]}, а указано {given.get(name)}",
                en=f"the entries give another answer: {name} is {found[name]}, but it says {given.get(name)}",
            )
    if found != given:
        if _rules(found) == _rules(given) and proof.software != proof_file.software():
            raise _other_words(proof)
        raise _NotWhole(
            ru="основания или примечания ответа – не те, что следуют из записей",
            en="the grounds or notes of the answer are not those that follow from the entries",
        )


def _rules(given: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The grounds of an answer without their words."""
    try:
        return [(item["rule"], item["measures"]) for item in given["grounds"]]
    except (KeyError, TypeError) as error:
        raise ProofFileError(ru=f"{NAME}: основания не читаются", en=f"{NAME}: the grounds cannot be read") from error


def _answered(proof: ProofFile, register: Register) -> dict[str, Any]:
    """The question asked again, of the entries quoted alone."""
    try:
        duties = None if proof.duties_until is None else date.fromisoformat(proof.duties_until)
        return answer(register, read_question(proof.question), duties).public()
    except (QuestionError, ValueError) as error:
        raise _NotWhole(ru=f"вопрос не читается: {error}", en=f"the question cannot be read: {error}") from error


def _check_record(proof: ProofFile, register: Quoted) -> None:
    """One record, of the measure asked, the last of as many entries as it has versions."""
    id_ = proof.question.get("id")
    record = register.records.get(id_) if isinstance(id_, str) else None
    if record is None or len(register.records) != 1:
        raise _NotWhole(ru=f"записи о мере {id_} в файле нет", en=f"the record of measure {id_} is not in the file")
    headers = [msgspec.json.decode(entry.header, type=_Header) for entry in proof.entries]
    versions = [head.seq for head in headers if head.subject == id_ and head.seq <= record["seq"]]
    if len(set(versions)) != record["version"] or len(versions) != record["version"]:
        raise _NotWhole(
            ru=f"приведены записи о версиях: {len(versions)}, а это версия {record['version']}",
            en=f"{len(versions)} versions are quoted, but this is version {record['version']}",
        )


def _check_pages(data: bytes, opened: Opened, proof: ProofFile) -> Text:
    """What can be said of the pages. Raises ``_NotWhole`` where they say something else than the proof."""
    try:
        wanted = pdf(proof)
    except TypesetError as error:
        raise _NotWhole(ru=f"страницы не набираются: {error}", en=f"the pages cannot be typeset: {error}") from error
    if data == wanted:
        return Text(
            "файл до байта тот, который следует из доказательства",
            "the file is byte for byte what follows from the proof",
        )
    text, expected = opened.text(), Opened(wanted).text()
    for fact in facts(proof):
        if "".join(fact.split()) not in text:
            raise _NotWhole(ru=f"на страницах нет «{fact}»", en=f"the pages do not say '{fact}'")
    if text != expected:
        if proof.software != proof_file.software():
            raise _other_words(proof)
        raise _different(text, expected)
    if opened.covered():
        raise _OtherWords(
            ru="доказательство и текст страниц верны, но на страницы нанесены изображения или пометки",
            en="proof and text of the pages hold, but pictures or marks were put on the pages",
        )
    return Text(
        "текст страниц тот, который следует из доказательства, но файл сохранен заново или другой программой: "
        "начертанного поверх текста проверка не видит",
        "the text of the pages is what follows from the proof, but the file was saved anew or by other software: what "
        "is drawn over the text is not seen",
    )


def _different(found: str, expected: str) -> _NotWhole:
    place = next((at for at, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), len(expected))
    around = slice(max(0, place - 20), place + 30)
    return _NotWhole(
        ru=f"страницы говорят «…{found[around]}…», а из доказательства следует «…{expected[around]}…»",
        en=f"the pages say '…{found[around]}…', the proof gives '…{expected[around]}…'",
    )


def _other_words(proof: ProofFile) -> _OtherWords:
    mine, at = proof_file.software(), address(proof)
    return _OtherWords(
        ru=f"сведения верны, но слова сверить нельзя: выписка составлена «{proof.software}», здесь «{mine}»; "
        f"сверьте с {at}",
        en=f"the facts hold, but the words cannot be compared: made by '{proof.software}', this is '{mine}'; compare "
        f"with {at}",
    )
