"""What an entry says in one or two sentences, in Russian and English, for people who read a feed or a letter.

The sentences are made once, when the entry is recorded, and stay in it. Pure: no database, no web.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from register.measures import COMPUTED_FIELDS, WINDOW_DAYS
from register.words import (
    FIELD_NAMES,
    KIND_NAMES,
    STATE_NAMES,
    Language,
    written_codes,
    written_date,
    written_span,
    written_term,
)

Record = Mapping[str, Any]
Text = Mapping[str, str | None]

TITLE_LENGTH: Final = 140

OUTCOME_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "consensus_permitted": {
        "ru": "достигнут консенсус, допущена декларация о происхождении товара",
        "en": "consensus, an origin declaration may be used",
    },
    "consensus_not_permitted": {
        "ru": "достигнут консенсус, решение о возможности использования декларации не принято",
        "en": "consensus, but no decision that a declaration may be used",
    },
    "no_consensus": {"ru": "консенсус не достигнут", "en": "no consensus"},
}


def summary(
    type_: str,
    before: Record | None,
    after: Record | None,
    *,
    line: int = 0,
    note: Text | None = None,
    protocol: Record | None = None,
) -> dict[str, str]:
    """The sentences for an entry of ``type_`` from the public records before and after it.

    ``line`` is the goods line that a ``declaration.window_closed`` is about, 0 for the whole measure; ``note`` is what
    the person who records it adds (the reason of a correction); ``protocol`` the one that revokes a permission, which
    the record does not hold. Raises ``KeyError`` for an unknown type and
    ``ValueError`` where there is no record at all.
    """
    record = after or before
    if record is None:
        raise ValueError("an entry without a record has nothing to say")
    if type_.startswith("consultation."):
        ru, en = _CONSULTATIONS[type_](before, record)
    elif type_ == "declaration.window_closed":
        ru, en = _window_closed(record, line)
    elif type_ == "declaration.revoked":
        ru, en = _revoked(record, protocol)
    else:
        ru, en = _MEASURES[type_](before or {}, record)
    return {"ru": ru + _note(note, "ru"), "en": en + _note(note, "en")}


def _note(note: Text | None, language: Language) -> str:
    if note is None:
        return ""
    # Russian governs and is always better than silence; English stands in for it likewise.
    text = note.get(language) or note.get("ru") or note.get("en") or ""
    return f" {'Причина' if language == 'ru' else 'Reason'}: {text.rstrip('.')}."


def _title(record: Record, language: Language) -> str:
    text = (record.get("title") or {}).get(language)
    if not text:
        return ""
    text = " ".join(text.split())
    if len(text) > TITLE_LENGTH:
        text = text[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return f" «{text}»" if language == "ru" else f" “{text}”"


def _goods(record: Record, language: Language) -> str:
    scheme = "ТН ВЭД" if language == "ru" else "TN VED"
    return f"{_title(record, language)} ({scheme} {written_codes(record['goods'], language)})"


def _state(record: Record, language: Language) -> str:
    return STATE_NAMES[record["state"]][language]


def _named(record: Record, language: Language) -> str:
    """The measure as an apposition: Кыргызская Республика, запрет вывоза «…» (4401)."""
    return f"{_state(record, language)}, {KIND_NAMES[record['kind']][language]}{_goods(record, language)}"


def _included(_before: Record, after: Record) -> tuple[str, str]:
    start, end = after["effective_from"], after["effective_to"]
    return (
        f"В Реестр включена мера {after['id']}: {_named(after, 'ru')}; "
        f"срок действия – {written_term(start, end, 'ru')}.",
        f"Entered in the Register as {after['id']}: {_named(after, 'en')}; in force {written_term(start, end, 'en')}.",
    )


def _amended(before: Record, after: Record) -> tuple[str, str]:
    return (
        f"{_state(after, 'ru')} внесла изменения в меру {after['id']}: "
        f"{KIND_NAMES[after['kind']]['ru']}{_goods(after, 'ru')}.{_changed(before, after, 'ru')}",
        f"{_state(after, 'en')} amends {after['id']}, "
        f"{KIND_NAMES[after['kind']]['en']}{_goods(after, 'en')}.{_changed(before, after, 'en')}",
    )


def _changed(before: Record, after: Record, language: Language) -> str:
    """Which fields changed; what the Register computes is not named, and the acts only where nothing else changed."""
    fields = [
        field
        for field in FIELD_NAMES
        if field not in COMPUTED_FIELDS and before.get(field) != after.get(field) and field in after
    ]
    fields = [field for field in fields if field != "acts"] or fields
    if not fields or not before:
        return ""
    names = ", ".join(FIELD_NAMES[field][language] for field in fields)
    return f" Изменено: {names}." if language == "ru" else f" Changed: {names}."


def _extended(_before: Record, after: Record) -> tuple[str, str]:
    end = after["effective_to"]
    ru_end = f"по {written_date(end, 'ru')} включительно" if end else "без ограничения срока"
    en_end = f"to {written_date(end, 'en')} inclusive" if end else "without an end date"
    kind = KIND_NAMES[after["kind"]]
    return (
        f"{_state(after, 'ru')} продлила {kind['ru_accusative']}{_goods(after, 'ru')} {ru_end} (мера {after['id']}).",
        f"{_state(after, 'en')} extends the {kind['en']}{_goods(after, 'en')} {en_end} ({after['id']}).",
    )


def _terminated(_before: Record, after: Record) -> tuple[str, str]:
    end, kind = after["effective_to"], KIND_NAMES[after["kind"]]
    ru = f"{_state(after, 'ru')} досрочно прекратила действие {kind['ru_genitive']}{_goods(after, 'ru')}"
    en = f"{_state(after, 'en')} ends the {kind['en']}{_goods(after, 'en')} early"
    if end and end < after["effective_from"]:
        return f"{ru}: мера {after['id']} не вступает в силу.", f"{en}: {after['id']} does not take effect."
    return (
        f"{ru}: последний день действия – {written_date(end, 'ru')} (мера {after['id']}).",
        f"{en}: the last day in force is {written_date(end, 'en')} ({after['id']}).",
    )


def _corrected(before: Record, after: Record) -> tuple[str, str]:
    return (
        f"Исправлена запись Реестра о мере {after['id']}: {_named(after, 'ru')}.{_changed(before, after, 'ru')}",
        f"The entry on {after['id']} is corrected: {_named(after, 'en')}.{_changed(before, after, 'en')}",
    )


def _effective(before: Record, after: Record) -> tuple[str, str]:
    start, end = after["effective_from"], after["effective_to"]
    if before.get("status") == "suspended":
        return (
            f"Возобновлено действие меры {after['id']}: {_named(after, 'ru')}.",
            f"{after['id']} is in force again after its suspension: {_named(after, 'en')}.",
        )
    return (
        f"Вступила в силу мера {after['id']}: {_named(after, 'ru')}; действует {written_term(start, end, 'ru')}.",
        f"{after['id']} has taken effect: {_named(after, 'en')}; in force {written_term(start, end, 'en')}.",
    )


def _expired(_before: Record, after: Record) -> tuple[str, str]:
    last = after["effective_to"]
    early = after.get("status") == "terminated"
    ru_how, en_how = ("прекращена досрочно", "ended early") if early else ("срок действия истек", "its term has passed")
    return (
        f"Закончилось действие меры {after['id']}: {_named(after, 'ru')}; {ru_how}, "
        f"последний день действия – {written_date(last, 'ru')}.",
        f"{after['id']} is no longer in force: {_named(after, 'en')}; {en_how}, "
        f"the last day in force was {written_date(last, 'en')}.",
    )


def _permitted(_before: Record, after: Record) -> tuple[str, str]:
    declaration = after["declaration"]
    ru_days, en_days = _permission_days(declaration)
    ru_ground, en_ground = _ground(declaration.get("protocol"))
    return (
        f"По мере {after['id']} – {_named(after, 'ru')} – происхождение аналогичных товаров{ru_days} может "
        f"подтверждаться декларацией о происхождении товара независимо от условий пункта 37 Правил.{ru_ground}",
        f"For {after['id']} – {_named(after, 'en')} – an origin declaration may be used for similar goods{en_days}, "
        f"whatever point 37 of the Rules says.{en_ground}",
    )


def _permission_days(declaration: Record) -> tuple[str, str]:
    ru = en = ""
    if start := declaration.get("from"):
        ru, en = f" с {written_date(start, 'ru')}", f" from {written_date(start, 'en')}"
    if end := declaration.get("to"):
        ru, en = f"{ru} по {written_date(end, 'ru')} включительно", f"{en} to {written_date(end, 'en')} inclusive"
    return ru, en


def _ground(protocol: Record | None) -> tuple[str, str]:
    if not protocol:
        return "", ""
    number, day = protocol["number"], protocol["date"]
    return (
        f" Основание: протокол от {written_date(day, 'ru')} № {number}.",
        f" Ground: protocol No. {number} of {written_date(day, 'en')}.",
    )


def _revoked(after: Record, protocol: Record | None) -> tuple[str, str]:
    ru = f"По мере {after['id']} – {_named(after, 'ru')} – возможность использования декларации о происхождении товара"
    en = f"For {after['id']} – {_named(after, 'en')} – the permission to use an origin declaration"
    ru_ground, en_ground = _ground(protocol)
    declaration = after["declaration"]
    if not declaration["permitted"] or not declaration["to"]:
        return f"{ru} отменена.{ru_ground}", f"{en} is revoked.{en_ground}"
    last = declaration["to"]
    return (
        f"{ru} прекращена: последний день – {written_date(last, 'ru')}.{ru_ground}",
        f"{en} is ended: its last day is {written_date(last, 'en')}.{en_ground}",
    )


def _window_closed(after: Record, line: int) -> tuple[str, str]:
    until = _window_end(after, line)
    ru_part, en_part = "По", "For"
    if line:
        goods = _line(after, line)
        ru_part = f"По товарной строке {line} ({written_span(goods, 'ru')})"
        en_part = f"For goods line {line} ({written_span(goods, 'en')}) of"
    ru_measure = "меры" if line else "мере"
    return (
        f"{ru_part} {ru_measure} {after['id']} – {_named(after, 'ru')} – {written_date(until, 'ru')} истекли "
        "15 календарных дней, в течение которых согласно пункту 37 Правил происхождение аналогичных товаров может "
        "подтверждаться декларацией о происхождении товара.",
        f"{en_part} {after['id']} – {_named(after, 'en')} – the 15 calendar days of point 37, in which an origin "
        f"declaration is enough, ended on {written_date(until, 'en')}.",
    )


def _line(record: Record, number: int) -> Record:
    return next(goods for goods in record["goods"] if goods["line"] == number)


def _window_end(record: Record, line: int) -> date:
    """P37(1): the last day of the window of the measure, or of one of its lines that came later."""
    starts = [record["included_on"], record["effective_from"]]
    if line:
        goods = _line(record, line)
        starts += [day for day in (goods.get("included_on"), goods.get("valid_from")) if day]
    return date.fromisoformat(max(starts)) + timedelta(days=WINDOW_DAYS)


def _consultation(record: Record, language: Language) -> str:
    """The consultation as an apposition: C-2026-003 (Республика Казахстан, «…»); what is missing is left out."""
    state = STATE_NAMES.get(record.get("state") or "", {}).get(language, "")
    parts = ", ".join(part for part in (state, _title(record, language).strip()) if part)
    number = str(record.get("id") or "").strip()
    return f"{f' {number}' if number else ''}{f' ({parts})' if parts else ''}"


def _initiated(before: Record | None, record: Record) -> tuple[str, str]:
    if before is not None:
        return (
            f"Изменен предмет консультаций{_consultation(record, 'ru')} в соответствии с пунктом 24 Правил.",
            f"The subject of the consultation under point 24 is changed:{_consultation(record, 'en')}.",
        )
    return (
        f"Инициированы консультации{_consultation(record, 'ru')} в соответствии с пунктом 24 Правил.",
        f"A consultation under point 24 is initiated:{_consultation(record, 'en')}.",
    )


def _scheduled(_before: Record | None, record: Record) -> tuple[str, str]:
    meeting = record.get("meeting") or {}
    day = meeting.get("date") if isinstance(meeting, Mapping) else None
    ru_day = f" на {written_date(day, 'ru')}" if day else ""
    en_day = f" on {written_date(day, 'en')}" if day else ""
    return (
        f"Рассмотрение консультаций{_consultation(record, 'ru')} на заседании подкомитета назначено{ru_day}.",
        f"The subcommittee will consider the consultation{_consultation(record, 'en')}{en_day}.",
    )


def _concluded(_before: Record | None, record: Record) -> tuple[str, str]:
    if record.get("status") == "revoked":
        return _permission_revoked(record)
    outcome = OUTCOME_NAMES.get(record.get("outcome") or record.get("status") or "", {})
    return (
        f"Завершены консультации{_consultation(record, 'ru')}{_result(outcome, 'ru')}.",
        f"The consultation{_consultation(record, 'en')} is concluded{_result(outcome, 'en')}.",
    )


def _permission_revoked(record: Record) -> tuple[str, str]:
    revocation = record.get("revocation") or {}
    ru_ground, en_ground = _ground(revocation.get("protocol"))
    last = revocation.get("last_day")
    ru_day = f", последний день – {written_date(last, 'ru')}" if last else ""
    en_day = f"; the last day is {written_date(last, 'en')}" if last else ""
    return (
        "Отменено решение о возможности использования декларации о происхождении товара, принятое по итогам "
        f"консультаций{_consultation(record, 'ru')}{ru_day}.{ru_ground}",
        f"The permission to use an origin declaration, decided in the consultation{_consultation(record, 'en')}, is "
        f"revoked{en_day}.{en_ground}",
    )


def _result(outcome: Mapping[str, str], language: Language) -> str:
    return f": {outcome[language]}" if outcome else ""


def _withdrawn(_before: Record | None, record: Record) -> tuple[str, str]:
    return (
        f"Инициатор отозвал предложение о проведении консультаций{_consultation(record, 'ru')}.",
        f"The consultation{_consultation(record, 'en')} is withdrawn by its initiator.",
    )


_MEASURES: Final[Mapping[str, Callable[[Record, Record], tuple[str, str]]]] = {
    "measure.included": _included,
    "measure.amended": _amended,
    "measure.extended": _extended,
    "measure.terminated": _terminated,
    "measure.corrected": _corrected,
    "measure.effective": _effective,
    "measure.expired": _expired,
    "declaration.permitted": _permitted,
}
_CONSULTATIONS: Final[Mapping[str, Callable[[Record | None, Record], tuple[str, str]]]] = {
    "consultation.initiated": _initiated,
    "consultation.scheduled": _scheduled,
    "consultation.concluded": _concluded,
    "consultation.withdrawn": _withdrawn,
}
