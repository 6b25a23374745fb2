"""Rules about a change of a measure that is in the Register: what an amendment, an extension, an early end, a
correction and a decision of point 24 may touch.

One class per provision; see ``register.findings`` for what a rule is. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from register.findings import Context, Finding, Rule
from register.measures import Act, Measure, Notified

ASSIGNED: Final = frozenset(("id", "version", "seq"))


def changed_fields(before: Measure, after: Notified) -> list[str]:
    """The fields of the notified content that differ, in their order; what the Register assigns is not compared."""
    old, new = _comparable(before), _comparable(after)
    return [name for name in Notified.model_fields if old[name] != new[name]]


def _comparable(content: Notified) -> dict[str, Any]:
    data = content.model_dump(mode="json", by_alias=True, exclude=set(ASSIGNED))
    if data["declaration"] is not None and not content.model_dump()["declaration"]["permitted"]:
        # No permission may be written as null or as permitted: false; the two say the same.
        empty = all(value in (None, False) for value in data["declaration"].values())
        data["declaration"] = None if empty else data["declaration"]
    return data


def added_acts(before: Measure, after: Notified) -> list[Act]:
    """The acts of ``after`` that ``before`` has not, in their order."""
    left = list(before.acts)
    added = []
    for act in after.acts:
        if act in left:
            left.remove(act)
        else:
            added.append(act)
    return added


def _later(new: date | None, old: date | None) -> bool:
    return old is not None and (new is None or new > old)


class H15(Rule):
    """The state and the kind of a measure never change: another kind is another measure with a number of its own."""

    id = "H15"
    ru = "Государство и вид меры не изменяются: мера иного вида включается в Реестр под собственным номером."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        if context.before is not None:
            for name in ("state", "kind"):
                if getattr(candidate, name) != getattr(context.before, name):
                    yield self.found(f"/{name}")


class H16(Rule):
    """The date on which a measure was included in the Register never changes: the days of point 37 count from it."""

    id = "H16"
    ru = "Дата включения меры в Реестр не изменяется: от нее исчисляются 15 дней, предусмотренные пунктом 37 Правил."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        if context.before is not None and candidate.included_on != context.before.included_on:
            yield self.found("/included_on")


class H17(Rule):
    """A correction says why it is made."""

    id = "H17"
    ru = "При исправлении записи указывается его причина."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        if context.action == "correct" and not (context.explanation or "").strip():
            yield self.found("/explanation")


class H18(Rule):
    """An extension moves the last day in force to a later one, by an act that extends, and changes nothing else."""

    id = "H18"
    ru = "Продление переносит дату окончания на более поздний день на основании акта и ничего более не изменяет."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        before = context.before
        if context.action != "extend" or before is None:
            return
        if any(act.role == "terminates" for act in before.acts):
            yield self.found(
                "/effective_to",
                "Действие меры прекращено актом: она не продлевается, а вводится вновь",
                "An act has ended the measure: it is not extended but introduced anew",
            )
        if not _later(candidate.effective_to, before.effective_to):
            yield self.found(
                "/effective_to",
                "Новая дата окончания не позже прежней",
                "The new last day is not later than the one before",
            )
        yield from _only(self, candidate, before)
        if not any(act.role == "extends" for act in added_acts(before, candidate)):
            yield self.found(
                "/acts", "Не указан акт, которым продлен срок", "The act that extends the term is not named", "warning"
            )


class H19(Rule):
    """An early end moves the last day in force to an earlier one, by an act that ends the measure, and changes nothing
    else."""

    id = "H19"
    ru = (
        "Досрочное прекращение переносит дату окончания на более ранний день на основании акта о прекращении "
        "и ничего более не изменяет."
    )

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        before = context.before
        if context.action != "terminate" or before is None:
            return
        if not _later(before.effective_to, candidate.effective_to):
            yield self.found(
                "/effective_to",
                "Новая дата окончания не раньше прежней",
                "The new last day is not earlier than the one before",
            )
        yield from _only(self, candidate, before)
        if not any(act.role == "terminates" for act in candidate.acts):
            yield self.found("/acts", "Не указан акт о прекращении", "The act that ends the measure is not named")


def _only(rule: Rule, candidate: Notified, before: Measure) -> Iterator[Finding]:
    """Findings for every field that changed beside the term and the acts, and for acts that were taken away."""
    for name in changed_fields(before, candidate):
        # These have rules of their own.
        if name not in ("acts", "effective_to", "state", "kind", "included_on", "declaration"):
            yield rule.found(
                f"/{name}",
                "Это поле здесь не изменяется, нужна запись об изменении меры",
                "This field cannot change here",
            )
    if any(act not in candidate.acts for act in before.acts):
        yield rule.found("/acts", "Ранее указанные акты должны сохраниться", "The acts named before must stay")


class H20(Rule):
    """The permission of point 24 changes only by a decision of its own, or in the correction of an error."""

    id = "H20"
    ru = (
        "Возможность использования декларации (пункт 24 Правил) изменяется только отдельным решением либо при "
        "исправлении ошибки."
    )

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        if context.before is None or context.action not in ("amend", "extend", "terminate"):
            return
        if "declaration" in changed_fields(context.before, candidate):
            yield self.found("/declaration")


class H21(Rule):
    """A change changes something."""

    id = "H21"
    ru = "Изменение или исправление должно что-либо изменять."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        if context.before is not None and not changed_fields(context.before, candidate):
            yield self.found("", "Запись не отличается от действующей", "The record is the same as the present one")


class H22(Rule):
    """Only a permission that the Register holds can be revoked, by a day not after its own end."""

    id = "H22"
    ru = "Отменить можно только внесенную в Реестр возможность использования декларации и не позднее ее окончания."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:
        if context.action != "revoke" or context.before is None:
            return
        held = context.before.declaration
        if held is None or not held.permitted:
            yield self.found(
                "/declaration", "Такая возможность в Реестр не внесена", "The Register holds no such permission"
            )
            return
        new = candidate.declaration
        if new is None or not new.permitted:
            return
        if new.to and new.to < context.today:
            yield self.found(
                "/declaration/to",
                "Последний день уже прошел: отмена имеет обратную силу",
                "The last day is past: the revocation is retroactive",
                "warning",
            )
        if not _later(held.to, new.to):
            yield self.found(
                "/declaration/to", "Новый последний день не раньше прежнего", "The new last day is not an earlier one"
            )


CHANGE_RULES: Final[tuple[Rule, ...]] = (H15(), H16(), H17(), H18(), H19(), H20(), H21(), H22())
