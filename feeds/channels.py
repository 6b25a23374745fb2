"""The feeds of the journal as documents: newest entries, consultations, archive pages (RFC 5005).

An entry is an item: a change of a measure that is long in the Register is a new item, with the number, the identifier
and the time of its entry. Pure: no database, no web. ``base`` is the public address, no slash at its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from feeds.content import entry_html
from feeds.document import Category, Document, Item, text_in
from feeds.selection import SHOWN
from register.entries import entry_id
from register.index import Register
from register.words import ENTRY_TYPE_NAMES, KIND_NAMES, REASON_NAMES, STATE_NAMES, Language, Names

URN: Final = "urn:eaeu:register"
EMPTY_SINCE: Final = datetime(2023, 12, 4, tzinfo=UTC)
"""``updated`` of a feed without items: the day of the Agreement, so that an empty feed has one fixed form."""

_TITLES: Final[Names] = {
    "register": {
        "ru": "Единый реестр отдельных мер: изменения",
        "en": "Register of separate measures: changes",
    },
    "consultations": {
        "ru": "Единый реестр отдельных мер: консультации",
        "en": "Register of separate measures: consultations",
    },
    "upcoming": {
        "ru": "Единый реестр отдельных мер: ближайшие 30 дней",
        "en": "Register of separate measures: the next 30 days",
    },
}
_DESCRIPTIONS: Final[Names] = {
    "register": {
        "ru": "Новейшие 100 записей Единого реестра отдельных мер регулирования, установленных государствами – "
        "членами Евразийского экономического союза",
        "en": "The newest 100 entries of the Register of separate measures of the member states of the Eurasian "
        "Economic Union",
    },
    "consultations": {
        "ru": "Консультации в соответствии с пунктом 24 Правил",
        "en": "Consultations under point 24 of the Rules",
    },
    "upcoming": {
        "ru": "Меры, которые вступают в силу, прекращают действие или по которым истекают 15 дней пункта 37 Правил",
        "en": "Measures that take effect, end, or whose 15 days of point 37 of the Rules end",
    },
}
_ARCHIVE: Final[Mapping[Language, str]] = {
    "ru": "Записи {first}–{last} Единого реестра отдельных мер регулирования, установленных государствами – членами "
    "Евразийского экономического союза",
    "en": "Entries {first} to {last} of the Register of separate measures of the member states of the Eurasian "
    "Economic Union",
}
_DEMONSTRATION: Final[Mapping[Language, str]] = {"ru": "демонстрационные данные", "en": "demonstration data"}
PAGES: Final = {
    "register": "changes",
    "consultations": "consultations",
    "upcoming": "",
}
"""The page that shows what a feed shows, below ``/ru/`` or ``/en/``."""

_NAMES_OF: Final[Mapping[str, Names]] = {
    "state": STATE_NAMES,
    "kind": KIND_NAMES,
    "type": ENTRY_TYPE_NAMES,
    "reason": REASON_NAMES,
}


class Channel(NamedTuple):
    """Which feed: its name, language, the filters given as (name, text), and whether its data are a demonstration."""

    name: str
    language: Language
    filters: tuple[tuple[str, str], ...] = ()
    demonstration: bool = False

    @property
    def id(self) -> str:
        """The identifier: the same for the same filters in whatever order, in every form, and after a move."""
        return ":".join([URN, "feed", self.name, self.language, *(quote(f"{n}={t}", "=,") for n, t in self._sorted)])

    @property
    def title(self) -> str:
        """The title, with what is filtered by, and with a warning when the data are a demonstration."""
        title = _TITLES[self.name][self.language]
        if self.filters:
            chosen = "; ".join(self._chosen(name, text) for name, text in self._sorted)
            title = f"{title} ({chosen})"
        return f"{title} – {_DEMONSTRATION[self.language]}" if self.demonstration else title

    @property
    def description(self) -> str:
        """One sentence on what the feed holds."""
        text = _DESCRIPTIONS[self.name][self.language]
        return f"{text} ({_DEMONSTRATION[self.language]})" if self.demonstration else text

    @property
    def _sorted(self) -> list[tuple[str, str]]:
        return sorted((name, ",".join(sorted(text.split(",")))) for name, text in self.filters)

    def _chosen(self, name: str, text: str) -> str:
        if name not in _NAMES_OF:
            return f"ТН ВЭД {text}" if self.language == "ru" else f"TN VED {text}"
        return ", ".join(_NAMES_OF[name][item][self.language] for item in text.split(","))


def entries_document(register: Register, seqs: Sequence[int], channel: Channel, base: str, address: str) -> Document:
    """The feed of these entries, newest first; ``address`` is its own. Raises ``IndexError`` for an unknown number.

    The whole Atom feed without filters leads to its archive, so that a reader gets every entry back to the first.
    """
    items = tuple(entry_item(register, seq, channel.language, base) for seq in seqs)
    closed = register.seq // SHOWN
    links: tuple[tuple[str, str], ...] = ()
    if closed and channel.name == "register" and not channel.filters:
        links = (("prev-archive", archive_address(base, closed, channel.language)),)
    return Document(
        id=channel.id,
        address=address,
        page=f"{base}/{channel.language}/{PAGES[channel.name]}",
        title=channel.title,
        description=channel.description,
        language=channel.language,
        updated=items[0].at if items else EMPTY_SINCE,
        items=items,
        links=links,
    )


def archive_address(base: str, page: int, language: Language) -> str:
    """Where an archive page is."""
    return f"{base}/feeds/archive/{page}.atom{_in(language)}"


def feed_address(base: str, name: str, language: Language) -> str:
    """Where the Atom feed of a channel without filters is."""
    return f"{base}/feeds/{name}.atom{_in(language)}"


def _in(language: Language) -> str:
    return "" if language == "ru" else f"?lang={language}"


def archive_document(register: Register, page: int, language: Language, base: str) -> Document:
    """Archive page ``page`` (RFC 5005 section 4): entries (page - 1)·100 + 1 to page·100, newest first.

    Its bytes follow from the entries, the page, the language and ``base`` alone, for ever. So it always names the next
    page, which the RFC lets it do before that page is closed; until then the address of the next page answers 404,
    and ``current`` has what follows. Its subtitle says which entries it holds: they are not the newest for long. That
    the data are a demonstration is said by the current feed, not here.
    Raises ``IndexError`` for a page that is not closed.
    """
    if page < 1 or page * SHOWN > register.seq:
        raise IndexError(f"archive page {page} is not closed")
    channel = Channel("register", language)
    first, last = (page - 1) * SHOWN + 1, page * SHOWN
    seqs = range(last, first - 1, -1)
    items = tuple(entry_item(register, seq, language, base) for seq in seqs)
    links = [("current", feed_address(base, "register", language))]
    if page > 1:
        links.append(("prev-archive", archive_address(base, page - 1, language)))
    links.append(("next-archive", archive_address(base, page + 1, language)))
    return Document(
        id=channel.id,
        address=archive_address(base, page, language),
        page=f"{base}/{language}/changes",
        title=channel.title,
        description=_ARCHIVE[language].format(first=first, last=last),
        language=language,
        updated=items[0].at,
        items=items,
        links=tuple(links),
        archive=True,
    )


def entry_item(register: Register, seq: int, language: Language, base: str) -> Item:
    """An entry as an item. Raises ``IndexError`` for a number that is not there."""
    entry = register.entry(seq)
    title, title_language = text_in(entry["summary"], language)
    subject = entry["subject"]
    is_measure = not str(entry["type"]).startswith("consultation.")
    page = f"{base}/{language}/changes/{seq}"
    subject_page = f"{base}/{language}/{'measures' if is_measure else 'consultations'}/{quote(str(subject), '')}"
    return Item(
        id=entry_id(seq),
        title=" ".join(title.split()),
        language=title_language,
        at=register.recorded_at(seq),
        link=page,
        html=entry_html(entry, language, page, subject_page),
        categories=_categories(entry, language),
    )


def _categories(entry: Mapping[str, Any], language: Language) -> tuple[Category, ...]:
    record = entry["after"] or entry["before"] or {}
    terms = {
        "state": record.get("state"),
        "kind": record.get("kind"),
        "type": entry["type"],
        "reason": entry["reason"],
    }
    return tuple(category(name, term, language) for name, term in terms.items() if term)


def category(name: str, term: str, language: Language) -> Category:
    """A category of one of the four schemes; a term without a name is its own name."""
    label = _NAMES_OF[name].get(term, {}).get(language, term)
    return Category(f"{URN}:{name}", term, label)
