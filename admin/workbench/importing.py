"""A file of notified measures as drafts to be gone through one by one; nothing is published by it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from litestar import Response
from litestar.datastructures import UploadFile

from admin.accounts import Acting, Actor, audit, require
from admin.accounts.frame import Asked, language, page
from admin.accounts.policy import Action
from admin.workbench.common import staff_page
from register.api.calls import Service
from register.database import Database
from register.drafts import commands
from register.drafts.attachments import safe_name
from register.intake import Candidate, Held, Ready, Refused, TableRow, candidate, read_table
from register.intake.known import Known, draft_prints
from register.intake.outcomes import Reason
from register.service import RegisterService
from register.sheets import SheetError

IMPORT: Final = "/import"
MOST_BYTES: Final = 5 * 2**20
MOST_ROWS: Final = 2000
_NO_FILE: Final = {"ru": "Файл не выбран.", "en": "No file was chosen."}
_TOO_MANY: Final = {
    "ru": f"В файле больше {MOST_ROWS} строк: разделите его.",
    "en": f"The file has more than {MOST_ROWS} rows: split it.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a row: its draft, the measure or draft that was there already, or why it was refused."""

    number: int
    title: str
    draft: int | None = None
    there: str | int | None = None
    doubts: int = 0
    reasons: tuple[Reason, ...] = ()


@page(IMPORT, guards=[require(Action.DRAFT_WRITE)])
async def import_form(request: Asked, service: Service) -> Response[bytes]:
    """The form for a file."""
    return staff_page(request, service, "import.html", {"rows": None, "fault": None, "file": ""})


@page(IMPORT, "post", guards=[require(Action.DRAFT_WRITE)], request_max_body_size=MOST_BYTES + 2**20)
async def import_file(request: Asked, service: Service, actor: Acting) -> Response[bytes]:
    """Make a draft of each row that is a measure on exports and was not there before."""
    told = language(request)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        context = {"rows": None, "fault": _NO_FILE[told], "file": ""}
        return staff_page(request, service, "import.html", context, status=422)
    name = safe_name(file.filename)
    try:
        found = await asyncio.to_thread(_read, await file.read(), name)
    except SheetError as error:
        context = {"rows": None, "fault": error.text[told], "file": name}
        return staff_page(request, service, "import.html", context, status=422)
    rows = await take_in(service, actor, name, found)
    return staff_page(request, service, "import.html", {"rows": rows, "fault": None, "file": name})


def _read(data: bytes, name: str) -> list[TableRow]:
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix) as file:
        file.write(data)
        file.flush()
        rows = list(read_table(Path(file.name)))
    if len(rows) > MOST_ROWS:
        raise SheetError(_TOO_MANY["ru"], _TOO_MANY["en"])
    return rows


async def take_in(service: RegisterService, actor: Actor, name: str, rows: list[TableRow]) -> list[Row]:
    """The rows of a file as drafts, all of them or none. A row that was taken in before makes no second draft."""
    db = service.database
    known = await Known.read(db)
    made = []
    async with db.transaction():
        for row in rows:
            made.append(await _one(db, service, actor, f"{name}:{row.number}", row, known))
        drafts = sum(one.draft is not None for one in made)
        await audit(db, actor, "draft.import", f"file:{name}"[:100], "done", at=service.now(), drafts=drafts)
    return made


async def _one(db: Database, service: RegisterService, actor: Actor, source: str, row: TableRow, known: Known) -> Row:
    # The day of inclusion is that of publication: it is not guessed from a table of past years.
    found: Candidate = candidate(row, service.today())
    title = " ".join((row.cells["goods"] or row.cells["codes"]).split())
    if isinstance(found, Refused):
        return Row(row.number, title, reasons=found.reasons)
    measure = {**_measure(found), "included_on": None}
    prints = draft_prints(measure, source)
    there = next((known.measures.get(one) or known.drafts.get(one) for one in prints if _there(known, one)), None)
    if there is not None:
        return Row(row.number, title, there=there)
    doubts = [one.public() for one in found.doubts] if isinstance(found, Held) else []
    number = list(found.wished) if found.wished else None
    content = {"measure": measure, "number": number, "remarks": [one.public() for one in found.remarks]}
    draft = await commands.create(
        db, actor, "include", now=service.now(), content=content, source=source, doubts=doubts
    )
    known.drafts.update((one, draft.id) for one in prints)
    return Row(row.number, title, draft=draft.id, doubts=len(doubts))


def _there(known: Known, fingerprint: str) -> bool:
    return fingerprint in known.measures or fingerprint in known.drafts


def _measure(found: Ready | Held) -> Mapping[str, Any]:
    return found.notified.model_dump(mode="json", by_alias=True) if isinstance(found, Ready) else found.draft


route_handlers: Final[list[Any]] = [import_form, import_file]
