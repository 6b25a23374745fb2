"""Cells of a notification in a draft: read, doubted, settled; and the fields of the form."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from admin.workbench import cells, fields
from admin.workbench.deeds import conflicts, merged
from admin.workbench.lines import read_lines, written
from admin.workbench.settling import Unsettled, settle
from register.drafts.contents import propose
from tests.admin.workbench.conftest import BASIS, CODES, TERM, TYPED

EXTENDING = cells.Changing("AM", "extends")
BY = {"by": 1, "name": "А. Иванова", "at": "2026-09-10T09:00:00+00:00", "note": None}


def pasted(**texts: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    given: dict[cells.Cell, str] = {"codes": CODES, "term": TERM, "basis": BASIS}
    for name in cells.CELLS:
        if name in texts:
            given[name] = texts[name]
    return cells.take({"measure": {"state": "AM"}, "number": None}, [], given)


def codes_of(content: dict[str, Any]) -> list[str]:
    return [line["code_from"] for line in content["measure"]["goods"]]


def test_the_cells_of_a_row_become_fields_and_a_doubt() -> None:
    content, doubts = pasted()
    measure = content["measure"]
    assert codes_of(content) == ["7206", "7207", "7224", "7403", "7601", "7603"]
    assert (measure["effective_from"], measure["effective_to"]) == ("2026-07-04", "2027-01-04")
    assert [(act["number"], act["date"]) for act in measure["acts"]] == [("878-Н", "2026-06-18")]
    assert [(one["cell"], one["rule"]) for one in doubts] == [("codes", "D6")]
    assert measure["printed"]["codes"] == CODES


def test_a_doubt_is_marked_where_it_stands() -> None:
    _, doubts = pasted()
    assert cells.pieces(CODES, doubts, "codes") == [
        ("7206 ", None),
        ("(кроме железа товарной позиции 7203)", 0),
        (", 7207, 7224, 7403, 7601, 7603", None),
    ]


def test_words_become_a_condition_and_their_code_is_meant_in_part() -> None:
    content, doubts = settle(*pasted(), 0, "condition", "", BY)
    assert content["measure"]["conditions"] == [{"ru": "7206: кроме железа товарной позиции 7203"}]
    assert [line["partial"] for line in content["measure"]["goods"]] == [True] + [False] * 5
    assert doubts[0]["settled"]["how"] == "condition"
    again = settle(content, doubts, 0, "as_read", "", BY)
    assert again == (content, doubts)


def test_taken_as_read_the_lines_stay() -> None:
    content, doubts = pasted()
    settled, marked = settle(content, doubts, 0, "as_read", "", BY)
    assert settled == content
    assert marked[0]["settled"]["name"] == "А. Иванова"


def test_what_is_typed_for_a_doubt_is_read_in_its_place_and_the_print_stays() -> None:
    content, doubts = settle(*pasted(), 0, "typed", "(кроме 7206 10 000 0)", BY)
    assert content["measure"]["goods"][0]["excluded"] == [
        {"code_from": "7206100000", "code_to": None, "partial": False}
    ]
    assert content["measure"]["printed"]["codes"] == CODES
    assert doubts[0]["settled"]["typed"] == "(кроме 7206 10 000 0)"


@pytest.mark.parametrize("typed", ["(кроме железа)", "72061", "икс"])
def test_what_cannot_be_read_either_settles_nothing(typed: str) -> None:
    with pytest.raises(Unsettled, match="cannot be read for certain"):
        settle(*pasted(), 0, "typed", typed, BY)


def test_two_doubts_are_typed_one_after_the_other() -> None:
    content, doubts = pasted(codes="1205 10 9000 0, 7201, 7202, 7201")
    assert len(doubts) == 2
    content, doubts = settle(content, doubts, 1, "typed", "7203", BY)
    content, doubts = settle(content, doubts, 0, "typed", "1205 10 900 0", BY)
    # A line keeps its number; one that is new to the list comes last.
    assert codes_of(content) == ["7201", "7202", "7203", "1205109000"]
    assert all(one["settled"] for one in doubts)


def test_a_cell_pasted_again_opens_its_doubts_and_keeps_the_words_of_known_lines() -> None:
    content, doubts = settle(*pasted(), 0, "condition", "", BY)
    content["measure"]["goods"][1]["description"] = {"ru": "полуфабрикаты"}
    content, doubts = cells.take(content, doubts, {"codes": CODES.replace("7603", "7604")})
    assert codes_of(content)[-1] == "7604"
    assert content["measure"]["goods"][1]["description"] == {"ru": "полуфабрикаты"}
    assert [one.get("settled") for one in doubts] == [None]


def test_what_is_typed_beside_a_pasted_cell_stays() -> None:
    typed = {"measure": {"state": "AM", "effective_from": "2026-09-01", "goods": [{"code_from": "9701", "line": 1}]}}
    content, _ = cells.take(typed, [], {"codes": "7201", "term": TERM}, {})
    assert codes_of(content) == ["7201", "9701"]
    assert [line["line"] for line in content["measure"]["goods"]] == [1, 2]
    assert (content["measure"]["effective_from"], content["measure"]["effective_to"]) == ("2026-09-01", "2027-01-04")


def test_an_extension_is_filled_from_its_cells() -> None:
    before: dict[str, Any] = {"effective_to": "2027-01-04", "acts": []}
    term = "с 04.07.2026 до 04.07.2027"
    content, doubts = cells.take(before, [], {"term": term, "basis": BASIS}, before, EXTENDING)
    assert content["effective_to"] == "2027-07-04"
    assert (content["acts"][0]["number"], content["acts"][0]["role"]) == ("878-Н", "extends")
    assert content["cells"] == {"term": term, "basis": BASIS}
    assert doubts == []


def test_the_doubt_of_a_change_is_marked_where_it_stands_and_settled_by_typing() -> None:
    before: dict[str, Any] = {"effective_to": "2026-07-04", "acts": []}
    term = "с 04.07.2026 до 44.07.2027"
    content, doubts = cells.take(before, [], {"term": term}, before, EXTENDING)
    assert content["effective_to"] == "2026-07-04"
    assert [(piece.text, piece.place) for piece in cells.pieces(term, doubts, "term")][-1] == ("44.07.2027", 0)
    content, doubts = settle(content, doubts, 0, "typed", "04.07.2027", BY, EXTENDING)
    assert content["effective_to"] == "2027-07-04"
    assert content["cells"]["term"] == term
    assert doubts[0]["settled"]["typed"] == "04.07.2027"


def test_a_change_without_an_end_is_read_as_one() -> None:
    before: dict[str, Any] = {"effective_to": "2026-07-04", "acts": []}
    content, doubts = cells.take(before, [], {"term": "с 04.07.2026 бессрочно"}, before, EXTENDING)
    assert (content["effective_to"], doubts) == (None, [])


def test_the_kind_cell_gives_kind_transport_and_destination() -> None:
    content, doubts = pasted(kind="Временный запрет на вывоз автомобильным транспортом")
    measure = content["measure"]
    assert (measure["kind"], measure["transport"]) == ("export_prohibition", ["road"])
    assert measure["destination"] == "third_countries"
    assert measure["printed"]["kind"] == "Временный запрет на вывоз автомобильным транспортом"
    assert [one["cell"] for one in doubts] == ["codes"]


def test_a_kind_on_imports_too_is_taken_for_exports_and_says_so_once() -> None:
    content, doubts = pasted(kind="Временный разрешительный порядок на ввоз и вывоз")
    assert "в Реестр мера включена в части вывоза" in content["measure"]["conditions"][0]["ru"]
    content, doubts = cells.take(content, doubts, {"kind": "Лицензирование на вывоз"})
    assert (content["measure"]["kind"], content["measure"]["conditions"]) == ("licensing", [])


@pytest.mark.parametrize("how", ["as_read", "condition"])
def test_a_measure_on_imports_alone_is_only_settled_by_another_reading(how: Any) -> None:
    content, doubts = pasted(kind="Запрет на ввоз")
    place = next(at for at, one in enumerate(doubts) if one["rule"] == "A4(1)")
    with pytest.raises(Unsettled, match="imports alone"):
        settle(content, doubts, place, how, "", BY)
    with pytest.raises(Unsettled, match="cannot be read"):
        settle(content, doubts, place, "typed", "Запрет на ввоз", BY)
    content, doubts = settle(content, doubts, place, "typed", "Запрет на вывоз", BY)
    assert content["measure"]["kind"] == "export_prohibition"


def test_a_kind_that_was_chosen_stays_where_its_cell_leaves_it_open() -> None:
    chosen = {"measure": {"state": "AM", "kind": "licensing"}, "number": None}
    content, doubts = cells.take(chosen, [], {"kind": "ограничение на вывоз"}, chosen["measure"])
    assert content["measure"]["kind"] == "licensing"
    assert [one["cell"] for one in doubts] == ["kind"]


@pytest.mark.parametrize(
    ("basis", "state"),
    [
        (BASIS, "AM"),
        ("Постановление Кабинета Министров Кыргызской Республики от 27.08.2026 № 587", "KG"),
        ("Постановление Правительства Российской Федерации от 30 июля 2026 г. № 954", "RU"),
        ("Закон Республики Казахстан от 01.02.2026 № 5, Республики Беларусь от 01.02.2026 № 6", None),
        ("Постановление от 01.02.2026 № 5", None),
    ],
)
def test_the_state_is_read_from_the_basis_where_nobody_chose_one(basis: str, state: str | None) -> None:
    content, _ = cells.take({"measure": {}, "number": None}, [], {"basis": basis}, {})
    assert content["measure"].get("state") == state
    chosen, _ = cells.take({"measure": {"state": "BY"}, "number": None}, [], {"basis": basis}, {})
    assert chosen["measure"]["state"] == "BY"


def test_an_act_keeps_its_address_when_its_cell_is_read_anew() -> None:
    content, doubts = pasted()
    content["measure"]["acts"][0] |= {"url": "https://example.org/a.pdf", "title": "О мерах"}
    base = content["measure"]
    again, _ = cells.take(content, doubts, {"basis": BASIS.replace("г. №", "№")}, base)
    assert [(act["number"], act["url"]) for act in again["measure"]["acts"]] == [("878-Н", "https://example.org/a.pdf")]
    assert again["measure"]["acts"][0]["title"] == "О мерах"


def test_the_form_gives_back_what_it_was_filled_with() -> None:
    content, _ = pasted()
    typed = {name: [text] for name, text in TYPED.items() if not name.startswith("cell")}
    measure = content["measure"]
    typed |= {"effective_from": [measure["effective_from"]], "effective_to": [measure["effective_to"]]}
    for place, line in enumerate(measure["goods"]):
        typed |= {f"g-{place}-code": [written(line)], f"g-{place}-line": [str(line["line"])]}
    for place, act in enumerate(measure["acts"]):
        typed |= {f"a-{place}-{name}": [text] for name, text in act.items() if text}
    again = fields.content_from("include", typed, content)
    assert [line["code_from"] for line in again["measure"]["goods"]] == codes_of(content)
    assert again["measure"]["printed"] == measure["printed"]
    found = propose("include", again, None, date(2026, 9, 10)).findings
    assert found.refusals == ()


def test_what_is_no_day_and_no_code_is_kept_as_it_was_typed() -> None:
    typed = {"effective_from": ["когда-нибудь"], "notified_on": ["07.09.2026"], "g-0-code": ["72 икс"]}
    measure = fields.content_from("include", typed, {"measure": {}})["measure"]
    assert measure["effective_from"] == "когда-нибудь"
    assert measure["notified_on"] == "2026-09-07"
    assert measure["goods"][0]["code_from"] == "72 икс"
    assert written(measure["goods"][0]) == "72 икс"


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/measure/goods/2/code_from", "f-g-2-code"),
        ("/measure/goods/0/excluded/1/code_to", "f-g-0-code"),
        ("/measure/goods", "goods"),
        ("/measure/title", "f-title_ru"),
        ("/measure/title/en", "f-title_en"),
        ("/measure/acts/1/date", "f-a-1-date"),
        ("/effective_to", "f-effective_to"),
        ("/declaration/protocol/date", "f-protocol_date"),
        ("/declaration/from", "f-declaration_from"),
        ("/measure/nomenclature", None),
    ],
)
def test_a_finding_leads_to_its_field(pointer: str, field: str | None) -> None:
    assert fields.anchor(pointer) == field


LINES = st.lists(st.sampled_from(["7201", "из 7302", "8415 – 8417", "4401 (кроме 4401 31 000 0)"]), min_size=1)


@profile(max_examples=40)
@given(LINES.map(lambda found: list(dict.fromkeys(found))))
def test_a_line_is_written_as_it_is_read(texts: list[str]) -> None:
    lines = read_lines(", ".join(texts))
    assert [written(line) for line in lines] == texts


def test_two_changes_are_put_together_field_by_field() -> None:
    base = {"measure": {"kind": "licensing", "state": "AM", "title": {"ru": "а"}}, "number": None}
    theirs = {"measure": {"kind": "licensing", "state": "KG", "title": {"ru": "б"}}, "number": None}
    mine = {"measure": {"kind": "export_duty", "state": "AM", "title": {"ru": "в"}}, "number": None}
    assert conflicts(base, theirs, mine) == [("measure", "title")]
    kept = merged(base, theirs, mine, [])["measure"]
    assert kept == {"kind": "export_duty", "state": "KG", "title": {"ru": "б"}}
    assert merged(base, theirs, mine, ["measure/title"])["measure"]["title"] == {"ru": "в"}


def test_a_form_that_was_not_filled_in_changes_nothing() -> None:
    base: dict[str, Any] = {"measure": {}, "number": None}
    theirs = {"measure": {"goods": [{"line": 1, "code_from": "7201"}], "state": "RU"}, "number": None}
    mine = fields.content_from("include", {"title_ru": ["Медь"]}, base)
    assert conflicts(base, theirs, mine) == []
    measure = merged(base, theirs, mine, [])["measure"]
    assert (measure["goods"], measure["state"], measure["title"]) == (theirs["measure"]["goods"], "RU", {"ru": "Медь"})
