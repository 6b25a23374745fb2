"""A row of a notified table as a candidate for the Register.

The readers of the cells decide what is certain; here their answers become one record. A row with a doubt in a cell
that matters (codes, term, basis, kind) is held for a clerk and never published by guess. The Register takes measures on
exports (A4(1)): a row on imports only is refused, one on both is taken for exports and says so. Pure: no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, Literal

from pydantic import ValidationError

from register.basis_cell import BasisCell, ReadAct, assign_roles, parse_basis, parse_protocols
from register.code_cell import CodeCell, parse_codes
from register.codes import CodeLine, CodeSpan
from register.findings import Finding
from register.intake.outcomes import FORMAT, Candidate, Held, Ready, Reason, Refused, Wish, of_doubt, of_finding, reason
from register.intake.table import TableRow
from register.kind_cell import KindCell, parse_kind
from register.measures import STATES, Notified, Printed
from register.shape import findings_from_validation
from register.sheets import folded_header
from register.term_cell import TermCell, parse_term
from register.words import KIND_NAMES, STATE_NAMES

IncludedOn = date | Literal["effective"]
"""The day of inclusion for rows that give none; ``effective`` takes each measure's first day in force."""

TITLE_LENGTH: Final = 300

_EXCEPTION: Final = re.compile(r"\b(?:за исключением|кроме)\b.*", re.IGNORECASE | re.DOTALL)
_YEARS: Final = range(1991, 2100)
_STATES: Final = {
    folded_header(name): state
    for state in STATES
    for name in (state, STATE_NAMES[state]["ru"], STATE_NAMES[state]["en"])
} | {"армения": "AM", "беларусь": "BY", "казахстан": "KZ", "кыргызстан": "KG", "россия": "RU"}
# Which cell of the table a field of the record was read from.
_CELLS: Final = {"title": "goods", "goods": "codes", "acts": "basis", "suspensions": "term", "conditions": "goods"}


def candidate(row: TableRow, included_on: IncludedOn) -> Candidate:
    """What a row of a notified table comes to; never an exception, whatever its cells hold.

    ``included_on`` is a day of the Commission's seat. Serves A4(1), A4(4).
    """
    cells = row.cells
    wished = _wish(row)
    kind = parse_kind(cells["kind"])
    if kind.direction == "import":
        return Refused((_import_only(cells["kind"]),), wished)
    state = _STATES.get(folded_header(cells["state"]))
    if state is None:
        return Refused((_unknown_state(cells["state"]),), wished)
    codes, term = parse_codes(cells["codes"]), parse_term(cells["term"])
    basis = assign_roles(parse_basis(cells["basis"], state), term)
    doubts = (*_form_doubts(row, codes), *_cell_doubts(codes, term, basis, kind))
    draft = _draft(state, row, kind, codes, term, basis, included_on)
    remarks = tuple(_remarks(row, kind, term, basis))
    if doubts:
        return Held(draft, doubts, wished, remarks)
    try:
        return Ready(Notified.model_validate(draft), wished, remarks)
    except ValidationError as error:
        return Held(draft, tuple(map(_of_record, findings_from_validation(error))), wished, remarks)


def _wish(row: TableRow) -> Wish | None:
    year, number = row.cells["year"], row.cells["number"]
    if re.fullmatch(r"[0-9]{4}", year) and re.fullmatch(r"[0-9]{1,6}", number):
        wish = Wish(int(year), int(number))
        if wish.year in _YEARS and wish.number > 0:
            return wish
    return None


def _import_only(cell: str) -> Reason:
    return reason(
        "kind",
        "A4(1)",
        "мера относится только к ввозу: в Реестр включаются меры, применяемые к вывозу товаров",
        "the measure is on imports only: the Register takes measures on exports",
        cell,
    )


def _unknown_state(cell: str) -> Reason:
    return reason(
        "state",
        FORMAT,
        "государство не распознано: AM, BY, KZ, KG, RU или наименование государства-члена",
        "the state is not known: AM, BY, KZ, KG, RU or the name of a member state",
        cell,
    )


def _form_doubts(row: TableRow, codes: CodeCell) -> Iterator[Reason]:
    if row.beyond:
        yield reason(
            "",
            "sheet.beyond",
            "в строке больше ячеек, чем в заголовке: возможно, разделитель стоит внутри незакрытой кавычками ячейки",
            "the row has more cells than the header: perhaps a cell with a separator in it is not quoted",
            row.beyond,
        )
    # A spreadsheet drops the zeros before a number: 0901 11 000 1 would come as the nine digits of another heading.
    if "codes" in row.numeric and len(row.cells["codes"]) % 2:
        yield reason(
            "codes",
            "sheet.number",
            "код сохранён в таблице как число: начальный ноль мог быть утрачен",
            "the sheet keeps the code as a number: a leading zero may be lost",
            row.cells["codes"],
        )
    if not codes.lines and not codes.doubts:
        yield reason("codes", "codes.empty", "коды ТН ВЭД не указаны", "no TN VED codes are given")


def _cell_doubts(codes: CodeCell, term: TermCell, basis: BasisCell, kind: KindCell) -> Iterator[Reason]:
    for cell, read in (("kind", kind), ("codes", codes), ("term", term), ("basis", basis)):
        for doubt in read.doubts:
            yield of_doubt(cell, doubt)


def _draft(
    state: str,
    row: TableRow,
    kind: KindCell,
    codes: CodeCell,
    term: TermCell,
    basis: BasisCell,
    included_on: IncludedOn,
) -> dict[str, Any]:
    """The record as far as it was read, in the shape of ``Notified``; what is open is null."""
    cells = row.cells
    included = term.effective_from if included_on == "effective" else included_on
    return {
        "state": state,
        "kind": kind.kind,
        "title": {"ru": _title(cells, kind)},
        "acts": [_act(act) for act in basis.acts],
        "goods": _goods(codes.lines, cells["goods"]),
        "destination": kind.destination,
        "transport": list(kind.transport) if kind.transport else None,
        "conditions": list(_conditions(cells, kind, len(codes.lines))),
        "effective_from": _iso(term.effective_from),
        "effective_to": _iso(term.effective_to),
        "suspensions": [{"from": _iso(first), "to": _iso(last)} for first, last in term.suspensions],
        "included_on": _iso(included),
        "printed": {name: cells[name] or None for name in Printed.model_fields},
    }


def _title(cells: Mapping[str, str], kind: KindCell) -> str:
    """The goods come first for a reader of a list, and the kind is a field of its own."""
    goods = " ".join(cells["goods"].split())
    if not goods:
        name = KIND_NAMES[kind.kind]["ru"] if kind.kind else cells["kind"]
        goods = f"{name[:1].upper()}{name[1:]}: {' '.join(cells['codes'].split())}"
    return _shortened(goods)


def _shortened(text: str) -> str:
    if len(text) <= TITLE_LENGTH:
        return text
    return text[: TITLE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;:(–-") + "…"


def _conditions(cells: Mapping[str, str], kind: KindCell, lines: int) -> Iterator[dict[str, str]]:
    """What the table says and the record has no field for, so that nothing of it is lost."""
    if lines != 1 and len(" ".join(cells["goods"].split())) > TITLE_LENGTH:
        yield {"ru": f"Товары: {cells['goods']}"}
    if kind.direction == "both":
        yield {
            "ru": f"Вид меры в уведомлении – «{cells['kind']}»; в Реестр мера включена в части вывоза",
            "en": "The notified measure is on imports too; the Register takes it for exports",
        }
    if kind.remark:
        yield {"ru": f"В уведомлении указано: «{kind.remark}»"}


def _goods(lines: Sequence[CodeLine], goods: str) -> list[dict[str, Any]]:
    # The words of the cell describe all lines together; only a single line can be given them as its own.
    single = {"ru": goods} if len(lines) == 1 and goods else None
    # An exception in words that no excluded code answers for: the code alone cannot decide, the description does (P2).
    in_words = bool(_EXCEPTION.search(goods)) and not any(line.excluded for line in lines)
    return [
        {
            "line": place,
            **_span(line.span),
            "partial": line.span.partial or in_words,
            "description": {"ru": line.description} if line.description else single,
            "excluded": [_span(span) for span in line.excluded],
        }
        for place, line in enumerate(lines, start=1)
    ]


def _span(span: CodeSpan) -> dict[str, Any]:
    return {"code_from": span.code_from, "code_to": span.code_to, "partial": span.partial}


def _act(act: ReadAct) -> dict[str, Any]:
    return {
        "role": act.role,
        "issuer": act.issuer,
        "type": act.type,
        "number": act.number,
        "date": _iso(act.date),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _remarks(row: TableRow, kind: KindCell, term: TermCell, basis: BasisCell) -> Iterator[Reason]:
    """What a clerk should know and need not settle."""
    cells = row.cells
    if kind.direction == "both":
        yield reason(
            "kind",
            "A4(1)",
            "мера касается и ввоза: включается в части вывоза",
            "the measure is on imports too: taken for exports",
            cells["kind"],
        )
    if term.amended_from or basis.amended_from:
        yield reason(
            "term",
            "term.amended",
            "мера изменена в период действия; в строке дана измененная редакция, прежние коды в ней не указаны",
            "the measure was amended during its term; the row gives the amended wording and not the codes before it",
            cells["term"],
        )
    if (cells["year"] or cells["number"]) and _wish(row) is None:
        yield reason(
            "number",
            FORMAT,
            "год и номер не распознаны, номер присваивает Реестр",
            "the year and number cannot be read, the Register gives a number",
            f"{cells['year']} {cells['number']}".strip(),
        )
    yield from _remarks_on_goods(cells["goods"])
    yield from _remarks_on_protocol(cells["protocol"])


def _remarks_on_goods(cell: str) -> Iterator[Reason]:
    if not cell:
        yield reason("goods", "goods.empty", "наименование товара не указано", "the goods are not named")
    if exception := _EXCEPTION.search(cell):
        text = {
            "ru": "исключение указано словами в наименовании товара; без исключённых кодов код совпадает лишь частично",
            "en": "the goods have an exception in words; where no codes are excluded, a code matches in part only",
        }
        yield Reason("goods", *exception.span(), exception[0], "goods.exception", text)


def _remarks_on_protocol(cell: str) -> Iterator[Reason]:
    protocols = parse_protocols(cell)
    yield from (of_doubt("protocol", doubt) for doubt in protocols.doubts)
    if protocols.remark:
        yield reason(
            "protocol",
            "protocol.remark",
            "примечание в графе протокола",
            "a remark in the protocol column",
            protocols.remark,
        )


def _of_record(finding: Finding) -> Reason:
    """A fault of the record as a whole, named by the cell that it was read from."""
    return replace(of_finding(finding), cell=cell_of(finding.pointer))


def cell_of(pointer: str) -> str:
    """The cell of a table from which the field at a pointer into the record was read."""
    field = pointer.split("/")[1] if "/" in pointer else ""
    return "term" if field.startswith("effective") else _CELLS.get(field, field)
