"""The code cell of an act: nothing guessed, nothing lost."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from register import harmonized
from register.code_cell import CodeCell, CodeDoubt, describe, parse_codes
from register.codes import CodeLine, CodeSpan, format_code

TABLE = Path(__file__).parents[2] / "admin" / "demonstration" / "commission-table.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))

quick = settings(max_examples=150, deadline=None)


def digits(text: str) -> Counter[str]:
    return Counter(sign for sign in text if sign.isdigit())


def check_law(cell: str) -> CodeCell:
    """The law of the cell, for any text at all."""
    read = parse_codes(cell)
    reached = 0
    outside = ""
    for doubt in read.doubts:
        assert reached <= doubt.start < doubt.end
        assert doubt.text == cell[doubt.start : doubt.end]
        outside += cell[reached : doubt.start] + "\0"
        reached = doubt.end
    outside += cell[reached:]
    spans = [span for line in read.lines for span in (line.span, *line.excluded)]
    in_lines = "".join(span.code_from + (span.code_to or "") for span in spans)
    assert digits(cell) == digits(in_lines) + digits("".join(doubt.text for doubt in read.doubts))
    # No sign is passed over but spacing and the words and signs of the notation itself.
    words = re.sub(
        r"за\s+исключением|кроме|а\s+также|из|и", "", re.sub(r"[\u200b-\u200d\u2060\ufeff]", " ", outside.casefold())
    )
    assert re.fullmatch(r"[0-9\s,;:.()\0‐‑‒–—―−-]*", words), words
    # No code that does not stand in the cell, and the lines in the order of the cell.
    squeezed = re.sub(r"[\s\u200b-\u200d\u2060\ufeff]", "", cell)
    place = 0
    for line in read.lines:
        place = squeezed.index(line.span.code_from, place)
    assert all(end in squeezed for span in spans for end in (span.code_from, span.last))
    assert all(harmonized.exists(end) for span in spans for end in (span.code_from, span.last))
    return read


def short(line: CodeLine) -> str:
    return describe([line]).replace(" – ", "-").replace("кроме ", "- ")


def lines_of(cell: str) -> list[str]:
    return [short(line) for line in check_law(cell).lines]


def doubts_of(cell: str) -> list[tuple[str, str]]:
    return [(doubt.rule, doubt.text) for doubt in check_law(cell).doubts]


class TestWholeCells:
    @pytest.mark.parametrize(
        ("cell", "lines"),
        [
            ("7204", ["7204"]),
            ("72", ["72"]),
            ("2709; 2710", ["2709", "2710"]),
            ("4401 и 4403, а также 4407", ["4401", "4403", "4407"]),
            ("0602 20 800 0, 0602 20 100 0,", ["0602 20 800 0", "0602 20 100 0"]),
            ("7201, 7204.", ["7201", "7204"]),
            ("из 3815, 2620, ИЗ 8708 92", ["из 3815", "2620", "из 8708 92"]),
            ("из 8415 – 8417, 8419", ["из 8415-8417", "8419"]),
            ("8112 61 00, 2710 12 110, 0511 91 90, 8109 3", ["8112 61 00", "2710 12 110", "0511 91 90", "8109 3"]),
            (
                "7204100000 7204 720421, 720429 000 0, 7204 490000",
                ["7204 10 000 0", "7204", "7204 21", "7204 29 000 0", "7204 49 000 0"],
            ),
            ("8415 – 8417, 8502-8504, 8419 —8421", ["8415-8417", "8502-8504", "8419-8421"]),
            ("2710 12 450 0 -2710 12 590 0", ["2710 12 450 0-2710 12 590 0"]),
            ("3102 80 000 0 3102 30 100 0", ["3102 80 000 0", "3102 30 100 0"]),
            ("2701 2702", ["2701", "2702"]),
            ("8413 8415 – 8417 8419", ["8413", "8415-8417", "8419"]),
            ("7201\n7204 10\n7204", ["7201", "7204 10", "7204"]),
            ("72\n73", ["72", "73"]),
            ("2710 12\n450 0, 7204", ["2710 12 450 0", "7204"]),
            ("8415 –\n8417", ["8415-8417"]),
            ("7204\N{NO-BREAK SPACE}10\N{NARROW NO-BREAK SPACE}000\N{THIN SPACE}0", ["7204 10 000 0"]),
            ("4401 (кроме 4401 31 000 0), 4403", ["4401 (- 4401 31 000 0)", "4403"]),
            ("7801 (за исключением из 7801 99 100 0)", ["7801 (- из 7801 99 100 0)"]),
            (
                "8415 – 8417 (Кроме: 8416, из 8417 10 – 8417 20 и 8415 10)",
                ["8415-8417 (- 8416, из 8417 10-8417 20, 8415 10)"],
            ),
            ("2523, за исключением 2523 10 000 0, 2523 21 000 0", ["2523 (- 2523 10 000 0, 2523 21 000 0)"]),
            ("2523, 7204 кроме 7204 10, 2523 10", ["2523 (- 2523 10)", "7204 (- 7204 10)"]),
            ("7204 (кроме 7204 10) из 7302 7303 00", ["7204 (- 7204 10)", "из 7302", "7303 00"]),
            ("7204, 7204 10", ["7204", "7204 10"]),
            ("из 7801 (кроме из 7801)", ["из 7801 (- из 7801)"]),
        ],
    )
    def test_read(self, cell: str, lines: list[str]) -> None:
        read = check_law(cell)
        assert [short(line) for line in read.lines] == lines
        assert read.doubts == ()
        assert read.whole

    @pytest.mark.parametrize("cell", ["", " \n", ",;"])
    def test_an_empty_cell_has_no_doubts_and_is_not_whole(self, cell: str) -> None:
        assert parse_codes(cell) == CodeCell((), ())
        assert not parse_codes(cell).whole


# For each kind of doubt, cells with all their lines and all their doubts.
DOUBTS: dict[CodeDoubt, list[tuple[str, list[str], list[tuple[str, str]]]]] = {
    CodeDoubt.DIGITS: [
        ("1205 10 9000 0, 1205 90 000 9", ["1205 90 000 9"], [("D1", "1205 10 9000 0")]),
        ("7, 123, 12345678901, 450 0", [], [("D1", "7"), ("D1", "123"), ("D1", "12345678901"), ("D1", "450 0")]),
        ("1205 10 9001 1", [], [("D1", "1205 10 9001 1")]),
        ("72 73", [], [("D1", "72 73")]),
        # Only one reading exists, but not in full groups: 7204 21 000 0 may as well be meant as 7204 and more.
        ("7204100000 7204 210000", [], [("D1", "7204100000 7204 210000")]),
        ("72041 (кроме 7204 1 000 000 0)", ["7204 1"], [("D1", "7204 1 000 000 0")]),
    ],
    CodeDoubt.UNKNOWN: [
        ("77, 7299, 7204 77 000 0, 7204", ["7204"], [("D2", "77"), ("D2", "7299"), ("D2", "7204 77 000 0")]),
        ("8415 – 8499", [], [("D2", "8415 – 8499")]),
        ("из 7299 (кроме 7204 10)", [], [("D2", "из 7299 (кроме 7204 10)")]),
        ("7204 10 000 0 7299 10 000 0", ["7204 10 000 0"], [("D2", "7299 10 000 0")]),
    ],
    CodeDoubt.SPLIT: [
        ("1205 10 9001", [], [("D3", "1205 10 9001")]),
        ("7204 10 000 0 7204 210120", [], [("D3", "7204 10 000 0 7204 210120")]),
        ("8112 61 8113, 7204", ["7204"], [("D3", "8112 61 8113")]),
        ("7201, 7204\n10", ["7201"], [("D3", "7204\n10")]),
    ],
    CodeDoubt.ORDER: [
        ("8417 – 8415", [], [("D4", "8417 – 8415")]),
        ("из 8417-8417, 8418", ["8418"], [("D4", "из 8417-8417")]),
    ],
    CodeDoubt.LENGTHS: [("84 – 8417", [], [("D5", "84 – 8417")])],
    CodeDoubt.IN_WORDS: [
        (
            "7206 (кроме железа товарной позиции 7203), 7207",
            ["7206", "7207"],
            [("D6", "(кроме железа товарной позиции 7203)")],
        ),
        (
            "2523 (за исключением суперсульфатного цемента)",
            ["2523"],
            [("D6", "(за исключением суперсульфатного цемента)")],
        ),
        ("2523, кроме цемента, 2523 10, 2524", ["2523"], [("D6", "кроме цемента, 2523 10, 2524")]),
        ("2523, кроме 2523 10, цемента, 2524", ["2523 (- 2523 10)"], [("D6", "цемента, 2524")]),
    ],
    CodeDoubt.NOT_NESTED: [
        ("8112 (кроме 8113)", ["8112"], [("D7", "8113")]),
        ("8112 10 (кроме 8112)", [], [("D2", "8112 10 (кроме 8112)")]),
        ("8112 12 (кроме 8112), 8113", ["8112 12", "8113"], [("D7", "8112")]),
        ("8415 – 8417 (кроме 8416 – 8418)", ["8415-8417"], [("D7", "8416 – 8418")]),
        ("2523, 7204 (кроме 2523 10)", ["2523", "7204"], [("D7", "2523 10")]),
    ],
    CodeDoubt.NEW_OR_EXCLUDED: [
        ("7204, за исключением 7204 10, 7206", ["7204 (- 7204 10)"], [("D8", "7206")]),
        ("кроме 7204", [], [("D8", "7204")]),
    ],
    CodeDoubt.SEVERAL_HOSTS: [
        ("7204, из 7204 10, кроме 7204 10 000 0", ["7204", "из 7204 10"], [("D9", "7204 10 000 0")]),
    ],
    CodeDoubt.TAKES_ALL: [
        ("7204 (кроме 7204)", ["7204"], [("D10", "7204")]),
        ("8415-8417, 8418 за исключением 8415-8417", ["8415-8417", "8418"], [("D10", "8415-8417")]),
    ],
    CodeDoubt.TWICE_EXCLUDED: [
        ("72 (кроме 7204 (кроме 7204 10)), 73", ["72", "73"], [("D11", "(кроме 7204 (кроме 7204 10))")]),
        ("72 (кроме 7204 кроме 7204 10)", ["72"], [("D11", "(кроме 7204 кроме 7204 10)")]),
        ("72, кроме 7204, кроме 7204 10, 73", ["72 (- 7204)"], [("D11", "кроме 7204 10, 73")]),
        ("72, кроме 7204 (кроме 7204 10)", ["72"], [("D11", "7204 (кроме 7204 10)")]),
    ],
    CodeDoubt.REPEATED: [
        ("3102 30 100 0, 3102 80 000 0, 3102 30 100 0", ["3102 30 100 0", "3102 80 000 0"], [("D12", "3102 30 100 0")]),
        ("7204, из 7204 (кроме 7204 10)", ["7204"], [("D12", "из 7204 (кроме 7204 10)")]),
        ("7204 (кроме 7204 10, из 7204 10)", ["7204 (- 7204 10)"], [("D12", "из 7204 10")]),
    ],
    CodeDoubt.WORDS: [
        ("8109.31, 7204", ["7204"], [("D13", "8109.31")]),
        ("изделия из 7204, 7205", ["7205"], [("D13", "изделия из 7204")]),
        ("7204), 7205", ["7205"], [("D13", "7204)")]),
        ("7201/7204", [], [("D13", "7201/7204")]),
        ("72O4; лом; 7205", ["7205"], [("D13", "72O4"), ("D13", "лом")]),
        ("7204²; 7205", ["7205"], [("D13", "7204²")]),
    ],
    CodeDoubt.MISPLACED: [
        ("8415 – , 8417", ["8417"], [("D14", "8415 –")]),
        ("8415 – 8417 – 8419", [], [("D14", "8415 – 8417 – 8419")]),
        ("из, 7204", ["7204"], [("D14", "из")]),
        ("7204, (кроме 7204 10), 7205", ["7204", "7205"], [("D14", "(кроме 7204 10)")]),
        ("- 7204\n- 7205", [], [("D14", "- 7204\n- 7205")]),
        ("7204\n- 7205", [], [("D14", "7204\n- 7205")]),
        ("7204, кроме", ["7204"], [("D14", "кроме")]),
        ("7204 (кроме)", ["7204"], [("D14", "(кроме)")]),
    ],
    CodeDoubt.OMISSION: [
        (
            "7201, 7204, из 7302, 7303 00 … 8415 – 8417, 4401 (кроме 4401 31 000 0), 4403",
            ["7201", "7204", "из 7302", "7303 00", "8415-8417", "4401 (- 4401 31 000 0)", "4403"],
            [("D15", "…")],
        ),
        ("7204 (кроме 7204 10... 7204 29)", ["7204"], [("D15", "(кроме 7204 10... 7204 29)")]),
    ],
    CodeDoubt.BRACKET: [
        ("7204 (лом), 7205", ["7204", "7205"], [("D16", "(лом)")]),
        ("7204 (7204 10), 7205", ["7204", "7205"], [("D16", "(7204 10)")]),
        ("7204 (), 7205", ["7204", "7205"], [("D16", "()")]),
        ("7204 (кроме 7204 10, 7205", ["7204"], [("D16", "(кроме 7204 10, 7205")]),
    ],
}


class TestDoubts:
    def test_every_kind_has_its_own_id_two_languages_and_an_example(self) -> None:
        assert [kind.rule for kind in CodeDoubt] == [f"D{number}" for number in range(1, len(CodeDoubt) + 1)]
        assert all(set(kind.reason) == {"ru", "en"} and all(kind.reason.values()) for kind in CodeDoubt)
        assert set(DOUBTS) == set(CodeDoubt)

    @pytest.mark.parametrize("kind", CodeDoubt)
    def test_examples(self, kind: CodeDoubt) -> None:
        seen: set[str] = set()
        for cell, lines, doubts in DOUBTS[kind]:
            assert lines_of(cell) == lines, cell
            assert doubts_of(cell) == doubts, cell
            assert not parse_codes(cell).whole
            seen |= {doubt.rule for doubt in parse_codes(cell).doubts}
        assert kind.rule in seen

    def test_an_unknown_code_is_told_with_its_level(self) -> None:
        reasons = [dict(doubt.reason) for doubt in parse_codes("7204, 7299, 8415 – 8499").doubts]
        assert reasons == [harmonized.refusal("7299"), harmonized.refusal("8499")]


class TestNotifiedTable:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['state']}-{row['year']}-{row['number']}")
    def test_no_digit_is_lost(self, row: dict[str, str]) -> None:
        read = check_law(row["codes"])
        assert read.lines or read.doubts
        assert parse_codes(describe(read.lines)).lines == read.lines

    def test_what_stays_in_doubt(self) -> None:
        found = {
            (row["state"], row["year"], row["number"]): doubts_of(row["codes"])
            for row in ROWS
            if not parse_codes(row["codes"]).whole
        }
        iron = [("D6", "(кроме железа товарной позиции 7203)")]
        twice = [("D12", "3102 30 100 0"), ("D12", "3102 30 900 0")]
        assert found == {
            ("AM", "2026", "15"): iron,
            ("AM", "2026", "4"): iron,
            ("AM", "2025", "11"): iron,
            ("AM", "2025", "5"): iron,
            ("KG", "2024", "7"): [("D6", "(за исключением суперсульфатного цемента)")],
            ("KG", "2026", "17"): [
                ("D10", "2710 12 411 0 - 2710 12 419 0"),
                ("D10", "2710 12 450 0 -2710 12 590 0"),
                ("D10", "2710 19 421 0 - 2710 19 429 0"),
                ("D10", "2710 19 460 0 - 2710 19 480 0"),
            ],
            ("RU", "2025", "4"): twice,
            ("RU", "2024", "4"): twice,
            ("RU", "2024", "3"): [("D1", "1205 10 9000 0")],
        }

    def test_export_cells(self) -> None:
        exports = [row for row in ROWS if re.search("вывоз|экспорт", row["kind"])]
        whole = [row for row in exports if parse_codes(row["codes"]).whole]
        assert (len(exports), len(whole)) == (104, 97)


UNDER: dict[str, list[str]] = defaultdict(list)
for chapter in harmonized.chapters():
    for heading in harmonized.children(chapter):
        for six in harmonized.children(heading):
            for size in (0, 2, 4, 5, 6):
                UNDER[six[:size]].append(six)


@st.composite
def known_codes(draw: st.DrawFn, within: str = "") -> str:
    """A code that the Harmonized System knows, at or under `within`."""
    base = within if len(within) > 6 else draw(st.sampled_from(UNDER[within]))
    full = base + draw(st.text("0123456789", min_size=10 - len(base), max_size=10 - len(base)))
    return full[: draw(st.sampled_from([size for size in (2, 4, 5, 6, 7, 8, 9, 10) if size >= len(within)]))]


@st.composite
def known_spans(draw: st.DrawFn, within: str = "") -> CodeSpan:
    one = draw(known_codes(within))
    other = draw(
        known_codes(one[:6] if len(one) > 6 else one[:4] if len(one) > 4 else one[:2]).filter(
            lambda code: len(code) >= len(one)
        )
    )[: len(one)]
    in_reach = other.startswith(within) and harmonized.exists(other)
    first, last = sorted((one, other)) if in_reach and draw(st.booleans()) else (one, one)
    return CodeSpan(first, last, draw(st.booleans()))


@st.composite
def known_lines(draw: st.DrawFn) -> CodeLine:
    span = draw(known_spans())
    host = span.code_from
    narrower = [] if len(host) == 10 else draw(st.lists(known_spans(host), max_size=3))
    fitting = {
        (inner.code_from, inner.code_to): inner
        for inner in narrower
        if len(inner.code_from) > len(host) and inner.code_from.rstrip("0") != host.rstrip("0")
    }
    return CodeLine(span, tuple(fitting.values()))


cells_of_lines = st.lists(known_lines(), max_size=6, unique_by=lambda line: (line.span.code_from, line.span.code_to))


@st.composite
def written_codes(draw: st.DrawFn) -> str:
    """A code as clerks write it: in groups, solid, oddly spaced, or with a digit too many."""
    code = draw(known_codes())
    written = draw(
        st.sampled_from([format_code(code), code, format_code(code) + "0", format_code(code).replace(" ", ".", 1)])
    )
    return written.replace(" ", draw(st.sampled_from([" ", " ", "\N{NO-BREAK SPACE}", "  ", "\n"])))


glue = st.sampled_from(
    [
        *[", ", ", ", ",\n", "; ", " ", "\n", " и ", " – ", "-", ", из ", " (кроме ", "), ", ") ", ", за исключением "],
        *[" … ", ".", " товарной позиции ", " за  исключением из ", "/", " (", ")", "кроме: "],
    ]
)


@st.composite
def messy_cells(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(written_codes(), glue), max_size=12))
    return draw(st.sampled_from(["", "из ", "- ", "("])) + "".join(code + between for code, between in parts)


signs = st.text("0123456789 0123456789 ,;()–-….:из кроменИЗ\n\N{NO-BREAK SPACE}\u200b²٣", max_size=60)
tokens = st.lists(
    st.sampled_from(["7204", "10", "72", "000", "0", "8415", "8417", "из", "кроме", "(", ")", "–", ",", "\n", "и", "…"])
)


class TestAnyText:
    @quick
    @given(messy_cells())
    def test_messy_cells(self, cell: str) -> None:
        check_law(cell)

    @quick
    @given(st.one_of(signs, st.text(max_size=40)))
    @example("7204\x1c10")
    @example("и\N{COMBINING BREVE}")
    @example("\x00")
    def test_any_text(self, cell: str) -> None:
        check_law(cell)

    @settings(max_examples=250, deadline=None)
    @given(tokens, st.sampled_from([" ", "  "]))
    def test_signs_in_any_order(self, parts: list[str], space: str) -> None:
        check_law(space.join(parts))

    def test_a_very_long_cell_is_read_in_time(self) -> None:
        assert len(parse_codes("3102 80 000 0 3102 30 100 0\n" * 5_000).lines) == 2
        check_law("(" * 5_000 + "7204")
        check_law("9" * 100_000)


class TestDescribe:
    def test_as_acts_write_it(self) -> None:
        excluded = (CodeSpan("8416100000"), CodeSpan("841710", "841720", partial=True))
        lines = [CodeLine(CodeSpan("7302", None, partial=True)), CodeLine(CodeSpan("8415", "8417"), excluded)]
        assert describe(lines) == "из 7302, 8415 – 8417 (кроме 8416 10 000 0, из 8417 10 – 8417 20)"
        assert describe([]) == ""

    @quick
    @given(cells_of_lines)
    def test_round_trip(self, lines: list[CodeLine]) -> None:
        read = check_law(describe(lines))
        assert list(read.lines) == lines
        assert read.doubts == ()

    @quick
    @given(messy_cells())
    def test_what_was_read_is_read_again_from_its_description(self, cell: str) -> None:
        lines = parse_codes(cell).lines
        assert parse_codes(describe(lines)) == CodeCell(lines, ())
