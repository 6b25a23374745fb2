"""Notified measures from CSV, XLSX and JSON: read, judged, entered or held for a clerk, and reported row by row.

``table`` and ``records`` read the files, ``candidates`` decides what a row comes to, ``loading`` enters it; the kinds
of outcome are in ``outcomes``, the report in ``report``.
"""

from register.intake.candidates import IncludedOn, candidate
from register.intake.loading import DRAFT_KIND, LoadRunning, load
from register.intake.outcomes import Candidate, Held, Ready, Reason, Refused, Wish
from register.intake.records import JsonRow, json_candidate, read_json
from register.intake.report import FileFault, LoadReport, Outcome, RowReport
from register.intake.table import TableRow, read_table

__all__ = [
    "DRAFT_KIND",
    "Candidate",
    "FileFault",
    "Held",
    "IncludedOn",
    "JsonRow",
    "LoadReport",
    "LoadRunning",
    "Outcome",
    "Ready",
    "Reason",
    "Refused",
    "RowReport",
    "TableRow",
    "Wish",
    "candidate",
    "json_candidate",
    "load",
    "read_json",
    "read_table",
]
