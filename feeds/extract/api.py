"""Extracts over HTTP: ``route_handlers`` is what the application takes; it needs ``service`` and ``published_log``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from feeds.extract.content import pdf
from feeds.extract.proof_file import ProofFile, Setting, Signed, of_answer, of_measure
from feeds.log import Log
from register.api.calls import Asked, Service, known_at, reading
from register.api.measures import unknown_measure
from register.api.parameters import KNOWN_AT, Parameter, Parameters, one_of
from register.api.proof import QUESTION, _findings, _question
from register.kept import Kept
from register.proof import Question, QuestionError, answer
from register.service import RegisterService
from register.web import Finding, Prepared, Problem, finding, not_found, refused, respond
from register.words import LANGUAGES, Language

PublishedLog = NamedDependency[Log]
PDF: Final = "application/pdf"
TAG: Final = "Extracts"
KEPT_BYTES: Final = 32 * 2**20
AT_ONCE: Final = 2
SECONDS: Final = 20.0
"""How long a reader waits for an extract, others before it included; then 503."""
MOST_MEASURES: Final = 300
"""Measures that one answer may quote. A paper of more is of use to nobody; the interface for programs has them all."""

LANG: Final = Parameter(
    "lang",
    "The language of the pages: `ru`, which governs, when not given, or `en`.",
    one_of(LANGUAGES),
    Schema(type=OpenAPIType.STRING, enum=list(LANGUAGES), default="ru"),
    "en",
    "ru",
)
LANGUAGE_ONLY: Final = Parameters((LANG,))
MEASURE_PARAMETERS: Final = Parameters((LANG, KNOWN_AT))
ANSWER_PARAMETERS: Final = Parameters((*QUESTION.known, LANG))
FILE: Final = Parameter(
    "file",
    "The number of a measure and `.pdf`.",
    str,
    Schema(type=OpenAPIType.STRING, pattern=r"^(AM|BY|KZ|KG|RU)-[0-9]{4}-[0-9]{3,6}\.pdf$"),
    "KG-2026-021.pdf",
    required=True,
)

_pool: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="extract")
_kept: Final[WeakKeyDictionary[RegisterService, Kept]] = WeakKeyDictionary()


@reading(
    "/extracts/proof.pdf",
    name="extractProof",
    summary="Which proof of origin applies, as a PDF to file, with its proof inside.",
    answer=bytes,
    example="",
    parameters=ANSWER_PARAMETERS,
    media_type=PDF,
    tag=TAG,
)
async def get_answer(request: Asked, service: Service, published_log: PublishedLog) -> Response[bytes]:
    """The question is that of `/api/v1/proof`. PDF/A-3 with `register-proof.json` attached: the answer, the entries
    that it rests on with their inclusion proofs, and the signed checkpoint. `register verify FILE.pdf` checks it."""
    language, question = _asked(request.scope["query_string"])
    signed = await _signed(published_log)
    if question.known_at is None:
        question = question.model_copy(update={"known_at": signed.size})
    register, setting = service.register, _setting(service)
    try:
        given = answer(register, question, setting.duties_until)
    except QuestionError as error:
        raise refused(*_findings(error, "")) from None
    if given.known_at > signed.size:
        # The journal has grown since the checkpoint was taken.
        signed = await _signed(published_log)
    _limited({found.line.version.id for found in register.matches(given.code, given.known_at)})
    question = question.model_copy(update={"known_at": given.known_at})
    key = ("answer", language, question, signed.size)
    name = f"register-proof-{given.code}-{given.date}-{given.known_at}-{language}.pdf"
    return await _send(
        request,
        service,
        key,
        given.known_at,
        name,
        lambda: of_answer(register, question, given, setting, signed, language),
    )


@reading(
    "/extracts/measures/{file:str}",
    name="extractMeasure",
    summary="A measure as a PDF to file, with its proof inside.",
    answer=bytes,
    example="",
    parameters=MEASURE_PARAMETERS,
    in_path=(FILE,),
    problems=(404, 422),
    media_type=PDF,
    tag=TAG,
)
async def get_measure(request: Asked, service: Service, published_log: PublishedLog) -> Response[bytes]:
    """The record whole, as known then: acts, goods lines, term, permission, and the entries that made its versions."""
    asked = MEASURE_PARAMETERS.read(request.scope["query_string"])
    file, register, language = request.path_params["file"], service.register, asked["lang"]
    if not file.endswith(".pdf"):
        raise not_found("Выписка о мере – файл .pdf", "An extract on a measure is a .pdf file", "/file")
    identifier = file.removesuffix(".pdf")
    past = None if asked["known_at"] is None else known_at(register, asked["known_at"])
    signed = await _signed(published_log)
    seq = signed.size if past is None else past
    version = register.version(identifier, seq)
    if version is None:
        raise unknown_measure(identifier, seq)
    name = f"register-{identifier}-{seq}-{language}.pdf"
    return await _send(
        request,
        service,
        ("measure", language, identifier, seq, signed.size),
        seq,
        name,
        lambda: of_measure(register, version, seq, _setting(service), signed, language),
    )


def _asked(query: bytes) -> tuple[Language, Question]:
    """The language and the question of a query, its ``known_at`` unresolved. Raises ``Problem`` with every fault."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    faults: list[Finding] = []
    language: Language = "ru"
    try:
        language = LANGUAGE_ONLY.read(_query([pair for pair in pairs if pair[0] == "lang"]))["lang"]
    except Problem as problem:
        faults += problem.errors
    try:
        question = _question(_query([pair for pair in pairs if pair[0] != "lang"]), faults)
    except QuestionError as error:
        raise refused(*faults, *_findings(error, "")) from None
    if faults:
        raise refused(*faults)
    return language, question


def _query(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs).encode()


def _setting(service: RegisterService) -> Setting:
    terms = service.terms
    return Setting(terms.base_url, terms.demonstration, terms.duties_until)


async def _signed(published_log: Log) -> Signed:
    size, note = await published_log.checkpoint()
    return Signed(size, note.decode(), published_log.verifier_keys)


def _limited(measures: set[str]) -> None:
    if len(measures) > MOST_MEASURES:
        raise refused(
            finding(
                "/code",
                f"На код приходится мер: {len(measures)}; в выписке – не более {MOST_MEASURES}. Укажите код точнее",
                f"{len(measures)} measures concern the code; an extract takes at most {MOST_MEASURES}. Give a longer "
                "code",
            )
        )


async def _send(
    request: Asked, service: RegisterService, key: Any, seq: int, name: str, make: Callable[[], ProofFile]
) -> Response[bytes]:
    """The extract, kept under ``key``. Raises ``Problem`` 503 when it takes too long."""
    kept = _kept.setdefault(service, Kept(KEPT_BYTES))
    prepared = kept.find(key)
    if prepared is None:
        # The proof is made here, where the Register stands still; the pages in a thread.
        body = await _typeset(make())
        headers = {"content-disposition": f'inline; filename="{name}"', "x-content-type-options": "nosniff"}
        prepared = kept.keep(key, Prepared(body, PDF, seq=seq, headers=headers))
    return respond(request, prepared)


async def _typeset(proof: ProofFile) -> bytes:
    try:
        async with asyncio.timeout(SECONDS):
            return await asyncio.get_running_loop().run_in_executor(_pool, pdf, proof)
    except TimeoutError:
        ru, en = "Выписка не готова в срок, повторите позже", "The extract is not ready in time, try again later"
        raise Problem(
            503, "Service unavailable", f"{en} / {ru}", [finding("", ru, en)], headers={"Retry-After": "10"}
        ) from None


route_handlers: Final[list[Any]] = [get_answer, get_measure]
