"""Rules about the content of a measure: its codes, dates, acts and texts, whether it is new or changed.

One class per provision; see ``register.findings`` for what a rule is. Pure: no database, no web.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date
from typing import Final

from register import harmonized
from register.findings import Context, Finding, Rule
from register.measures import Act, GoodsLine, Notified, Text
from register.shape import spans
from register.words import written_date

TERM_MONTHS: Final = 6


def after_months(day: date, months: int) -> date:
    """The same day of the month some months later; the last of the month where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def ended_by_act(candidate: Notified) -> bool:
    """Whether an act ended the measure early: what was planned beyond its end is then without effect, not wrong."""
    return any(act.role == "terminates" for act in candidate.acts)


class H3(Rule):
    """The first six digits of a code exist in the Harmonized System, edition 2022."""

    id = "H3"
    ru = "Первые шесть знаков кода предусмотрены Гармонизированной системой в редакции 2022 года."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        if candidate.nomenclature != harmonized.EDITION:
            return
        for pointer, span in spans(candidate):
            for name, code in (("code_from", span.code_from), ("code_to", span.code_to)):
                refusal = None if code is None else harmonized.refusal(code)
                if refusal is not None:
                    yield self.found(f"{pointer}/{name}", refusal["ru"], refusal["en"])


class H4(Rule):
    """A code exists in the edition of the TN VED in force; codes of another edition cannot be checked."""

    id = "H4"
    severity = "warning"
    ru = "Код предусмотрен действующей редакцией ТН ВЭД; коды иной редакции не проверяются."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        if candidate.nomenclature != harmonized.EDITION:
            yield self.found(
                "/nomenclature",
                f"Коды редакции «{candidate.nomenclature}» не проверены: известна {harmonized.EDITION}",
                f"The codes of edition '{candidate.nomenclature}' are not checked: {harmonized.EDITION} is known",
            )
        elif context.knows is not None:
            for pointer, span in spans(candidate):
                for name, code in (("code_from", span.code_from), ("code_to", span.code_to)):
                    if code and harmonized.exists(code) and context.knows(code, context.today) is False:
                        yield self.found(
                            f"{pointer}/{name}",
                            f"В действующей редакции ТН ВЭД нет кода {code}",
                            f"The edition of the TN VED in force has no code {code}",
                        )


class T7(Rule):
    """A unilateral measure lasts six months at most (Treaty on the Union, Annex 7); real acts run longer at times."""

    id = "T7"
    severity = "warning"
    ru = (
        "Мера, введенная в одностороннем порядке, действует не более 6 месяцев (приложение № 7 к Договору о Союзе); "
        "на практике встречаются и более длительные сроки."
    )

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        if candidate.kind == "export_duty":  # no measure of Annex 7
            return
        if candidate.effective_to is None:
            yield self.found(
                "/effective_to",
                "Срок действия не ограничен, обычный предел – 6 месяцев",
                "The measure is open-ended; six months are the usual limit",
            )
        elif candidate.effective_to > (limit := after_months(candidate.effective_from, TERM_MONTHS)):
            yield self.found(
                "/effective_to",
                f"Срок действия более 6 месяцев: обычный предел – {written_date(limit, 'ru')}",
                f"The term is longer than six months, which end on {written_date(limit, 'en')}",
            )


class H5(Rule):
    """The act that introduces a measure is dated by the day it takes effect, by its notification, and by today."""

    id = "H5"
    severity = "warning"
    ru = "Дата акта, которым вводится мера, не позднее дня ее вступления в силу, дня уведомления и текущего дня."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        for place, act in enumerate(candidate.acts):
            for limit, ru, en in self._limits(candidate, context, act):
                if act.date > limit:
                    yield self.found(
                        f"/acts/{place}/date",
                        f"Акт № {act.number} датирован {written_date(act.date, 'ru')}, позже {ru}"
                        f" ({written_date(limit, 'ru')})",
                        f"Act No. {act.number} is dated {written_date(act.date, 'en')}, after {en}"
                        f" ({written_date(limit, 'en')})",
                    )

    @staticmethod
    def _limits(candidate: Notified, context: Context, act: Act) -> Iterator[tuple[date, str, str]]:
        if act.role == "introduces":
            yield candidate.effective_from, "дня вступления меры в силу", "the day of effect"
            if candidate.notified_on:
                yield candidate.notified_on, "дня уведомления", "the day of notification"
        yield context.today, "текущего дня", "the present day"


class H6(Rule):
    """What a goods line excludes lies inside the codes of that line and leaves something of them."""

    id = "H6"
    ru = "Исключаемые из товарной строки коды входят в коды этой строки и не исчерпывают её."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        for place, goods in enumerate(candidate.goods):
            for inner, exclusion in enumerate(goods.excluded):
                code = exclusion.span
                if not (goods.span.covers(code.code_from) and goods.span.covers(code.last)):
                    shown = code.code_from if code.code_to is None else f"{code.code_from} – {code.code_to}"
                    yield self.found(
                        f"/goods/{place}/excluded/{inner}/code_from",
                        f"Исключение {shown} не входит в коды строки {goods.line}",
                        f"The exclusion {shown} is not inside the codes of line {goods.line}",
                    )
                elif not code.partial and code.covers(goods.span.code_from) and code.covers(goods.span.last):
                    yield self.found(
                        f"/goods/{place}/excluded/{inner}/code_from",
                        f"Исключение охватывает все коды строки {goods.line}: в ней ничего не остаётся",
                        f"The exclusion takes out all the codes of line {goods.line}: nothing is left of it",
                    )


class H7(Rule):
    """A goods line stands in a measure once."""

    id = "H7"
    severity = "warning"
    ru = "Одна и та же товарная строка указывается в мере один раз."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        first: dict[str, GoodsLine] = {}
        for place, goods in enumerate(candidate.goods):
            same = first.setdefault(goods.model_dump_json(exclude={"line", "included_on"}), goods)
            if same is not goods:
                yield self.found(
                    f"/goods/{place}",
                    f"Строка {goods.line} повторяет строку {same.line}",
                    f"Line {goods.line} repeats line {same.line}",
                )


class H8(Rule):
    """A measure that reaches only other member states plays no part in the proof of origin of exports."""

    id = "H8"
    severity = "warning"
    ru = (
        "Мера, применяемая только к вывозу в другие государства-члены, не учитывается при подтверждении происхождения "
        "товаров, вывозимых за пределы Союза."
    )

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        if candidate.destination == "member_states":
            yield self.found("/destination")


class H9(Rule):
    """The title and the conditions of a measure are given in Russian, which governs."""

    id = "H9"
    severity = "warning"
    ru = "Наименование и условия меры приводятся на русском языке, текст на котором имеет преимущество."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        texts: list[tuple[str, Text | None]] = [
            ("/title", candidate.title),
            ("/origin_condition", candidate.origin_condition),
            *((f"/conditions/{place}", text) for place, text in enumerate(candidate.conditions)),
        ]
        for pointer, text in texts:
            if text is not None and text.ru is None:
                yield self.found(f"{pointer}/ru", "Нет текста на русском языке", "There is no Russian text")


class H10(Rule):
    """A measure is included in the Register on the day of its notification or later, and not on a day to come."""

    id = "H10"
    severity = "warning"
    ru = "Мера включается в Реестр не раньше дня уведомления и не позже текущего дня."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        included, notified = candidate.included_on, candidate.notified_on
        if included and notified and included < notified:
            yield self.found(
                "/included_on",
                f"Дата включения раньше дня уведомления ({written_date(notified, 'ru')})",
                f"The date of inclusion is before the notification ({written_date(notified, 'en')})",
            )
        if included and included > context.today:
            yield self.found("/included_on", "Дата включения еще не наступила", "The date of inclusion is yet to come")


class H11(Rule):
    """A suspension lies inside the term of the measure."""

    id = "H11"
    ru = "Период приостановления находится в пределах срока действия меры."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        last = None if ended_by_act(candidate) else candidate.effective_to
        for place, suspension in enumerate(candidate.suspensions):
            pointer = f"/suspensions/{place}"
            if suspension.from_ < candidate.effective_from or (last and suspension.from_ > last):
                yield self.found(
                    f"{pointer}/from",
                    f"Приостановление с {written_date(suspension.from_, 'ru')} начинается вне срока действия меры",
                    f"The suspension from {written_date(suspension.from_, 'en')} begins outside the measure's term",
                )
            elif suspension.to and last and suspension.to > last:
                yield self.found(
                    f"{pointer}/to",
                    f"Приостановление по {written_date(suspension.to, 'ru')} выходит за срок действия меры",
                    f"The suspension to {written_date(suspension.to, 'en')} outlasts the measure",
                )


class H12(Rule):
    """A measure names the act that introduces it."""

    id = "H12"
    severity = "warning"
    ru = "Указывается акт, которым введена мера."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        if not any(act.role == "introduces" for act in candidate.acts):
            yield self.found(
                "/acts", "Не указан акт, которым введена мера", "No act that introduces the measure is named"
            )


class H13(Rule):
    """The own dates of a goods line lie inside the term of the measure."""

    id = "H13"
    ru = "Срок действия товарной строки находится в пределах срока действия меры."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        first = candidate.effective_from
        last = None if ended_by_act(candidate) else candidate.effective_to
        for place, goods in enumerate(candidate.goods):
            for name, day in (("valid_from", goods.valid_from), ("valid_to", goods.valid_to)):
                if day and (day < first or (last and day > last)):
                    yield self.found(
                        f"/goods/{place}/{name}",
                        f"Строка {goods.line}: {written_date(day, 'ru')} вне срока действия меры",
                        f"Line {goods.line}: {written_date(day, 'en')} is outside the measure's term",
                    )


class H14(Rule):
    """A measure that is entered has not ended yet."""

    id = "H14"
    severity = "warning"
    ru = "Включаемая или прекращаемая мера еще не закончилась."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        ended = candidate.effective_to is not None and candidate.effective_to < context.today
        if context.action in ("include", "extend", "terminate") and ended:
            last = candidate.effective_to or context.today
            yield self.found(
                "/effective_to",
                f"Последний день действия уже прошел: {written_date(last, 'ru')}",
                f"The last day in force is past: {written_date(last, 'en')}",
            )


class P24(Rule):
    """The Register says that an origin declaration may be used when consultations reached consensus on it: the protocol
    is named, and the permission falls into the term of the measure."""

    id = "P24"
    severity = "warning"
    ru = (
        "Сведения о возможности использования декларации о происхождении вносятся в Реестр по итогам консультаций при "
        "наличии консенсуса: указывается протокол, а период приходится на срок действия меры."
    )

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        declaration = candidate.declaration
        if declaration is None or not declaration.permitted:
            return
        if declaration.protocol is None:
            yield self.found(
                "/declaration/protocol", "Не указан протокол подкомитета", "The subcommittee's protocol is not named"
            )
        if declaration.to and declaration.to < candidate.effective_from:
            yield self.found(
                "/declaration/to",
                "Возможность использования декларации прекращается до вступления меры в силу",
                "The permission ends before the measure takes effect",
            )
        if declaration.from_ and candidate.effective_to and declaration.from_ > candidate.effective_to:
            yield self.found(
                "/declaration/from",
                "Возможность использования декларации начинается после окончания действия меры",
                "The permission begins after the measure has ended",
            )


CONTENT_RULES: Final[tuple[Rule, ...]] = (
    H3(), H4(), T7(), H5(), H6(), H7(), H8(), H9(), H10(), H11(), H12(), H13(), H14(), P24()
)  # fmt: skip
