"""The steps that a party takes: each its form, its refusals beside the fields, and nothing typed ever lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response

from admin.accounts import Acting, Actor, People, parked_of, require
from admin.accounts.core import Accounts
from admin.accounts.frame import Asked, go, language, page
from admin.accounts.parked import discard
from admin.accounts.policy import Action
from admin.consulting import goods
from admin.consulting.common import (
    ONE,
    STEP_LABELS,
    Office,
    consultation_of,
    deed,
    faults,
    here,
    sent_form,
    staff_page,
    translations,
    version_of,
)
from admin.consulting.forms import READERS, Form, plan_texts
from admin.consulting.one import ON_PAGES_OF_THEIR_OWN, events_since, path_of, show
from admin.consulting.planning import plan_context
from admin.consulting.standing import computed, last_days, record_of
from consultations import commands
from consultations.commands import ConsultationRefused, ConsultationStale
from consultations.model import OUTCOMES, Consultation
from consultations.office import Consulting
from consultations.procedure import StepName, refusals
from consultations.rules import HC1
from register.api.calls import Service
from register.findings import Finding
from register.service import RegisterService
from register.web import Problem, not_found

_READ: Final = [require(Action.CONSULTATION_READ)]
_PAGES: Final = {step.replace("_", "-"): step for step in ON_PAGES_OF_THEIR_OWN}
_LARGEST: Final = 4 * 2**20


def _step(request: Asked) -> StepName:
    """The step that the address names. Raises ``Problem`` 404."""
    name = request.path_params["step"]
    found: StepName | None = next((one for one in STEP_LABELS if one.replace("_", "-") == name), None)
    if found is None or found == "document":
        raise not_found("Такой страницы нет.", "There is no such page.", "/step")
    return found


@page(f"{ONE}/do/{{step:str}}", guards=_READ)
async def step_form(
    request: Asked, service: Service, consulting: Office, accounts: People, actor: Acting
) -> Response[bytes]:
    """The form of a step that has a page of its own; whoever may not take it now is told why."""
    step, known = _step(request), await consultation_of(request, service)
    if step not in ON_PAGES_OF_THEIR_OWN:
        return go(here(request, path_of(known, f"#{step}")))
    await service.catch_up()
    kept = await parked_of(request, accounts, actor)
    found = refusals(known, step, actor, None, service.today())
    refused = ConsultationRefused(*found) if found else None
    if refused is not None and (kept is None or refused.status == 403):
        raise _problem(refused)
    if kept is None:
        return await _page(request, service, consulting, known, step, _begun(step, known))
    form = Form(kept.texts())
    more = {**faults(found, language(request)), "version": version_of(form) or known.version, "parked": kept.id}
    return await _page(request, service, consulting, known, step, form, **more)


def _begun(step: StepName, known: Consultation) -> Form:
    """A form as it is first shown: what stands already, and what follows from it."""
    codes = goods.written(known.plan.goods)
    texts: dict[str, list[str]] = {}
    if step == "change_plan":
        return plan_texts(known.plan, codes, goods.described(known.plan.goods))
    if step == "schedule" and known.meeting is not None:
        held = known.meeting
        texts = {"date": [held.date.isoformat()], "time": [held.time or ""], "place": [held.place or ""]}
        texts |= {"link": [held.link or ""], "agenda": [held.agenda or ""]}
    if step == "conclude":
        planned = known.plan.planned
        texts = {"codes": [codes], "permission_from": [planned.from_.isoformat()], **goods.described(known.plan.goods)}
        texts["permission_to"] = [planned.to.isoformat() if planned.to else ""]
        texts["protocol_date"] = [known.meeting.date.isoformat() if known.meeting else ""]
    return Form(texts)


async def _page(
    request: Asked,
    service: RegisterService,
    office: Consulting,
    known: Consultation,
    step: StepName,
    form: Form,
    *,
    status: int = 200,
    **more: Any,
) -> Response[bytes]:
    today, record = service.today(), record_of(service.register, known)
    due = office.deadlines(record)
    context: dict[str, Any] = {
        "known": known,
        "record": record,
        "step": step,
        "title": translations(language(request)).gettext(STEP_LABELS[step]),
        "typed": form,
        "version": known.version,
        "today": today,
        **more,
    }
    if step == "conclude":
        context |= {
            "consensus": computed(known, due, today),
            "days": last_days(due),
            "outcomes": OUTCOMES,
            "goods": goods.read_goods(form, "codes"),
        }
    if step == "change_plan":
        context |= plan_context(service, form)
    template = "plan.html" if step == "change_plan" else f"{step}.html"
    return staff_page(request, service, template, context, status=status)


@page(f"{ONE}/do/{{step:str}}", "post", guards=_READ, request_max_body_size=_LARGEST)
async def take_step(
    request: Asked, service: Service, consulting: Office, accounts: People, actor: Acting
) -> Response[bytes]:
    """Take a step with what was typed; whatever is in the way is said beside it, with the typed text in its place."""
    step, known, form = _step(request), await consultation_of(request, service), await sent_form(request)
    await service.catch_up()
    if form.one("do") == "read" and step in ON_PAGES_OF_THEIR_OWN:
        more = {"version": version_of(form) or known.version}
        return await _page(request, service, consulting, known, step, form, **more)
    given = READERS[step](form)
    if given.value is None:
        # Who may not take the step at all is told that first.
        refused = ConsultationRefused(*(refusals(known, step, actor, None, service.today()) or given.findings))
        return await _refused(request, service, consulting, actor, known, step, form, refused)
    work = _work(consulting, actor, known.id, step, given.value, version_of(form))
    try:
        done = await deed(service, actor, step, known.id, work)
    except ConsultationRefused as refused:
        return await _refused(request, service, consulting, actor, known, step, form, refused)
    except ConsultationStale as stale:
        return await _stale(request, service, consulting, actor, step, form, stale)
    await forget(accounts, actor, form)
    anchor = {"position": "#positions", "comment": "#comments"}.get(step, "")
    return go(here(request, path_of(done, f"?done={step}{anchor}")))


def _work(
    office: Consulting, who: Actor, identifier: str, step: StepName, value: Any, version: int | None
) -> Callable[[], Awaitable[Consultation]]:
    """The command of a step, ready to be called inside a transaction. No version is as good as one that never was."""
    stood = version or 0
    works: dict[StepName, Callable[[], Awaitable[Consultation]]] = {
        "change_plan": lambda: office.change_plan(identifier, value, who, stood),
        "schedule": lambda: office.schedule(identifier, value, who, stood),
        "position": lambda: office.state_position(identifier, value, who, stood),
        "comment": lambda: office.comment(identifier, value, who),
        "conclude": lambda: office.conclude(identifier, value, who, stood),
        "withdraw": lambda: office.withdraw(identifier, value, who, stood),
        "revoke": lambda: office.revoke(identifier, value, who, stood),
    }
    return works[step]


async def _refused(
    request: Asked,
    service: RegisterService,
    office: Consulting,
    actor: Actor,
    known: Consultation,
    step: StepName,
    form: Form,
    refused: ConsultationRefused,
) -> Response[bytes]:
    """The form again with what is wrong; a page of its own for who may not do this at all."""
    if refused.status == 403:
        raise _problem(refused)
    known = await commands.read(service.database, known.id)
    burdened = [name.removeprefix("burden_") for name in form.names() if name.startswith("burden_") and form.one(name)]
    found = faults(refused.findings, language(request), sorted(burdened, key=_place))
    more = {**found, "parked": form.one("parked")}
    if step not in ON_PAGES_OF_THEIR_OWN:
        return await show(request, service, office, actor, known, {step: form}, status=refused.status, **more)
    more["version"] = version_of(form) or known.version
    return await _page(request, service, office, known, step, form, status=refused.status, **more)


def _place(state: str) -> int:
    return ("AM", "BY", "KZ", "KG", "RU").index(state) if state in ("AM", "BY", "KZ", "KG", "RU") else 9


async def _stale(
    request: Asked,
    service: RegisterService,
    office: Consulting,
    actor: Actor,
    step: StepName,
    form: Form,
    stale: ConsultationStale,
) -> Response[bytes]:
    """409: what the others did meanwhile, with the typed text kept; sent again, it is meant over what stands now."""
    known = stale.theirs
    # What was typed may no longer be possible at all; then the page says so, and still shows the text.
    found: list[Finding] = refusals(known, step, actor, None, service.today())
    more: dict[str, Any] = {"changed": events_since(stale.since, stale.expected), "parked": form.one("parked")}
    if found and found[0].rule == HC1.id:
        more |= faults(found, language(request))
    if step not in ON_PAGES_OF_THEIR_OWN:
        return await show(request, service, office, actor, known, {step: form}, status=409, **more)
    return await _page(request, service, office, known, step, form, status=409, **more)


def _problem(refused: ConsultationRefused) -> Problem:
    text = refused.findings[0].text
    return Problem(refused.status, "Refused", f"{text['en']} / {text['ru']}", refused.findings)


async def forget(accounts: Accounts, actor: Actor, form: Form) -> None:
    """Forget a form that was kept over a sign-in, once it has been sent."""
    name = form.one("parked")
    if name and actor.id is not None:
        await discard(accounts.database, actor.id, name)


route_handlers: Final[list[Any]] = [step_form, take_step]
