"""What pydantic says of a record that is not whole, as findings in both languages.

Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from register.codes import CodeError, CodeSpan
from register.findings import Context, Finding, Rule
from register.measures import Notified, Span

_MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("Обязательное поле не заполнено", "This field is required"),
    "extra_forbidden": ("Такого поля нет", "There is no such field"),
    "literal_error": ("Допустимые значения: {expected}", "The permitted values are {expected}"),
    "string_type": ("Значение должно быть строкой", "The value must be a string"),
    "string_too_short": ("Не менее {min_length} знаков", "At least {min_length} character(s)"),
    "string_too_long": ("Не более {max_length} знаков", "At most {max_length} characters"),
    "string_pattern_mismatch": ("Значение не соответствует образцу {pattern}", "The value does not match {pattern}"),
    "string_unicode": ("Строка содержит недопустимые знаки", "The string has signs that are not Unicode"),
    "date_type": ("Значение должно быть датой ГГГГ-ММ-ДД", "The value must be a date YYYY-MM-DD"),
    "date_parsing": ("Такой даты нет", "There is no such date"),
    "date_from_datetime_parsing": ("Такой даты нет", "There is no such date"),
    "date_from_datetime_inexact": ("Дата указывается без времени суток", "A date has no time of day"),
    "int_type": ("Значение должно быть целым числом", "The value must be a whole number"),
    "int_parsing": ("Значение должно быть целым числом", "The value must be a whole number"),
    "int_parsing_size": ("Число слишком велико", "The number is too large"),
    "int_from_float": ("Значение должно быть целым числом", "The value must be a whole number"),
    "bool_type": ("Значение должно быть true или false", "The value must be true or false"),
    "bool_parsing": ("Значение должно быть true или false", "The value must be true or false"),
    "greater_than_equal": ("Значение должно быть не меньше {ge}", "The value must be {ge} or more"),
    "less_than_equal": ("Значение должно быть не больше {le}", "The value must be {le} or less"),
    "list_type": ("Значение должно быть списком", "The value must be a list"),
    "too_short": (
        "Не менее {min_length} элементов, указано {actual_length}",
        "At least {min_length} item(s), there are {actual_length}",
    ),
    "too_long": (
        "Не более {max_length} элементов, указано {actual_length}",
        "At most {max_length} items, there are {actual_length}",
    ),
    "dict_type": ("Значение должно быть объектом", "The value must be an object"),
    "model_type": ("Значение должно быть объектом", "The value must be an object"),
    "model_attributes_type": ("Значение должно быть объектом", "The value must be an object"),
    "json_invalid": ("Текст не является JSON", "The text is not JSON"),
}
_ADDRESS: Final = (
    "Адрес в сети Интернет должен начинаться с http:// или https://",
    "A web address begins with http:// or https://",
)


def spans(candidate: Notified) -> Iterator[tuple[str, Span]]:
    """Every span of codes with its pointer: goods lines and what they exclude."""
    for place, goods in enumerate(candidate.goods):
        yield f"/goods/{place}", goods
        for inner, exclusion in enumerate(goods.excluded):
            yield f"/goods/{place}/excluded/{inner}", exclusion


class H1(Rule):
    """A TN VED code has 2 digits or 4 to 10; both ends of a range have equally many and stand in order."""

    id = "H1"
    ru = "Код ТН ВЭД состоит из 2 либо из 4–10 цифр; начало и конец диапазона одинаковой длины и стоят по порядку."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        for pointer, span in spans(candidate):
            try:
                CodeSpan(span.code_from, span.code_to)
            except CodeError as error:
                yield self.found(f"{pointer}/code_from", error.text["ru"], error.text["en"])


class H2(Rule):
    """The record has the fields, forms and limits of the contract, and no others."""

    id = "H2"
    ru = "Запись содержит предусмотренные поля в установленной форме и не содержит иных."

    def check(self, candidate: Notified, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        try:
            type(candidate).model_validate(candidate.model_dump(by_alias=True, warnings=False))
        except ValidationError as error:
            yield from (finding for finding in findings_from_validation(error) if finding.rule == self.id)


def findings_from_validation(error: ValidationError, prefix: str = "") -> list[Finding]:
    """The refusals that a ``ValidationError`` stands for, in both languages, by rule H1 for a code, else H2.

    ``prefix`` is the pointer of the validated object inside the input.
    """
    return [_finding(details, prefix) for details in error.errors(include_url=False, include_input=False)]


def _finding(details: ErrorDetails, prefix: str) -> Finding:
    pointer = prefix + "".join(f"/{_escaped(part)}" for part in details["loc"])
    context: Mapping[str, Any] = details.get("ctx") or {}
    cause = context.get("error")
    if isinstance(cause, CodeError):
        return Finding(pointer, cause.rule, dict(cause.text))
    ru, en = _texts(details, context, cause)
    return Finding(pointer, H2.id, {"ru": ru, "en": en})


def _texts(details: ErrorDetails, context: Mapping[str, Any], cause: object) -> tuple[str, str]:
    if details["type"].startswith("url_"):
        return _ADDRESS
    if isinstance(cause, ValueError):
        en, _, ru = str(cause).partition(" / ")
        return _sentence(ru or en), _sentence(en)
    known = _MESSAGES.get(details["type"])
    if known is None:
        return "Недопустимое значение", _sentence(details["msg"])
    ru, en = known
    words = {name: value for name, value in context.items() if name != "expected"}
    expected = str(context.get("expected", ""))
    return (
        ru.format(**words, expected=expected.replace(" or ", " или ")),
        en.format(**words, expected=expected),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
