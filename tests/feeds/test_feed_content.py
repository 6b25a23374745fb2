"""What a reader is shown of an entry."""

from __future__ import annotations

from typing import Any

import pytest

from feeds.content import MOST_ROWS, entry_html, label_html, measure_html
from feeds.values import MOST_GOODS, value_html
from register.measures import from_public
from register.words import Language
from tests.register.synthetic import record

PAGE = "https://register.example/ru/changes/118"
MEASURE = "https://register.example/ru/measures/KG-2026-021"


def public(**given: Any) -> dict[str, Any]:
    data = record("KG-2026-021", "2515110000", **given)
    measure = from_public(data)
    return measure.public(measure.included_on)


def shown(before: Any, after: Any, language: Language = "ru", **more: Any) -> str:
    entry = {"seq": 118, "type": "measure.amended", "subject": "KG-2026-021", "before": before, "after": after}
    return entry_html({**entry, "acts": [], "rule": "A4(4)", **more}, language, PAGE, MEASURE)


@pytest.mark.parametrize(
    ("path", "ru", "en"),
    [
        ("/effective_to", "Дата окончания действия", "Last day in force"),
        ("/goods/3/code_from", "Перечень товаров, строка 3: код", "Goods, line 3: code"),
        ("/goods/3/excluded/0", "Перечень товаров, строка 3: кроме, 1", "Goods, line 3: except, 1"),
        ("/acts/0/number", "Акты, 1: номер", "Acts, 1: number"),
        ("/declaration/to", "Возможность использования декларации: по", "Permission of the declaration: to"),
        ("/title/en", "Наименование: на английском языке", "Title: in English"),
        ("/a~1b~0c<", "A/b~c&lt;", "A/b~c&lt;"),
    ],
)
def test_a_path_has_a_name(path: str, ru: str, en: str) -> None:
    assert label_html(path, "ru") == ru
    assert label_html(path, "en") == en


@pytest.mark.parametrize(
    ("path", "value", "ru"),
    [
        ("effective_to", None, "–"),
        ("effective_to", "2027-03-08", "08.03.2027"),
        ("effective_to", "2027-13-08", "2027-13-08"),
        ("partial", True, "да"),
        ("partial", False, "нет"),
        ("state", "KG", "Кыргызская Республика"),
        ("transport", ["road", "rail"], "автомобильный транспорт<br>железнодорожный транспорт"),
        ("/goods/1/code_from", "2515110000", "2515 11 000 0"),
        ("/title/ru", "a < b & c\nd", "a &lt; b &amp; c<br>d"),
        ("title", {"ru": None, "en": "Marble"}, "Marble"),
        ("declaration_window", {"from": "2026-09-08", "until": "2026-09-23"}, "с 08.09.2026 по 23.09.2026"),
        ("suspensions", [{"from": "2026-09-08", "to": None}], "с 08.09.2026"),
        ("url", "https://example.org/?a=1&b=2", '<a href="https://example.org/?a=1&amp;b=2">https://example.org/?a=1&amp;b=2</a>'),
        ("url", "javascript:alert(1)", "javascript:alert(1)"),
        ("meeting", {"date": "2026-10-01", "room": None, "number": ""}, "дата: 01.10.2026; номер: –"),
        (
            "declaration",
            {"permitted": True, "from": "2026-09-01", "to": None, "protocol": {"number": "7", "date": "2026-08-20"}},
            "да, с 01.09.2026, протокол от 20.08.2026 № 7",
        ),
    ],
)  # fmt: skip
def test_a_value_reads_as_people_write_it(path: str, value: Any, ru: str) -> None:
    assert value_html(path, value, "ru") == ru


def test_a_change_is_shown_before_and_after() -> None:
    before, after = public(effective_to="2027-01-08"), public(effective_to=None, kind="licensing", version=2, seq=5)
    html = shown(before, after)
    rows = html.partition("</table>")[0].split("<tr>")[2:]
    assert len(rows) == 2, "version and seq are computed and left out"
    assert "Вид меры</th><td>запрет вывоза</td><td>лицензирование вывоза</td>" in rows[0]
    assert "Дата окончания действия</th><td>08.01.2027</td><td>–</td>" in rows[1]
    assert f'<a href="{PAGE}">Полная запись № 118</a> · <a href="{MEASURE}">Мера KG-2026-021</a>' in html
    assert html.endswith("Основание: пункт 4 статьи 4 Соглашения</p>")
    assert "Ground: Article 4(4) of the Agreement" in shown(before, after, "en")


def test_an_inclusion_shows_the_facts() -> None:
    html = shown(None, public(transport=["road"]), type="measure.included")
    assert "<td>Кыргызская Республика</td>" in html
    assert "<b>2515\N{NO-BREAK SPACE}11\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}0</b>" in html
    assert "<td>с 01.08.2026 по 16.08.2026</td>" in html
    assert "<td>действует</td>" in html
    assert "Было" not in html


def test_a_date_that_came_shows_the_facts_as_of_it() -> None:
    html = shown(public(), public(), type="measure.effective", rule="P37(1)")
    assert "<td>действует</td>" in html
    assert "Основание: пункт 37 Правил" in html


def test_nothing_different_says_so() -> None:
    assert "Сведения о мере не изменились" in shown(public(), public(version=2, seq=7), reason="technical")


def test_long_lists_say_what_they_leave_out() -> None:
    goods = [{"line": n, "code_from": f"{n:04d}"} for n in range(1, 100)]
    html = measure_html(public(goods=goods), "ru")
    assert html.count("<b>") == MOST_GOODS
    assert f"и ещё {99 - MOST_GOODS}" in html
    changed = shown(public(goods=goods), public(goods=[{**line, "partial": True} for line in goods]))
    assert changed.count("<tr>") == MOST_ROWS + 2
    assert f"и ещё {99 - MOST_ROWS}, см. полную запись" in changed


def test_an_act_that_was_added_is_cited_and_linked() -> None:
    act = {
        "role": "amends",
        "issuer": "Правительство <КР>",
        "type": "Постановление",
        "number": "77",
        "date": "2026-08-20",
        "title": "О запрете",
        "url": "https://example.org/?a=1&b=2",
    }
    after = public(acts=[act])
    html = shown(public(), after, acts=after["acts"])
    cited = (
        '<a href="https://example.org/?a=1&amp;b=2">Правительство &lt;КР&gt;, Постановление от 20.08.2026 № 77</a> '
        "«О запрете» (вносит изменения)"
    )
    assert html.count(cited) == 2
