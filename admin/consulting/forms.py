"""Forms of a consultation: what was typed as the values of ``consultations.model``, and what is wrong beside its field.

Nothing typed is lost: a form is shown again from its own texts, whatever is wrong with them. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from admin.consulting.goods import read_goods
from consultations.model import Conclusion, Meeting, Plan, Reasoned, Revocation, Said, Stated
from register.findings import Finding
from register.measures import STATES
from register.pages import query
from register.shape import findings_from_validation

M = TypeVar("M", bound=BaseModel)
_MOST_SIGNS: Final = 100_000


class Form:
    """The texts of a form: all of each name, in order."""

    def __init__(self, texts: Mapping[str, Sequence[str]] | None = None) -> None:
        self._texts = {name: list(values) for name, values in (texts or {}).items()}

    def one(self, name: str) -> str:
        """The first text of a field, without blanks around; empty when there is none."""
        found = self._texts.get(name, [""])[0]
        return found.replace("\r\n", "\n").replace("\x00", "").strip()[:_MOST_SIGNS]

    def day(self, name: str) -> str | None:
        """A day as ISO; what cannot be read as one stays as typed, for the model to refuse; None for an empty field."""
        text = self.one(name)
        found = query.day(text) if text else None
        return found.isoformat() if found else text or None

    def names(self) -> Iterable[str]:
        """The names of the fields."""
        return self._texts


@dataclass(frozen=True, slots=True)
class Given(Generic[M]):
    """What a form stands for; without a value its findings say why."""

    value: M | None
    findings: tuple[Finding, ...] = ()


def _given(model: type[M], data: Mapping[str, Any], found: Sequence[Finding] = ()) -> Given[M]:
    """A value of the model, or everything that is wrong: what is found at a place already is not said twice."""
    try:
        value: M | None = model.model_validate(_bare(data))
    except ValidationError as error:
        value = None
        taken = tuple(one.pointer for one in found)
        found = [
            *found,
            *(one for one in findings_from_validation(error) if not taken or not one.pointer.startswith(taken)),
        ]
    return Given(None if found else value, tuple(found))


def _bare(data: Any) -> Any:
    """Data without empty members, so that the model says of each that it is missing."""
    if isinstance(data, Mapping):
        return {name: _bare(value) for name, value in data.items() if value not in (None, "")}
    return data


def plan_of(form: Form) -> Given[Plan]:
    """The plan of a form."""
    goods = read_goods(form, "codes")
    burdens = [
        {"state": state, "claim": form.one(f"burden_{state}")} for state in STATES if form.one(f"burden_{state}")
    ]
    data = {
        "state": form.one("state"),
        "kind": form.one("kind"),
        "title": {"ru": form.one("title_ru"), "en": form.one("title_en")},
        "goods": goods.lines,
        "planned": {"from": form.day("planned_from"), "to": form.day("planned_to")},
        "measure": form.one("measure").upper(),
        "similar_goods": form.one("similar_goods"),
        "burdens": burdens,
    }
    found = list(goods.findings)
    if not burdens:
        ru = "Укажите, вывоз из какого государства мера затруднит и как"
        found.append(
            Finding("/burdens", "P24", {"ru": ru, "en": "Say whose exports the measure would burden, and how"})
        )
    return _given(Plan, data, found)


def plan_texts(plan: Plan, codes: str, described: Mapping[str, Sequence[str]]) -> Form:
    """The form of a plan as it stands; ``described`` are the fields of its goods."""
    texts = {
        "state": plan.state,
        "kind": plan.kind,
        "title_ru": plan.title.ru or "",
        "title_en": plan.title.en or "",
        "codes": codes,
        "planned_from": plan.planned.from_.isoformat(),
        "planned_to": plan.planned.to.isoformat() if plan.planned.to else "",
        "measure": plan.measure or "",
        "similar_goods": plan.similar_goods or "",
        **{f"burden_{one.state}": one.claim for one in plan.burdens},
    }
    return Form({**{name: [text] for name, text in texts.items()}, **described})


def meeting_of(form: Form) -> Given[Meeting]:
    """The meeting of a form."""
    names = ("time", "place", "link", "agenda")
    return _given(Meeting, {"date": form.day("date"), **{name: form.one(name) for name in names}})


def stated_of(form: Form) -> Given[Stated]:
    """The position of a form."""
    return _given(Stated, {"stance": form.one("stance"), "reasons": form.one("reasons")})


def said_of(form: Form) -> Given[Said]:
    """The comment of a form."""
    parent = form.one("parent")
    number = int(parent) if parent.isascii() and parent.isdigit() and len(parent) < 16 else None
    return Given(Said.model_construct(text=form.one("text")[:20_000], parent=number))


def conclusion_of(form: Form) -> Given[Conclusion]:
    """The conclusion of a form; the permission plays a part only where it was given."""
    data: dict[str, Any] = {"outcome": form.one("outcome"), "protocol": _protocol(form)}
    found: Sequence[Finding] = ()
    if data["outcome"] == "consensus_permitted":
        goods = read_goods(form, "codes", "/permission/goods")
        days = {"from": form.day("permission_from"), "to": form.day("permission_to")}
        data["permission"] = {"goods": goods.lines, **days}
        found = goods.findings
    return _given(Conclusion, data, found)


def revocation_of(form: Form) -> Given[Revocation]:
    """The revocation of a form."""
    return _given(Revocation, {"protocol": _protocol(form), "last_day": form.day("last_day")})


def reason_of(form: Form) -> Given[Reasoned]:
    """The reason of a withdrawal; that there has to be one is a rule of the procedure."""
    return Given(Reasoned(reason=form.one("reason")[:20_000]))


def _protocol(form: Form) -> dict[str, Any]:
    return {"number": form.one("protocol_number"), "date": form.day("protocol_date")}


_FIELDS: Final[Mapping[str, str]] = {
    "title": "title_ru",
    "goods": "codes",
    "planned": "planned_from",
    "planned/from": "planned_from",
    "planned/to": "planned_to",
    "protocol": "protocol_number",
    "protocol/number": "protocol_number",
    "protocol/date": "protocol_date",
    "permission": "permission_from",
    "permission/from": "permission_from",
    "permission/to": "permission_to",
    "permission/goods": "codes",
    "burdens": "burden",
}


def anchor(pointer: str, burdened: Sequence[str] = ()) -> str:
    """The id of the field that a pointer leads to; ``burdened`` are the states of the burdens in their order."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "burdens" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(burdened):
        return f"f-burden_{burdened[int(parts[1])]}"
    for length in (2, 1):
        if name := _FIELDS.get("/".join(parts[:length])):
            return f"f-{name}"
    return f"f-{parts[0]}" if parts[0] else ""


READERS: Final[Mapping[str, Callable[[Form], Given[Any]]]] = {
    "initiate": plan_of,
    "change_plan": plan_of,
    "schedule": meeting_of,
    "position": stated_of,
    "comment": said_of,
    "conclude": conclusion_of,
    "withdraw": reason_of,
    "revoke": revocation_of,
}
"""How the form of each step is read."""
