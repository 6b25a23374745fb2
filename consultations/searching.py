"""Finding consultations by code and by words, in their public records. Pure: no database, no web."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from register.codes import CodeSpan, match

_WORD: Final = re.compile(r"\w+")


def concerned(record: Mapping[str, Any]) -> set[str]:
    """The states that a consultation concerns: planning, initiating, burdened."""
    return {record.get("state") or "", record.get("initiator") or "", *(record.get("burdened") or ())} - {""}


def concerns_code(record: Mapping[str, Any], code: str) -> bool:
    """Whether the goods have the code, in both directions; what is taken out of them does not count."""
    return any(
        match(
            line["code_from"],
            line["code_to"],
            line["partial"],
            tuple(CodeSpan(one["code_from"], one["code_to"], one["partial"]) for one in line["excluded"]),
            code,
        )
        is not None
        for line in record.get("goods") or ()
    )


def has_words(record: Mapping[str, Any], words: str) -> bool:
    """Whether every word occurs in the number, the title or the goods; case and ё do not matter."""
    wanted = [_plain(word) for word in _WORD.findall(words)]
    text = " ".join(_plain(part) for part in _texts(record))
    return all(word in text for word in wanted)


def _texts(record: Mapping[str, Any]) -> Iterator[str]:
    yield str(record.get("id") or "")
    parts = [record.get("title"), *(line.get("description") for line in record.get("goods") or ())]
    for text in parts:
        yield from (value for value in (text or {}).values() if value)


def _plain(text: str) -> str:
    return text.lower().replace("ё", "е")
