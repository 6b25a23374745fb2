"""TN VED codes: writing, nesting, and whether a line of goods concerns a code."""

import pickle
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.codes import (
    OPEN,
    CodeError,
    CodeLine,
    CodeSpan,
    Match,
    ancestors,
    format_code,
    match,
    match_all,
    normalise,
    prefixes,
)

quick = settings(max_examples=150, deadline=None)
RANK: dict[Match | None, int] = {None: 0, "partial": 1, "exact": 2}

# A toy tree: every code under 7204100, complete in decimal down to its thousand codes of ten digits.
ROOT = "7204100"
LEAVES = [f"{ROOT}{number:03}" for number in range(1000)]
tails = st.text("0159", max_size=3)
toy_codes = tails.map(ROOT.__add__)
any_codes = st.one_of(
    toy_codes, st.sampled_from(["72", "7204", "72041", "720410", "7205", "73", "720411", "7204101000"])
)


@st.composite
def toy_spans(draw: st.DrawFn) -> CodeSpan:
    size = draw(st.integers(0, 3))
    tail = st.text("0159", min_size=size, max_size=size)
    first, last = sorted((draw(tail), draw(tail)))
    return CodeSpan(ROOT + first, draw(st.sampled_from([None, ROOT + last])), draw(st.booleans()))


toy_lines = st.builds(CodeLine, toy_spans(), st.lists(toy_spans(), max_size=4).map(tuple))


def in_span(span: CodeSpan, leaf: str) -> bool:
    return span.code_from.ljust(10, "0") <= leaf <= span.last.ljust(10, "9")


def read_slowly(line: CodeLine, leaf: str) -> Match | None:
    """A line and a code of ten digits, word by word after the contract."""
    if not in_span(line.span, leaf):
        return None
    hits = [span for span in line.excluded if in_span(span, leaf)]
    if any(not span.partial for span in hits):
        return None
    return "partial" if line.span.partial or hits else "exact"


class TestWriting:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("72", "72"),
            (" 7204 10 000 0 ", "7204100000"),
            ("7204\N{NO-BREAK SPACE}10\N{NARROW NO-BREAK SPACE}000\N{THIN SPACE}0", "7204100000"),
            ("81\N{ZERO WIDTH SPACE}09 3\n", "81093"),
            ("\N{ZERO WIDTH NO-BREAK SPACE}0101", "0101"),
        ],
    )
    def test_spacing_goes(self, text: str, code: str) -> None:
        assert normalise(text) == code

    @pytest.mark.parametrize("text", ["", " ", "7", "720", "72041000001", "7204.10", "72O4", "٧٢٠٤", "-7204", "²³"])
    def test_refused_in_both_languages(self, text: str) -> None:
        with pytest.raises(CodeError) as caught:
            normalise(text)
        assert caught.value.rule == "H1"
        assert set(caught.value.text) == {"ru", "en"}
        assert "Код ТН ВЭД" in caught.value.text["ru"]
        assert "TN VED code" in caught.value.text["en"]
        assert "H1" in str(caught.value)

    def test_the_error_survives_a_process_border_and_a_long_text(self) -> None:
        with pytest.raises(CodeError) as caught:
            normalise("x" * 5000)
        assert len(caught.value.text["ru"]) < 200
        assert pickle.loads(pickle.dumps(caught.value)).text == caught.value.text

    @pytest.mark.parametrize(
        ("code", "written"),
        [
            ("72", "72"),
            ("7204", "7204"),
            ("81093", "8109 3"),
            ("720410", "7204 10"),
            ("2710121", "2710 12 1"),
            ("81126100", "8112 61 00"),
            ("271012110", "2710 12 110"),
            ("7204100000", "7204 10 000 0"),
        ],
    )
    def test_groups(self, code: str, written: str) -> None:
        assert format_code(code) == written
        assert normalise(written) == code

    def test_format_refuses_what_is_no_code(self) -> None:
        with pytest.raises(CodeError):
            format_code("720")

    def test_levels_above(self) -> None:
        assert ancestors("7204100000") == ("72", "7204", "720410", "72041000", "720410000")
        assert ancestors("72041") == ("72", "7204")
        assert ancestors("72") == ()
        assert prefixes("7204100000") == (
            "72",
            "7204",
            "72041",
            "720410",
            "7204100",
            "72041000",
            "720410000",
            "7204100000",
        )
        assert prefixes("72") == ("72",)


class TestSpan:
    def test_an_end_equal_to_the_beginning_is_no_end(self) -> None:
        assert CodeSpan("7204", "72 04") == CodeSpan("7204")

    @pytest.mark.parametrize(
        ("first", "last"), [("8417", "8415"), ("84", "8415"), ("8415", "841710"), ("841", None), ("8415", "x")]
    )
    def test_impossible_spans(self, first: str, last: str | None) -> None:
        with pytest.raises(CodeError) as caught:
            CodeSpan(first, last)
        assert set(caught.value.text) == {"ru", "en"}

    def test_covers_needs_a_code_as_specific(self) -> None:
        span = CodeSpan("8415", "8417")
        assert span.covers("8416")
        assert span.covers("8417909000")
        assert not span.covers("84")
        assert not span.covers("8418")

    def test_overlaps_in_either_direction(self) -> None:
        span = CodeSpan("2710124110", "2710125900")
        assert span.overlaps("2710")
        assert span.overlaps("271012450")
        assert not span.overlaps("271012600")
        assert not span.overlaps("27101941")

    @pytest.mark.parametrize(
        ("first", "last", "prefix"),
        [
            ("7204", None, "7204"),
            ("8415", "8417", "84"),
            ("8404", "9015", ""),
            ("8109310000", "8109390000", "81093"),
            ("2709001001", "2709001009", "270900100"),
        ],
    )
    def test_prefix_for_an_index(self, first: str, last: str | None, prefix: str) -> None:
        assert CodeSpan(first, last).members_prefix == prefix

    @quick
    @given(st.lists(toy_spans(), max_size=4))
    def test_order_is_total(self, spans: list[CodeSpan]) -> None:
        assert len({tuple(sorted(p)) for p in permutations(spans)}) == 1

    def test_no_order_with_other_things(self) -> None:
        with pytest.raises(TypeError):
            assert CodeSpan("72") < "72"

    @quick
    @given(toy_spans(), any_codes)
    def test_covers_and_overlaps_say_what_the_leaves_say(self, span: CodeSpan, code: str) -> None:
        shared = [leaf for leaf in LEAVES if leaf.startswith(code) and in_span(span, leaf)]
        assert span.overlaps(code) == bool(shared)
        if span.covers(code):
            assert span.overlaps(code)
        if len(code) >= len(span.code_from):
            assert span.covers(code) == span.overlaps(code)
        assert span.code_from.startswith(span.members_prefix)
        assert span.last.startswith(span.members_prefix)

    @quick
    @given(any_codes, any_codes)
    def test_overlap_of_two_codes_is_mutual(self, one: str, other: str) -> None:
        assert CodeSpan(one).overlaps(other) == CodeSpan(other).overlaps(one)
        assert CodeSpan(one).overlaps(other) == (CodeSpan(one).covers(other) or CodeSpan(other).covers(one))


def spans(*codes: str) -> tuple[CodeSpan, ...]:
    """Spans from a short writing: 'из 7204', '8415-8417'."""
    parted = [(code.removeprefix("из ").partition("-"), code.startswith("из ")) for code in codes]
    return tuple(CodeSpan(first, last or None, partial) for (first, _, last), partial in parted)


class TestMatch:
    @pytest.mark.parametrize(
        ("line", "excluded", "code", "expected"),
        [
            ("7204", (), "7204", "exact"),
            ("7204", (), "7204100000", "exact"),
            ("7204", (), "72", "partial"),
            ("7204", (), "7205", None),
            ("7204", (), "73", None),
            ("из 7204", (), "7204100000", "partial"),
            ("8415-8417", (), "8417", "exact"),
            ("8415-8417", (), "8415100000", "exact"),
            ("8415-8417", (), "8418", None),
            ("8415-8417", (), "84", "partial"),
            ("4401", ("4401310000",), "4401310000", None),
            ("4401", ("4401310000",), "440131", "partial"),
            ("4401", ("4401310000",), "4401", "partial"),
            ("4401", ("4401310000",), "44", "partial"),
            ("4401", ("4401310000",), "440132", "exact"),
            ("7801", ("из 7801991000",), "7801991000", "partial"),
            ("7801", ("из 7801991000",), "780199", "partial"),
            ("7801", ("из 7801991000",), "7801100000", "exact"),
            ("из 7801", ("7801991000",), "7801991000", None),
            ("7204", ("7204",), "7204100000", None),
            ("7204", ("7204",), "72", None),
            ("720410", ("7204",), "7204", None),
            ("7204", ("из 7204",), "72", "partial"),
            ("8415-8417", ("8415", "8416-8417"), "84", None),
            ("8415-8417", ("8415", "8417"), "84", "partial"),
            ("8415-8417", ("8415-8416",), "84", "partial"),
            ("8415-8417", ("8416",), "8416100000", None),
            # Ten exclusions that leave nothing still leave "part" of a broader code: the contract's words.
            ("7204", ("72040-72049",), "7204", "partial"),
            ("7204", ("72040-72049",), "72", "partial"),
            ("7204", ("72040-72049",), "7204100000", None),
            ("7204", ("7205",), "7204", "exact"),
        ],
    )
    def test_by_hand(self, line: str, excluded: tuple[str, ...], code: str, expected: Match | None) -> None:
        (span,) = spans(line)
        assert CodeLine(span, spans(*excluded)).match(code) == expected
        assert match(span.code_from, span.code_to, span.partial, spans(*excluded), code) == expected

    @settings(max_examples=60, deadline=None)
    @given(toy_lines)
    def test_every_code_of_ten_digits_agrees_with_the_slow_reading(self, line: CodeLine) -> None:
        assert [line.match(leaf) for leaf in LEAVES] == [read_slowly(line, leaf) for leaf in LEAVES]

    @quick
    @given(toy_lines, any_codes)
    def test_a_broader_code_agrees_with_its_leaves(self, line: CodeLine, code: str) -> None:
        answers = {read_slowly(line, leaf) for leaf in LEAVES if leaf.startswith(code)}
        if not code.startswith(ROOT):
            answers.add(None)  # what lies outside the toy tree
        got = line.match(code)
        broader = len(code) < len(line.span.code_from)
        narrow = any(len(span.code_from) > max(len(code), len(line.span.code_from)) for span in line.excluded)
        if answers == {"exact"}:
            assert got == ("partial" if broader else "exact")
        elif answers <= {None}:
            assert got is None or (got == "partial" and narrow)
        else:
            assert got == "partial"

    @quick
    @given(toy_lines, any_codes)
    def test_without_exclusions_a_match_is_an_overlap(self, line: CodeLine, code: str) -> None:
        assert (CodeLine(line.span).match(code) is not None) == line.span.overlaps(code)

    @quick
    @given(toy_lines, any_codes)
    def test_the_order_of_exclusions_never_matters(self, line: CodeLine, code: str) -> None:
        answers = {CodeLine(line.span, order).match(code) for order in permutations(line.excluded)}
        assert answers == {line.match(code)}

    @quick
    @given(toy_lines, toy_spans(), any_codes)
    def test_an_exclusion_never_adds(self, line: CodeLine, more: CodeSpan, code: str) -> None:
        without = line.match(code)
        assert RANK[CodeLine(line.span, (*line.excluded, more)).match(code)] <= RANK[without]

    @settings(max_examples=60, deadline=None)
    @given(toy_lines, any_codes)
    def test_a_range_is_the_union_of_its_members(self, line: CodeLine, code: str) -> None:
        span = line.span
        members = [
            CodeLine(CodeSpan(str(number), None, span.partial), line.excluded)
            for number in range(int(span.code_from), int(span.last) + 1)
        ]
        best = max((member.match(code) for member in members), key=RANK.__getitem__)
        assert line.match(code) == best

    @quick
    @given(toy_lines, any_codes)
    def test_what_concerns_a_code_concerns_all_above_it(self, line: CodeLine, code: str) -> None:
        if line.match(code) is not None:
            assert all(line.match(above) is not None for above in prefixes(code))

    @quick
    @given(toy_lines, any_codes)
    def test_what_is_said_of_all_codes_under_one_is_said_of_each(self, line: CodeLine, cover: str) -> None:
        span = line.span
        said = match_all(span.code_from, span.code_to, span.partial, line.excluded, cover)
        under = [code for code in (cover, *LEAVES) if code.startswith(cover)]
        if said != OPEN:
            assert {line.match(code) for code in under} == {said}

    @pytest.mark.parametrize(
        ("line", "excluded", "cover", "expected"),
        [
            ("7204", (), "7204", "exact"),
            ("из 7204", (), "720410", "partial"),
            ("7204", (), "7205", None),
            ("7204", (), "72", "open"),
            ("8415-8417", (), "841", "open"),
            ("8415-8417", (), "8416", "exact"),
            ("8415-8417", (), "8418", None),
            ("4401", ("4401310000",), "4401", "open"),
            ("4401", ("4401310000",), "440132", "exact"),
            ("4401", ("4401310000",), "4401310000", None),
            ("4401", ("440131-440139",), "4401320000", None),
            ("4401", ("из 440131",), "4401310000", "partial"),
            ("4401", ("из 440131", "4401310000"), "440131", "open"),
            ("4401", ("7205",), "4401", "exact"),
        ],
    )
    def test_of_all_codes_under_one_by_hand(
        self, line: str, excluded: tuple[str, ...], cover: str, expected: str | None
    ) -> None:
        (span,) = spans(line)
        assert match_all(span.code_from, span.code_to, span.partial, spans(*excluded), cover) == expected
