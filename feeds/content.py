"""What a feed reader shows of an entry: a table of the change, or the main facts where there is nothing to compare.

Plain HTML without style or script, every text escaped. Pure: no database, no web.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, Final

from feeds.values import PART_NAMES, goods_html, value_html
from register.differences import differences
from register.entries import ANNOUNCEMENTS
from register.words import CONSULTATION_FIELD_NAMES, FIELD_NAMES, STATUS_NAMES, Language

Record = Mapping[str, Any]

MOST_ROWS: Final = 60
"""Rows that a table shows; one more says how many are left out and where they stand."""

_FACTS: Final = (
    "state",
    "kind",
    "title",
    "goods",
    "origin_condition",
    "destination",
    "transport",
    "effective_from",
    "effective_to",
    "suspensions",
    "included_on",
    "declaration_window",
    "declaration",
    "conditions",
    "acts",
)
"""The facts of a measure, in the order in which a customs officer asks for them."""

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "field": {"ru": "Сведения", "en": "Field"},
    "before": {"ru": "Было", "en": "Before"},
    "after": {"ru": "Стало", "en": "After"},
    "more": {"ru": "и ещё {count}, см. полную запись", "en": "and {count} more, see the whole entry"},
    "whole": {"ru": "Полная запись № {seq}", "en": "The whole entry No. {seq}"},
    "measure": {"ru": "Мера {id}", "en": "Measure {id}"},
    "consultation": {"ru": "Консультации {id}", "en": "Consultation {id}"},
    "rule": {"ru": "Основание: {rule}", "en": "Ground: {rule}"},
    "changed_by": {"ru": "Акты, на основании которых внесена запись", "en": "Acts behind the entry"},
    "line": {"ru": "{field}, строка {number}", "en": "{field}, line {number}"},
    "item": {"ru": "{field}, {number}", "en": "{field}, {number}"},
    "same": {
        "ru": "Сведения о мере не изменились.",
        "en": "Nothing in the record differs.",
    },
}
_ROW_HEAD: Final = '<th scope="row" align="left">'
_ORDER: Final = {name: place for place, name in enumerate(FIELD_NAMES)}
_PROVISION: Final = re.compile(r"([PA])(\d+)(?:\((\d+)\))?")


def entry_html(entry: Record, language: Language, page: str, subject_page: str | None) -> str:
    """The content of an entry's item; ``page`` and ``subject_page`` are whole addresses to link to."""
    before, after = entry["before"], entry["after"]
    new_measure = before is None and str(entry["type"]).startswith("measure.")
    if new_measure or entry["type"] in ANNOUNCEMENTS:
        table = measure_html(after, language)
    elif before is None:
        table = _facts_table(_generic_facts(after, language))
    else:
        table = _changes_html(before, after, language)
    return "".join([table, _acts_html(entry, language), _links_html(entry, language, page, subject_page)])


def measure_html(record: Record, language: Language) -> str:
    """The main facts of a measure as a table of two columns."""
    facts = [
        (_capital(_name(field, language)), _fact_html(field, record[field], language))
        for field in _FACTS
        if _worth_showing(field, record.get(field))
    ]
    status = str(record.get("status"))
    if status in STATUS_NAMES:
        facts.append((_capital(PART_NAMES["status"][language]), escape(STATUS_NAMES[status][language])))
    return _facts_table(facts)


def _worth_showing(field: str, value: Any) -> bool:
    if field == "declaration":
        return bool(value) and bool(value.get("permitted"))
    return value not in (None, [], {})


def _fact_html(field: str, value: Any, language: Language) -> str:
    return goods_html(value, language) if field == "goods" else value_html(field, value, language)


def _generic_facts(record: Record | None, language: Language) -> list[tuple[str, str]]:
    """Every field of a record of another kind, such as a consultation."""
    found = differences(None, record)
    return [(label_html(item["field"], language), value_html(item["field"], item["after"], language)) for item in found]


def _changes_html(before: Record, after: Record | None, language: Language) -> str:
    # Canonical bytes have their fields in the order of the alphabet; people read the state and the goods first.
    found = sorted(differences(before, after), key=lambda item: _ORDER.get(item["field"].split("/")[1], len(_ORDER)))
    if not found:
        return f"<p>{_WORDS['same'][language]}</p>"
    head = "".join(f"<th>{_WORDS[name][language]}</th>" for name in ("field", "before", "after"))
    rows = [
        f"<tr>{_ROW_HEAD}{label_html(item['field'], language)}</th>"
        f"<td>{value_html(item['field'], item['before'], language)}</td>"
        f"<td>{value_html(item['field'], item['after'], language)}</td></tr>"
        for item in found[:MOST_ROWS]
    ]
    if len(found) > MOST_ROWS:
        more = _WORDS["more"][language].format(count=len(found) - MOST_ROWS)
        rows.append(f'<tr><td colspan="3">{more}</td></tr>')
    return _table([f"<tr>{head}</tr>", *rows])


def label_html(path: str, language: Language) -> str:
    """What the path of a difference names: /goods/3/code_from is Перечень товаров, строка 3: код."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in path.strip("/").split("/")]
    label = _name(parts[0], language)
    for previous, part in pairwise(parts):
        if part.isdecimal():
            # Goods lines bear numbers of their own; items of other lists are counted from 0.
            word, number = ("line", part) if previous == "goods" else ("item", str(int(part) + 1))
            label = _WORDS[word][language].format(field=label, number=number)
        else:
            label = f"{label}: {_name(part, language, inner=True)}"
    return _capital(escape(label))


def _name(field: str, language: Language, inner: bool = False) -> str:
    """The name of a field, or of a part of one; one that has no name is called as in the contract."""
    for names in (PART_NAMES, FIELD_NAMES) if inner else (FIELD_NAMES, PART_NAMES, CONSULTATION_FIELD_NAMES):
        if field in names:
            return names[field][language]
    return field


def _acts_html(entry: Record, language: Language) -> str:
    # An inclusion shows its acts among the facts.
    if not entry["acts"] or (entry["before"] is None and entry["type"] == "measure.included"):
        return ""
    return f"<p>{_WORDS['changed_by'][language]}: {value_html('acts', entry['acts'], language)}</p>"


def _links_html(entry: Record, language: Language, page: str, subject_page: str | None) -> str:
    links = [_link(page, _WORDS["whole"][language].format(seq=entry["seq"]))]
    if subject_page is not None:
        name = "consultation" if _of_consultation(entry) else "measure"
        links.append(_link(subject_page, _WORDS[name][language].format(id=entry["subject"])))
    links.append(escape(_WORDS["rule"][language].format(rule=_provision(entry["rule"], language))))
    return f"<p>{' · '.join(links)}</p>"


def _of_consultation(entry: Record) -> bool:
    return str(entry["type"]).startswith("consultation.")


def _provision(rule: str, language: Language) -> str:
    """A provision as it is cited: P37(1) is point 37 of the Rules, A4(4) paragraph 4 of Article 4 of the Agreement."""
    found = _PROVISION.fullmatch(rule)
    if found is None:
        return rule
    kind, number, part = found.groups()
    if kind == "P":
        return f"пункт {number} Правил" if language == "ru" else f"point {number} of the Rules"
    if language == "ru":
        return f"пункт {part} статьи {number} Соглашения" if part else f"статья {number} Соглашения"
    return f"Article {number}({part}) of the Agreement" if part else f"Article {number} of the Agreement"


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _facts_table(facts: Sequence[tuple[str, str]]) -> str:
    return _table(f"<tr>{_ROW_HEAD}{name}</th><td>{value}</td></tr>" for name, value in facts)


def _table(rows: Iterable[str]) -> str:
    return f"<table>{''.join(rows)}</table>"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
