"""The rules of a consultation: provisions of the Rules (P…) and rules of this house (HC…), with what they say.

Pure: no database, no web.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import ClassVar, Final

from register.drafts.rules import DRAFT_RULES
from register.findings import Finding


class ConsultationRule:
    """Base of the rules: the docstring is the general message in English, ``ru`` the same in Russian.

    ``status`` is the HTTP status of what the rule refuses.
    """

    id: ClassVar[str]
    ru: ClassVar[str]
    status: ClassVar[int] = 422

    @classmethod
    def en(cls) -> str:
        """The general message in English, on one line."""
        return " ".join((inspect.getdoc(cls) or "").split())

    @classmethod
    def found(cls, ru: str | None = None, en: str | None = None, pointer: str = "") -> Finding:
        """What the rule finds, in the words of the case or in its own."""
        return Finding(pointer, cls.id, {"ru": ru or cls.ru, "en": en or cls.en()})


class P24(ConsultationRule):
    """A consultation is opened by the state bodies of a member state, never by the Commission."""

    id = "P24"
    status = 403
    ru = "Консультации проводятся по инициативе уполномоченных органов государства-члена; Комиссия их не инициирует."


class HC1(ConsultationRule):
    """A step of a consultation is taken only in the states of the consultation that are meant for it."""

    id = "HC1"
    status = 409
    ru = "Действие совершается только на той стадии консультаций, которая для него предусмотрена."


class HC2(ConsultationRule):
    """Only a person whose role allows it takes a step of a consultation."""

    id = "HC2"
    status = 403
    ru = "Действие в ходе консультаций совершает только тот, чьи полномочия это предусматривают."


class HC3(ConsultationRule):
    """An official acts for the own state only."""

    id = "HC3"
    status = 403
    ru = "Должностное лицо органа государства-члена действует только от имени своего государства."


class HC4(ConsultationRule):
    """The initiator is the state that plans the measure or a state whose exports it would burden."""

    id = "HC4"
    status = 403
    ru = (
        "Консультации инициирует государство, планирующее введение меры, либо государство, вывоз из которого мера "
        "существенно затруднит."
    )


class HC5(ConsultationRule):
    """The burdened exports are those of other states than the one that plans the measure; each is named once."""

    id = "HC5"
    ru = (
        "Затруднения указываются для вывоза из государств, иных, чем планирующее меру; каждое государство называется "
        "один раз."
    )


class HC6(ConsultationRule):
    """Goods given as the text of a code cell are taken when every part of it was read for certain."""

    id = "HC6"
    ru = "Товары, указанные текстом, принимаются, когда каждая часть записи кодов прочитана однозначно."


class HC7(ConsultationRule):
    """The plan is changed by its initiator before anybody has stated a position and before the day of the meeting."""

    id = "HC7"
    status = 409
    ru = "Предмет консультаций изменяет их инициатор до первой позиции и до дня заседания."


class HC8(ConsultationRule):
    """A meeting is set for the present day or a later one, with a place or a link."""

    id = "HC8"
    ru = "Заседание назначается на текущий или более поздний день с указанием места проведения или ссылки."


class HC9(ConsultationRule):
    """An objection is stated with its reasons."""

    id = "HC9"
    ru = "Возражение заявляется с указанием причин."


class HC10(ConsultationRule):
    """A consultation is concluded after its meeting was held, by a protocol that is not older than the meeting."""

    id = "HC10"
    ru = "Консультации завершаются после проведения назначенного заседания протоколом не ранее дня заседания."


class HC11(ConsultationRule):
    """There is consensus when no objection stands and each of the five states has stated a position or has had its
    time for one; the outcome agrees with that. An abstention does not hinder consensus."""

    id = "HC11"
    status = 409
    ru = (
        "Консенсус имеется, когда нет возражений и каждое из пяти государств заявило позицию либо срок для нее истек; "
        "итог консультаций этому соответствует. Воздержавшееся государство консенсусу не препятствует."
    )


class HC12(ConsultationRule):
    """A permission, and only a permission, names the goods and the days for which a declaration may be used; its goods
    are goods of the consultation."""

    id = "HC12"
    ru = (
        "Решение о возможности использования декларации, и только оно, содержит товары и период; эти товары – из числа "
        "рассмотренных в ходе консультаций."
    )


class HC13(ConsultationRule):
    """A consultation is withdrawn by the state that opened it, with a reason, before there is an outcome."""

    id = "HC13"
    ru = "Инициативу отзывает открывшее консультации государство с указанием причины до их завершения."


class HC14(ConsultationRule):
    """A permission is revoked by a later protocol, which is not older than the one that gave it."""

    id = "HC14"
    ru = "Решение отменяется последующим протоколом, дата которого не предшествует дате первого."


class HC15(ConsultationRule):
    """A document is a PDF or a file of a common office program; its content is checked, not its name."""

    id = "HC15"
    ru = "Документ представляется в формате PDF или распространенных офисных программ; проверяется содержание файла."


class HC16(ConsultationRule):
    """A document has 20 MB at most."""

    id = "HC16"
    status = 413
    ru = "Размер документа – не более 20 МБ."


class HC17(ConsultationRule):
    """A step is taken on the consultation as the caller knows it; what somebody else did meanwhile is shown first."""

    id = "HC17"
    status = 409
    ru = "Действие совершается при известном состоянии консультаций; сделанное другими показывается прежде."


class HC18(ConsultationRule):
    """A step of a consultation is taken by a person, not by a machine."""

    id = "HC18"
    status = 403
    ru = "Действие в ходе консультаций совершает должностное лицо, а не программа."


class HC19(ConsultationRule):
    """A comment says something, and answers a comment of the same consultation."""

    id = "HC19"
    ru = "Комментарий содержит текст и отвечает на комментарий тех же консультаций."


class HC20(ConsultationRule):
    """Where the plan concerns a measure of the Register, that measure is there and is of the planning state."""

    id = "HC20"
    ru = "Если план относится к мере Реестра, эта мера в нем имеется и введена планирующим государством."


RULES: Final[tuple[type[ConsultationRule], ...]] = (
    P24, HC1, HC2, HC3, HC4, HC5, HC6, HC7, HC8, HC9, HC10, HC11, HC12, HC13, HC14, HC15, HC16, HC17, HC18, HC19, HC20
)  # fmt: skip
"""Every rule, for the page of rules."""
BY_ID: Final[Mapping[str, type[ConsultationRule]]] = {rule.id: rule for rule in RULES}


class ConsultationRefused(Exception):
    """A step that a rule refuses; nothing was written."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{one.rule}: {one.text['en']}" for one in findings))

    @property
    def status(self) -> int:
        """The HTTP status: that of the first rule."""
        first = self.findings[0].rule
        rule = BY_ID.get(first) or DRAFT_RULES.get(first)
        return 422 if rule is None else rule.status
