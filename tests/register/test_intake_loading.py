"""Loading files of notified measures: what is entered, held, refused, and that nothing is doubled."""

import asyncio
import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register import journal
from register.database import Database, open_database
from register.findings import Context, Findings
from register.intake import Held, LoadReport, LoadRunning, Ready, Refused, Wish, candidate, load, read_table
from register.intake.known import Numbers
from register.intake.table import FIELDS
from register.measures import Notified
from register.publication import BATCH
from register.rules import check

ROOT = Path(__file__).parents[2]
DEMONSTRATION = ROOT / "admin" / "demonstration" / "commission-table.csv"
TODAY = date(2026, 9, 20)
INCLUDED = date(2026, 8, 30)

ROW = {
    "state": "KG",
    "year": "2026",
    "number": "21",
    "kind": "Временный запрет на вывоз",
    "goods": "Известняк-ракушечник",
    "codes": "2515 11 000 0",
    "term": "с 08.09.2026 до 08.03.2027",
    "basis": "Постановление Кабинета Министров Кыргызской Республики от 27.08.2026 № 587",
    "protocol": "",
}
RECORD: dict[str, Any] = {
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Известняк-ракушечник"},
    "goods": [{"code_from": "2515 11 000 0"}],
    "effective_from": "2026-09-08",
}


def table(path: Path, *rows: Mapping[str, str], header: Sequence[str] = FIELDS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return path


def records(path: Path, *items: Any) -> Path:
    path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    return path


async def loaded(db: Database, *paths: Path, included_on: Any = INCLUDED) -> LoadReport:
    return await load(db, paths, included_on=included_on, today=TODAY)


async def subjects(db: Database) -> list[str]:
    return [found[0] for found in await db.fetch_rows("SELECT subject FROM entry ORDER BY seq")]


@pytest.mark.anyio
async def test_rows_are_entered_held_and_refused_side_by_side(tmp_path: Path, database: Database) -> None:
    path = table(
        tmp_path / "t.csv",
        ROW,
        {**ROW, "number": "22", "term": "с 08.09.2026"},
        {**ROW, "number": "23", "kind": "Временный запрет на ввоз"},
        {**ROW, "number": "24", "goods": "Гранит"},
    )
    steps: list[tuple[int, int]] = []
    report = await load(
        database, [path], included_on=INCLUDED, today=TODAY, progress=lambda done, total: steps.append((done, total))
    )
    assert [(found.row, found.outcome, found.measure) for found in report.rows] == [
        (2, "included", "KG-2026-021"),
        (3, "held", None),
        (4, "refused", None),
        (5, "included", "KG-2026-024"),
    ]
    assert report.exit_status == 1
    assert steps[-1] == (2, 2)
    assert await subjects(database) == ["KG-2026-021", "KG-2026-024"]
    [draft] = await database.fetch("SELECT * FROM draft")
    assert (draft["state"], draft["kind"], draft["source"], draft["version"]) == ("draft", "include", "t.csv:3", 1)
    content, doubts = json.loads(draft["content"]), json.loads(draft["doubts"])
    assert content["measure"]["printed"]["term"] == "с 08.09.2026"
    assert content["number"] == [2026, 22]
    assert [(doubt["cell"], doubt["rule"], doubt["text"]) for doubt in doubts] == [
        ("term", "term.no_end", "с 08.09.2026")
    ]
    assert report.rows[1].draft == draft["id"]


@pytest.mark.anyio
async def test_a_file_loaded_twice_doubles_nothing(tmp_path: Path, database: Database) -> None:
    path = table(
        tmp_path / "t.csv",
        ROW,
        {**ROW, "kind": f"{ROW['kind']} железнодорожным транспортом"},
        {**ROW, "number": "30", "term": "с 08.09.2026"},
    )
    listed = records(tmp_path / "m.json", RECORD, {**RECORD, "declaration": None, "state": "RU"})
    first = await loaded(database, path, listed)
    again = await loaded(database, path, listed, included_on="effective")
    assert [found.outcome for found in first.rows] == ["included", "included", "held", "included", "included"]
    assert [(found.outcome, found.measure) for found in again.rows] == [
        (found.outcome if found.outcome == "held" else "already_there", found.measure) for found in first.rows
    ]
    assert again.rows[2].draft == first.rows[2].draft
    assert len(await subjects(database)) == 4
    assert len(await database.fetch("SELECT id FROM draft")) == 1


@pytest.mark.anyio
async def test_what_the_register_gives_out_comes_back_as_known(tmp_path: Path, database: Database) -> None:
    await loaded(database, table(tmp_path / "t.csv", ROW), records(tmp_path / "m.json", RECORD))
    public = [json.loads(found.body)["after"] for found in await journal.read(database, 0, 10)]
    report = await loaded(database, records(tmp_path / "export.json", *public))
    assert [(found.outcome, found.measure) for found in report.rows] == [
        ("already_there", item["id"]) for item in public
    ]


@pytest.mark.anyio
async def test_a_draft_that_a_clerk_has_changed_or_published_is_known(tmp_path: Path, database: Database) -> None:
    path = table(tmp_path / "t.csv", {**ROW, "kind": "Временный запрет"})
    [first] = (await loaded(database, path)).rows
    [draft] = await database.fetch("SELECT * FROM draft")
    content = json.loads(draft["content"])
    content["measure"] |= {"kind": "export_prohibition", "title": {"ru": "Ракушечник"}}
    async with database.transaction():
        await database.execute("UPDATE draft SET content = {}", json.dumps(content))
    [again] = (await loaded(database, path)).rows
    assert (again.outcome, again.draft) == ("held", first.draft)
    await loaded(database, table(tmp_path / "other.csv", {**ROW, "goods": "Иное"}))
    async with database.transaction():
        await database.execute("UPDATE draft SET state = 'published', published_seq = 1")
    [done] = (await loaded(database, path)).rows
    assert (done.outcome, done.measure) == ("already_there", "KG-2026-021")


@pytest.mark.anyio
async def test_the_same_number_twice_keeps_both_measures(tmp_path: Path, database: Database) -> None:
    path = table(
        tmp_path / "t.csv",
        {**ROW, "number": "1"},
        {**ROW, "number": "2", "kind": f"{ROW['kind']} автомобильным транспортом"},
        {**ROW, "number": "2", "kind": f"{ROW['kind']} железнодорожным транспортом"},
        {**ROW, "number": "3", "goods": "Гранит"},
        {**ROW, "number": "", "year": "", "goods": "Мрамор"},
    )
    report = await loaded(database, path)
    assert [found.measure for found in report.rows] == [
        "KG-2026-001",
        "KG-2026-002",
        "KG-2026-004",
        "KG-2026-003",
        "KG-2026-005",
    ]
    assert [remark.cell for remark in report.rows[2].remarks] == ["number"]
    assert report.exit_status == 0


@pytest.mark.anyio
async def test_a_rule_that_refuses_one_row_stops_nothing_else(tmp_path: Path, database: Database) -> None:
    outside = {**RECORD, "goods": [{"code_from": "9999", "code_to": None}]}
    nested = {**RECORD, "goods": [{"code_from": "2515", "excluded": [{"code_from": "7204"}]}]}
    report = await loaded(database, records(tmp_path / "m.json", outside, RECORD, nested, 7))
    assert [found.outcome for found in report.rows] == ["refused", "included", "refused", "refused"]
    assert [(why.cell, why.rule) for why in report.rows[0].reasons] == [("/0/goods/0/code_from", "H3")]
    assert [(why.cell, why.rule) for why in report.rows[2].reasons] == [("/2/goods/0/excluded/0/code_from", "H6")]


@pytest.mark.anyio
async def test_a_file_that_cannot_be_read_stops_no_other(tmp_path: Path, database: Database) -> None:
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("a,b\n")
    report = await loaded(database, nothing, tmp_path / "gone.json", table(tmp_path / "t.csv", ROW))
    assert [fault.file for fault in report.faults] == ["nothing.csv", "gone.json"]
    assert [found.outcome for found in report.rows] == ["included"]
    assert report.exit_status == 2
    assert "nothing.csv: Нет строки заголовков" in report.text("ru")


@pytest.mark.anyio
async def test_a_load_that_broke_off_goes_on_where_it_stopped(tmp_path: Path, database: Database) -> None:
    def stop(done: int, total: int) -> None:
        raise RuntimeError(f"stopped after {done} of {total}")

    path = records(tmp_path / "m.json", *({**RECORD, "title": {"ru": f"Камень {n}"}} for n in range(BATCH + 3)))
    with pytest.raises(RuntimeError, match=f"after {BATCH} of"):
        await load(database, [path], included_on=INCLUDED, today=TODAY, progress=stop)
    report = await loaded(database, path)
    assert report.counts == {"included": 3, "already_there": BATCH, "held": 0, "refused": 0}
    assert len(set(await subjects(database))) == len(await subjects(database)) == BATCH + 3


@pytest.mark.anyio
async def test_two_loads_do_not_run_at_once(tmp_path: Path, database: Database, database_url: str) -> None:
    path = table(tmp_path / "t.csv", ROW)
    async with open_database(database_url) as other, other.leader("intake") as leading:
        assert leading
        with pytest.raises(LoadRunning):
            await loaded(database, path)
    assert await subjects(database) == []
    assert (await loaded(database, path)).counts["included"] == 1


@pytest.mark.anyio
async def test_many_loads_at_once_enter_a_measure_once(tmp_path: Path, database: Database) -> None:
    path = table(tmp_path / "t.csv", ROW)
    found = await asyncio.gather(*(loaded(database, path) for _ in range(4)), return_exceptions=True)
    assert all(isinstance(one, LoadReport | LoadRunning) for one in found)
    assert await subjects(database) == ["KG-2026-021"]


@pytest.mark.anyio
async def test_a_file_without_rows_is_said_to_hold_nothing(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "none.json"
    path.write_text("[]", encoding="utf-8")
    report = await loaded(database, path)
    assert report.text("ru") == "загружать нечего: строк нет"
    assert report.text("en") == "nothing to load: there are no rows"
    assert report.exit_status == 0


@pytest.mark.anyio
async def test_the_report_reads_in_both_languages_and_as_json(tmp_path: Path, database: Database) -> None:
    report = await loaded(database, table(tmp_path / "t.csv", ROW, {**ROW, "number": "22", "term": "с 08.09.2026"}))
    ru, en = report.text("ru"), report.text("en")
    assert "включено в Реестр: 1" in ru
    assert "t.csv, строка 3: ожидает решения специалиста (проект записи) №" in ru
    assert "    срок, знаки 1–12 «с 08.09.2026»: не указано, по какой день" in ru
    assert "t.csv, row 3: held for a clerk as a draft №" in en
    assert "    term, characters 1–12 «с 08.09.2026»: neither a last day" in en
    public = json.loads(json.dumps(report.public()))
    assert public["counts"] == {"included": 1, "already_there": 0, "held": 1, "refused": 0}
    assert public["rows"][1]["reasons"][0]["reason"]["en"].startswith("neither")
    assert public["exit_status"] == 1


@given(
    st.lists(st.none() | st.integers(1, 6), max_size=12),
    st.sets(st.integers(1, 8), max_size=4),
)
def test_numbers_are_never_given_twice_and_wishes_come_first(wishes: list[int | None], given_out: set[int]) -> None:
    heard = {("KG", 2026): {wish for wish in wishes if wish}}
    numbers = Numbers({("KG", 2026): given_out}, heard)
    given = [numbers.take("KG", Wish(2026, wish) if wish else None, 2026) for wish in wishes]
    all_given = [wish.number for wish, _ in given]
    assert len(set(all_given)) == len(all_given)
    assert not given_out & set(all_given)
    for place, wish in enumerate(wishes):
        if wish and wish not in given_out and wish not in wishes[:place]:
            assert given[place] == (Wish(2026, wish), True)


# The predecessor's table

HELD = {
    3: ("AM-2026-15", "codes", "(кроме железа товарной позиции 7203)"),
    14: ("AM-2026-4", "codes", "(кроме железа товарной позиции 7203)"),
    24: ("AM-2025-11", "codes", "(кроме железа товарной позиции 7203)"),
    30: ("AM-2025-5", "codes", "(кроме железа товарной позиции 7203)"),
    35: ("AM-2024-13", "basis", "N"),
    61: ("KG-2026-9", "term", "с 29.05.2026"),
    97: ("KG-2024-3", "basis", "РК"),
    100: ("RU-2026-10", "term", "с 01.09.2026"),
    118: ("RU-2025-4", "codes", "3102 30 100 0"),
    128: ("RU-2024-4", "codes", "3102 30 100 0"),
    129: ("RU-2024-3", "codes", "1205 10 9000 0"),
}
"""Every row that waits for a clerk, with the first thing in doubt."""


def test_every_row_of_the_table_comes_to_what_it_should() -> None:
    with DEMONSTRATION.open(encoding="utf-8", newline="") as file:
        printed = list(csv.DictReader(file))
    found = {read.number: (read, candidate(read, "effective")) for read in read_table(DEMONSTRATION)}
    assert [read.cells for read, _ in found.values()] == [
        {field: text.strip() for field, text in cells.items()} for cells in printed
    ]
    assert Counter(type(what).__name__ for _, what in found.values()) == {"Ready": 93, "Held": 11, "Refused": 26}
    waiting = {
        number: (
            "-".join(read.cells[name] for name in ("state", "year", "number")),
            what.doubts[0].cell,
            what.doubts[0].text,
        )
        for number, (read, what) in found.items()
        if isinstance(what, Held)
    }
    assert waiting == HELD
    for read, what in found.values():
        importing = "ввоз" in read.cells["kind"] and "вывоз" not in read.cells["kind"]
        assert isinstance(what, Refused) == importing


def test_nothing_of_a_row_is_lost() -> None:
    for read in read_table(DEMONSTRATION):
        found = candidate(read, "effective")
        if isinstance(found, Ready):
            written = json.dumps(found.notified.model_dump(mode="json"), ensure_ascii=False)
            for field in ("goods", "codes", "term", "basis"):
                assert json.dumps(read.cells[field], ensure_ascii=False)[1:-1] in written


@pytest.mark.anyio
async def test_the_whole_table_is_loaded_and_no_rule_refuses_a_row(database: Database) -> None:
    report = await loaded(database, DEMONSTRATION, included_on="effective")
    assert report.counts == {"included": 93, "already_there": 0, "held": 11, "refused": 26}
    assert len(await subjects(database)) == 93
    numbers = {
        read.number: f"{read.cells['state']}-{read.cells['year']}-{int(read.cells['number']):03d}"
        for read in read_table(DEMONSTRATION)
    }
    for found in report.rows:
        assert found.measure == (numbers[found.row] if found.outcome == "included" else None)
    again = await loaded(database, DEMONSTRATION, included_on="effective")
    assert again.counts == {"included": 0, "already_there": 93, "held": 11, "refused": 26}
    assert len(await database.fetch("SELECT id FROM draft")) == 11


@pytest.mark.anyio
@pytest.mark.parametrize(
    "measure", [{"title": {"ru": "Лом"}}, {"title": {"ru": "Лом"}, "goods": [1]}, {"goods": []}, {"printed": [1]}, None]
)
async def test_a_draft_that_is_only_begun_stops_no_load(tmp_path: Path, database: Database, measure: object) -> None:
    moment = datetime(2026, 9, 1, tzinfo=UTC)
    async with database.transaction():
        await database.execute(
            "INSERT INTO draft (state, kind, content, doubts, source, created_at, updated_at)"
            " VALUES ('draft', 'include', {}, '[]', 'desk', {}, {})",
            json.dumps({"measure": measure}), moment, moment,
        )  # fmt: skip
    report = await load(database, [table(tmp_path / "t.csv", ROW)], included_on=INCLUDED, today=INCLUDED)
    assert report.counts["included"] == 1


@pytest.mark.anyio
async def test_a_fault_of_ours_costs_one_row_and_is_reported(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(notified: Notified, context: Context) -> Findings:
        if notified.title.ru == "Сломанная строка":
            raise OverflowError("date value out of range")
        return check(notified, context)

    monkeypatch.setattr("register.intake.loading.check", failing)
    rows = [ROW, {**ROW, "number": "77", "goods": "Сломанная строка"}]
    report = await load(database, [table(tmp_path / "t.csv", *rows)], included_on=INCLUDED, today=INCLUDED)
    assert [row.outcome for row in report.rows] == ["included", "refused"]
    [reason] = report.rows[1].reasons
    assert (reason.rule, "OverflowError" in reason.reason["en"]) == ("internal", True)
    assert "could not be checked" in caplog.text
