"""Answers that a process keeps: the least recently asked goes first, and where it says so, only what is asked again."""

from __future__ import annotations

from register.kept import Kept
from register.web import JSON, Prepared


def prepared() -> Prepared:
    return Prepared(b"x" * 100, JSON, seq=1)


def test_what_is_asked_once_is_not_kept_where_only_what_is_asked_again_is() -> None:
    kept, made = Kept(again=3), prepared()
    assert kept.keep("a", made) is made
    assert kept.find("a") is None
    kept.keep("a", made)
    assert kept.find("a") is made


def test_what_is_asked_again_after_very_many_others_is_asked_anew() -> None:
    kept = Kept(again=3)
    for key in ("a", "b", "c", "d", "a"):
        kept.keep(key, prepared())
    assert kept.find("a") is None
    kept.keep("a", prepared())
    assert kept.find("a") is not None


def test_kept_gives_up_the_least_recently_asked() -> None:
    kept = Kept(limit=100)
    parts = {name: Prepared(name.encode() * 40, "text/plain", seq=1) for name in "abc"}
    for name in "ab":
        kept.keep(name, parts[name])
    assert kept.find("a") is parts["a"]
    kept.keep("c", parts["c"])
    assert kept.find("b") is None
    assert kept.find("a") is parts["a"]
    large = Prepared(b"x" * 500, "text/plain", seq=1)
    assert kept.find("large") is None
    assert kept.keep("large", large) is large
    assert kept.find("large") is large
    assert kept.find("a") is None
