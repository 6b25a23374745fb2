"""What became of every row of a load, for a person in either language and as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from register.intake.outcomes import Reason
from register.words import Language

Outcome = Literal["included", "already_there", "held", "refused"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("included", "already_there", "held", "refused")

_SHOWN: Final = 80
_OUTCOME_NAMES: Final[Mapping[Outcome, Mapping[Language, str]]] = {
    "included": {"ru": "включено в Реестр", "en": "included in the Register"},
    "already_there": {"ru": "уже загружено ранее", "en": "loaded before"},
    "held": {"ru": "ожидает решения специалиста (проект записи)", "en": "held for a clerk as a draft"},
    "refused": {"ru": "отклонено", "en": "refused"},
}
_CELL_NAMES: Final[Mapping[str, str]] = {
    "state": "государство",
    "number": "номер",
    "kind": "вид меры",
    "goods": "товар",
    "codes": "коды",
    "term": "срок",
    "basis": "основание",
    "protocol": "протокол",
}
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "ru": {"row": "строка", "remark": "примечание", "characters": "знаки"},
    "en": {"row": "row", "remark": "remark", "characters": "characters"},
}

_NOTHING: Final[Mapping[Language, str]] = {
    "ru": "загружать нечего: строк нет",
    "en": "nothing to load: there are no rows",
}


@dataclass(frozen=True, slots=True)
class RowReport:
    """One row of a file (of a JSON list: one item): ``measure`` is its id, ``draft`` the number of its draft."""

    file: str
    row: int
    outcome: Outcome
    measure: str | None = None
    draft: int | None = None
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()

    def public(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "file": self.file,
            "row": self.row,
            "outcome": self.outcome,
            "id": self.measure,
            "draft": self.draft,
            "reasons": [reason.public() for reason in self.reasons],
            "remarks": [remark.public() for remark in self.remarks],
        }


@dataclass(frozen=True, slots=True)
class FileFault:
    """A file that could not be read as a whole; nothing of it was taken."""

    file: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Every row of a load in the order of the files, and the files that could not be read."""

    rows: tuple[RowReport, ...]
    faults: tuple[FileFault, ...] = ()

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows had each outcome."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def exit_status(self) -> int:
        """0: every row is in the Register; 1: some row was held or refused; 2: a file could not be read at all."""
        if self.faults:
            return 2
        return 1 if self.counts["held"] or self.counts["refused"] else 0

    def public(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "counts": dict(self.counts),
            "rows": [row.public() for row in self.rows],
            "faults": [{"file": fault.file, "text": dict(fault.text)} for fault in self.faults],
            "exit_status": self.exit_status,
        }

    def text(self, language: Language) -> str:
        """The report for a person: the counts, then every row that was not simply included."""
        return "\n".join(self._lines(language))

    def _lines(self, language: Language) -> Iterator[str]:
        for fault in self.faults:
            yield f"{fault.file}: {fault.text[language]}"
        for outcome, count in self.counts.items():
            if count:
                yield f"{_OUTCOME_NAMES[outcome][language]}: {count}"
        if not self.rows and not self.faults:
            yield _NOTHING[language]
        for row in self.rows:
            if row.outcome in ("held", "refused") or row.remarks:
                yield _headline(row, language)
                yield from (f"    {_written(reason, language)}" for reason in row.reasons)
                remark = _WORDS[language]["remark"]
                yield from (f"    {remark}: {_written(reason, language)}" for reason in row.remarks)


def _headline(row: RowReport, language: Language) -> str:
    name = _OUTCOME_NAMES[row.outcome][language]
    what = f" {row.measure}" if row.measure else f" № {row.draft}" if row.draft else ""
    return f"{row.file}, {_WORDS[language]['row']} {row.row}: {name}{what}"


def _written(reason: Reason, language: Language) -> str:
    cell = _CELL_NAMES.get(reason.cell, reason.cell) if language == "ru" else reason.cell
    place = f", {_WORDS[language]['characters']} {reason.start + 1}–{reason.end}" if reason.end > reason.start else ""
    text = reason.text if len(reason.text) <= _SHOWN else f"{reason.text[:_SHOWN]}…"
    quoted = f" «{text}»" if text else ""
    return f"{cell}{place}{quoted}: {reason.reason[language]} [{reason.rule}]"
