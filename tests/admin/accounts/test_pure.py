"""Password rules, throttle, standing of a session, codes, CSV cells: pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.accounts import throttle
from admin.accounts.audit import harmless
from admin.accounts.gate import inside
from admin.accounts.passwords import one_time_password, password_faults
from admin.accounts.policy import Role
from admin.accounts.second_factor import accepted_step, new_recovery_codes, qr_code
from admin.accounts.sessions import form_token, token_fits
from admin.accounts.standing import Limits, Standing, over, standing

NOW = datetime(2026, 9, 10, 9, 0, tzinfo=UTC)
EMAIL = "aigul.asanova@commission.example"


@pytest.mark.parametrize(
    "password",
    [
        "short-one-1",
        "",
        "aaaaaaaaaaaaaaaaaa",
        "abababababababab",
        "password1234567",
        "Пароль-Пароль-2026",
        "qwertyuiop12345",
        "йцукенгшщзхъ12345",
        "1qaz2wsx3edc4rfv",
        "P@ssw0rd-P@ssw0rd",
        "aigul.asanova-2026!",
        "xx-Asanova-rivers-77",
        "commission.example-99",
        "x" * 150 + "abcdefgh" * 8,
    ],
)
def test_bad_passwords_are_refused_in_both_languages(password: str) -> None:
    faults = password_faults(password, email=EMAIL, name="Айгуль Asanova")
    assert faults
    assert all(fault["ru"] and fault["en"] for fault in faults)


@pytest.mark.parametrize(
    "password", ["heron-lantern-42-violet", "сосна кружка паром 31", "vR7#kd02mQz!", "correct horse battery staple"]
)
def test_good_passwords_are_taken(password: str) -> None:
    assert password_faults(password, email=EMAIL, name="Айгуль Asanova") == []


def test_one_time_passwords_differ_and_pass_the_rules() -> None:
    made = {one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(one) == 19 and not password_faults(one, email=EMAIL) for one in list(made)[:20])


moments = st.lists(st.integers(0, 3600 * 30).map(lambda ago: NOW - timedelta(seconds=ago)), max_size=60)


@given(moments)
def test_account_wait_is_bounded_and_free_for_the_first_five(wrong: list[datetime]) -> None:
    wait = throttle.account_wait(wrong, NOW)
    assert timedelta(0) <= wait <= throttle.LONGEST_WAIT
    if len([at for at in wrong if NOW - at < throttle.REMEMBERED]) < throttle.FREE:
        assert wait == timedelta(0)


@given(moments, st.integers(0, 3600))
def test_another_wrong_answer_never_shortens_the_wait(wrong: list[datetime], ago: int) -> None:
    assert throttle.account_wait([*wrong, NOW], NOW) >= throttle.account_wait(wrong, NOW)
    more = [*wrong, NOW - timedelta(seconds=ago)]
    assert throttle.address_wait(more, NOW) >= throttle.address_wait(wrong, NOW)


@given(moments)
def test_after_the_wait_an_answer_is_taken(wrong: list[datetime]) -> None:
    later = NOW + throttle.account_wait(wrong, NOW)
    assert throttle.account_wait(wrong, later) == timedelta(0)
    later = NOW + throttle.address_wait(wrong, NOW)
    assert throttle.address_wait(wrong, later) == timedelta(0)


def test_the_waits_grow() -> None:
    waits = [throttle.account_wait([NOW] * count, NOW).total_seconds() for count in range(4, 13)]
    assert waits == [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert throttle.account_wait([NOW] * 10_000, NOW) == throttle.LONGEST_WAIT


def test_addresses_are_counted_by_host_or_network() -> None:
    assert throttle.bucket("203.0.113.9") == "203.0.113.9"
    assert throttle.bucket("2001:db8:1:2:3:4:5:6") == throttle.bucket("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert throttle.bucket("::ffff:203.0.113.9") == "203.0.113.9"
    assert throttle.bucket("") == ""
    assert len(throttle.bucket("x" * 500)) == 60


@given(st.integers(0, 100_000), st.integers(0, 100_000), st.booleans())
def test_a_session_ends_at_either_limit(age: int, idle: int, ended: bool) -> None:
    limits = Limits()
    created, seen = NOW - timedelta(seconds=age), NOW - timedelta(seconds=idle)
    assert over(created, seen, NOW if ended else None, limits, NOW) is (ended or age >= 43_200 or idle >= 1800)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({}, Standing.READY),
        ({"is_over": True, "enrolled": True}, Standing.ENDED),
        ({"enrolled": True}, Standing.SECOND_FACTOR),
        ({"enrolled": True, "second_factor_done": True}, Standing.READY),
        ({"enrolled": True, "password_expires": NOW}, Standing.SECOND_FACTOR),
        ({"password_expires": NOW}, Standing.CHANGE_PASSWORD),
        ({"role": Role.APPROVER, "password_expires": NOW}, Standing.CHANGE_PASSWORD),
        ({"role": Role.APPROVER}, Standing.ENROL),
        ({"role": Role.OPERATOR}, Standing.ENROL),
        ({"role": Role.OPERATOR, "enrolled": True, "second_factor_done": True}, Standing.READY),
    ],
)
def test_standing(given_: dict[str, Any], expected: Standing) -> None:
    base: dict[str, Any] = {
        "is_over": False,
        "role": Role.CLERK,
        "enrolled": False,
        "second_factor_done": False,
        "password_expires": None,
    }
    assert standing(**{**base, **given_}) is expected


def test_a_code_counts_one_step_off_and_once() -> None:
    secret = pyotp.random_base32()
    totp, present = pyotp.TOTP(secret), int(NOW.timestamp()) // 30
    for step in (present - 1, present, present + 1):
        assert accepted_step(secret, totp.generate_otp(step), None, NOW) == step
    assert accepted_step(secret, totp.generate_otp(present - 2), None, NOW) is None
    assert accepted_step(secret, totp.generate_otp(present + 2), None, NOW) is None
    assert accepted_step(secret, totp.generate_otp(present), present, NOW) is None
    assert accepted_step(secret, totp.generate_otp(present + 1), present, NOW) == present + 1
    spaced = totp.generate_otp(present)
    assert accepted_step(secret, f"{spaced[:3]} {spaced[3:]}", None, NOW) == present


@given(st.text(max_size=12))
def test_any_text_as_a_code_is_refused_without_a_fault(text: str) -> None:
    secret = "JBSWY3DPEHPK3PXP" * 2
    present = int(NOW.timestamp()) // 30
    allowed = {pyotp.TOTP(secret).generate_otp(present + step) for step in (-1, 0, 1)}
    if "".join(text.split()) not in allowed:
        assert accepted_step(secret, text, None, NOW) is None


def test_recovery_codes_are_ten_and_differ() -> None:
    codes = new_recovery_codes()
    assert len(codes) == len(set(codes)) == 10


def test_the_qr_code_has_nothing_that_the_policy_of_content_forbids() -> None:
    svg = qr_code("otpauth://totp/x?secret=ABC")
    assert svg.startswith("<svg")
    assert "style" not in svg
    assert "<script" not in svg


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_form_token_fits_its_own_secret_only(secret: str, other: str) -> None:
    token = form_token(secret)
    assert token_fits(secret, token)
    assert token_fits(other, token) is (secret.encode() == other.encode())
    assert form_token(secret) != token


@given(st.text(max_size=200))
def test_any_text_as_a_form_token_is_refused_without_a_fault(text: str) -> None:
    assert not token_fits("secret", text)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\r=x", " =1", "=HYPERLINK()", "|calc", "%0A", "＝1"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_plain_cells_stay_as_they_are() -> None:
    assert [harmless(value) for value in ("sign_in", 7, -7, None, "")] == ["sign_in", "7", "-7", "", ""]
    assert harmless({"a": "=1"}) == '{"a": "=1"}'


@given(st.text(max_size=60))
def test_only_our_own_pages_are_inside(text: str) -> None:
    if inside(text):
        assert text.startswith(("/ru/staff", "/en/staff"))
        assert "//" not in text.split("?")[0]


def test_inside() -> None:
    assert inside("/ru/staff")
    assert inside("/en/staff/drafts/7?tab=goods")
    for outside in ("", "/ru/staffx", "/ru/", "//h/ru/staff", "http://h/ru/staff", "/ru/staff\n", "/de/staff"):
        assert not inside(outside)
