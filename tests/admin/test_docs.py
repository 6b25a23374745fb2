"""Documentation is a contract: rules, settings and commands that are not documented fail here."""

from pathlib import Path

import click

from admin import docs
from admin.cli import main

README = Path(__file__).parents[2] / "README.md"
COMMANDS = Path(__file__).parents[2] / "docs" / "operating.md"


def test_the_page_of_rules_is_what_the_rules_say() -> None:
    assert docs.PAGE.read_text(encoding="utf-8") == docs.page()


def _commands(group: click.Group, prefix: str = "register") -> list[str]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += _commands(command, f"{prefix} {name}")
        else:
            found.append(f"{prefix} {name}")
    return found


def test_every_command_is_documented() -> None:
    text = COMMANDS.read_text(encoding="utf-8")
    assert [command for command in _commands(main) if f"`{command}" not in text] == []


def test_the_readme_names_the_two_commands_and_every_docs_page() -> None:
    text = README.read_text(encoding="utf-8")
    assert "make serve" in text
    assert "make test" in text
    pages = sorted(path.name for path in docs.PAGE.parent.glob("*.md"))
    assert [page for page in pages if f"docs/{page}" not in text] == []
