"""The pages over HTTP, on both engines: what they say, their headers, their languages, their errors."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from register.entries import EntryType
from register.index import Register
from register.pages import site
from register.pages.assets import ASSETS
from register.service import RegisterService
from register.web import Problem
from tests.register.pages.conftest import reader
from tests.register.pages.seed import OLD, replay

pytestmark = pytest.mark.anyio

INCLUDED: EntryType = "measure.included"
PAGES = (
    "/",
    "/?code=7204100000&date=2026-11-23&value_eur=18000&known_at=5",
    "/measures",
    "/measures?q=%D0%BB%D0%BE%D0%BC&state=AM,RU&sort=-id",
    "/measures/AM-2026-014",
    "/measures/AM-2026-014?known_at=3",
    "/changes",
    "/changes/8",
    "/rules",
    "/about",
)


def h1(page: httpx.Response) -> str:
    """The words of the only heading of the first order."""
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", page.text, re.S)
    assert len(found) == 1
    return " ".join(re.sub(r"<[^>]+>", "", found[0]).split())


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_there_in_both_languages(client: httpx.AsyncClient, path: str) -> None:
    for language, other in (("ru", "en"), ("en", "ru")):
        page = await client.get(f"/{language}{path}")
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}">' in page.text
        assert h1(page)
        alternate = re.search(rf'<a class="language" href="([^"]*)" hreflang="{other}"', page.text)
        assert alternate is not None
        there = alternate[1].replace("&amp;", "&")
        assert (await client.get(there)).status_code == 200
        assert there.partition("?")[2] == path.partition("?")[2]


async def test_pages_from_either_database_are_the_same(stored: RegisterService, client: httpx.AsyncClient) -> None:
    async with reader(stored) as follower:
        for path in PAGES:
            page = await follower.get(f"/ru{path}")
            assert page.status_code == 200
            assert page.text == (await client.get(f"/ru{path}")).text


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_inline_and_nothing_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(f"/ru{path}")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert not re.search(r'\sstyle="|<style|\son\w+="', page.text)
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    assert not re.search(r'(src|href)="(https?:)?//(?!127\.0\.0\.1|example\.org/acts)', page.text)


async def test_a_page_is_not_sent_twice(client: httpx.AsyncClient, service: RegisterService) -> None:
    first = await client.get("/ru/measures")
    assert first.headers["etag"].startswith(f'"{service.register.seq}-')
    again = await client.get("/ru/measures", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["content-security-policy"]
    head = await client.head("/ru/measures")
    assert head.status_code == 200
    assert head.content == b""


async def test_a_long_list_has_pages_that_stand_still(client: httpx.AsyncClient, service: RegisterService) -> None:
    service.register = replay(tuple((INCLUDED, f"RU-2026-{n:03d}", OLD) for n in range(1, 108)))
    first = await client.get("/ru/measures?sort=id")
    assert "107 мер" in first.text
    [following] = re.findall(r'rel="next" href="([^"]*)"', first.text)
    following = following.replace("&amp;", "&")
    assert following == "?sort=id&cursor=107.50"
    second = await client.get(f"/ru/measures{following}")
    assert "показаны с 51 по 100" in second.text
    assert ">RU-2026-051<" in second.text
    assert 'rel="prev" href="?sort=id"' in second.text
    assert 'href="/en/measures?sort=id&amp;cursor=107.50" hreflang="en"' in second.text
    last = await client.get("/ru/measures?sort=id&cursor=107.100")
    assert "показаны с 101 по 107" in last.text
    assert 'rel="next"' not in last.text
    assert "107 мер" in (await client.get("/ru/measures?cursor=999.50")).text
    listed = await client.get("/ru/changes")
    [earlier] = re.findall(r'rel="next" href="([^"]*)"', listed.text)
    assert earlier == "?before=78"
    assert 'href="/ru/changes/77"' in (await client.get(f"/ru/changes{earlier}")).text


async def test_an_empty_register_has_designed_pages(client: httpx.AsyncClient, service: RegisterService) -> None:
    service.register = Register()
    for path in ("/", "/measures", "/changes", "/rules", "/about", "/?code=7204"):
        page = await client.get(f"/ru{path}")
        assert page.status_code == 200
        assert "В Реестре пока нет записей" in page.text
    assert "В Реестре пока нет мер." in (await client.get("/ru/measures")).text


async def test_another_package_gets_the_same_frame(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, label in (("ru", "Консультации"), ("en", "Consultations")):
        (tmp_path / f"{language}.po").write_text(f'msgid "Consultations"\nmsgstr "{label}"\n', encoding="utf-8")
    monkeypatch.setattr(site, "_sources", list(site._sources))
    try:
        site.add_source(site.Source(tmp_path, tmp_path, [site.Section("/consultations", "Consultations")]))
        assert '<a href="/ru/consultations">Консультации</a>' in (await client.get("/ru/about")).text
    finally:
        monkeypatch.undo()
        site.environment.cache_clear()


async def test_the_entrance_leads_to_the_language(client: httpx.AsyncClient) -> None:
    answer = await client.get("/?code=7204", headers={"accept-language": "en-GB,en;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/en/?code=7204")
    assert answer.headers["vary"] == "Accept-Language"
    assert (await client.get("/", headers={"accept-language": "de"})).headers["location"] == "/ru/"


async def test_assets_are_kept_for_ever_under_their_hash(client: httpx.AsyncClient) -> None:
    assert {"register.css", "register.js", "mark.svg"} == set(ASSETS)
    page = (await client.get("/ru/")).text
    for asset in ASSETS.values():
        assert asset.address in page
        answer = await client.get(asset.address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await client.get("/static/register.000000000000.css")).status_code == 404


@pytest.mark.parametrize(
    ("query", "ru", "en"),
    [
        ("code=7204&date=2026-11-23", "Нужен специальный сертификат.", "A special certificate is needed."),
        (
            "code=7204&date=2026-08-10",
            "Достаточно декларации о происхождении до 18.08.2026.",
            "An origin declaration is enough until 18 August 2026.",
        ),
        ("code=0101&date=2026-11-23", "Подтверждение происхождения не требуется.", "No proof of origin is needed."),
        (
            "code=7204&date=2026-11-23&origin=CN",
            "Правила к этому товару не применяются.",
            "The Rules do not apply to these goods.",
        ),
        (
            "code=2515110000&date=2026-11-01",
            "Нужен специальный сертификат, если товар соответствует описанию в Реестре.",
            "A special certificate is needed if the goods fit the description in the Register.",
        ),
        (
            "code=2515110000&date=2026-11-23",
            "Достаточно декларации о происхождении, если товар соответствует описанию в Реестре.",
            "An origin declaration is enough if the goods fit the description in the Register.",
        ),
        (
            "code=2515110000&date=2026-11-23&compliance=KG",
            "Подтверждение происхождения не требуется независимо от того, соответствует ли товар описанию в Реестре.",
            "No proof of origin is needed, whether or not the goods fit the description in the Register.",
        ),
    ],
)
async def test_the_answer_is_the_heading(client: httpx.AsyncClient, query: str, ru: str, en: str) -> None:
    assert h1(await client.get(f"/ru/?{query}")) == ru
    assert h1(await client.get(f"/en/?{query}")) == en


async def test_a_ground_with_many_measures_leads_to_the_table(
    client: httpx.AsyncClient, service: RegisterService
) -> None:
    service.register = replay(tuple((INCLUDED, f"RU-2026-{n:03d}", OLD) for n in range(1, 51)))
    page = (await client.get("/en/?code=7112&date=2026-03-01")).text
    grounds = page.partition('<ol class="grounds">')[2].partition("</ol>")[0]
    assert "and 45 more" in grounds
    assert len(re.findall(r'class="id"', grounds)) == 5
    assert '<a href="#measures">The table below lists all 50 measures</a>' in grounds
    table = page.partition('<h2 id="measures">')[2].partition("</table>")[0]
    assert len(set(re.findall(r">(RU-2026-\d{3})<", table))) == 50
    few = (await client.get("/en/?code=7112&date=2026-11-23")).text
    assert "The table below" not in few


async def test_a_badge_keeps_its_brackets(client: httpx.AsyncClient) -> None:
    page = (await client.get("/ru/?code=7204&date=2026-11-23")).text
    assert re.search(r'<span class="nowrap">\(<a class="rule" href="/ru/rules#P35">[^<]*</a>\)[.;]</span>', page)
    assert not re.search(r'(?<!<span class="nowrap">)\(<(a|span) class="rule"', page)


async def test_the_answer_explains_and_can_be_cited(client: httpx.AsyncClient, service: RegisterService) -> None:
    page = (await client.get("/ru/?code=7204+10+000+0&date=23.11.2026&value_eur=18+000&origin=KG")).text
    assert 'href="/ru/rules#P37-2"' in page
    assert "18&nbsp;000,00&nbsp;евро" in page or "18\u00a0000,00\u00a0евро" in page
    lasting = (
        f"code=7204100000&amp;date=2026-11-23&amp;origin=KG&amp;value_eur=18000&amp;known_at={service.register.seq}"
    )
    assert f'href="/api/v1/proof?{lasting}"' in page
    assert service.register.checkpoint() in page
    assert "/feeds/register.rss?code=7204100000&amp;lang=ru" in page
    assert "Предстоят: 1 мера" in page
    assert "Уже не действуют: 1 мера" in page


async def test_the_answer_agrees_with_the_interface_for_programs(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/?code=7204&date=2026-11-23&compliance=AM")).text
    [link] = re.findall(r'href="(/api/v1/proof\?[^"]*)"', page)
    answer = (await client.get(link.replace("&amp;", "&"))).json()
    assert answer["proof"] == "none"
    assert answer["grounds"][0]["rule"] == "P25"
    assert 'href="/en/rules#P25"' in page


async def test_a_question_of_the_past_says_so(client: httpx.AsyncClient) -> None:
    page = await client.get("/ru/?code=7204&date=2026-11-23&known_at=2")
    assert h1(page) == "Подтверждение происхождения не требуется."
    assert "по состоянию Реестра на запись 2" in page.text
    by_day = await client.get("/ru/measures?known_at=19.11.2026")
    assert "Реестр по состоянию на запись 0" in by_day.text


async def test_what_was_typed_stays_beside_its_fault(client: httpx.AsyncClient) -> None:
    page = await client.get("/ru/?code=72x&date=31.02.2026&value_eur=%D0%BC%D0%BD%D0%BE%D0%B3%D0%BE&origin=KG")
    assert page.status_code == 422
    assert page.headers["cache-control"] == "no-store"
    assert "В запросе 3 ошибки" in page.text
    for name, typed in (("code", "72x"), ("date", "31.02.2026"), ("value_eur", "много")):
        assert f'href="#f-{name}"' in page.text
        assert f'id="f-{name}-fault"' in page.text
        assert f'value="{typed}"' in page.text
    assert '<option value="KG" selected>' in page.text
    assert "Такой даты в календаре нет." in page.text
    assert "Укажите код товара" in (await client.get("/ru/?code=")).text


async def test_unknown_parameters_are_passed_over(client: httpx.AsyncClient) -> None:
    plain = await client.get("/ru/measures")
    tracked = await client.get("/ru/measures?utm_source=x&state=XX")
    assert tracked.status_code == 200
    assert tracked.text == plain.text


async def test_the_list_is_filtered_and_sorted_by_the_address(client: httpx.AsyncClient) -> None:
    def listed(page: httpx.Response) -> list[str]:
        body = page.text.partition("<tbody>")[2]
        return re.findall(r'<th scope="row"[^>]*><a class="id" href="[^"]*">([^<]*)</a>', body)

    everything = listed(await client.get("/ru/measures"))
    assert everything[0] == "AM-2026-014"
    assert len(everything) == 6
    assert listed(await client.get("/ru/measures?status=in_force&sort=id")) == [
        "AM-2026-014",
        "KG-2026-021",
        "KZ-2026-003",
    ]
    assert listed(await client.get("/ru/measures?state=BY&state=RU&sort=effective_from")) == [
        "RU-2026-001",
        "RU-2026-002",
        "BY-2026-005",
    ]
    assert listed(await client.get("/ru/measures?q=%D0%BF%D1%88%D0%B5%D0%BD%D0%B8%D1%86%D1%8B")) == ["KZ-2026-003"]
    assert listed(await client.get("/en/measures?code=7204 10&valid_on=2026-03-01")) == ["RU-2026-001"]
    page = await client.get("/ru/measures?state=KG&sort=id")
    assert 'aria-sort="ascending"' in page.text
    assert 'href="/api/v1/measures?state=KG&amp;sort=id"' in page.text
    empty = await client.get("/ru/measures?q=zzzz")
    assert "Мер, отвечающих этим условиям, в Реестре нет." in empty.text


async def test_a_measure_tells_its_status_history_and_provenance(client: httpx.AsyncClient) -> None:
    page = (await client.get("/ru/measures/AM-2026-014")).text
    assert "с 03.08.2026 по 03.08.2027 включительно" in " ".join(page.split())
    assert "2 версии" in page
    assert "<del>03.02.2027</del>" in page
    assert "<ins>03.08.2027</ins>" in page
    assert "<span>7404</span><span>00</span><span>000</span><span>1</span>" in page
    assert 'href="/ru/changes/8"' in page
    assert 'href="https://example.org/acts/650-' in page
    then = (await client.get("/ru/measures/AM-2026-014?known_at=3")).text
    assert "Сведения по состоянию на запись 3, 20.11.2026, 11:30 (UTC+3)." in then
    assert "С тех пор они изменены." in then
    assert "по 03.02.2027 включительно" in then
    assert "1 версия" in then


async def test_a_record_cannot_write_markup(client: httpx.AsyncClient) -> None:
    for path in ("/ru/measures/KG-2026-021", "/ru/measures", "/ru/changes", "/ru/changes/4"):
        page = (await client.get(path)).text
        assert "Мрамор &lt;b&gt;и травертин&lt;/b&gt;" in page
        assert "<b>" not in page


async def test_a_title_without_english_is_marked_as_russian(client: httpx.AsyncClient) -> None:
    page = (await client.get("/en/measures/AM-2026-014")).text
    assert '<h1><span lang="ru">Лом и отходы' in page
    assert "<h1>Durum wheat</h1>" in (await client.get("/en/measures/KZ-2026-003")).text


async def test_changes_are_newest_first_and_filtered(client: httpx.AsyncClient) -> None:
    def seqs(page: httpx.Response) -> list[int]:
        return [int(seq) for seq in re.findall(r'<a class="seq" href="/ru/changes/(\d+)">', page.text)]

    assert seqs(await client.get("/ru/changes")) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert seqs(await client.get("/ru/changes?state=AM")) == [8, 3]
    assert seqs(await client.get("/ru/changes?type=measure.extended,declaration.permitted")) == [8, 6]
    assert seqs(await client.get("/ru/changes?code=1001")) == [5]
    assert seqs(await client.get("/ru/changes?before=3")) == [2, 1]
    assert seqs(await client.get("/ru/changes?before=0")) == []
    assert (await client.get("/ru/changes?code=x")).status_code == 422


async def test_an_entry_shows_what_proves_it(client: httpx.AsyncClient, service: RegisterService) -> None:
    page = (await client.get("/ru/changes/8")).text
    assert "sha256:" in page
    assert service.register.checkpoint(8) in page
    assert 'href="/api/v1/changes/8/proof"' in page
    for missing in ("0", "9", "x", "9" * 30):
        assert (await client.get(f"/ru/changes/{missing}")).status_code == 404


async def test_every_rule_has_its_address(client: httpx.AsyncClient) -> None:
    page = (await client.get("/ru/rules")).text
    anchors = re.findall(r'<div id="([^"]+)">', page)
    assert len(anchors) == len(set(anchors))
    assert {"A4-1", "P17", "A11-1", "P25", "P2", "P36", "P24", "P37-1", "P37-2", "P37-3", "P26"} <= set(anchors)
    assert {"P35", "P45", "P46", "P47", "C1", "C5", "H1", "Q1"} <= set(anchors)


async def test_the_strip_stands_on_every_page_of_a_demonstration(
    client: httpx.AsyncClient, service: RegisterService
) -> None:
    for path in PAGES:
        assert "Демонстрационные данные, не официальные." in (await client.get(f"/ru{path}")).text


@pytest.mark.parametrize("path", ["/nothing", "/measures/XX", "/changes/99"])
async def test_errors_are_pages_for_people(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(f"/ru{path}")
    assert page.status_code == 404
    assert h1(page) == "Такой страницы нет"
    assert page.headers["content-security-policy"]
    assert h1(await client.get(f"/en{path}")) == "There is no such page"
    plain = await client.get(f"/ru{path}", headers={"accept": "application/json"})
    assert plain.headers["content-type"] == "application/problem+json"
    assert plain.json()["status"] == 404


@pytest.mark.parametrize(
    ("status", "ru", "en"),
    [
        (401, "Сначала нужно войти", "Sign in first"),
        (403, "На это нет полномочий", "You are not authorised to do this"),
        (404, "Такой страницы нет", "There is no such page"),
        (409, "Запрос не может быть выполнен", "The request cannot be carried out"),
        (422, "В запросе есть ошибка", "The request contains an error"),
        (429, "Слишком много запросов", "Too many requests"),
        (500, "Ошибка в работе службы", "A fault of the service"),
        (503, "Служба сейчас не может ответить", "The service cannot answer now"),
    ],
)
async def test_the_heading_suits_the_error(
    client: httpx.AsyncClient, service: RegisterService, monkeypatch: pytest.MonkeyPatch, status: int, ru: str, en: str
) -> None:
    def refused(*_: object) -> None:
        raise Problem(status, "Refused", "A reason")

    monkeypatch.setattr(service.register, "history", refused)
    for language, headline in (("ru", ru), ("en", en)):
        page = await client.get(f"/{language}/measures/AM-2026-014")
        assert page.status_code == status
        assert h1(page) == headline


async def test_the_page_of_the_interface_has_a_heading(client: httpx.AsyncClient) -> None:
    assert h1(await client.get("/api")) == "API of the Register of separate export measures"


async def test_errors_outside_the_pages_stay_as_programs_want_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/measures/XX")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_past_that_is_not_there_is_a_422(client: httpx.AsyncClient) -> None:
    page = await client.get("/ru/measures/AM-2026-014?known_at=999")
    assert page.status_code == 422
    assert "номер имеющейся записи" in page.text
    for path in ("/ru/?code=7204&known_at=999", "/ru/measures?known_at=999"):
        refused = await client.get(path)
        assert refused.status_code == 422
        assert 'value="999"' in refused.text


async def test_a_fault_of_ours_gives_a_number_and_no_cause(
    client: httpx.AsyncClient, service: RegisterService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(service.register, "history", broken)
    page = await client.get("/en/measures/AM-2026-014")
    assert page.status_code == 500
    assert h1(page) == "A fault of the service"
    assert "urn:uuid:" in page.text
    assert "secret" not in page.text
