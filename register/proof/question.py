"""The question that downstream systems ask: which proof of origin applies to these goods on this day.

`read_question` takes what came in from outside (a query string, a member of a JSON list) and gives a checked
`Question`, or a `QuestionError` that names every field at fault and the rule that it breaks, in Russian and English.
Pure: no database, no web.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from register.codes import LENGTHS, SPACING, CodeError, normalise
from register.measures import MEASURE_ID, STATES, TRANSPORTS

QUESTION_RULES: Final[Mapping[str, Mapping[str, str]]] = {
    "H1": {
        "ru": "Код ТН ВЭД ЕАЭС содержит от 2 до 10 цифр; пробелы допускаются.",
        "en": "A TN VED code has 2 to 10 digits; spaces are allowed.",
    },
    "Q1": {
        "ru": "Код и дата обязательны; иных полей, кроме предусмотренных, вопрос не содержит.",
        "en": "A code and a date are required; a question has no fields but its own.",
    },
    "Q2": {
        "ru": "Дата указывается в виде ГГГГ-ММ-ДД.",
        "en": "A date is written YYYY-MM-DD.",
    },
    "Q3": {
        "ru": "Страна происхождения указывается двухбуквенным кодом по ISO 3166-1.",
        "en": "A country of origin is given by its two-letter code of ISO 3166-1.",
    },
    "Q4": {
        "ru": "Стоимость партии указывается в евро неотрицательным числом менее 10¹², дробная часть – через точку, "
        "не более двух знаков.",
        "en": "The value of the consignment is a number of euros from 0 and below 10¹², with a point and at most two "
        "decimals.",
    },
    "Q5": {
        "ru": "Наличие ветеринарного или фитосанитарного сертификата указывается значением true или false.",
        "en": "Whether there is a veterinary or phytosanitary certificate is said by true or false.",
    },
    "Q6": {
        "ru": "Соблюдение меры указывается через запятую: кодами государств-членов (AM, BY, KZ, KG, RU) или номерами "
        "мер (KG-2026-021), не более 100.",
        "en": "Compliance is a comma-separated list of member states (AM, BY, KZ, KG, RU) or of ids of measures "
        "(KG-2026-021), 100 at most.",
    },
    "Q7": {
        "ru": f"Вид транспорта – одно из значений: {', '.join(TRANSPORTS)}.",
        "en": f"Transport is one of: {', '.join(TRANSPORTS)}.",
    },
    "Q8": {
        "ru": "Прошлое состояние Реестра указывается номером имеющейся записи журнала или временем с часовым поясом.",
        "en": "A past state of the Register is given by the number of an entry that is there, or by a time with its "
        "zone.",
    },
}
"""What is asked of a question, by rule: the text of the errors, and of the page of rules."""

_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
ISO_3166: Final = frozenset(_COUNTRIES.split())
"""The officially assigned two-letter codes of ISO 3166-1."""

_SPACES = re.compile(SPACING)
_THREE_DIGITS = re.compile(r"[0-9]{3}")
_DAY_LENGTH = len("2026-08-18")
_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_FLAGS: Final[Mapping[Any, bool]] = {"true": True, "1": True, "false": False, "0": False, "": False}
_MOST_COMPLIANCE = 100
_LONGEST_MOMENT = 40


class Fault(NamedTuple):
    """What is wrong with one field of a question: the rule that it breaks, and its text in Russian and English."""

    field: str
    rule: str
    text: dict[str, str]


class QuestionError(ValueError):
    """A question that cannot be answered as it stands; ``faults`` names every field at fault."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.rule}: {fault.text['en']}" for fault in faults))
        self.faults = faults


def _broken(rule: str) -> PydanticCustomError:
    return PydanticCustomError("question", "{rule}: {ru} / {en}", {"rule": rule, **QUESTION_RULES[rule]})


def _code(value: object) -> str:
    if not isinstance(value, str):
        raise _broken("H1")
    if len(value) in LENGTHS and value.isdigit() and value.isascii():
        # As most are written.
        return value
    code = _SPACES.sub("", value)
    if _THREE_DIGITS.fullmatch(code):
        # No act gives a code of three digits, but a search may stop anywhere between two digits and ten.
        return code
    try:
        return normalise(code)
    except CodeError:
        raise _broken("H1") from None


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    # The other ways of writing a day that ISO 8601 and Python know have other lengths, or no hyphens at these places.
    if not isinstance(value, str) or len(value) != _DAY_LENGTH or value[4] != "-" or value[7] != "-":
        raise _broken("Q2")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _broken("Q2") from None


def _origin(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and (country := value.strip().upper()) in ISO_3166:
        return country
    raise _broken("Q3")


def _value(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _broken("Q4")
    # The text of a float is its shortest decimal, which is what stood in the JSON.
    text = str(value).strip()
    if not _MONEY.fullmatch(text):
        raise _broken("Q4")
    return Decimal(text)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    known = _FLAGS.get(value.strip().lower()) if isinstance(value, str) else None
    if known is None:
        raise _broken("Q5")
    return known


def _compliance(value: object) -> frozenset[str]:
    if value is None or value == "":
        return frozenset()
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple | set | frozenset) or len(items) > _MOST_COMPLIANCE:
        raise _broken("Q6")
    named = set()
    for item in items:
        name = item.strip().upper() if isinstance(item, str) else ""
        if name not in STATES and not MEASURE_ID.match(name):
            raise _broken("Q6")
        named.add(name)
    return frozenset(named)


def _transport(value: object) -> str | None:
    if value is None or value == "":
        return None
    if value not in TRANSPORTS:
        raise _broken("Q7")
    return str(value)


def _moment(value: object) -> int | str | datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= _LONGEST_MOMENT:
        return value
    if isinstance(value, int | datetime) and not isinstance(value, bool):
        return value
    raise _broken("Q8")


class Question(BaseModel):
    """A checked question. Everything but ``code`` and ``date`` may be left out; an empty text is the same as none.

    ``date`` is the day tested, a calendar date in the Commission's zone. ``value_eur`` is the total value of the
    consignment in euros. ``compliance`` holds states and ids of measures whose measure is confirmed to be complied
    with. Built directly it raises pydantic's ``ValidationError``; `read_question` raises `QuestionError`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, PlainValidator(_code, json_schema_input_type=str)]
    date: Annotated[date, PlainValidator(_day, json_schema_input_type=date)]
    origin: Annotated[str | None, PlainValidator(_origin, json_schema_input_type=str | None)] = None
    value_eur: Annotated[Decimal | None, PlainValidator(_value, json_schema_input_type=Decimal | None)] = None
    sanitary_certificate: Annotated[bool, PlainValidator(_flag, json_schema_input_type=bool)] = False
    compliance: Annotated[
        frozenset[str], PlainValidator(_compliance, json_schema_input_type=list[str] | str | None)
    ] = frozenset()
    transport: Annotated[str | None, PlainValidator(_transport, json_schema_input_type=str | None)] = None
    known_at: Annotated[
        int | str | datetime | None, PlainValidator(_moment, json_schema_input_type=int | str | None)
    ] = None


def read_question(data: Mapping[str, Any]) -> Question:
    """The question in ``data``, checked. Raises `QuestionError` naming each field at fault and its rule."""
    try:
        return Question.model_validate(data)
    except ValidationError as error:
        raise QuestionError(tuple(_fault(item) for item in error.errors())) from None


def _fault(error: ErrorDetails) -> Fault:
    field = ".".join(str(part) for part in error["loc"])
    context = error.get("ctx")
    if error["type"] == "question" and context is not None:
        return Fault(field, context["rule"], {"ru": context["ru"], "en": context["en"]})
    # Whatever else pydantic itself finds is about the fields as such: one is missing, or is none of ours.
    return Fault(field, "Q1", dict(QUESTION_RULES["Q1"]))


def past_refused(moment: object) -> QuestionError:
    """The error for a ``known_at`` that the journal asked does not have (Q8)."""
    text = QUESTION_RULES["Q8"]
    return QuestionError(
        (Fault("known_at", "Q8", {"ru": f"{text['ru']} Указано: {moment}.", "en": f"{text['en']} Given: {moment}."}),)
    )
