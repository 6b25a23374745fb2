"""The house rules of a draft's way to publication: their ids and what they say. Pure: no database, no web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from register.findings import Finding


@dataclass(frozen=True, slots=True)
class DraftRule:
    """A rule with its general text; ``status`` is the HTTP status of what it refuses."""

    id: str
    ru: str
    en: str
    status: int = 409

    def found(self, ru: str | None = None, en: str | None = None, pointer: str = "") -> Finding:
        """What the rule finds, in the words of the case or in its own."""
        return Finding(pointer, self.id, {"ru": ru or self.ru, "en": en or self.en})


HD1: Final = DraftRule(
    "HD1",
    "Действие возможно только в предусмотренном для него состоянии проекта.",
    "A command applies to a draft only in the states that are meant for it.",
)
HD2: Final = DraftRule(
    "HD2",
    "Действие с проектом совершает только тот, чьи полномочия это предусматривают.",
    "Only a person whose role allows it does something with a draft.",
    403,
)
HD3: Final = DraftRule(
    "HD3",
    "Проект утверждает не тот, кто его составил, изменял или представил на утверждение.",
    "A draft is approved by a person other than those who wrote, changed or submitted it.",
    403,
)
HD4: Final = DraftRule(
    "HD4",
    "До представления проекта на утверждение специалист разрешает каждое сомнение.",
    "Every doubt is settled by a person before a draft is submitted.",
    422,
)
HD5: Final = DraftRule(
    "HD5",
    "На утверждение представляется только проект, в котором правила Реестра не находят препятствий.",
    "A draft is submitted when no rule of the Register refuses it.",
    422,
)
HD6: Final = DraftRule(
    "HD6",
    "При возвращении проекта указывается причина.",
    "A draft that is returned is returned with a reason.",
    422,
)
HD7: Final = DraftRule(
    "HD7",
    "Опубликованная мера не отзывается: ее действие прекращается либо запись исправляется, и обе записи остаются "
    "доступными.",
    "A published measure is not withdrawn: it ends or is corrected, and both stay visible.",
)
HD8: Final = DraftRule(
    "HD8",
    "Изменение готовится от действующей редакции меры: если мера с тех пор изменилась, проект пересматривается.",
    "A change is made from the present version of the measure; when that has moved since, the draft is looked at anew.",
)
HD9: Final = DraftRule(
    "HD9",
    "Проект, утвержденный к публикации в определенное время, ранее этого времени не публикуется.",
    "A draft approved for publication at a given time is not published before it.",
)
HD10: Final = DraftRule(
    "HD10",
    "Проект возвращает и утверждает должностное лицо, а не программа.",
    "A draft is returned and approved by a person, not by a machine.",
    403,
)
HD11: Final = DraftRule(
    "HD11",
    "Проект сохраняется поверх той редакции, с которой начата правка; правка другого лица не утрачивается.",
    "A draft is saved over the version that the change began from; what somebody else wrote meanwhile is not lost.",
)
HD12: Final = DraftRule(
    "HD12",
    "Проект новой меры не относится к мере Реестра, всякий иной проект относится к одной мере, включенной в Реестр.",
    "A draft of a new measure names no measure of the Register, every other draft names one that is in it.",
    422,
)
HD13: Final = DraftRule(
    "HD13",
    "Содержание проекта – объект JSON размером не более 2 МБ.",
    "The content of a draft is a JSON object of 2 MB at most.",
    422,
)
HD14: Final = DraftRule(
    "HD14",
    "К проекту прилагается акт в формате PDF: файл проверяется по содержанию, а не по имени.",
    "The act attached to a draft is a PDF file: its content is checked, not its name.",
    422,
)
HD15: Final = DraftRule(
    "HD15",
    "Размер прилагаемого файла – не более 20 МБ.",
    "An attached file has 20 MB at most.",
    413,
)
HD16: Final = DraftRule(
    "HD16",
    "Год назначенного времени публикации – с 1900 по 2999.",
    "The year of the time set for publication lies between 1900 and 2999.",
    422,
)

HD17: Final = DraftRule(
    "HD17",
    "Возможность использования декларации по итогам консультаций указывается для меры того же государства, все "
    "товарные строки которой охвачены действующим решением, и в пределах его периода.",
    "A permission decided in a consultation is put on a measure of the same state whose every goods line the standing "
    "decision covers, within its days.",
)

DRAFT_RULES: Final[Mapping[str, DraftRule]] = {
    rule.id: rule
    for rule in (
        HD1, HD2, HD3, HD4, HD5, HD6, HD7, HD8, HD9, HD10, HD11, HD12, HD13, HD14, HD15, HD16, HD17,
    )
}  # fmt: skip
"""Every rule, for the page of rules."""


class DraftRefused(Exception):
    """A command that a rule of drafts refuses; nothing was written."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{one.rule}: {one.text['en']}" for one in findings))

    @property
    def status(self) -> int:
        """The HTTP status: that of the first rule."""
        rule = DRAFT_RULES.get(self.findings[0].rule)
        return 422 if rule is None else rule.status
