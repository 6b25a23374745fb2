"""How an answer speaks: dates, sums and lists as people write them, the Russian wording of each rule, the notes.

The English wording of a rule is the docstring of its class in `register.proof.points`; its Russian twin is here, so
that the two can be laid side by side and a test can see that none is missing. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, Generic, TypeVar

import msgspec

from register.facts import FOREVER

SHOWN_AT_MOST: Final = 5
"""How many measures a sentence names; how many more there are it says, and ``measures`` beside it lists all."""


class Text(msgspec.Struct, frozen=True, gc=False):
    """A text in Russian, which governs, and in English."""

    ru: str
    en: str


class Considered(msgspec.Struct, frozen=True, gc=False):
    """A rule that would have allowed less, and why it does not hold."""

    rule: str
    holds: bool
    text: Text


class Said(msgspec.Struct, frozen=True, gc=False):
    """Part of a text in Russian and in English, as it stands between the quotation marks of JSON, UTF-8."""

    ru: bytes
    en: bytes


def said(text: Text) -> Said:
    """A text as part of another."""
    return Said(msgspec.json.encode(text.ru)[1:-1], msgspec.json.encode(text.en)[1:-1])


class Phrase:
    """A text with places for parts of it: called with what fills them in, first the Russian ones, then the English.

    It is written as JSON once; to write it for every answer takes longer than all that is asked of the rules. A call
    raises ``TypeError`` unless it fills every place.
    """

    __slots__ = ("_template",)

    def __init__(self, written: bytes) -> None:
        self._template = _template(written)

    def partly(self, *parts: bytes) -> Phrase:
        """The phrase with some places filled in; ``PLACE`` leaves one as it is, and a part may have places in turn."""
        made = Phrase(b"")
        made._template = self._template.replace(b"%%", b"%%%%") % tuple(map(_template, parts))
        return made

    def __call__(self, *parts: bytes) -> msgspec.Raw:
        return msgspec.Raw(self._template % parts)

    @classmethod
    def each(cls, phrases: Iterable[Phrase]) -> Phrase:
        """The JSON list of several, with the places of all in their order: to fill it in once takes less time."""
        made = cls(b"")
        made._template = b"[%b]" % b",".join([phrase._template for phrase in phrases])
        return made


PLACE: Final = b"{}"
"""What stands for a part of a text that is not known yet."""


def _template(written: bytes) -> bytes:
    return written.replace(b"%", b"%%").replace(PLACE, b"%b")


def phrase(ru: str, en: str, why_not: str = "") -> Phrase:
    """The phrase of a text with places ``{}``.

    With ``why_not``, the name of a rule, the text says why it does not hold, and the whole `Considered` is given.
    """
    text = Text(ru, en)
    return Phrase(msgspec.json.encode(Considered(why_not, False, text) if why_not else text))


class Note(msgspec.Struct, frozen=True, gc=False):
    """A remark that goes with an answer and does not change it: the provision, or our choice, that it rests on."""

    rule: str
    text: Text


_MONTH_NAMES: Final = "January February March April May June July August September October November December"
_MONTHS: Final = _MONTH_NAMES.split()
_DAYS_KEPT: Final = 8192
_SUMS_CACHED: Final = 1024


_T = TypeVar("_T")


class _Written(dict[int, _T], Generic[_T]):
    """Days as they are written, by ordinal. A plain dict: to keep the order of use, as ``lru_cache`` does, costs more
    than writing the few days anew."""

    def __init__(self, write: Callable[[date], _T]) -> None:
        self._write = write

    def __missing__(self, day: int) -> _T:
        if len(self) >= _DAYS_KEPT:
            self.clear()
        # A day past the calendar's last is that last day.
        text = self[day] = self._write(date.fromordinal(min(day, FOREVER)))
        return text


def _ru(on: date) -> str:
    return f"{on.day:02d}.{on.month:02d}.{on.year:04d}"


def _en(on: date) -> str:
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


iso_day: Final[Callable[[int], str]] = _Written(date.isoformat).__getitem__
"""``2026-08-18``, of a proleptic ordinal."""
ru_day: Final[Callable[[int], str]] = _Written(_ru).__getitem__
"""``18.08.2026``, of a proleptic ordinal."""
en_day: Final[Callable[[int], str]] = _Written(_en).__getitem__
"""``18 August 2026``, of a proleptic ordinal."""
ru_said: Final[Callable[[int], bytes]] = _Written(lambda on: _ru(on).encode()).__getitem__
"""The same, as part of a text in Russian."""
en_said: Final[Callable[[int], bytes]] = _Written(lambda on: _en(on).encode()).__getitem__
"""The same, as part of a text in English."""


@lru_cache(_SUMS_CACHED)
def money(value: Decimal) -> Text:
    """``18 000,00 евро``, with spaces that do not break, and ``18,000.00 EUR``."""
    number = f"{value:,.2f}"
    russian = number.replace(",", "\u00a0").replace(".", ",")
    return Text(f"{russian}\u00a0евро", f"{number} EUR")


def spaced(code: str) -> str:
    """A code of any length in groups, as people write it: ``7204 10 000 0``."""
    if len(code) <= 4:
        return code
    return f"{code[:4]} {code[4:6]} {code[6:9]} {code[9:]}".rstrip()


def listed(names: Sequence[str]) -> Said:
    """The first few names of measures, and how many more there are."""
    shown = ", ".join(names[:SHOWN_AT_MOST]).encode()
    return _and_more(shown, shown, len(names))


def listed_each(parts: Sequence[Said]) -> Said:
    """The first few of what is said of one measure each, and how many more there are."""
    if len(parts) == 1:
        return parts[0]
    shown = parts[:SHOWN_AT_MOST]
    return _and_more(b", ".join([part.ru for part in shown]), b", ".join([part.en for part in shown]), len(parts))


def _and_more(ru: bytes, en: bytes, count: int) -> Said:
    more = count - SHOWN_AT_MOST
    return Said(ru, en) if more <= 0 else Said(ru + f" и ещё {more}".encode(), en + b" and %d more" % more)


BY_TRANSPORT: Final[Mapping[str | None, Text]] = {
    None: Text("", ""),
    "road": Text(" при вывозе автомобильным транспортом", " when exported by road"),
    "rail": Text(" при вывозе железнодорожным транспортом", " when exported by rail"),
    "sea": Text(" при вывозе морским транспортом", " when exported by sea"),
    "river": Text(" при вывозе внутренним водным транспортом", " when exported by river"),
    "air": Text(" при вывозе воздушным транспортом", " when exported by air"),
    "pipeline": Text(" при вывозе трубопроводным транспортом", " when exported by pipeline"),
    "post": Text(" при пересылке в международных почтовых отправлениях", " when exported by post"),
}

RUSSIAN: Final[Mapping[str, str]] = {
    "A4(1)": "Происхождение подтверждается в отношении товаров, аналогичных товарам, на которые распространяются "
    "отдельные меры регулирования. Если на соответствующую дату ни одна такая мера не распространяется на товар, "
    "документ о происхождении товара в соответствии с Правилами не требуется.",
    "P17": "Товар третьей страны, ранее ввезенный на таможенную территорию Союза и не подвергавшийся на ней операциям, "
    "кроме обеспечения сохранности и обычной подготовки к перевозке, сохраняет свое происхождение; в соответствии "
    "с Правилами оно не определяется.",
    "A11(1)": "В течение переходного периода, предусмотренного пунктом 1 статьи 11 Соглашения, документ "
    "о происхождении товара в связи с применением вывозных таможенных пошлин не требуется.",
    "P25": "Если мера установлена только в одном государстве-члене и ее соблюдение в отношении товара подтверждено, "
    "подтверждение происхождения товара не требуется.",
    "P2": "Аналогичными являются товары с тем же кодом и таким же описанием, что и товары, в отношении которых "
    "установлена мера. На товар, происходящий из установившего меру государства-члена, распространяется сама мера: "
    "требуется ее соблюдение, а не подтверждение иного происхождения.",
    "P36": "Если меры установлены более чем в одном государстве-члене и подтверждено соблюдение одной из них, "
    "происхождение товара подтверждается декларацией о происхождении товара.",
    "P24": "Если по итогам консультаций принято решение, внесенное Комиссией в Реестр, происхождение аналогичных "
    "товаров может подтверждаться декларацией о происхождении товара вне зависимости от условий пункта 37 Правил. "
    "При нескольких мерах решение необходимо по каждой из них.",
    "P37(1)": "Декларация о происхождении товара применяется, если прошло не более 15 календарных дней с даты "
    "включения сведений о мере в Реестр, а если мера вступает в силу позднее – с даты ее вступления в силу. "
    "При нескольких мерах срок не должен истечь ни по одной из них.",
    "P37(2)": "Декларация о происхождении товара применяется, если общая стоимость партии товара не превышает "
    "10 000 евро, с 1 января 2029 года – 5 000 евро, с 1 января 2030 года – 3 000 евро.",
    "P37(3)": "Декларация о происхождении товара применяется, если партию товара сопровождает ветеринарный или "
    "фитосанитарный сертификат, выданный уполномоченным органом государства-члена и содержащий сведения о месте "
    "происхождения (производства) товара.",
    "P26": "В остальных случаях происхождение аналогичных товаров подтверждается специальным сертификатом либо "
    "в случаях, предусмотренных пунктом 35 Правил, копией сертификата о происхождении товара.",
}
"""The Russian wording of each rule; the English is the docstring of its class."""

LAW_NOTES: Final = (
    Note(
        "P45",
        Text(
            "Специальный сертификат на серийно выпускаемый товар используется только в таможенных органах "
            "государства-члена, в котором он выдан, за исключением убытия товара через другое государство-член "
            "и таможенного транзита через территории государств, не являющихся членами Союза, и (или) морем.",
            "A special certificate for serially produced goods serves only the customs of the state that issued it, "
            "save when the goods leave through another member state, or go in customs transit through non-member "
            "states or by sea.",
        ),
    ),
    Note(
        "P46",
        Text(
            "Документы о происхождении товара могут не представляться, если таможенные органы могут получить сведения "
            "о них в соответствии с пунктом 2 статьи 80 Таможенного кодекса ЕАЭС.",
            "Documents need not be presented where customs can obtain the data themselves (Customs Code of the EAEU, "
            "Article 80(2)).",
        ),
    ),
    Note(
        "P47",
        Text(
            "При выявлении признаков недостоверности декларации о происхождении товара таможенный орган вправе "
            "обоснованно запросить специальный сертификат; вместо него может быть представлена копия сертификата "
            "согласно пункту 35 Правил.",
            "On signs that an origin declaration is unreliable customs may ask, with reasons, for a special "
            "certificate; a copy of a certificate under P35 may take its place.",
        ),
    ),
)
COPY_NOTE: Final = Note(
    "P35",
    Text(
        "Вместо специального сертификата на одну партию товара применяется копия сертификата преференциальной или "
        "непреференциальной формы, если в нем указан критерий «WO», «P» или «П» либо на копии имеется отметка "
        "уполномоченного органа, подтверждающая происхождение.",
        "In place of a special certificate for one consignment a copy of a certificate in preferential or "
        "non-preferential form serves, if it states criterion WO, P or П, or if the copy bears the authorised body's "
        "mark that confirms the origin.",
    ),
)
CHOICES: Final = (
    Note(
        "C1",
        Text(
            "Правила не указывают, дата какого события проверяется: проверена дата, указанная в вопросе.",
            "The Rules do not say which event's date is tested: the date asked is the one tested.",
        ),
    ),
    Note(
        "C2",
        Text(
            "Даты – календарные, по московскому времени (место нахождения Комиссии).",
            "Dates are calendar dates in Moscow time (Europe/Moscow, the Commission's seat).",
        ),
    ),
    Note(
        "C3",
        Text(
            "Мера, действующая, но не включенная в Реестр, не учитывается; 15 дней исчисляются со дня включения.",
            "A measure in force but not yet in the Register does not count; its 15 days start on inclusion.",
        ),
    ),
    Note(
        "C4",
        Text(
            "Для товарной строки, добавленной позднее, 15 дней исчисляются отдельно и только по этой строке; "
            "продление и исправление нового срока не открывают.",
            "A goods line added later has 15 days of its own, for that line only; an extension or a correction "
            "opens none.",
        ),
    ),
    Note(
        "C5",
        Text(
            "При нескольких мерах пункт 24 либо абзац второй пункта 37 должен выполняться для каждой из них; "
            "выполнение для одной меры пункта 24, а для другой – пункта 37 недостаточно.",
            "With several measures P24, or P37(1), must hold for each of them; one by P24 and another by P37(1) is "
            "not enough.",
        ),
    ),
)
"""What the text of the law leaves open and we decided, by number; every answer names them."""


def _encoded(notes: Iterable[Note]) -> tuple[msgspec.Raw, ...]:
    return tuple(msgspec.Raw(msgspec.json.encode(note)) for note in notes)


# Every answer carries these, so they are encoded once.
NOTES: Final = _encoded((*LAW_NOTES, *CHOICES))
NOTES_WITH_COPY: Final = _encoded((COPY_NOTE, *LAW_NOTES, *CHOICES))
