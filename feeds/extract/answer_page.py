"""The pages of an answer: the question, the sentence, until when, grounds, lighter proofs, measures, notes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from feeds.extract.content import (
    BREAK,
    SEAL,
    Content,
    Run,
    fact,
    localised,
    plain,
    span,
    spans,
    styled,
    term,
    written_code,
)
from feeds.extract.proof_file import NAME, ProofFile, ProofFileError
from feeds.extract.quoted import Quoted
from feeds.extract.wording import say
from register.facts import iso
from register.pages import formats
from register.words import KIND_NAMES, PROOF_NAMES, STATE_NAMES, TRANSPORT_NAMES, Language, written_date

Answer = Mapping[str, Any]


def answer_page(proof: ProofFile, quoted: Quoted) -> Content:
    """The content that is the answer's own. Raises ``ProofFileError`` where there is no answer."""
    given, language = proof.answer, proof.language
    if given is None:
        raise ProofFileError(ru=f"{NAME}: ответа нет", en=f"{NAME}: there is no answer")
    sections = [
        {"kind": "points", "title": say("grounds", language), "items": _points(given["grounds"], language)},
    ]
    if given["considered"]:
        items = _points(given["considered"], language)
        sections.append({"kind": "points", "title": say("considered", language), "items": items})
    sections += [_measures(given, quoted, language), *_others(given, quoted, language)]
    sections += [SEAL, {"kind": "notes", "title": say("notes", language), "items": _points(given["notes"], language)}]
    code, on = written_code(given["code"]), written_date(given["date"], language)
    return {
        "title": f"{say('extract', language)}: {code}, {on}",
        "tone": given["proof"],
        "asked": _asked(proof.question, language),
        "headline": [plain(headline(given, language))],
        "then": _then(given, language),
        "sections": sections,
    }


def headline(given: Answer, language: Language) -> str:
    """The one sentence that answers."""
    proof = given["proof"]
    if proof != "outside_rules" and given["certainty"] == "description":
        return say(f"by_description_{proof}", language)
    if proof == "origin_declaration" and given["holds_until"]:
        return say("origin_declaration_until", language, day=written_date(given["holds_until"], language))
    return say(proof, language)


def _asked(question: Mapping[str, Any], language: Language) -> list[Content]:
    shown: dict[str, list[Run]] = {
        "code": [styled(written_code(question["code"]), "code")],
        "date": [plain(written_date(question["date"], language))],
    }
    if origin := question.get("origin"):
        shown["origin"] = [plain(f"{formats.country(origin, language)} ({origin})")]
    if (value := question.get("value_eur")) is not None:
        shown["value_eur"] = [plain(formats.number(Decimal(value), language))]
    if transport := question.get("transport"):
        shown["transport"] = [plain(TRANSPORT_NAMES[transport][language])]
    if question.get("sanitary_certificate"):
        shown["sanitary_certificate"] = [plain(say("present", language))]
    if compliance := question.get("compliance"):
        names = (STATE_NAMES[name][language] if name in STATE_NAMES else name for name in compliance)
        shown["compliance"] = [plain(", ".join(names))]
    return [fact(key, language, runs) for key, runs in shown.items()]


def _then(given: Answer, language: Language) -> list[str]:
    following = given["next"]
    if following:
        until = say("holds_until", language, day=written_date(given["holds_until"], language))
        then = say(
            f"then_{following['proof']}",
            language,
            day=written_date(following["from"], language),
            rule=formats.rule_name(following["rule"], language),
        )
        sentences = [f"{until} {then}"]
    else:
        sentences = [say("nothing_changes", language)]
    if given["accepted"]:
        names = "; ".join(_accepted(name, language) for name in given["accepted"])
        sentences.append(say("accepted", language, list=names))
    if given["compliance_required"]:
        sentences.append(say("compliance_required", language, list=", ".join(given["compliance_required"])))
    return sentences


def _accepted(name: str, language: Language) -> str:
    shown = PROOF_NAMES[name][language]
    return f"{shown} ({formats.rule_name('P35', language)})" if name == "certificate_copy" else shown


def _points(items: list[Mapping[str, Any]], language: Language) -> list[Content]:
    return [{"label": formats.rule_name(item["rule"], language), "runs": _point(item, language)} for item in items]


def _point(item: Mapping[str, Any], language: Language) -> list[Run]:
    """The text of a rule, and the measures where it does not name them all itself."""
    said, ids = localised(item["text"], language), item.get("measures") or ()
    if all(name in said["text"] for name in ids):
        return [said]
    return [said, BREAK, styled(", ".join(ids), "soft")]


def _measures(given: Answer, quoted: Quoted, language: Language) -> Content:
    """One row a measure, its goods lines together."""
    title = say("measures", language)
    if not given["measures"]:
        return {"kind": "text", "title": title, "runs": [plain(say("no_measures", language))]}
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for counted in given["measures"]:
        rows.setdefault(counted["id"], []).append(counted)
    heads = [say(key, language) for key in ("measure", "goods", "in_force", "for_declaration")]
    return {
        "kind": "table",
        "title": title,
        "widths": ["3.6cm", "1fr", "3.1cm", "3.3cm"],
        "heads": heads,
        "rows": [_row(lines, quoted.records[id_], given["date"], language) for id_, lines in rows.items()],
    }


def _row(lines: list[Mapping[str, Any]], record: Mapping[str, Any], on: str, language: Language) -> list[list[Run]]:
    first = lines[0]
    goods = {item["line"]: item for item in record["goods"]}
    described: list[Run] = []
    for line in lines:
        described += [BREAK] if described else []
        described += [styled(f"({line['line']}) ", "soft")] if len(lines) > 1 else []
        described += _goods(goods[line["line"]], line["match"], language)
    return [
        [
            styled(first["id"], "strong"),
            BREAK,
            plain(STATE_NAMES[first["state"]][language]),
            BREAK,
            styled(KIND_NAMES[first["kind"]][language], "soft"),
        ],
        described,
        [plain(term(first["effective_from"], first["effective_to"], language))],
        _declarations(lines, on, language),
    ]


def _goods(item: Mapping[str, Any], match: str, language: Language) -> list[Run]:
    runs = span(item, language)
    if item["excluded"]:
        runs += [styled(f" {say('except', language)} ", "soft"), *spans(item["excluded"], language)]
    if item["description"]:
        runs += [BREAK, localised(item["description"], language, "soft")]
    if match == "partial":
        runs += [BREAK, styled(say("partial", language), "mark")]
    return runs


def _declarations(lines: list[Mapping[str, Any]], on: str, language: Language) -> list[Run]:
    """How a declaration stands for each line, said once where it is the same for all."""
    texts = list(dict.fromkeys(_declaration(line, on, language) for line in lines))
    if len(texts) == 1:
        return [plain(texts[0])]
    runs: list[Run] = []
    for text in texts:
        numbers = [f"({line['line']})" for line in lines if _declaration(line, on, language) == text]
        runs += [BREAK] if runs else []
        runs += [styled(f"{', '.join(numbers)} ", "soft"), plain(text)]
    return runs


def _declaration(line: Mapping[str, Any], on: str, language: Language) -> str:
    if line["own_origin"]:
        return say("own_origin", language)
    if line["set_aside"]:
        return say("set_aside", language)
    if line["declaration_permitted"]:
        return say("permitted", language)
    until = line["declaration_window"]["until"]
    return say("window_until" if on <= until else "window_closed", language, day=written_date(until, language))


def _others(given: Answer, quoted: Quoted, language: Language) -> list[Content]:
    """Measures that match the code and do not count on the day: what follows rests on them."""
    counted = {item["id"] for item in given["measures"]}
    named: dict[str, str] = {}
    for found in quoted.matches(given["code"]):
        version = found.line.version
        if version.id not in counted:
            days = term(iso(version.effective_from), iso(version.effective_to), language)
            named[version.id] = f"{version.id} ({days})"
    if not named:
        return []
    text = say("others", language, list="; ".join(named.values()))
    return [{"kind": "text", "title": None, "runs": [styled(text, "soft")]}]
