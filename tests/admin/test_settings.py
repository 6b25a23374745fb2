"""Settings come from the environment, are documented, and say what is wrong with them."""

from pathlib import Path

import pytest

from admin.settings import PREFIX, SettingError, Settings
from consultations.clock import Targets

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented() -> None:
    text = DOCS.read_text()
    missing = [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in text]
    assert missing == []


def test_every_documented_setting_exists() -> None:
    named = {line.split("`")[1] for line in DOCS.read_text().splitlines() if line.startswith(f"| `{PREFIX}")}
    assert named == {PREFIX + name.upper() for name in Settings.model_fields}


def test_defaults_work_without_any_variable() -> None:
    settings = Settings.from_environment({"HOME": "/nowhere"})
    assert settings.database == "var/register.sqlite3"
    assert settings.address == "http://127.0.0.1:8000"
    assert settings.key_file("1a2b") == Path("var/log-1a2b/signing.key")
    assert settings.origin == "127.0.0.1:8000/log"


def test_an_empty_variable_is_the_same_as_none() -> None:
    assert Settings.from_environment({"REGISTER_BASE_URL": ""}).base_url is None


def test_the_base_address_loses_its_slash_and_names_the_log() -> None:
    settings = Settings.from_environment({"REGISTER_BASE_URL": "https://register.example/"})
    assert (settings.address, settings.origin) == ("https://register.example", "register.example/log")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGISTER_PORT", "70000"),
        ("REGISTER_PORT", "eighty"),
        ("REGISTER_TIME_ZONE", "Europe/Moskow"),
        ("REGISTER_BASE_URL", "register.example"),
        ("REGISTER_BASE_URL", "https://register.example/?a=b"),
        ("REGISTER_DUTIES_UNTIL", "31.12.2027"),
        ("REGISTER_LOG_LEVEL", "loud"),
        ("REGISTER_ANNOUNCE_SECONDS", "0"),
        ("REGISTER_CONSULTATION_POSITION", "15"),
        ("REGISTER_CONSULTATION_MEETING", "366 calendar"),
        ("REGISTER_CONSULTATION_ENTRY", "5 days"),
        ("REGISTER_COLOUR", "blue"),
    ],
)
def test_what_cannot_be_used_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"^{name}: "):
        Settings.from_environment({name: value})


def test_the_targets_of_consultations_are_read_with_their_unit() -> None:
    assert Settings.from_environment({}).consultation_targets == Targets()
    given = {"REGISTER_CONSULTATION_POSITION": " 10  calendar ", "REGISTER_CONSULTATION_ENTRY": "3 working"}
    found = Settings.from_environment(given).consultation_targets
    assert (str(found.position), str(found.meeting), str(found.entry)) == ("10 calendar", "30 calendar", "3 working")
