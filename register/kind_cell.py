"""Reading the kind cell of a notified table: which kind of measure, on exports or imports, by which transport.

What cannot be read with certainty is never guessed: it stays a `Doubt`. Every word of the cell is either read,
kept as a remark, or doubted. Serves the loading of notified measures (A4(1), A4(4)). Pure: no database, no
web, standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from register.doubts import Doubt, DoubtKind, in_order
from register.term_cell import folded

if TYPE_CHECKING:
    from register.measures import Destination, Kind, Transport

Direction = Literal["export", "import", "both"]

_TRANSPORT: Final[dict[str, tuple[Transport, ...]]] = {
    "автомобильн": ("road",),
    "автотранспорт": ("road",),
    "железнодорожн": ("rail",),
    "морск": ("sea",),
    "речн": ("river",),
    "внутренн": ("river",),
    "водн": ("sea", "river"),  # «водный транспорт» is both, by sea and by river
    "воздушн": ("air",),
    "авиа": ("air",),
    "трубопроводн": ("pipeline",),
}
_ORDER: Final[tuple[Transport, ...]] = ("road", "rail", "sea", "river", "air", "pipeline")
_MODE: Final = r"(?:автомобильн|железнодорожн|морск|речн|внутренним\s+водн|водн|воздушн|трубопроводн)[иы]м"
_TOKEN: Final = re.compile(
    rf"""(?P<temporary>временн(?:ый|ая|ое|ые|ого|ой|о)(?!\w))
      | (?P<export_prohibition>запрет(?:а|ом)?(?!\w))
      | (?P<quantitative_restriction>(?:количественн\w+\s+ограничени[еяй]|квот[аыу]?|квотировани[ея])(?!\w))
      | (?P<exclusive_right>исключительн\w+\s+прав[оа](?!\w))
      | (?P<automatic_licensing>(?:автоматическ\w+\s+лицензировани[ея]|наблюдени[ея])(?!\w))
      | (?P<licensing>лицензировани[ея](?!\w))
      | (?P<permit_procedure>разрешительн(?:ый|ого)\s+поряд(?:ок|ка)(?!\w))
      | (?P<export_duty>(?:вывозн|экспортн)\w+\s+(?:таможенн\w+\s+)?пошлин[аыу]?(?!\w))
      | (?P<restriction>ограничени[ея](?!\w))
      | (?P<member_states>\(\s*ограничени[ея]\s+в\s+государства-?\s*члены\s+(?:союза|еаэс)\s*\))
      | (?P<third_countries>(?:в\s+третьи\s+страны|за\s+пределы\s+(?:таможенной\s+территории\s+)?(?:союза|еаэс))(?!\w))
      | (?P<export>(?:на\s+)?(?:вывоза?|экспорта?)(?!\w))
      | (?P<import>(?:на\s+)?(?:ввоза?|импорта?)(?!\w))
      | (?P<transport>(?:{_MODE}(?:\s*,\s*|\s+и\s+))*{_MODE}\s+транспортом(?!\w)
                     |(?:автотранспортн(?:ыми|ым)\s+средств(?:ами|ом)|автотранспортом|авиатранспортом)(?!\w))
      | (?P<joint>и(?!\w))
      | (?P<between>\s+|[,;.():])
      | (?P<unread>\w+|.)""",
    re.VERBOSE | re.DOTALL,
)
_KINDS: Final = frozenset(
    {
        "export_prohibition",
        "quantitative_restriction",
        "exclusive_right",
        "automatic_licensing",
        "licensing",
        "permit_procedure",
        "export_duty",
        "restriction",
    }
)
# A general word and the special one beside it, mostly in brackets: the special one says which kind it is.
_SPECIFIED: Final = {
    frozenset({"permit_procedure", "licensing"}): "licensing",
    frozenset({"permit_procedure", "automatic_licensing"}): "automatic_licensing",
    frozenset({"restriction", "licensing"}): "licensing",
    frozenset({"restriction", "automatic_licensing"}): "automatic_licensing",
    frozenset({"restriction", "quantitative_restriction"}): "quantitative_restriction",
    frozenset({"restriction", "permit_procedure"}): "permit_procedure",
    frozenset({"restriction", "export_prohibition"}): "export_prohibition",
}


@dataclass(frozen=True, slots=True)
class KindCell:
    """What a kind cell says for certain.

    `kind` is None where it is in doubt, and for a prohibition that is not said to be of exports: the Register
    has no kind for one of imports. `direction` is None where the cell does not say. `transport` None is every
    mode. `remark` are words of the cell that are understood but have no field of their own, as printed.
    """

    text: str
    kind: Kind | None = None
    direction: Direction | None = None
    transport: tuple[Transport, ...] | None = None
    destination: Destination = "third_countries"
    temporary: bool = False
    remark: str | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def whole(self) -> bool:
        """True when nothing in the cell is left to a person."""
        return not self.doubts


_Found = list[tuple[str, int, int]]


def _found(cell: str) -> _Found:
    """What stands in the cell from left to right; words that are not understood are one stretch."""
    found: _Found = []
    for match in _TOKEN.finditer(folded(cell)):
        name = str(match.lastgroup)
        if name == "between":
            continue
        if name == "unread" and found and found[-1][0] == "unread":
            found[-1] = ("unread", found[-1][1], match.end())
        else:
            found.append((name, *match.span()))
    return found


def _kind(cell: str, found: _Found) -> tuple[str | None, list[Doubt]]:
    named = [f for f in found if f[0] in _KINDS]
    names = frozenset(name for name, _, _ in named)
    if not named:
        return None, [DoubtKind.KIND_UNKNOWN.at(cell, 0, len(cell))]
    if len(names) == 1 and names != {"restriction"}:
        return named[0][0], []
    if names in _SPECIFIED:
        return _SPECIFIED[names], []
    kind = DoubtKind.KIND_UNKNOWN if len(names) == 1 else DoubtKind.KIND_CONFLICT
    return None, [kind.at(cell, start, end) for _, start, end in named]


def _transport(cell: str, found: _Found) -> tuple[Transport, ...] | None:
    modes: set[Transport] = set()
    for _, start, end in (f for f in found if f[0] == "transport"):
        for word in re.findall(r"\w+", folded(cell[start:end]).replace("внутренним водн", "внутренн")):
            modes.update(*(codes for stem, codes in _TRANSPORT.items() if word.startswith(stem)))
    return tuple(mode for mode in _ORDER if mode in modes) or None


def _direction(names: set[str]) -> Direction | None:
    if "export_duty" in names or "export" in names:
        return "both" if "import" in names else "export"
    return "import" if "import" in names else None


def parse_kind(cell: str) -> KindCell:
    """Read a kind cell: «Временный запрет на вывоз автомобильным транспортом» and the like; never an exception.

    Our choices, where the words leave one. «Разрешительный порядок (лицензирование)» is `licensing`: a permit
    procedure is carried out by licensing or by other means, and the bracket says which; without the bracket it
    is `permit_procedure`. «Запрет … (ограничения в государства-члены Союза)» has the destination `all`: the
    words before the bracket prohibit exports as any row of the table does, and the bracket adds the member
    states without taking third countries away; what the restrictions are is not said, so the bracket is kept
    as a remark. Otherwise the destination is `third_countries`. A measure on imports only keeps the direction
    `import`, by which the intake refuses it.
    """
    if not cell.strip():
        return KindCell(cell, doubts=(DoubtKind.KIND_EMPTY.at(cell, 0, 0),))
    found = _found(cell)
    names = {name for name, _, _ in found}
    doubts = [DoubtKind.KIND_UNREAD.at(cell, start, end) for name, start, end in found if name == "unread"]
    kind, unsure = _kind(cell, found)
    if named := names & _KINDS or not doubts:
        doubts += unsure
    direction = _direction(names)
    if direction is None and named:
        doubts.append(DoubtKind.KIND_NO_DIRECTION.at(cell, len(cell), len(cell)))
    if direction in ("import", None) and kind == "export_prohibition":
        kind = None
    remarks = [cell[start:end].strip("()") for name, start, end in found if name == "member_states"]
    return KindCell(
        text=cell,
        kind=cast("Kind | None", kind),
        direction=direction,
        transport=_transport(cell, found),
        destination="all" if remarks else "third_countries",
        temporary="temporary" in names,
        remark="; ".join(remarks) or None,
        doubts=in_order(doubts),
    )
