"""Answers that a process keeps: the least recently asked goes first, and where it says so, only what is asked again."""

from __future__ import annotations

from register.kept import Kept
from register.web import JSON, Prepared


def prepared(size: int = 100) -> Prepared:
    return Prepared(b"x" * size, JSON, seq=1)


def test_the_least_recently_asked_is_given_up_first() -> None:
    kept, made = Kept(limit=250), {key: prepared() for key in "abc"}
    assert kept.keep("a", made["a"]) is made["a"]
    kept.keep("b", made["b"])
    assert kept.find("a") is made["a"]
    kept.keep("c", made["c"])
    assert (kept.find("a"), kept.find("b"), kept.find("c")) == (made["a"], None, made["c"])


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
