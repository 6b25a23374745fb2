"""The Register as a table: one row to a goods line, for spreadsheets and for loading elsewhere.

CSV after RFC 4180 in UTF-8 with a byte order mark, without which a spreadsheet program takes Cyrillic for something
else; and the same table as XLSX. The heads are the names of the contract's fields. Dates are ``YYYY-MM-DD`` (in XLSX:
dates), lists are separated by ``; ``. Pure: no database, no web.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from feeds.channels import EMPTY_SINCE
from feeds.document import AUTHOR
from feeds.workbook import CELL_LENGTH, Cell, xlsx
from register.facts import Version
from register.index import Register
from register.words import written_span

COLUMNS: Final = (
    "id",
    "version",
    "seq",
    "status",
    "state",
    "kind",
    "title_ru",
    "title_en",
    "line",
    "code_from",
    "code_to",
    "partial",
    "description_ru",
    "description_en",
    "excluded",
    "valid_from",
    "valid_to",
    "line_included_on",
    "destination",
    "transport",
    "effective_from",
    "effective_to",
    "suspensions",
    "included_on",
    "window_from",
    "window_until",
    "declaration_permitted",
    "declaration_from",
    "declaration_to",
    "acts",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet program would take for the beginning of a formula and run."""


CSV: Final = "text/csv; charset=utf-8"
_CUT: Final = " … (полностью – в measures.json / in full: measures.json)"
_DATES: Final = frozenset(
    name for name in COLUMNS if name.endswith(("_from", "_to", "_on", "_until")) and not name.startswith("code_")
)


def table(register: Register, today: date, versions: Iterable[Version] | None = None) -> bytes:
    """The table of every measure, or of ``versions``, as CSV; status as on ``today``.

    A text that looks like a formula has ``'`` before it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in _table(register, today, versions):
        writer.writerow([_safe(row[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def workbook(
    register: Register, today: date, versions: Iterable[Version] | None = None, seq: int | None = None
) -> bytes:
    """The same as XLSX; the same Register on the same day gives the same bytes. ``seq``: the newest entry then.

    Codes are texts, so that zeros stay; a text too long for a cell says so at its end.
    """
    last = register.seq if seq is None else seq
    rows = ([_cell(name, row[name]) for name in COLUMNS] for row in _table(register, today, versions))
    return xlsx(
        COLUMNS,
        [40 if name.endswith(("_ru", "_en")) else 14 for name in COLUMNS],
        rows,
        title="Единый реестр отдельных мер",
        author=AUTHOR["ru"],
        at=register.recorded_at(last) if last else EMPTY_SINCE,
    )


def _cell(name: str, value: Any) -> Cell:
    if value is None or isinstance(value, bool | int):
        return value
    if name in _DATES:
        return date.fromisoformat(value)
    text = str(value)
    return text if len(text) <= CELL_LENGTH else text[: CELL_LENGTH - len(_CUT)] + _CUT


def _table(register: Register, today: date, versions: Iterable[Version] | None) -> Iterator[dict[str, Any]]:
    for version in register.versions() if versions is None else versions:
        record = register.record(version)
        record["status"] = version.status(today.toordinal())
        yield from _rows(record)


def _rows(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    window, declaration = record.get("declaration_window") or {}, record.get("declaration") or {}
    measure = {
        **record,
        **_texts("title", record["title"]),
        "transport": "; ".join(record["transport"] or []),
        "suspensions": "; ".join(_period(item) for item in record["suspensions"]),
        "window_from": window.get("from"),
        "window_until": window.get("until"),
        "declaration_permitted": bool(declaration.get("permitted")),
        "declaration_from": declaration.get("from"),
        "declaration_to": declaration.get("to"),
        "acts": "; ".join(_act(act) for act in record["acts"]),
    }
    for line in record["goods"]:
        yield {
            **measure,
            **line,
            **_texts("description", line["description"] or {}),
            "included_on": record["included_on"],
            "line_included_on": line["included_on"],
            "excluded": _spans(line["excluded"]),
        }


def _texts(name: str, text: Mapping[str, str | None]) -> dict[str, str | None]:
    return {f"{name}_ru": text.get("ru"), f"{name}_en": text.get("en")}


def _spans(spans: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(written_span(span, "ru") for span in spans)


def _period(period: Mapping[str, Any]) -> str:
    return f"{period['from']}/{period['to'] or '..'}"


def _act(act: Mapping[str, Any]) -> str:
    return " ".join(str(part) for part in (act["role"], act["issuer"], act["type"], act["number"], act["date"]) if part)


def _safe(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
