"""The pages of a measure: its record whole, its acts, goods lines, term, permission, and the versions of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

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
    written_moment,
)
from feeds.extract.proof_file import ProofFile
from feeds.extract.quoted import Quoted
from feeds.extract.wording import say
from register.pages import formats
from register.words import (
    ACT_ROLE_NAMES,
    DESTINATION_NAMES,
    ENTRY_TYPE_NAMES,
    KIND_NAMES,
    STATE_NAMES,
    TRANSPORT_NAMES,
    Language,
    written_date,
)

Record = Mapping[str, Any]
SHORT: Final = 12
"""Goods lines that, as a rule, stand on the first page."""


def measure_page(proof: ProofFile, quoted: Quoted) -> Content:
    """The content that is the measure's own. Its status on a day is not named: the days themselves are."""
    language, record = proof.language, quoted.records[proof.question["id"]]
    sections = [_particulars(record, language), _acts(record, language)]
    if record["origin_condition"] or record["conditions"]:
        texts = [record["origin_condition"], *record["conditions"]]
        items = [{"label": "–", "runs": [localised(text, language)]} for text in texts if text]
        sections.append({"kind": "points", "title": say("conditions", language), "items": items})
    sections.append(_history(proof, record, language))
    goods = _goods(record, language)
    # Not alone at the top of a last page: before a table that goes on over pages, after a short one.
    sections += [SEAL, goods] if len(record["goods"]) > SHORT else [goods, SEAL]
    state, kind = STATE_NAMES[record["state"]][language], KIND_NAMES[record["kind"]][language]
    return {
        "title": f"{say('extract', language)}: {record['id']}",
        "tone": "measure",
        "asked": [
            fact("measure", language, [styled(record["id"], "strong")]),
            fact("state", language, [plain(state)]),
            fact("kind", language, [plain(kind)]),
        ],
        "headline": [localised(record["title"], language)],
        "then": [standing(record, language)],
        "sections": sections,
    }


def standing(record: Record, language: Language) -> str:
    """The term of a record, which does not depend on the day of asking."""
    first, last = record["effective_from"], record["effective_to"]
    if last and any(act["role"] == "terminates" for act in record["acts"]):
        key = "ended_early" if last >= first else "ended_before"
        return say(key, language, day=written_date(last, language))
    return say("term", language, term=term(first, last, language))


def _particulars(record: Record, language: Language) -> Content:
    items: list[Content] = []
    for period in record["suspensions"]:
        days = term(period["from"], period["to"], language, open_end=False)
        items.append(fact("suspended", language, [plain(days)]))
    if record["notified_on"]:
        items.append(fact("notified_on", language, [plain(written_date(record["notified_on"], language))]))
    items.append(fact("included_on", language, [plain(written_date(record["included_on"], language))]))
    items.append(fact("destination", language, [plain(DESTINATION_NAMES[record["destination"]][language])]))
    modes = [TRANSPORT_NAMES[mode][language] for mode in record["transport"] or ()]
    items.append(fact("transport", language, [plain(", ".join(modes) or say("any", language))]))
    items += _permission(record, language)
    items.append(fact("nomenclature", language, [plain(record["nomenclature"])]))
    return {"kind": "facts", "title": say("particulars", language), "items": items}


def _permission(record: Record, language: Language) -> list[Content]:
    items = []
    if window := record["declaration_window"]:
        days = say(
            "window_days",
            language,
            first=written_date(window["from"], language),
            last=written_date(window["until"], language),
        )
        items.append(fact("window", language, [plain(days)], rule=formats.rule_name("P37(1)", language)))
    permission = record["declaration"]
    parts = [say("no_decision", language)]
    if permission and permission["permitted"]:
        days = term(permission["from"], permission["to"], language, open_end=False)
        parts = [say("by_decision", language, days=days).strip()]
        if protocol := permission["protocol"]:
            day = written_date(protocol["date"], language)
            parts.append(say("protocol", language, number=protocol["number"], day=day))
        if permission["consultation"]:
            parts.append(say("consultation", language, id=permission["consultation"]))
    items.append(fact("window", language, [plain(", ".join(parts))], rule=formats.rule_name("P24", language)))
    return items


def _goods(record: Record, language: Language) -> Content:
    dates = [_line_dates(line, record, language) for line in record["goods"]]
    dated = any(dates)
    keys = ["number", "code", "goods_of", *(["line_dates"] if dated else [])]
    return {
        "kind": "table",
        "title": say("goods", language),
        "widths": ["0.9cm", "4.6cm", "1fr", *(["3.2cm"] if dated else [])],
        "heads": [say(key, language) for key in keys],
        "rows": [
            [*_line(line, language), *([[plain(on)]] if dated else [])]
            for line, on in zip(record["goods"], dates, strict=True)
        ],
    }


def _line(line: Record, language: Language) -> list[list[Run]]:
    codes = span(line, language)
    if line["excluded"]:
        codes += [BREAK, styled(f"{say('except', language)} ", "soft"), *spans(line["excluded"], language)]
    described = [localised(line["description"], language)] if line["description"] else []
    for item in line["excluded"]:
        if item["description"]:
            described += [BREAK] if described else []
            described += [
                styled(f"{say('except', language)} ", "soft"),
                localised(item["description"], language, "soft"),
            ]
    if line["partial"]:
        described += [BREAK] if described else []
        described.append(styled(say("partial", language), "mark"))
    return [[styled(str(line["line"]), "soft")], codes, described or [styled("–", "soft")]]


def _line_dates(line: Record, record: Record, language: Language) -> str:
    """The dates of a line that are not those of the measure."""
    parts = [term(line["valid_from"], line["valid_to"], language, open_end=False)]
    if line["included_on"] and line["included_on"] != record["included_on"]:
        parts.append(say("included", language, day=written_date(line["included_on"], language)))
    return "; ".join(part for part in parts if part)


def _acts(record: Record, language: Language) -> Content:
    title = say("acts", language)
    if not record["acts"]:
        return {"kind": "text", "title": title, "runs": [styled(say("no_acts", language), "soft")]}
    items = []
    for act in record["acts"]:
        named = ": ".join(part for part in (act["issuer"], act["type"]) if part)
        day = written_date(act["date"], language)
        text = f"{named} {say('of', language)} {day} {say('number', language)}\u00a0{act['number']}".strip()
        runs = [styled(f"{ACT_ROLE_NAMES[act['role']][language]}: ", "soft"), plain(text)]
        if act["title"]:
            runs += [BREAK, plain(act["title"])]
        if act["url"]:
            runs += [BREAK, styled(act["url"], "address")]
        items.append({"label": "–", "runs": runs})
    return {"kind": "points", "title": title, "items": items}


def _history(proof: ProofFile, record: Record, language: Language) -> Content:
    """The entries that made the versions, by their headers; other entries of the file only date the state asked."""
    items: list[Content] = []
    for quoted in sorted(proof.entries, key=lambda entry: entry.seq):
        header = msgspec.json.decode(quoted.header)
        if quoted.seq <= record["seq"] and header["subject"] == record["id"]:
            at = say("recorded", language, at=written_moment(header["recorded_at"], language))
            named = ENTRY_TYPE_NAMES[header["type"]][language]
            text = say("history_line", language, type=named, seq=quoted.seq, at=at)
            # Every version before this one is quoted, so that the first of them is version 1.
            items.append(fact("version", language, [plain(text)], number=len(items) + 1))
    return {"kind": "facts", "title": say("history", language), "items": items}
