"""What may be entered: every rule has a case that it finds and one that it lets pass."""

import csv
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from register import change_rules, content_rules, shape
from register.changes import ended, extended, proposed
from register.content_rules import after_months
from register.findings import Action, Context, Finding, Rule
from register.measures import Act, Declaration, Measure, Notified, Text
from register.rules import RULES, check, findings_from_validation

TODAY = date(2026, 8, 30)


def content(**changes: Any) -> Notified:
    """A measure about which no rule has anything to say."""
    data: dict[str, Any] = {
        "state": "KG",
        "kind": "export_prohibition",
        "title": {"ru": "Лесоматериалы", "en": "Timber"},
        "acts": [{"role": "introduces", "number": "587", "date": "2026-08-27"}],
        "goods": [{"code_from": "4401"}, {"code_from": "4403", "excluded": [{"code_from": "440312"}]}],
        "effective_from": "2026-09-08",
        "effective_to": "2027-03-08",
        "notified_on": "2026-08-28",
    }
    return Notified.model_validate({**data, **changes})


def measure(**changes: Any) -> Measure:
    """The same in the Register, at version 1."""
    data = content(**changes).model_dump(by_alias=True)
    return Measure.model_validate({**data, "id": "KG-2026-021", "version": 1, "seq": 7, "included_on": "2026-08-30"})


def changed(action: Action, explanation: str | None = None, before: Measure | None = None, **changes: Any) -> Any:
    """What the rules find when a measure is changed in these fields."""
    before = before or measure()
    new = Notified.model_validate({**before.model_dump(by_alias=True, exclude={"id", "version", "seq"}), **changes})
    return check(new, Context(TODAY, action, before, explanation=explanation))


INTRODUCES = {"role": "introduces", "number": "587", "date": "2026-08-27"}
EXTENDS = {"role": "extends", "number": "600", "date": "2026-08-29"}
TERMINATES = {"role": "terminates", "number": "601", "date": "2026-08-29"}
PROTOCOL = {"number": "6-АС/13", "date": "2026-08-20"}


def found(rule: str, findings: Any) -> list[tuple[str, str]]:
    """Pointer and severity of what a rule found."""
    return [(f.pointer, f.severity) for f in (*findings.refusals, *findings.warnings) if f.rule == rule]


def included(**changes: Any) -> Any:
    return check(content(**changes), Context(TODAY, knows=lambda code, on: code not in ("4407", "4409")))


def test_a_good_measure_passes_every_rule() -> None:
    findings = included()
    assert not findings.refusals
    assert not findings.warnings


CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("H3", "/goods/0/code_from", "refusal", {"goods": [{"code_from": "4499"}]}),
    ("H3", "/goods/0/code_to", "refusal", {"goods": [{"code_from": "8404", "code_to": "8499"}]}),
    ("H3", "/goods/0/excluded/0/code_from", "refusal", {"goods": [{"code_from": "44", "excluded": [
        {"code_from": "440199"}]}]}),
    ("H4", "/goods/0/code_from", "warning", {"goods": [{"code_from": "4407"}]}),
    ("H4", "/goods/0/code_to", "warning", {"goods": [{"code_from": "4408", "code_to": "4409"}]}),
    ("H4", "/nomenclature", "warning", {"nomenclature": "HS2028"}),
    ("T7", "/effective_to", "warning", {"effective_to": "2027-03-09"}),
    ("T7", "/effective_to", "warning", {"effective_to": None}),
    ("H5", "/acts/0/date", "warning", {"acts": [{**INTRODUCES, "date": "2026-08-29"}]}),
    ("H5", "/acts/1/date", "warning", {"acts": [INTRODUCES, {**EXTENDS, "date": "2026-08-31"}]}),
    ("H6", "/goods/0/excluded/0/code_from", "refusal", {"goods": [{"code_from": "4401", "excluded": [
        {"code_from": "4403"}]}]}),
    ("H6", "/goods/0/excluded/0/code_from", "refusal", {"goods": [{"code_from": "440111", "excluded": [
        {"code_from": "4401"}]}]}),
    ("H6", "/goods/0/excluded/0/code_from", "refusal", {"goods": [{"code_from": "4401", "code_to": "4403", "excluded": [
        {"code_from": "4402", "code_to": "4404"}]}]}),
    ("H7", "/goods/1", "warning", {"goods": [{"code_from": "4401"}, {"code_from": "44 01"}]}),
    ("H8", "/destination", "warning", {"destination": "member_states"}),
    ("H9", "/title/ru", "warning", {"title": {"en": "Timber"}}),
    ("H9", "/conditions/0/ru", "warning", {"conditions": [{"en": "By rail only"}]}),
    ("H10", "/included_on", "warning", {"included_on": "2026-08-27"}),
    ("H10", "/included_on", "warning", {"included_on": "2026-08-31"}),
    ("H11", "/suspensions/0/from", "refusal", {"suspensions": [{"from": "2026-09-07", "to": "2026-09-20"}]}),
    ("H11", "/suspensions/0/from", "refusal", {"suspensions": [{"from": "2027-03-09"}]}),
    ("H11", "/suspensions/0/to", "refusal", {"suspensions": [{"from": "2027-03-01", "to": "2027-03-09"}]}),
    ("H12", "/acts", "warning", {"acts": []}),
    ("H13", "/goods/0/valid_from", "refusal", {"goods": [{"code_from": "4401", "valid_from": "2026-09-07"}]}),
    ("H13", "/goods/0/valid_to", "refusal", {"goods": [{"code_from": "4401", "valid_to": "2027-03-09"}]}),
    ("H14", "/effective_to", "warning", {"effective_from": "2026-08-28", "effective_to": "2026-08-29"}),
    ("P24", "/declaration/protocol", "warning", {"declaration": {"permitted": True}}),
    ("P24", "/declaration/to", "warning", {"declaration": {
        "permitted": True, "protocol": PROTOCOL, "to": "2026-09-07"}}),
    ("P24", "/declaration/from", "warning", {"declaration": {
        "permitted": True, "protocol": PROTOCOL, "from": "2027-03-09"}}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "pointer", "severity", "changes"), CASES)
def test_a_rule_finds_its_case_and_only_that(rule: str, pointer: str, severity: str, changes: dict[str, Any]) -> None:
    findings = included(**changes)
    assert found(rule, findings) == [(pointer, severity)]
    assert {finding.rule for finding in findings.refusals} <= {rule}


PASSES: list[tuple[str, dict[str, Any]]] = [
    ("H3", {"goods": [{"code_from": "4499"}], "nomenclature": "HS2028"}),
    ("H4", {"goods": [{"code_from": "4408"}]}),
    ("T7", {"effective_to": None, "kind": "export_duty"}),
    ("H6", {"goods": [{"code_from": "4401", "code_to": "4403", "excluded": [{"code_from": "440211"}]}]}),
    ("H7", {"goods": [{"code_from": "4401", "partial": True}, {"code_from": "4401"}]}),
    ("H8", {"destination": "all"}),
    ("H11", {"suspensions": [{"from": "2026-09-08", "to": "2027-03-08"}]}),
    ("H11", {"suspensions": [{"from": "2027-03-08"}]}),
    ("H11", {"suspensions": [{"from": "2026-12-01", "to": "2026-12-31"}], "effective_to": "2026-11-01",
             "acts": [INTRODUCES, TERMINATES]}),
    ("H13", {"goods": [{"code_from": "4401", "valid_from": "2026-09-08", "valid_to": "2027-03-08"}]}),
    ("P24", {"declaration": {"permitted": False}}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "changes"), PASSES)
def test_a_rule_lets_pass_what_is_right(rule: str, changes: dict[str, Any]) -> None:
    assert found(rule, included(**changes)) == []


def test_h1_finds_a_code_that_was_set_without_validation() -> None:
    broken = content()
    broken.goods[1].excluded[0].code_from = "44031a"
    assert found("H1", check(broken, Context(TODAY))) == [("/goods/1/excluded/0/code_from", "refusal")]


def test_h2_finds_a_record_that_was_made_without_validation() -> None:
    broken = content().model_copy(update={"goods": []})
    assert found("H2", check(broken, Context(TODAY))) == [("/goods", "refusal")]


def test_h15_state_and_kind_stay() -> None:
    findings = changed("amend", state="RU", kind="licensing")
    assert found("H15", findings) == [("/state", "refusal"), ("/kind", "refusal")]
    assert found("H15", changed("amend", title={"ru": "Шпон"})) == []


@pytest.mark.parametrize("action", ["amend", "extend", "terminate", "correct"])
def test_h16_the_date_of_inclusion_stays(action: Action) -> None:
    assert found("H16", changed(action, included_on="2026-08-29")) == [("/included_on", "refusal")]
    assert found("H16", changed(action, title={"ru": "Шпон"})) == []


def test_h17_a_correction_says_why() -> None:
    assert found("H17", changed("correct", title={"ru": "Шпон"})) == [("/explanation", "refusal")]
    assert found("H17", changed("correct", "  ", title={"ru": "Шпон"})) == [("/explanation", "refusal")]
    assert found("H17", changed("correct", "опечатка", title={"ru": "Шпон"})) == []


@pytest.mark.parametrize("end", ["2027-06-08", None])
def test_h18_an_extension_goes_to_a_later_day_or_to_none(end: str | None) -> None:
    assert found("H18", changed("extend", effective_to=end, acts=[INTRODUCES, EXTENDS])) == []


@pytest.mark.parametrize(
    ("changes", "pointer", "severity"),
    [
        ({"effective_to": "2027-03-08", "acts": [INTRODUCES, EXTENDS]}, "/effective_to", "refusal"),
        ({"effective_to": "2027-03-07", "acts": [INTRODUCES, EXTENDS]}, "/effective_to", "refusal"),
        ({"effective_to": "2027-06-08", "acts": [EXTENDS]}, "/acts", "refusal"),
        ({"effective_to": "2027-06-08"}, "/acts", "warning"),
        (
            {"effective_to": "2027-06-08", "acts": [INTRODUCES, EXTENDS], "goods": [{"code_from": "4401"}]},
            "/goods",
            "refusal",
        ),
    ],
)
def test_h18_an_extension_changes_the_end_and_nothing_else(changes: Any, pointer: str, severity: str) -> None:
    assert found("H18", changed("extend", **changes)) == [(pointer, severity)]


def test_h18_what_an_act_has_ended_is_not_extended() -> None:
    before = measure(effective_to="2026-12-31", acts=[INTRODUCES, TERMINATES])
    findings = changed("extend", before=before, effective_to="2027-06-08", acts=[INTRODUCES, TERMINATES, EXTENDS])
    assert found("H18", findings) == [("/effective_to", "refusal")]
    open_ended = measure(effective_to=None)
    assert found("H18", changed("extend", before=open_ended, acts=[INTRODUCES, EXTENDS])) == [
        ("/effective_to", "refusal")
    ]


@pytest.mark.parametrize("before_end", ["2027-03-08", None])
def test_h19_an_early_end_is_earlier_and_rests_on_an_act(before_end: str | None) -> None:
    before = measure(effective_to=before_end)
    good = changed("terminate", before=before, effective_to="2026-12-01", acts=[INTRODUCES, TERMINATES])
    assert found("H19", good) == []
    assert found("H19", changed("terminate", before=before, effective_to="2026-12-01")) == [("/acts", "refusal")]
    late = changed("terminate", before=before, effective_to=before_end, acts=[INTRODUCES, TERMINATES])
    assert found("H19", late) == [("/effective_to", "refusal")]
    more = changed("terminate", before=before, effective_to="2026-12-01", acts=[INTRODUCES, TERMINATES],
                   destination="all")  # fmt: skip
    assert found("H19", more) == [("/destination", "refusal")]


def test_h20_the_permission_changes_by_its_own_decision() -> None:
    permission = {"permitted": True, "protocol": PROTOCOL}
    assert found("H20", changed("amend", declaration=permission)) == [("/declaration", "refusal")]
    assert found("H20", changed("correct", "номер", declaration=permission)) == []
    # Without permission is without permission, however it is written.
    assert found("H20", changed("amend", declaration={"permitted": False}, title={"ru": "Шпон"})) == []


def test_h21_a_change_changes_something() -> None:
    assert found("H21", changed("amend")) == [("", "refusal")]
    assert found("H21", changed("amend", title={"ru": "Шпон"})) == []


def test_h22_only_a_permission_that_stands_is_revoked() -> None:
    held = measure(declaration={"permitted": True, "protocol": PROTOCOL, "to": "2026-12-01"})

    def revoke(before: Measure, **declaration: Any) -> list[tuple[str, str]]:
        return found("H22", changed("revoke", before=before, declaration=declaration))

    assert revoke(measure(), permitted=False, protocol=PROTOCOL) == [("/declaration", "refusal")]
    assert revoke(held, permitted=True, protocol=PROTOCOL, to="2026-12-01") == [("/declaration/to", "refusal")]
    assert revoke(held, permitted=True, protocol=PROTOCOL, to="2026-08-29") == [("/declaration/to", "warning")]
    assert revoke(held, permitted=True, protocol=PROTOCOL, to="2026-11-30") == []
    assert revoke(held, permitted=False, protocol=PROTOCOL) == []


def test_contents_made_for_an_extension_and_an_early_end_pass() -> None:
    before = measure(declaration={"permitted": True, "protocol": PROTOCOL})
    act = Act(role="extends", number="600", date=date(2026, 8, 29))
    longer = proposed(before, extended(before, date(2027, 6, 8), [act]), "extend", TODAY)
    assert check(longer, Context(TODAY, "extend", before)).refusals == ()
    act = Act(role="terminates", number="601", date=date(2026, 8, 29))
    shorter = proposed(before, ended(before, date(2026, 9, 1), [act]), "terminate", TODAY)
    assert check(shorter, Context(TODAY, "terminate", before)).refusals == ()


# The rules as a whole


def every_rule() -> list[type[Rule]]:
    return Rule.__subclasses__()


def test_every_rule_is_attached_once() -> None:
    assert [type(rule) for rule in RULES if type(rule) not in every_rule()] == []
    assert {rule.__name__ for rule in every_rule()} == {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_message_in_both_languages_and_a_test(rule: Rule) -> None:
    assert re.search("[а-я]", rule.ru)
    assert rule.ru.endswith(".")
    assert re.fullmatch(r"[ -~]{20,}\.", rule.en())
    assert rule.severity in ("refusal", "warning")
    source = Path(__file__).read_text("utf-8")
    assert len(re.findall(rf'found\("{rule.id}"|^    \("{rule.id}",|Finding\("[^"]*", "{rule.id}"', source, re.M)) >= 1


def test_every_case_speaks_both_languages() -> None:
    for _rule, _pointer, _severity, changes in CASES:
        findings = included(**changes)
        for finding in (*findings.refusals, *findings.warnings):
            assert re.search("[а-яё]", finding.text["ru"] or ""), finding
            assert re.search("[a-z]", finding.text["en"] or ""), finding
            assert not re.search("[а-яё]", finding.text["en"] or ""), finding


def test_no_rule_stands_outside_the_three_modules() -> None:
    assert {rule.__module__ for rule in every_rule()} == {
        module.__name__ for module in (content_rules, change_rules, shape)
    }


# Records that are not whole


def refusals(data: Any, model: type[Notified] = Notified) -> list[Finding]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return findings_from_validation(caught.value)


def whole(**changes: Any) -> dict[str, Any]:
    return {**content().model_dump(by_alias=True, mode="json"), **changes}


INPUTS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"state": "US"}, "/state", "H2", "Допустимые значения: 'AM', 'BY', 'KZ', 'KG' или 'RU'"),
    ({"state": None}, "/state", "H2", "Допустимые значения: 'AM', 'BY', 'KZ', 'KG' или 'RU'"),
    ({"owner": "x"}, "/owner", "H2", "Такого поля нет"),
    ({"effective_from": "08.09.2026"}, "/effective_from", "H2", "Дата пишется ГГГГ-ММ-ДД"),
    ({"effective_from": "2026-02-30"}, "/effective_from", "H2", "Такой даты нет"),
    ({"effective_from": None}, "/effective_from", "H2", "Значение должно быть датой ГГГГ-ММ-ДД"),
    ({"effective_to": "2026-09-07"}, "", "H2", "Окончание раньше начала действия"),
    ({"title": {}}, "/title", "H2", "Нужен текст на русском или английском языке"),
    ({"title": {"ru": ""}}, "/title/ru", "H2", "Не менее 1 знаков"),
    ({"title": "Лес"}, "/title", "H2", "Значение должно быть объектом"),
    ({"goods": []}, "/goods", "H2", "Не менее 1 элементов, указано 0"),
    ({"goods": {}}, "/goods", "H2", "Значение должно быть списком"),
    ({"goods": [{"line": "a", "code_from": "4401"}]}, "/goods/0/line", "H2", "Значение должно быть целым числом"),
    ({"goods": [{"line": 1.5, "code_from": "4401"}]}, "/goods/0/line", "H2", "Значение должно быть целым числом"),
    ({"goods": [{"line": 0, "code_from": "4401"}]}, "/goods/0/line", "H2", "Значение должно быть не меньше 1"),
    ({"goods": [{"line": 10001, "code_from": "4401"}]}, "/goods/0/line", "H2", "Значение должно быть не больше 10000"),
    ({"goods": [{"code_from": 4401}]}, "/goods/0/code_from", "H2", "Значение должно быть строкой"),
    ({"goods": [{"code_from": "4401", "partial": "so"}]}, "/goods/0/partial", "H2",
     "Значение должно быть true или false"),
    ({"goods": [{}]}, "/goods/0/code_from", "H2", "Обязательное поле не заполнено"),
    ({"goods": [{"line": 1, "code_from": "4401"}, {"line": 1, "code_from": "4402"}]}, "", "H2",
     "Две товарные строки с одним номером"),
    ({"goods": [{"code_from": "44 0"}]}, "/goods/0/code_from", "H1",
     "Код ТН ВЭД «44 0»: число цифр – 3, а должно быть 2 либо от 4 до 10"),
    ({"goods": [{"code_from": "8415", "code_to": "8404"}]}, "/goods/0", "H1",
     "Диапазон 8415 – 8404: начало больше конца"),
    ({"acts": [{"number": "x" * 61, "date": "2026-08-27"}]}, "/acts/0/number", "H2", "Не более 60 знаков"),
    ({"acts": [{"number": "1", "date": "2026-08-27", "url": "javascript:alert(1)"}]}, "/acts/0/url", "H2",
     "Адрес в сети Интернет должен начинаться с http:// или https://"),
    ({"conditions": [{"ru": "x"}] * 201}, "/conditions", "H2", "Не более 200 элементов, указано 201"),
    ({"declaration": {"permitted": True, "from": "2026-10-01", "to": "2026-09-01"}}, "/declaration", "H2",
     "Разрешение кончается раньше начала"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "rule", "ru"), INPUTS)
def test_a_record_that_is_not_whole_gives_findings(changes: Any, pointer: str, rule: str, ru: str) -> None:
    (finding,) = refusals(whole(**changes))
    assert (finding.pointer, finding.rule, finding.severity) == (pointer, rule, "refusal")
    assert finding.text["ru"] == ru
    assert re.fullmatch(r"[A-Z][^а-яёА-ЯЁ]+", finding.text["en"] or "")


def test_pointers_are_escaped_and_take_a_prefix() -> None:
    with pytest.raises(ValidationError) as caught:
        Text.model_validate({"ru": "x", "a/b~c": 1})
    (finding,) = findings_from_validation(caught.value, "/17/title")
    assert finding.pointer == "/17/title/a~1b~0c"


def test_a_number_of_a_measure_that_cannot_be() -> None:
    (finding,) = refusals({**whole(), "id": "US-1", "version": 1, "seq": 1, "included_on": "2026-08-30"}, Measure)
    assert finding.pointer == "/id"
    assert (finding.text["ru"] or "").startswith("Значение не соответствует образцу")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(Notified.model_fields)), json_values)
def test_any_input_gives_a_measure_or_findings_in_both_languages(field: str, value: Any) -> None:
    try:
        taken = Notified.model_validate(whole(**{field: value}))
    except ValidationError as error:
        for finding in findings_from_validation(error):
            assert finding.pointer == "" or finding.pointer.startswith("/")
            assert finding.text["ru"]
            assert finding.text["en"]
    else:
        assert isinstance(check(taken, Context(TODAY)).refusals, tuple)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_six_months_end_on_the_same_day_of_a_month(start: date) -> None:
    end = after_months(start, 6)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == 6
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


def test_the_terms_of_the_real_table_are_read_as_six_months() -> None:
    """«с 03.08.2026 до 03.02.2027» is the usual term of six months, which is no reason for a warning."""
    table = Path(__file__).parents[2] / "admin" / "demonstration" / "commission-table.csv"
    with table.open(encoding="utf-8", newline="") as file:
        terms = [re.fullmatch(r"с (\d\d)\.(\d\d)\.(\d{4}) до (\d\d)\.(\d\d)\.(\d{4})", row["term"]) for row in
                 csv.DictReader(file)]  # fmt: skip
    usual = [term.groups() for term in terms if term]
    warned = 0
    for d1, m1, y1, d2, m2, y2 in usual:
        long = found("T7", included(effective_from=f"{y1}-{m1}-{d1}", effective_to=f"{y2}-{m2}-{d2}"))
        warned += bool(long)
    assert len(usual) > 50
    assert warned < len(usual) / 5


def test_a_declaration_without_permission_is_no_change() -> None:
    before = measure(declaration={"permitted": False})
    assert change_rules.changed_fields(before, before.model_copy(update={"declaration": None})) == []
    permission = Declaration(permitted=True)
    assert change_rules.changed_fields(before, before.model_copy(update={"declaration": permission})) == ["declaration"]


def test_h6_refuses_an_exclusion_that_leaves_nothing_of_its_line() -> None:
    whole = {"code_from": "0207", "excluded": [{"code_from": "0207"}]}
    part = {"code_from": "0207", "excluded": [{"code_from": "0207", "partial": True}, {"code_from": "020712"}]}
    found = check(content(goods=[whole, part]), Context(date(2026, 9, 1))).refusals
    assert [(finding.rule, finding.pointer) for finding in found] == [("H6", "/goods/0/excluded/0/code_from")]
