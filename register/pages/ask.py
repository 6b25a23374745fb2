"""The page that answers: which proof of origin applies to goods on a day, why, until when, and what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from register.index import UnknownPast
from register.measures import STATES, TRANSPORTS
from register.pages import formats, site
from register.pages.catalogue import N_
from register.pages.journal import item
from register.pages.lines import Lines, measures_of
from register.pages.query import NO_PAST, Fault, Query, address, day, day_fault, known_at, money
from register.pages.site import Asked, Page, Service, page_handler
from register.pages.strip import strip
from register.proof import Answer, Question, QuestionError, answer, read_question
from register.service import RegisterService
from register.words import Language

LATEST: Final = 5
FIELDS: Final = ("code", "date", "origin", "value_eur", "transport", "sanitary_certificate", "compliance", "known_at")


@page_handler("/")
def ask(request: Asked, service: Service) -> Response[bytes]:
    """The empty form, the form with what is wrong with it, or the answer."""
    found = site.find(request, service)
    if found is not None:
        return found
    language = site.language_of(request.scope["path"]) or "ru"
    query = Query(request.scope["query_string"])
    return site.send(request, service, _page(query, service, language))


def _page(query: Query, service: RegisterService, language: Language) -> Page:
    typed = _typed(query, service)
    frame: dict[str, Any] = {
        "typed": typed,
        "faults": {},
        "states": STATES,
        "transports": TRANSPORTS,
        "ids": _ids(typed),
    }
    frame["countries"] = formats.countries(language)
    if "code" not in query:
        return Page("ask.html", {**frame, **_entrance(service, language)})
    asked = _canonical(typed, language)
    try:
        question = read_question({**asked, **_moment(typed["known_at"], service)})
        given = answer(service.register, question, service.terms.duties_until)
    except QuestionError as error:
        faults = [
            Fault(fault.field, _fault_text(fault.field, typed, fault.text[language], language))
            for fault in error.faults
        ]
        return _refused(frame, typed, faults)
    except UnknownPast:
        return _refused(frame, typed, [Fault("known_at", site.gettext_of(language).gettext(NO_PAST))])
    pairs = [(name, asked.get(name, "")) for name in FIELDS[:-1]] + [("known_at", typed["known_at"])]
    return Page("answer.html", frame | _answered(given, question, service, pairs), address(pairs), f"code={given.code}")


def _entrance(service: RegisterService, language: Language) -> dict[str, Any]:
    """What stands below the empty form: how many measures there are today, and what happened last."""
    register, today = service.register, service.today().toordinal()
    counts = Counter((version.state, version.status(today)) for version in register.versions())
    standing = [
        (state, {"in_force": counts[state, "in_force"], "upcoming": counts[state, "upcoming"]}) for state in STATES
    ]
    latest = [item(seq, service, language) for seq in range(register.seq, max(0, register.seq - LATEST), -1)]
    return {"standing": standing if counts else [], "latest": latest}


def _refused(frame: Mapping[str, Any], typed: Mapping[str, Any], faults: list[Fault]) -> Page:
    query = address((name, ",".join(v) if isinstance(v, list) else v) for name, v in typed.items())
    # The code goes even when it is empty: it is what makes the address a question.
    query = query if typed["code"] else f"code=&{query}"
    return Page("ask.html", {**frame, "faults": {fault.field: fault.text for fault in faults}}, query, status=422)


def _fault_text(field: str, typed: Mapping[str, Any], text: str, language: Language) -> str:
    """A page takes more ways of writing than the interface for programs, so it says other ways."""
    translate = site.gettext_of(language).gettext
    if field == "code" and not typed["code"]:
        return translate(NO_CODE)
    return {"date": translate(day_fault(typed["date"])), "value_eur": translate(NO_SUM)}.get(field, text)


NO_CODE: Final = N_("Enter the TN VED code of the goods.")
NO_SUM: Final = N_("Give the value in euros: a number, with at most two decimals.")


def _typed(query: Query, service: RegisterService) -> dict[str, Any]:
    """What stands in the form: as it was typed, today's date where none was asked for yet."""
    typed: dict[str, Any] = {name: query.text(name) for name in FIELDS}
    typed["compliance"] = query.words("compliance")
    if "date" not in query:
        typed["date"] = service.today().isoformat()
    if typed["sanitary_certificate"] not in ("true", "1"):
        typed["sanitary_certificate"] = ""
    return typed


def _ids(typed: Mapping[str, Any]) -> list[str]:
    """Measures by name among the compliance: an address may have them, the form keeps them."""
    return [name for name in typed["compliance"] if name not in STATES]


def _canonical(typed: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """The question as the interface for programs takes it, so that every link on the page bears the same one."""
    on = day(typed["date"])
    asked = {name: text for name, text in typed.items() if text and name != "known_at"}
    asked |= {
        "code": "".join(typed["code"].split()),
        "date": on.isoformat() if on else typed["date"],
        "value_eur": money(typed["value_eur"], language),
        "compliance": ",".join(typed["compliance"]),
    }
    if asked.get("sanitary_certificate"):
        asked["sanitary_certificate"] = "true"
    return {**{name: text for name, text in asked.items() if text}, "code": asked["code"], "date": asked["date"]}


def _moment(text: str, service: RegisterService) -> dict[str, int]:
    seq = known_at(text, service.register, service.terms.zone)
    return {} if seq is None else {"known_at": seq}


def _answered(
    given: Answer, question: Question, service: RegisterService, pairs: list[tuple[str, Any]]
) -> dict[str, Any]:
    register, names = service.register, service.names
    question = question.model_copy(update={"known_at": given.known_at})
    same = [(name, text) for name, text in pairs if name != "known_at"]
    lasting = address([*same, ("known_at", given.known_at)])
    return {
        "answer": given.public(),
        "question": question,
        "past": given.known_at < register.seq,
        "name": names.name(given.code, question.date),
        "nearest": names.name(given.code, question.date, nearest=True),
        "above": names.ancestors(given.code, question.date),
        "lines": Lines(register, question, given),
        "measures_of": measures_of,
        "strip": strip(register, question, service.terms.duties_until),
        "query": address(same),
        "lasting": lasting,
        "on": lambda moment: address([*((n, t) for n, t in pairs if n != "date"), ("date", moment)]),
        "base_url": service.terms.base_url,
    }
