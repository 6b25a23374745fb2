"""Which proof of origin applies: one question as a query, up to a thousand as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.types import ASGIApp, HTTPScope

from register.api import schemas
from register.api.calls import Asked, Service, described, problem_responses, reading, shelf
from register.api.examples import Example
from register.api.parameters import DAY_SCHEMA, KNOWN_AT, Parameter, Parameters, given_twice
from register.front import Shortcut
from register.measures import TRANSPORTS
from register.proof import Answer, Question, QuestionError, answer, encode, read_question
from register.service import RegisterService
from register.web import JSON, Finding, Prepared, Problem, Reply, finding, refused, respond, respond_at_once

MAX_QUESTIONS: Final = 1000
PORTION: Final = 50
"""Questions that are answered before other requests get their turn."""

_TEXT = OpenAPIType.STRING
_CODE_SCHEMA: Final = Schema(type=_TEXT, pattern=r"^ *([0-9] *){2,10}$", max_length=40)
_COMPLIANCE: Final = r"^ *(AM|BY|KZ|KG|RU)(-[0-9]{4}-[0-9]{3,6})?( *, *(AM|BY|KZ|KG|RU)(-[0-9]{4}-[0-9]{3,6})?)* *$"

# The texts are read by register.proof.read_question, which knows the rules; here they are only described.
QUESTION: Final = Parameters(
    (
        Parameter(
            "code", "TN VED code of 2 to 10 digits, spaces allowed.", str, _CODE_SCHEMA, "2515110000", required=True
        ),
        Parameter(
            "date",
            "The day for which the proof is asked, at the Commission's seat.",
            str,
            DAY_SCHEMA,
            "2026-09-10",
            required=True,
        ),
        Parameter(
            "origin",
            "The country of origin claimed, ISO 3166-1 alpha-2.",
            str,
            Schema(type=_TEXT, pattern="^[A-Z]{2}$"),
            "KZ",
        ),
        Parameter(
            "value_eur",
            "Total value of the consignment in euros, at most two decimals (P37(2)).",
            str,
            Schema(type=_TEXT, pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$"),
            "8000.00",
        ),
        Parameter(
            "sanitary_certificate",
            "A veterinary or phytosanitary certificate of a member state that states the place of origin is with the "
            "goods (P37(3)).",
            str,
            Schema(type=OpenAPIType.BOOLEAN, default=False),
            False,
        ),
        Parameter(
            "compliance",
            "States, or ids of measures, whose measure is confirmed to be complied with, comma-separated (P25, P36).",
            str,
            Schema(type=_TEXT, pattern=_COMPLIANCE, max_length=2000),
            "KG",
        ),
        Parameter(
            "transport",
            "The mode of transport; all modes when not given.",
            str,
            Schema(type=_TEXT, enum=list(TRANSPORTS)),
            "road",
        ),
        KNOWN_AT,
    )
)
_NAMES: Final = frozenset(parameter.name for parameter in QUESTION.known)

ANSWER_EXAMPLE: Final[dict[str, Any]] = {
    "code": "2515110000",
    "date": "2026-09-10",
    "known_at": 118,
    "certainty": "certain",
    "proof": "origin_declaration",
    "accepted": ["origin_declaration", "special_certificate", "certificate_copy"],
    "grounds": [
        {
            "rule": "P37(1)",
            "text": {
                "ru": "Не истекли 15 календарных дней с даты включения меры в Реестр или вступления её в силу",
                "en": "No more than 15 calendar days have passed since the measure was included or took effect",
            },
            "measures": ["KG-2026-021"],
        }
    ],
    "measures": [
        {
            "id": "KG-2026-021",
            "state": "KG",
            "kind": "export_prohibition",
            "line": 1,
            "match": "exact",
            "code_from": "2515110000",
            "code_to": None,
            "effective_from": "2026-09-08",
            "effective_to": "2027-03-08",
            "included_on": "2026-08-30",
            "declaration_window": {"from": "2026-09-08", "until": "2026-09-23"},
            "declaration_permitted": False,
            "own_origin": False,
            "set_aside": False,
            "version": 1,
        }
    ],
    "considered": [],
    "compliance_required": [],
    "holds_until": "2026-09-23",
    "next": {"from": "2026-09-24", "proof": "special_certificate", "rule": "P26"},
    "notes": [],
    "journal": {"seq": 118, "checkpoint": "h6Y0cSLmmZYYxHuaxQxCcvkzFMdN3r1Cz4s4HpM5UXw="},
}


@reading(
    "/proof",
    name="getProof",
    summary="Which proof of origin applies to goods of a code on a day, on which grounds, and until when.",
    answer=schemas.ProofAnswer,
    example=ANSWER_EXAMPLE,
    parameters=QUESTION,
    tag="Proof of origin",
)
def get_proof(request: Asked, service: Service) -> Response[bytes]:
    """The order of the law: A4(1), P17, A11(1), P25, P36, then any of P24, P37(1), P37(2), P37(3), else P26."""
    query = request.scope["query_string"]
    faults: list[Finding] = []
    try:
        prepared = _prepared(service, query, faults)
    except QuestionError as error:
        raise refused(*faults, *_findings(error, "")) from None
    if prepared is None:
        raise refused(*faults)
    return respond(request, prepared)


def _prepared(service: RegisterService, query: bytes, faults: list[Finding]) -> Prepared | None:
    """The answer, kept or new; None when ``faults`` names what is wrong with the query. Raises ``QuestionError``."""
    register = service.register
    kept = shelf(service).proofs
    key = (query, register.seq)
    prepared = kept.find(key)
    if prepared is None:
        question = _question(query, faults)
        if faults:
            return None
        found = answer(register, question, service.terms.duties_until)
        prepared = kept.keep(key, Prepared(encode(found), JSON, seq=found.known_at))
    return prepared


def proof_shortcut(service: RegisterService) -> Shortcut:
    """For ``PublicApp(shortcuts={"/api/v1/proof": …})``: the same answers as ``get_proof``, at about half the cost.

    A question with anything wrong in it is left to ``get_proof``, which says what.
    """

    def give(scope: HTTPScope) -> ASGIApp | None:
        try:
            prepared = _prepared(service, scope["query_string"], [])
        except QuestionError:
            return None
        return None if prepared is None else respond_at_once(scope["headers"], prepared)

    return give


def _question(query: bytes, faults: list[Finding]) -> Question:
    """The question of a query. What is wrong with the names in it goes to ``faults``, so that all is said at once."""
    text = query.decode("latin-1")
    if "%" in text or "+" in text or not text.isascii():
        pairs = parse_qsl(text, keep_blank_values=True)
    else:
        # The same of what is not encoded, as most questions are.
        pairs = [(name, value) for name, _, value in [part.partition("=") for part in text.split("&") if part]]
    given = dict(pairs)
    if not given.keys() <= _NAMES:
        faults += [QUESTION.unknown(name) for name in given if name not in _NAMES]
        given = {name: text for name, text in given.items() if name in _NAMES}
    if len(given) + len(faults) != len(pairs):
        names = [name for name, _ in pairs]
        faults += [given_twice(name) for name in given if names.count(name) > 1]
    if moment := given.get("known_at"):
        given["known_at"] = KNOWN_AT.read(moment)
    return read_question(given)


def _findings(error: QuestionError, prefix: str) -> list[Finding]:
    found = []
    for fault in error.faults:
        known = ", ".join(parameter.name for parameter in QUESTION.known)
        text = dict(fault.text)
        if fault.field not in _NAMES:
            text = {"ru": f"{text['ru']} Поля вопроса: {known}.", "en": f"{text['en']} Its fields are: {known}."}
        found.append(Finding(f"{prefix}/{_escaped(fault.field)}", fault.rule, {**text}))
    return found


def _escaped(name: str) -> str:
    return name[:60].replace("~", "~0").replace("/", "~1")


class Questions(msgspec.Struct, forbid_unknown_fields=True):
    """Up to a thousand questions."""

    questions: list[dict[str, Any]]


_decode_questions: Final = msgspec.json.Decoder(Questions).decode

_QUESTION_SCHEMA: Final = Schema(
    type=OpenAPIType.OBJECT,
    required=["code", "date"],
    additional_properties=False,
    properties={parameter.name: parameter.schema for parameter in QUESTION.known},
)
_BODY: Final = RequestBody(
    required=True,
    description=f"Up to {MAX_QUESTIONS} questions; more is an error. One bad question refuses all, and is named.",
    content={
        JSON: OpenAPIMediaType(
            schema=Schema(
                type=OpenAPIType.OBJECT,
                required=["questions"],
                additional_properties=False,
                properties={
                    "questions": Schema(type=OpenAPIType.ARRAY, items=_QUESTION_SCHEMA, max_items=MAX_QUESTIONS)
                },
            ),
            examples={
                "two": Example(
                    value={
                        "questions": [
                            {"code": "2515110000", "date": "2026-09-10"},
                            {"code": "7204", "date": "2026-09-10", "origin": "KZ", "value_eur": "8000.00"},
                        ]
                    }
                )
            },
        )
    },
)
_POST_RESPONSES: Final = {
    200: ResponseSpec(
        schemas.ProofAnswers,
        generate_examples=False,
        description="The answers, in the order of the questions, all of one state of the Register.",
        media_type=JSON,
        examples=[Example(value={"answers": [ANSWER_EXAMPLE], "seq": 118})],
    ),
    **problem_responses((400, 413, 422)),
}


@post(
    "/proof",
    status_code=200,
    operation_id="postProof",
    summary="Up to 1,000 questions at once.",
    operation_class=described((), list(_POST_RESPONSES), _BODY),
    responses=_POST_RESPONSES,
    tags=["Proof of origin"],
)
async def post_proof(request: Asked, service: Service) -> Response[bytes]:
    """Answered on one state of the Register, `seq`, except where a question names a `known_at` of its own."""
    Parameters(()).read(request.scope["query_string"])
    seq = service.register.seq
    questions = _read_questions(await request.body())
    answers: list[Answer] = []
    faults: list[Finding] = []
    for place, question in enumerate(questions):
        try:
            if question.known_at is None:
                question = question.model_copy(update={"known_at": seq})
            answers.append(answer(service.register, question, service.terms.duties_until))
        except QuestionError as error:
            faults += _findings(error, f"/questions/{place}")
        if place % PORTION == PORTION - 1:
            await asyncio.sleep(0)
    if faults:
        raise refused(*faults)
    body = b'{"answers":%s,"seq":%d}' % (encode(answers), seq)
    return Reply(body, status_code=200, headers={"content-type": JSON, "cache-control": "no-store"})


def _read_questions(body: bytes) -> Sequence[Question]:
    try:
        asked = _decode_questions(body).questions
    except msgspec.ValidationError as error:
        raise refused(
            finding(
                "/questions",
                f"Нужен объект вида {{questions: [вопрос, …]}}: {error}",
                f"An object {{questions: [question, …]}} is needed: {error}",
            )
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        ru, en = f"Тело запроса – не JSON: {error}", f"The body is not JSON: {error}"
        raise Problem(400, "Bad request", f"{en} / {ru}", [finding("", ru, en)]) from None
    if len(asked) > MAX_QUESTIONS:
        raise refused(
            finding(
                "/questions",
                f"Вопросов {len(asked)}, а за один раз допускается не более {MAX_QUESTIONS}",
                f"There are {len(asked)} questions; the maximum at once is {MAX_QUESTIONS}",
            )
        )
    return _checked(asked)


def _checked(asked: Sequence[dict[str, Any]]) -> list[Question]:
    questions: list[Question] = []
    faults: list[Finding] = []
    for place, data in enumerate(asked):
        try:
            questions.append(read_question(data))
        except QuestionError as error:
            faults += _findings(error, f"/questions/{place}")
    if faults:
        raise refused(*faults)
    return questions
