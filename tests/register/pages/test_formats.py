"""How pages write: numbers, times, rules, and texts of records that must stay texts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from register.pages import formats


def test_numbers_have_the_separators_of_the_language() -> None:
    assert formats.number(18000, "ru") == "18\u00a0000"
    assert formats.number(Decimal("18000.5"), "en") == "18,000.5"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("72", ["72"]),
        ("7204", ["7204"]),
        ("720", ["720"]),
        ("72041", ["7204", "1"]),
        ("7204100000", ["7204", "10", "000", "0"]),
    ],
)
def test_codes_stand_in_groups(code: str, expected: list[str]) -> None:
    assert formats.groups(code) == expected


def test_a_time_is_shown_at_the_seat_with_its_zone() -> None:
    at = datetime(2026, 8, 30, 22, 12, 44, tzinfo=UTC)
    assert formats.moment(at, ZoneInfo("Europe/Moscow"), "ru") == "31.08.2026, 01:12 (UTC+3)"
    assert formats.moment(at, ZoneInfo("Asia/Kolkata"), "en") == "31 August 2026, 03:42 (UTC+5:30)"
    assert formats.moment(at, ZoneInfo("America/St_Johns"), "en") == "30 August 2026, 19:42 (UTC−2:30)"
    assert formats.moment(at, ZoneInfo("UTC"), "en") == "30 August 2026, 22:12 (UTC)"


@pytest.mark.parametrize(
    ("rule", "ru", "en", "anchor"),
    [
        ("P37(1)", "п.\u00a037(1)", "point\u00a037(1)", "P37-1"),
        ("A4(1)", "ст.\u00a04(1)", "Art.\u00a04(1)", "A4-1"),
        ("P26", "п.\u00a026", "point\u00a026", "P26"),
        ("H1", "H1", "H1", "H1"),
        ("practice", "practice", "practice", "practice"),
    ],
)
def test_rules_are_cited_as_lawyers_do(rule: str, ru: str, en: str, anchor: str) -> None:
    assert formats.rule_name(rule, "ru") == ru
    assert formats.rule_name(rule, "en") == en
    assert formats.anchor(rule) == anchor


def test_a_text_that_has_only_the_other_language_says_so() -> None:
    assert formats.localised({"ru": "мрамор", "en": "marble"}, "en") == ("marble", None)
    assert formats.localised({"ru": "мрамор", "en": None}, "en") == ("мрамор", "ru")
    assert formats.localised({"ru": None, "en": "marble"}, "ru") == ("marble", "en")
    assert formats.localised(None, "ru") == ("", None)


def test_measures_in_a_text_become_links_and_markup_stays_text() -> None:
    made = formats.linked("KG-2026-021 <b> 7204 10 000 0", "/ru/measures")
    assert made == (
        '<a class="id" href="/ru/measures/KG-2026-021">KG-2026-021</a> &lt;b&gt; '
        '<span class="nowrap">7204 10 000 0</span>'
    )
    assert "<a" not in formats.linked("KG-2026-021")


def test_a_long_text_is_cut_at_a_word() -> None:
    assert formats.shortened("лом и отходы металлов", 14) == "лом и отходы…"
    assert formats.shortened("лом", 14) == "лом"


def test_values_of_a_record_stand_on_one_line() -> None:
    assert formats.value(None, "ru") == "–"
    assert formats.value(True, "ru") == "да"
    assert formats.value("2027-02-03", "ru") == "03.02.2027"
    assert formats.value(["2027-02-03", {"ru": "мрамор", "en": None}], "en") == "3 February 2027; мрамор"


def test_countries_are_named_in_the_language_without_member_states() -> None:
    listed = dict(formats.countries("ru"))
    assert listed["CN"] == "Китай"
    assert "KG" not in listed
    assert formats.country("KG", "ru") == "Кыргызская Республика"
    assert formats.country("CN", "en") == "China"
