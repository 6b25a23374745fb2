"""The sentences of the entries, as a person reads them."""

import re
from datetime import date
from typing import Any

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from register import words
from register.entries import ENTRY_TYPES, REASONS
from register.measures import KINDS, STATES, STATUSES, TRANSPORTS, Act, Measure, Notified
from register.summaries import TITLE_LENGTH, summary

BASE: dict[str, Any] = {
    "id": "KG-2026-021",
    "version": 1,
    "seq": 7,
    "state": "KG",
    "kind": "export_prohibition",
    "title": {"ru": "Лесоматериалы", "en": "Timber"},
    "acts": [{"role": "introduces", "number": "587", "date": "2026-06-12"}],
    "goods": [{"code_from": "4401"}, {"code_from": "4403"}, {"code_from": "4407", "included_on": "2026-07-01"}],
    "effective_from": "2026-06-19",
    "effective_to": "2026-12-19",
    "included_on": "2026-06-15",
}


def record(on: str = "2026-06-15", **changes: Any) -> dict[str, Any]:
    return Measure.model_validate({**BASE, **changes}).public(date.fromisoformat(on))


def said(type_: str, before: Any = None, after: Any = None, **more: Any) -> tuple[str, str]:
    text = summary(type_, before, after, **more)
    assert set(text) == {"ru", "en"}
    return text["ru"], text["en"]


def test_inclusion() -> None:
    assert said("measure.included", None, record()) == (
        "В Реестр включена мера KG-2026-021: Кыргызская Республика, запрет вывоза «Лесоматериалы» "
        "(ТН ВЭД 4401, 4403, 4407); срок действия – с 19.06.2026 по 19.12.2026 включительно.",
        "Entered in the Register as KG-2026-021: Kyrgyzstan, export prohibition “Timber” (TN VED 4401, 4403, 4407); "
        "in force from 19 June 2026 to 19 December 2026 inclusive.",
    )


def test_inclusion_of_an_open_ended_measure() -> None:
    ru, en = said("measure.included", None, record(effective_to=None))
    assert ru.endswith("с 19.06.2026 без ограничения срока.")
    assert en.endswith("from 19 June 2026, open-ended.")


def test_extension() -> None:
    assert said("measure.extended", record(effective_to="2026-09-19"), record()) == (
        "Кыргызская Республика продлила запрет вывоза «Лесоматериалы» (ТН ВЭД 4401, 4403, 4407) по 19.12.2026 "
        "включительно (мера KG-2026-021).",
        "Kyrgyzstan extends the export prohibition “Timber” (TN VED 4401, 4403, 4407) to 19 December 2026 inclusive "
        "(KG-2026-021).",
    )
    ru, en = said("measure.extended", record(), record(effective_to=None, kind="export_duty"))
    assert "продлила вывозную таможенную пошлину" in ru
    assert "без ограничения срока" in ru
    assert "without an end date" in en


def test_amendment_names_what_changed() -> None:
    after = record(title={"ru": "Дрова", "en": None}, destination="all")
    ru, en = said("measure.amended", record(), after)
    assert ru.endswith("Изменено: наименование, направление вывоза.")
    assert en.endswith("export prohibition (TN VED 4401, 4403, 4407). Changed: title, destination.")


def test_amendment_of_the_acts_alone() -> None:
    acts = [*BASE["acts"], {"role": "amends", "number": "600", "date": "2026-06-20"}]
    assert said("measure.amended", record(), record(acts=acts))[0].endswith("Изменено: акты.")
    assert said("measure.amended", record(), record(acts=acts, destination="all"))[0].endswith("направление вывоза.")


def test_early_end() -> None:
    ru, en = said("measure.terminated", record(), record(effective_to="2026-10-01"))
    assert ru.startswith("Кыргызская Республика досрочно прекратила действие запрета вывоза «Лесоматериалы»")
    assert "последний день действия – 01.10.2026" in ru
    assert "the last day in force is 1 October 2026" in en


def test_early_end_before_effect() -> None:
    acts = [{"role": "terminates", "number": "600", "date": "2026-06-16"}]
    ru, en = said("measure.terminated", record(), record(effective_to="2026-06-18", acts=acts))
    assert ru.endswith("мера KG-2026-021 не вступает в силу.")
    assert en.endswith("KG-2026-021 does not take effect.")


def test_correction_gives_its_reason() -> None:
    after = record(effective_to="2026-12-18")
    ru, en = said("measure.corrected", record(), after, note={"ru": "опечатка в уведомлении.", "en": "misprint"})
    assert ru.endswith("Изменено: дата окончания действия. Причина: опечатка в уведомлении.")
    assert en.endswith("Changed: last day in force. Reason: misprint.")
    assert said("measure.corrected", record(), after, note={"ru": "опечатка", "en": None})[1].endswith(": опечатка.")


def test_effect_and_resumption() -> None:
    ru, en = said("measure.effective", record("2026-06-18"), record("2026-06-19"))
    assert ru.startswith("Вступила в силу мера KG-2026-021: Кыргызская Республика, запрет вывоза")
    assert en.startswith("KG-2026-021 has taken effect: Kyrgyzstan")
    pause = {"suspensions": [{"from": "2026-08-01", "to": "2026-08-31"}]}
    ru, en = said("measure.effective", record("2026-08-31", **pause), record("2026-09-01", **pause))
    assert ru.startswith("Возобновлено действие меры KG-2026-021")
    assert en.startswith("KG-2026-021 is in force again after its suspension")


def test_end_of_the_term_says_whether_it_was_early() -> None:
    ru, en = said("measure.expired", record("2026-12-19"), record("2026-12-20"))
    assert "срок действия истек, последний день действия – 19.12.2026" in ru
    assert "its term has passed, the last day in force was 19 December 2026" in en
    acts = {"acts": [{"role": "terminates", "number": "1", "date": "2026-10-01"}]}
    ru, en = said("measure.expired", record("2026-12-19", **acts), record("2026-12-20", **acts))
    assert "прекращена досрочно" in ru
    assert "ended early" in en


def test_permission_names_its_days_and_its_protocol() -> None:
    declaration = {"permitted": True, "from": "2026-07-01", "to": "2026-09-30",
                   "protocol": {"number": "6-АС/13", "date": "2026-06-25"}}  # fmt: skip
    ru, en = said("declaration.permitted", record(), record(declaration=declaration))
    assert "с 01.07.2026 по 30.09.2026 включительно может подтверждаться декларацией о происхождении товара" in ru
    assert ru.endswith("Основание: протокол от 25.06.2026 № 6-АС/13.")
    assert "from 1 July 2026 to 30 September 2026 inclusive" in en
    assert en.endswith("Ground: protocol No. 6-АС/13 of 25 June 2026.")
    bare, _ = said("declaration.permitted", record(), record(declaration={"permitted": True}))
    assert "аналогичных товаров может подтверждаться" in bare


def test_revocation_names_the_last_day_and_its_own_protocol() -> None:
    protocol = {"number": "7-АС", "date": "2026-09-01"}
    after = record(declaration={"permitted": True, "to": "2026-09-30"})
    ru, en = said("declaration.revoked", record(), after, protocol=protocol)
    assert "прекращена: последний день – 30.09.2026. Основание: протокол от 01.09.2026 № 7-АС." in ru
    assert "its last day is 30 September 2026. Ground: protocol No. 7-АС of 1 September 2026." in en
    ru, en = said("declaration.revoked", record(), record(declaration={"permitted": False}))
    assert ru.endswith("отменена.")
    assert en.endswith("is revoked.")


def test_the_window_of_the_measure_and_of_a_line() -> None:
    ru, en = said("declaration.window_closed", record(), record())
    assert "– 04.07.2026 истекли 15 календарных дней" in ru
    assert en.endswith("ended on 4 July 2026.")
    ru, en = said("declaration.window_closed", record(), record(), line=3)
    assert ru.startswith("По товарной строке 3 (4407) меры KG-2026-021")
    assert "– 16.07.2026 истекли" in ru
    assert en.startswith("For goods line 3 (4407) of KG-2026-021")


CONSULTATION: dict[str, Any] = {"id": "C-2026-003", "state": "KZ", "title": {"ru": "Пшеница", "en": "Wheat"}}


@pytest.mark.parametrize(
    ("type_", "more", "ru", "en"),
    [
        (
            "consultation.initiated",
            {},
            "Инициированы консультации C-2026-003 (Республика Казахстан, «Пшеница») в соответствии с пунктом 24 "
            "Правил.",
            "A consultation under point 24 is initiated: C-2026-003 (Kazakhstan, “Wheat”).",
        ),
        (
            "consultation.scheduled",
            {"meeting": {"date": "2026-09-15"}},
            "Рассмотрение консультаций C-2026-003 (Республика Казахстан, «Пшеница») на заседании подкомитета назначено "
            "на 15.09.2026.",
            "The subcommittee will consider the consultation C-2026-003 (Kazakhstan, “Wheat”) on 15 September 2026.",
        ),
        (
            "consultation.concluded",
            {"status": "no_consensus"},
            "Завершены консультации C-2026-003 (Республика Казахстан, «Пшеница»): консенсус не достигнут.",
            "The consultation C-2026-003 (Kazakhstan, “Wheat”) is concluded: no consensus.",
        ),
        (
            "consultation.withdrawn",
            {},
            "Инициатор отозвал предложение о проведении консультаций C-2026-003 (Республика Казахстан, «Пшеница»).",
            "The consultation C-2026-003 (Kazakhstan, “Wheat”) is withdrawn by its initiator.",
        ),
    ],
)
def test_consultations(type_: str, more: dict[str, Any], ru: str, en: str) -> None:
    assert said(type_, None, {**CONSULTATION, **more}) == (ru, en)


def test_a_consultation_of_which_little_is_said() -> None:
    ru, en = said("consultation.scheduled", None, {"id": "C-2026-004"})
    assert ru == "Рассмотрение консультаций C-2026-004 на заседании подкомитета назначено."
    assert en == "The subcommittee will consider the consultation C-2026-004."


def test_long_lists_of_codes_and_long_titles_are_shortened() -> None:
    goods = [{"code_from": f"44{n:02d}"} for n in range(1, 13)]
    ru, en = said("measure.included", None, record(goods=goods, title={"ru": "слово " * 60, "en": "word " * 60}))
    assert "(ТН ВЭД 4401, 4402, 4403, 4404, 4405, 4406 и еще 6)" in ru
    assert "4406 and 6 more)" in en
    title = re.search("«(.*)»", ru)
    assert title
    assert title[1].endswith("слово…")
    assert len(title[1]) <= TITLE_LENGTH


def test_codes_as_people_write_them() -> None:
    goods = [
        {"code_from": "7204100000", "partial": True},
        {"code_from": "8404", "code_to": "8415"},
        {"code_from": "8404", "code_to": "8415", "partial": False},
    ]
    assert words.written_codes(goods, "ru") == "из 7204 10 000 0, 8404 – 8415"
    assert words.written_codes(goods, "en") == "ex 7204 10 000 0, 8404 – 8415"
    seven = [{"code_from": f"44{n:02d}"} for n in range(1, 8)]
    assert words.written_codes(seven, "en").endswith("4406, 4407")


@given(st.dates(date(1991, 1, 1), date(2150, 1, 1)))
def test_dates_are_written_as_babel_writes_them(day: date) -> None:
    assert words.written_date(day, "ru") == format_date(day, "dd.MM.yyyy", locale="ru")
    assert words.written_date(day.isoformat(), "en") == format_date(day, "d MMMM y", locale="en_GB")


def test_every_entry_type_has_sentences_for_every_state_and_kind() -> None:
    for type_ in ENTRY_TYPES:
        for state in STATES:
            for kind in KINDS:
                after = record(state=state, kind=kind, id=f"{state}-2026-021")
                ru, en = said(type_, record(), after)
                assert re.search("[а-я]", ru)
                assert not re.search("[а-яА-Я]", en), en
                assert "None" not in ru + en
                assert "  " not in ru + en
                assert ru.endswith(".")
                assert en.endswith(".")


def test_a_type_that_is_not_there_and_no_record() -> None:
    with pytest.raises(KeyError):
        summary("measure.painted", None, record())
    with pytest.raises(ValueError, match="without a record"):
        summary("measure.included", None, None)


def test_every_word_of_the_contract_has_a_name_in_both_languages() -> None:
    expected = {
        "STATE_NAMES": STATES,
        "KIND_NAMES": KINDS,
        "STATUS_NAMES": STATUSES,
        "TRANSPORT_NAMES": TRANSPORTS,
        "ENTRY_TYPE_NAMES": ENTRY_TYPES,
        "REASON_NAMES": REASONS,
        "DESTINATION_NAMES": ("third_countries", "member_states", "all"),
        "ACT_ROLE_NAMES": Act.model_fields["role"].annotation.__args__,  # type: ignore[union-attr]
        "PROOF_NAMES": ("none", "origin_declaration", "special_certificate", "certificate_copy", "outside_rules"),
        "FIELD_NAMES": tuple(Notified.model_fields),
    }
    for table, names in expected.items():
        assert set(getattr(words, table)) == set(names), table
        for forms in getattr(words, table).values():
            assert re.search("[а-яА-Я]", forms["ru"])
            assert not re.search("[а-яА-Я]", forms["en"])
