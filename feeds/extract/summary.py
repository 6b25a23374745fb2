"""What a verdict on an extract repeats, for whoever holds the paper: the facts, and what they rest on."""

from __future__ import annotations

import base64
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from feeds.extract.answer_page import headline
from feeds.extract.content import written_code
from feeds.extract.measure_page import standing
from feeds.extract.proof_file import ProofFile
from feeds.extract.quoted import Quoted
from feeds.notes import Checkpoint, Verifier
from register.words import Language, written_date


class Text(NamedTuple):
    """A text in both languages."""

    ru: str
    en: str


def both(*texts: Text) -> Text:
    """Texts in one line."""
    return Text("; ".join(text.ru for text in texts), "; ".join(text.en for text in texts))


def facts(proof: ProofFile) -> list[str]:
    """What the pages must say in any case, in their language."""
    given, language = proof.answer, proof.language
    common = [str(proof.seq), proof.root]
    if given is None:
        return [proof.question["id"], *common]
    ids = [item["id"] for item in given["measures"]]
    day = written_date(given["date"], language)
    return [headline(given, language), written_code(given["code"]), day, *ids, *common]


def subject(proof: ProofFile, register: Quoted) -> Text:
    """What the extract is about and what it says."""
    return Text(_subject(proof, register, "ru"), _subject(proof, register, "en"))


def _subject(proof: ProofFile, register: Quoted, language: Language) -> str:
    given = proof.answer
    if given is None:
        record = register.records[proof.question["id"]]
        version = f"версия {record['version']}" if language == "ru" else f"version {record['version']}"
        return f"{record['id']}, {version}, {_entry(proof, language)}: {standing(record, language)}"
    code, day = written_code(given["code"]).replace("\u00a0", " "), written_date(given["date"], language)
    names = ", ".join(dict.fromkeys(f"{item['id']} ({item['version']})" for item in given["measures"])) or "–"
    measures = "меры (версия)" if language == "ru" else "measures (version)"
    return f"{code}, {day}, {_entry(proof, language)}: {headline(given, language)} {measures}: {names}"


def _entry(proof: ProofFile, language: Language) -> str:
    return f"Реестр на запись {proof.seq}" if language == "ru" else f"the Register at entry {proof.seq}"


def evidence(proof: ProofFile, checkpoint: Checkpoint, verifier: Verifier, own_key: bool) -> Text:
    """Which entries, in which log, signed by which key, and whose word that key is."""
    count, signed = len(proof.entries), f"{checkpoint.origin} ({verifier.key_id.hex()})"
    root = base64.b64encode(checkpoint.root).decode()
    short = f"{root[:4]}…{root[-3:]}"
    found = Text(
        f"записей приведено {count}, все – в журнале из {checkpoint.size}, корень {short}, подписано {signed}",
        f"entries quoted {count}, all in the log of {checkpoint.size}, root {short}, signed by {signed}",
    )
    if own_key:
        where = f"{proof.base_url}/log/key"
        found = both(
            found,
            Text(
                f"ключ взят из самого файла – сверьте {verifier.verifier_key} с {where}",
                f"the key is the document's own: compare {verifier.verifier_key} with {where}",
            ),
        )
    if urlsplit(proof.base_url).netloc != checkpoint.origin.partition("/")[0]:
        found = both(
            found,
            Text(
                f"адрес {proof.base_url} не подписан и не совпадает с именем журнала {checkpoint.origin}",
                f"the address {proof.base_url} is not signed, and the log bears another name, {checkpoint.origin}",
            ),
        )
    kinds = {msgspec.json.decode(entry.body)["after"]["kind"] for entry in proof.entries if entry.body is not None}
    if proof.kind == "answer" and "export_duty" in kinds:
        until = proof.duties_until
        found = both(
            found,
            Text(
                f"переходный период по вывозным пошлинам принят {'не оконченным' if until is None else 'по ' + until}",
                f"the transition for export duties is taken {'to last' if until is None else 'to end on ' + until}",
            ),
        )
    return found
