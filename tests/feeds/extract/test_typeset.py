"""The pages: the same bytes for the same state, texts of users as texts, long and half-translated records."""

from __future__ import annotations

import io
import json

import pytest
from pypdf import PdfReader

from feeds.extract import content as pages
from feeds.extract import typeset
from feeds.extract.pages_text import Opened
from feeds.extract.proof_file import NAME, ProofFile
from register.words import LANGUAGES, Language
from tests.feeds.extract.samples import (
    NASTY,
    SETTING,
    answered,
    changed,
    later,
    measured,
    sample,
    signed,
    squeezed,
    text_of,
)
from tests.register.synthetic import build, record

FILES = [
    lambda language: answered(sample(), language, origin="KZ", value_eur="18000.50", compliance="RU,AM"),
    lambda language: measured(sample(), "KG-2026-001", language),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", FILES, ids=["answer", "measure"])
def test_the_same_state_gives_the_same_bytes(make, language: Language) -> None:
    first = pages.pdf(make(language))
    typeset._template.cache_clear()
    assert pages.pdf(make(language)) == first


def test_is_pdf_a_3_and_accessible_with_the_proof_attached() -> None:
    proof = answered(sample())
    data = pages.pdf(proof)
    reader = PdfReader(io.BytesIO(data))
    metadata = reader.xmp_metadata
    assert metadata is not None
    raw = metadata.stream.get_data().decode()
    assert "<pdfaid:part>3<" in raw
    assert "<pdfuaid:part>1<" in raw
    assert Opened(data).proof == proof.encode()
    assert list(reader.attachments) == [NAME]
    assert reader.metadata is not None
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.isoformat() == "2024-01-09T16:00:00+00:00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_says_everything_that_was_asked_and_found(language: Language) -> None:
    proof = answered(sample(), language, origin="KZ", value_eur="18000.50", transport="road", compliance="RU")
    given, text = proof.answer, text_of(pages.pdf(proof))
    assert given is not None
    wanted = [item["text"][language] for name in ("grounds", "considered", "notes") for item in given[name]]
    wanted += [item["id"] for item in given["measures"]]
    wanted += ["7204 10 000 0", "BY-2026-001", proof.root, "register.example/log", "known_at=7"]
    wanted += {
        "ru": ["Нужен специальный сертификат.", "Республика Казахстан (KZ)", "18 000,5", "10.09.2026"],
        "en": ["A special certificate is needed.", "Kazakhstan (KZ)", "18,000.5", "10 September 2026"],
    }[language]
    assert [item for item in wanted if squeezed(item) not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_says_until_when_and_what_follows(language: Language) -> None:
    register = build([record("KG-2026-001", "7204", effective_from="2026-09-08", included_on="2026-09-01")])
    text = text_of(pages.pdf(answered(register, language)))
    wanted = {
        "ru": [
            "Достаточно декларации о происхождении до 23.09.2026.",
            "Это верно по 23.09.2026 включительно.",
            "С 24.09.2026 по имеющимся в Реестре сведениям будет нужен специальный сертификат (п. 26).",
            "15 дней – по 23.09.2026",
        ],
        "en": [
            "An origin declaration is enough until 23 September 2026.",
            "This holds until 23 September 2026 inclusive.",
            "From 24 September 2026, on what this state of the Register says, a special certificate will be needed "
            "(point 26).",
            "15 days, until 23 September 2026",
        ],
    }[language]
    assert [item for item in wanted if squeezed(item) not in text] == []


def test_no_measure_and_the_empty_journal_are_answered_too() -> None:
    for register in (sample(), build([])):
        text = text_of(pages.pdf(answered(register, code="9701")))
        assert squeezed("No proof of origin is needed.") in text
        assert squeezed("On this date no measure that is in the Register and in force covers the code.") in text
    assert "theRegisterholdsnoentries" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_measure_goes_on_over_pages_with_nothing_left_out(language: Language) -> None:
    proof = measured(sample(), "KG-2026-002", language)
    data = pages.pdf(proof)
    text = text_of(data)
    assert len(PdfReader(io.BytesIO(data)).pages) > 2
    for line in range(1, 61):
        # English is missing in this record: what governs stands in its place. No text of it is read as markup.
        assert squeezed(f"Товар строки {line}: {NASTY}") in text
    assert text.count("включена20.08.2026" if language == "ru" else "included20August2026") == 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_measure_shows_its_acts_permission_and_versions(language: Language) -> None:
    text = text_of(pages.pdf(measured(sample(), "KG-2026-001", language)))
    wanted = {
        "ru": [
            "Запрет вывоза лома",
            "Действует с 08.08.2026 по 08.07.2027.",
            "вводит меру: Кабинет Министров Кыргызской Республики: постановление от 27.07.2026 № 587",
            "включение в Реестр, запись 1, внесена 09.01.2024, 10:00:00 UTC",
            "изменение меры, запись 7",
            "решения в Реестре нет",
        ],
        "en": ["Scrap", "In force from 8 August 2026 to 8 July 2027.", "inclusion in the Register, entry 1", "No. 587"],
    }[language]
    assert [item for item in (*wanted, str(ACT_URL), NASTY) if squeezed(item) not in text] == []


ACT_URL = "https://acts.example/587?a=1#b"


def test_an_ended_measure_says_so_and_a_decision_is_named() -> None:
    ended = record(
        "KZ-2026-001",
        effective_to="2026-08-31",
        acts=[{"role": "terminates", "number": "9", "date": "2026-08-20"}],
        declaration={
            "permitted": True,
            "from": "2026-08-05",
            "protocol": {"number": "7", "date": "2026-08-03"},
            "consultation": "C-2026-003",
        },
    )
    text = text_of(pages.pdf(measured(build([ended]), "KZ-2026-001", "ru")))
    for said in (
        "Прекращена досрочно; последний день действия – 31.08.2026.",
        "допущена решением с 05.08.2026, протокол № 7 от 03.08.2026, консультации C-2026-003",
    ):
        assert squeezed(said) in text


@pytest.mark.parametrize("title", ["Кара металл 😀 漢字", "a\u202eb\x07c\ue000", "Հայաստան Қазақстан Кыргызстан өү"])
def test_characters_of_any_kind_are_typeset_or_marked(title: str) -> None:
    register = build([record("AM-2026-001", title={"ru": title, "en": None})])
    proof = measured(register, "AM-2026-001", "ru")
    data = pages.pdf(proof)
    assert pages.pdf(proof) == data
    shown = text_of(data)
    assert "\u202e" not in shown
    assert "AM-2026-001" in shown


def test_markings_of_a_demonstration_and_of_the_transition() -> None:
    proof = answered(sample(), "ru")
    assert "Демонстрация" not in text_of(pages.pdf(proof))
    shown = text_of(pages.pdf(changed(proof, demonstration=True, duties_until="2027-05-01")))
    assert squeezed("юридического значения выписка не имеет") in shown
    assert squeezed("по 01.05.2027 включительно") in shown


def test_a_past_state_is_proved_under_a_later_checkpoint() -> None:
    register = later(sample())
    proof: ProofFile = answered(register, known_at=4)
    assert proof.seq == 4
    assert proof.consistency
    assert json.loads(proof.encode())["question"]["known_at"] == 4
    assert signed(register).size == 8
    assert squeezed("register.example/log, checkpoint of entry 8") in text_of(pages.pdf(proof))
    assert SETTING.base_url in pages.address(proof)
