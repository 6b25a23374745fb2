"""What stands on the pages of an extract: everything follows from its proof file, nothing from elsewhere.

The content is plain lists and texts, which ``extract.typ`` lays out. Dates are days at the Commission's seat; times
are shown in UTC, as the journal bears them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from feeds.extract.proof_file import NAME, ProofFile, ProofFileError
from feeds.extract.quoted import Quoted
from feeds.extract.typeset import compile_pdf
from feeds.extract.wording import say
from feeds.notes import Checkpoint, NoteError
from register.codes import format_code
from register.pages import formats
from register.words import Language, written_date

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of an extract of an empty journal."""

Content = dict[str, Any]
Run = dict[str, str]


def pdf(proof: ProofFile) -> bytes:
    """The extract of a proof file. Raises ``ProofFileError`` where the file does not agree with itself."""
    at = NEVER if proof.recorded_at is None else moment(proof.recorded_at)
    return compile_pdf(content(proof), at, proof.encode())


def content(proof: ProofFile) -> Content:
    """The content of the pages. Raises ``ProofFileError`` where a member that they need is not there."""
    # Both import this module.
    from feeds.extract.answer_page import answer_page
    from feeds.extract.measure_page import measure_page

    quoted = Quoted(proof)
    try:
        page = answer_page(proof, quoted) if proof.kind == "answer" else measure_page(proof, quoted)
        return page | _frame(proof)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # The members of the answer and the question are as the file has them; a file made up may have any.
        raise ProofFileError(
            ru=f"{NAME}: поле не подходит: {error!r}", en=f"{NAME}: a member does not fit: {error!r}"
        ) from error


def address(proof: ProofFile) -> str:
    """Where the same can be asked of the Register itself: the page that the QR code leads to."""
    if proof.kind == "measure":
        return f"{proof.base_url}/{proof.language}/measures/{proof.question['id']}?known_at={proof.seq}"
    pairs = [(name, _text(value)) for name, value in _ordered(proof.question)]
    return f"{proof.base_url}/{proof.language}/?{urlencode(pairs, safe=',')}"


_ORDER: Final = ("code", "date", "origin", "value_eur", "transport", "sanitary_certificate", "compliance", "known_at")


def _ordered(question: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((name, question[name]) for name in _ORDER if name in question)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


def _frame(proof: ProofFile) -> Content:
    """What every extract bears: whose it is, which entry, which root, who signed, where to verify."""
    language = proof.language
    checkpoint = _checkpoint(proof)
    at = say("no_entry", language)
    if proof.recorded_at is not None:
        at = say("recorded", language, at=written_moment(proof.recorded_at, language))
    duties = say("transition_lasts", language)
    if proof.duties_until is not None:
        duties = say("transition_until", language, day=written_date(proof.duties_until, language))
    seal = [
        fact("entry", language, [plain(f"{proof.seq}, {at}")]),
        fact("root", language, [styled(proof.root, "code")]),
        fact(
            "signed",
            language,
            [plain(say("signed_at", language, origin=checkpoint.origin, size=checkpoint.size))],
        ),
    ]
    if proof.kind == "answer":
        seal.append(fact("transition", language, [plain(duties)]))
    seal.append(fact("address", language, [styled(address(proof), "address")]))
    return {
        "lang": language,
        "register": say("register", language),
        "extract": say("extract", language),
        "notice": say("demonstration", language) if proof.demonstration else None,
        "seal": seal,
        "address": address(proof),
        "qr_alt": f"{say('qr', language)}: {address(proof)}",
        "attached": say("attached", language, name=NAME),
        "foot": say("page", language, seq=proof.seq, at=at, origin=checkpoint.origin),
        "foot_root": proof.root,
    }


def _checkpoint(proof: ProofFile) -> Checkpoint:
    """The checkpoint as the note says it, its signature unchecked."""
    try:
        return Checkpoint.parse(proof.checkpoint.partition("\n\n")[0] + "\n")
    except NoteError as error:
        raise ProofFileError(ru=f"{NAME}: {error.text['ru']}", en=f"{NAME}: {error.text['en']}") from None


def moment(text: str) -> datetime:
    """A time of the journal. Raises ``ProofFileError`` for what is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year < 1970:
        raise ProofFileError(ru=f"{NAME}: «{text[:40]}» – не время", en=f"{NAME}: '{text[:40]}' is no time")
    return at


def written_moment(text: str, language: Language) -> str:
    """A time as people write it, to the second, UTC: 30.08.2026, 09:12:44."""
    at = moment(text).astimezone(UTC)
    return f"{written_date(at.date(), language)}, {at:%H:%M:%S}"


def plain(text: str) -> Run:
    """A run of text."""
    return {"text": text, "style": ""}


def styled(text: str, style: str) -> Run:
    """A run in a style of the template: ``code``, ``soft``, ``strong``, ``address``, ``break``."""
    return {"text": text, "style": style}


BREAK: Final = styled("", "break")


SEAL: Final[Content] = {"kind": "seal"}
"""The place among the sections where the page says where all this is written."""


def fact(key: str, language: Language, runs: list[Run], **values: object) -> Content:
    """A line of a list of facts: its label and its value."""
    return {"label": say(key, language, **values), "runs": runs}


def localised(text: Mapping[str, str | None] | None, language: Language, style: str = "") -> Run:
    """A text of a record, in the other language, which the run then names, where its own is missing."""
    shown = formats.localised(text, language)
    return {"text": shown.text, "style": style, **({"lang": shown.lang} if shown.lang else {})}


def written_code(code: str) -> str:
    """A code in its groups, which no line breaks apart."""
    return "\u00a0".join(formats.groups(code))


def span(item: Mapping[str, Any], language: Language) -> list[Run]:
    """A span of codes: из 7302, 8404 – 8415."""
    format_code(item["code_from"])
    text = written_code(item["code_from"])
    if item.get("code_to"):
        text += f"\u00a0– {written_code(item['code_to'])}"
    mark = [plain("из\u00a0" if language == "ru" else "ex\u00a0")] if item.get("partial") else []
    return [*mark, styled(text, "code")]


def spans(items: Iterable[Mapping[str, Any]], language: Language) -> list[Run]:
    """Spans of codes with commas between."""
    runs: list[Run] = []
    for item in items:
        runs += [plain(", "), *span(item, language)] if runs else span(item, language)
    return runs


def term(first: str | None, last: str | None, language: Language, *, open_end: bool = True) -> str:
    """Days, both included: с 08.09.2026 по 08.03.2027."""
    parts = [say("from", language, day=written_date(first, language))] if first else []
    if last:
        parts.append(say("to", language, day=written_date(last, language)))
    elif first and open_end:
        return f"{parts[0]}, {say('open_ended', language)}"
    return " ".join(parts)
