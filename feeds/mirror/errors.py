"""What a mirror may refuse or fail at: each with what to do, in Russian and English, and an exit status.

Exit statuses: 1 the folder is damaged, 2 try again later, 3 the server is not to be believed.
"""

from __future__ import annotations

from pathlib import Path

from register.merkle import LogError
from register.proof import Fault, QuestionError


class MirrorError(LogError):
    """Anything that keeps a mirror from going on. What it held before, it still holds and answers from."""

    exit_status = 1


class MirrorUnreachable(MirrorError):
    """The server cannot be reached, or answers with an error: try again later."""

    exit_status = 2


class MirrorBusy(MirrorError):
    """Another process is writing to the folder."""

    exit_status = 2


class MirrorDamaged(MirrorError):
    """The folder of the mirror does not hold what its signed checkpoint says."""


class MirrorRefused(MirrorError):
    """What the server gave is refused; ``evidence`` is the folder where it is kept, ``seq`` the entry at fault."""

    exit_status = 3

    def __init__(self, *, ru: str, en: str, seq: int | None = None) -> None:
        super().__init__(ru=ru, en=en)
        self.seq = seq
        self.evidence: Path | None = None

    def keep_evidence(self, folder: Path) -> None:
        """Remember where the evidence is, and say so in the message."""
        self.evidence = folder
        self.text = {
            "ru": f"{self.text['ru']} Доказательства: {folder}",
            "en": f"{self.text['en']} Evidence: {folder}",
        }
        self.args = (self.text["en"],)


class MirrorUntrusted(MirrorRefused):
    """The checkpoint is malformed, or the key that is trusted has not signed it."""


class MirrorGap(MirrorRefused):
    """Entries that the signed checkpoint counts are not served, or others stand in their place."""


class MirrorRewritten(MirrorRefused):
    """An entry as served is not the one that the log's signature covers."""


class MirrorFalseSnapshot(MirrorRefused):
    """The server's snapshot says something else than the entries that the log's signature covers."""


class MirrorFork(MirrorRefused):
    """A signed checkpoint that cannot follow from the one seen before: the journal was rewritten or there are two."""


class MirrorShortened(MirrorRefused):
    """The signed checkpoint has fewer entries than one that the same key signed before."""


_KEPT_RU = "Прежнее состояние зеркала сохранено и продолжает действовать."
_KEPT_EN = "The mirror keeps its last good state and goes on answering from it."


def unreachable(url: str, why: str) -> MirrorUnreachable:
    """The server at ``url`` did not give what was asked, because ``why``."""
    return MirrorUnreachable(
        ru=f"{url}: сервер недоступен ({why}). {_KEPT_RU} Повторите попытку позже.",
        en=f"{url}: the server cannot be reached ({why}). {_KEPT_EN} Try again later.",
    )


def busy(directory: Path) -> MirrorBusy:
    """Another process holds the lock of ``directory``."""
    return MirrorBusy(
        ru=f"{directory}: зеркало уже обновляется другим процессом. Дождитесь его завершения или остановите его.",
        en=f"{directory}: another process is updating this mirror. Wait for it to end, or stop it.",
    )


def damaged(directory: Path, ru: str, en: str) -> MirrorDamaged:
    """The files under ``directory`` are not as they were left."""
    return MirrorDamaged(
        ru=f"{directory}: файлы зеркала повреждены: {ru}. Удалите каталог и создайте зеркало заново.",
        en=f"{directory}: the files of the mirror are damaged: {en}. Delete the folder and mirror again.",
    )


def untrusted(cause: LogError) -> MirrorUntrusted:
    """The signed checkpoint does not open with the trusted key."""
    return MirrorUntrusted(
        ru=f"Состояние журнала не принято: {cause.text['ru']}. {_KEPT_RU} "
        "Если ключ журнала сменён, получите новый ключ у Комиссии и создайте зеркало заново с этим ключом.",
        en=f"The checkpoint is refused: {cause.text['en']}. {_KEPT_EN} "
        "If the log has a new key, obtain it from the Commission and mirror again with that key.",
    )


def wrong_key(given: str, pinned: str) -> MirrorUntrusted:
    """The key given by the caller is not the one that the folder was begun with."""
    return MirrorUntrusted(
        ru=f"Указан ключ {given}, а зеркало создано с ключом {pinned}. {_KEPT_RU} "
        "Для другого журнала или нового ключа используйте другой каталог.",
        en=f"The key given is {given}, the mirror was begun with {pinned}. {_KEPT_EN} "
        "Use another folder for another log or a new key.",
    )


def gap(seq: int, size: int, why_ru: str, why_en: str) -> MirrorGap:
    """Entry ``seq``, one of the ``size`` that are signed, did not come."""
    return MirrorGap(
        ru=f"Запись {seq} не получена ({why_ru}), а всего подписано записей: {size}. {_KEPT_RU} "
        "Повторите попытку позже; если ошибка повторяется, сообщите в Комиссию.",
        en=f"Entry {seq} was not received ({why_en}), although {size} entries are signed. {_KEPT_EN} "
        "Try again later; if it happens again, tell the Commission.",
        seq=seq,
    )


def rewritten(seq: int, origin: str) -> MirrorRewritten:
    """Entry ``seq`` came in a form that the signature does not cover."""
    return MirrorRewritten(
        ru=f"Запись {seq} получена не в том виде, в котором она подписана журналом {origin}. {_KEPT_RU} "
        "Не используйте этот сервер и сообщите в Комиссию.",
        en=f"Entry {seq} was received in a form other than the one that the log {origin} has signed. {_KEPT_EN} "
        "Do not use this server, and tell the Commission.",
        seq=seq,
    )


def unsigned(origin: str, size: int) -> MirrorRewritten:
    """The entries that came do not give the root that is signed, and the log itself does not say which is wrong."""
    return MirrorRewritten(
        ru=f"Полученные записи (всего {size}) не соответствуют состоянию, подписанному журналом {origin}. {_KEPT_RU} "
        "Не используйте этот сервер и сообщите в Комиссию.",
        en=f"The {size} entries received are not those that the log {origin} has signed. {_KEPT_EN} "
        "Do not use this server, and tell the Commission.",
    )


def fork(origin: str, old: int, new: int, seq: int | None) -> MirrorFork:
    """The signed state of ``new`` entries does not follow from that of ``old``; ``seq`` differs first, if found."""
    where_ru = "" if seq is None else f", первая расходящаяся запись – {seq}"
    where_en = "" if seq is None else f", the first entry that differs is {seq}"
    return MirrorFork(
        ru=f"Журнал {origin} подписал два несовместимых состояния (записей: {old} и {new}){where_ru}. {_KEPT_RU} "
        "Не используйте этот сервер и передайте доказательства в Комиссию.",
        en=f"The log {origin} has signed two states that cannot both be: of {old} and of {new} entries{where_en}. "
        f"{_KEPT_EN} Do not use this server, and give the evidence to the Commission.",
        seq=seq,
    )


def shortened(origin: str, old: int, new: int) -> MirrorShortened:
    """The log that had signed ``old`` entries now signs ``new``, fewer."""
    return MirrorShortened(
        ru=f"Журнал {origin} подписал меньше записей, чем ранее: {new} вместо {old}. {_KEPT_RU} "
        "Возможно, сервер восстановлен из старой копии: повторите попытку позже; если ошибка повторяется, "
        "сообщите в Комиссию.",
        en=f"The log {origin} shows {new} entries, although it has signed {old} before. {_KEPT_EN} "
        "The server may have been restored from an old copy: try again later; if it happens again, tell the "
        "Commission.",
    )


def not_understood(seq: int, why: str) -> MirrorRefused:
    """Entry ``seq`` is signed but cannot be read by this version of the software."""
    return MirrorRefused(
        ru=f"Запись {seq} подписана, но не может быть прочитана этой версией программы: {why}. {_KEPT_RU} "
        "Обновите программу.",
        en=f"Entry {seq} is signed but cannot be read by this version of the software: {why}. {_KEPT_EN} "
        "Update the software.",
        seq=seq,
    )


def false_snapshot(seq: int, ru: str, en: str) -> MirrorFalseSnapshot:
    """The server's snapshot at entry ``seq`` says something else than the log has signed."""
    return MirrorFalseSnapshot(
        ru=f"Снимок Реестра на записи {seq}, выданный сервером, не соответствует подписанному журналу: {ru}. "
        f"{_KEPT_RU} Не используйте этот сервер и сообщите в Комиссию.",
        en=f"The snapshot at entry {seq} that the server gives is not what the log has signed: {en}. {_KEPT_EN} "
        "Do not use this server, and tell the Commission.",
    )


def past_not_here(moment: object, began: int, backfilled: int) -> QuestionError:
    """A question about the journal as it was before the mirror's beginning, which is not all here yet (Q8)."""
    return QuestionError(
        (
            Fault(
                "known_at",
                "Q8",
                {
                    "ru": f"Зеркало начато со снимка на записи {began}; более ранние записи загружены до {backfilled}. "
                    f"Пока загружены не все, ответы даются на состояние не ранее записи {began}. Указано: {moment}.",
                    "en": f"The mirror began at the snapshot of entry {began}; of those before, entries up to "
                    f"{backfilled} are here. Until all are, it answers for entry {began} and later. Given: {moment}.",
                },
            ),
        )
    )
