"""The commands, the key file, the settings and the catalogue."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from click.testing import CliRunner

from admin.accounts import open_accounts
from admin.accounts.commands import token, user
from admin.accounts.frame import HERE
from admin.accounts.policy import SCOPES, Role
from admin.accounts.secret_box import SecretBox, SecretFileError
from admin.accounts.texts import ROLE_NAMES, SCOPE_NAMES
from admin.settings import SettingError, Settings
from register.database import open_database
from register.pages.catalogue import read
from register.pages.messages import extracted
from register.words import LANGUAGES

NOW = datetime(2026, 9, 10, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REGISTER_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def run(command: Any, *arguments: str, **more: Any) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(arguments), **more)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_users_are_added_and_listed(folder: Path) -> None:
    given = ("add", "--email", "a@b.example", "--name", "Айгуль", "--role", "official", "--state", "KG")
    code, said = run(user, *given)
    assert code == 0
    password = said.split("One-time password: ")[1].strip()
    assert len(password) == 19
    code, said = run(user, "list")
    assert "a@b.example\tofficial\tKG\tactive\tno second factor\tnever" in said
    code, said = run(user, *given)
    assert code == 1
    assert "There is an account with this address already" in said
    assert "Учётная запись с этим адресом уже есть" in said
    with sqlite3.connect(folder / "register.sqlite3") as raw:
        rows = raw.execute("SELECT actor_name, action, subject, detail FROM audit").fetchall()
        kept = raw.execute("SELECT password_hash FROM account").fetchone()[0]
    raw.close()
    assert [row[:3] for row in rows] == [("command line", "account.add", "account:1")]
    assert password not in str(rows)
    assert kept.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--role", "official"], "state: A member state is given for an official"),
        (["--role", "clerk", "--state", "KG"], "state: "),
        (["--role", "king"], "Invalid value"),
    ],
)
def test_users_that_do_not_fit(folder: Path, more: list[str], said: str) -> None:
    code, output = run(user, "add", "--email", "a@b.example", "--name", "N", *more)
    assert code != 0
    assert said in output


def test_a_password_is_asked_for_and_checked(folder: Path) -> None:
    given = ("add", "--email", "a@b.example", "--name", "N", "--role", "clerk", "--ask-password")
    code, said = run(user, *given, input="short\nshort\n")
    assert (code, "shorter than 12" in said) == (1, True)
    code, said = run(user, *given, input="heron-lantern-42-violet\nheron-lantern-42-violet\n")
    assert code == 0
    assert "heron" not in said
    assert "One-time" not in said


def test_tokens_are_added(folder: Path) -> None:
    run(user, "add", "--email", "a@b.example", "--name", "N", "--role", "approver")
    code, said = run(token, "add", "--name", "t", "--scope", "drafts:approve", "--email", "A@b.example")
    assert code == 0
    assert said.startswith("rgt_")
    code, said = run(token, "add", "--name", "t", "--scope", "drafts:approve")
    assert (code, "only a person's token" in said) == (1, True)
    code, said = run(token, "add", "--name", "t", "--scope", "drafts:write", "--email", "A@b.example")
    assert code == 0
    code, said = run(token, "add", "--name", "t", "--scope", "audit:read", "--email", "A@b.example")
    assert (code, "Choose scopes" in said) == (1, True)
    code, said = run(token, "add", "--name", "t", "--scope", "drafts:read", "--email", "nobody@b.example")
    assert (code, "no account has the address" in said) == (1, True)


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    first, second = SecretBox.from_file(path), SecretBox.from_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secret.key"]
    assert second.open(first.seal("текст", NOW), now=NOW) == "текст"
    assert first.digest("a", "x") == second.digest("a", "x") != first.digest("b", "x")


def test_sealed_texts_that_are_not_opened(tmp_path: Path) -> None:
    box, other = SecretBox.from_file(tmp_path / "a"), SecretBox.from_file(tmp_path / "b")
    sealed = box.seal("x", NOW)
    assert other.open(sealed, now=NOW) is None
    assert box.open(sealed[:-2] + "AA", now=NOW) is None
    assert box.open("", now=NOW) is None
    assert box.open("ключ", now=NOW) is None
    assert box.open(sealed, now=NOW + timedelta(seconds=60), seconds=60) == "x"
    assert box.open(sealed, now=NOW + timedelta(seconds=61), seconds=60) is None


def test_a_key_file_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("nonsense")
    with pytest.raises(SecretFileError, match=r"secret\.key"):
        SecretBox.from_file(tmp_path / "secret.key")
    with pytest.raises(SecretFileError):
        SecretBox.from_file(tmp_path / "no" / "secret.key")


def test_settings(tmp_path: Path) -> None:
    chosen = Settings.from_environment({"REGISTER_DATA_DIR": str(tmp_path), "REGISTER_SESSION_IDLE_MINUTES": "5"})
    opened = open_accounts(chosen, open_database(chosen.database), lambda: NOW)
    assert opened.options.limits.idle == timedelta(minutes=5)
    assert opened.options.limits.absolute == timedelta(hours=12)
    assert opened.provider is None
    assert (tmp_path / "secret.key").exists()
    with pytest.raises(SettingError, match="go together"):
        Settings.from_environment({"REGISTER_OIDC_ISSUER": "https://id.example"})
    (tmp_path / "s").write_text("geheim\n")
    provider = {
        "REGISTER_DATA_DIR": str(tmp_path),
        "REGISTER_BASE_URL": "https://register.example",
        "REGISTER_OIDC_ISSUER": "https://id.example",
        "REGISTER_OIDC_CLIENT_ID": "register",
        "REGISTER_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "s"),
    }
    chosen = Settings.from_environment(provider)
    joined = open_accounts(chosen, open_database(chosen.database), lambda: NOW)
    assert joined.provider is not None
    assert joined.provider.options.client_secret == "geheim"
    assert joined.provider.options.redirect_uri == "https://register.example/staff/oidc/return"
    assert joined.options.secure


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: Any) -> None:
    catalogue = read(HERE / "locale" / f"{language}.po", language)
    wanted = {message.id for message in extracted(HERE) if message.id}
    assert {message.id for message in catalogue if message.id} == wanted

    def empty(message: Message) -> bool:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        return not all(texts)

    assert [message.id for message in catalogue if message.id and empty(message)] == []


def test_every_role_and_scope_has_its_names() -> None:
    assert set(ROLE_NAMES) == set(Role)
    assert set(SCOPE_NAMES) == set(SCOPES)
