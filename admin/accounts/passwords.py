"""Passwords: what is accepted as one, how it is kept (argon2id), and that checking one never blocks the rest."""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from register.web import Problem, finding

T = TypeVar("T")

SHORTEST: Final = 12
LONGEST: Final = 200
"""In characters. A bound, so that hashing a very long text is no way to keep the server busy."""
LEAST_DIFFERENT: Final = 6
MOST_WAITING: Final = 40

_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "1qaz2wsx3edc4rfv5tgb6yhn",
)
_COMMON: Final = (
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "пароль",
    "gfhjkm",
    "qwerty",
    "йцукен",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "login",
    "secret",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "master",
    "sunshine",
    "princess",
    "access",
    "changeme",
    "default",
    "register",
    "реестр",
    "eaeu",
    "еаэс",
    "добропожаловать",
    "секрет",
    "админ",
    "москва",
    "moscow",
    "россия",
    "russia",
    "belarus",
    "kazakhstan",
    "armenia",
    "kyrgyzstan",
    "любовь",
    "привет",
)


def password_faults(password: str, *, email: str, name: str = "") -> list[dict[str, str]]:
    """Why a text is no good password, each reason in both languages; empty when it is one."""
    faults: list[dict[str, str]] = []

    def add(ru: str, en: str) -> None:
        faults.append({"ru": ru, "en": en})

    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        add(f"Пароль короче {SHORTEST} знаков.", f"The password is shorter than {SHORTEST} characters.")
    if len(text) > LONGEST:
        add(f"Пароль длиннее {LONGEST} знаков.", f"The password is longer than {LONGEST} characters.")
    lowered = text.casefold()
    own = [part for part in (email.casefold(), *re.split(r"[@\s]+", f"{email} {name}".casefold())) if len(part) >= 4]
    if any(part in lowered for part in own):
        add("Пароль содержит адрес электронной почты или имя.", "The password contains the e-mail address or the name.")
    if text and len(set(lowered)) < LEAST_DIFFERENT:
        add(
            f"В пароле меньше {LEAST_DIFFERENT} разных знаков.",
            f"The password has fewer than {LEAST_DIFFERENT} different characters.",
        )
    elif text and _predictable(lowered):
        add(
            "Пароль состоит из распространённых слов, повторов или соседних клавиш.",
            "The password is made of common words, repetitions or neighbouring keys.",
        )
    return faults


def _predictable(text: str) -> bool:
    """Whether little is left of a text once common words, rows of keys and repetitions are taken out."""
    # Twice: a word may be written with a sign in it, or be parted by signs.
    left = re.sub(r"[\W_]+", "", _without_words(text))
    left = _without_words(left)
    left = re.sub(r"(.+?)\1+", r"\1", left)
    left = re.sub(r"(19|20)\d\d", "", left)
    return len(_without_rows(left)) < SHORTEST // 2


def _without_words(text: str) -> str:
    for word in sorted(_COMMON, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def _without_rows(text: str) -> str:
    kept, at = [], 0
    while at < len(text):
        run = _row_length(text[at:])
        if run < 4:
            kept.append(text[at])
        at += run if run >= 4 else 1
    return "".join(kept)


def _row_length(text: str) -> int:
    """How many characters a text begins with that stand side by side in a row, in either direction."""
    best = 1
    for row in _ROWS:
        for line in (row, row[::-1]):
            length = min(len(text), len(line))
            while length > best and text[:length] not in line:
                length -= 1
            best = max(best, length)
    return best


def one_time_password() -> str:
    """A password to be handed over and changed at once: 80 bits, in characters that are not mistaken."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


class Passwords:
    """Hashes and checks in threads, two at a time; more than a few dozen waiting are sent away (503)."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._free = asyncio.Semaphore(at_once)
        self._waiting = 0
        # For an account that is not there: the same work, so that the time tells nothing.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(24))

    async def hash(self, password: str) -> str:
        """What is kept of a password: argon2id with its salt and costs."""
        text = unicodedata.normalize("NFKC", password)
        return await self._apart(lambda: self._hasher.hash(text))

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one kept; False, after the same time, where none is kept."""
        # Longer than any password that was ever accepted: cut, so that it cannot be made expensive.
        text = unicodedata.normalize("NFKC", password)[: LONGEST + 1]
        right = await self._apart(lambda: self._verify(kept or self._nobody, text))
        return right and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with costs that are no longer ours."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, text: str) -> bool:
        try:
            return self._hasher.verify(kept, text)
        except (VerificationError, InvalidHashError):
            return False

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            ru, en = "Слишком много входов одновременно, повторите позже", "Too many sign-ins at once, try again later"
            raise Problem(
                503, "Service unavailable", f"{en} / {ru}", [finding("", ru, en)], headers={"Retry-After": "5"}
            )
        self._waiting += 1
        try:
            async with self._free:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
