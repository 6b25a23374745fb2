"""Errors as pages, for people: in the language of the address, with what can be done next."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, Response

from register import web
from register.pages import site
from register.pages.site import HTML, SECURITY, Page, language_of
from register.service import RegisterService
from register.web import Finding, Problem, Reply
from register.words import LANGUAGES

_decode_errors: Final = msgspec.json.Decoder(dict[str, Any]).decode


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether the error is to be read by a person: under a language, by something that takes HTML."""
    accepted = request.headers.get("accept", "")
    return language_of(request.scope["path"]) in LANGUAGES and "text/html" in accepted


def html_problem(
    request: Request[Any, Any, Any], problem: Problem, reference: str | None = None
) -> Response[bytes] | None:
    """The page of a problem; None where the one shape for programs is wanted.

    ``reference`` names a fault of ours in the log.
    """
    service: RegisterService | None = getattr(request.app.state, "service", None)
    language = language_of(request.scope["path"])
    if service is None or language is None or not wants_page(request):
        return None
    texts = [text for finding in problem.errors if (text := finding.text.get(language))]
    context = {"status": problem.status, "texts": texts, "reference": reference}
    body = site.render(request.scope["path"], service, Page("problem.html", context))
    headers = {**problem.headers, "content-type": HTML, "cache-control": "no-store", "vary": "Accept", **SECURITY}
    return Reply(body, status_code=problem.status, headers=headers)


def problem_handler(request: Request[Any, Any, Any], exc: Exception) -> Response[bytes]:
    """``web.problem_handler``, as a page where a person asks; register it as ``exception_handlers={Exception: …}``."""
    plain = web.problem_handler(request, exc)
    if not wants_page(request):
        return plain
    said = _decode_errors(plain.content)
    headers = {name: value for name, value in plain.headers.items() if name not in ("content-type", "cache-control")}
    errors = msgspec.convert(said["errors"], list[Finding])
    problem = Problem(said["status"], said["title"], said["detail"], errors, headers=headers)
    reference = said["instance"] if said["status"] == 500 else None
    return html_problem(request, problem, reference) or plain
