"""``register mail-test``: one message now, and what the mail server says to it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import click

from admin.console import run, settings
from consultations.notices.letters import Letter, message
from consultations.notices.smtp import Courier, MailServer, NotDelivered, Unanswered, mailbox

_TEXT = (
    "Это проверка почты Реестра: письмо отправлено командой register mail-test.",
    "This is a test of the Register's mail: it was sent by the command register mail-test.",
)


@click.command("mail-test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a test message to ADDRESS and print what the mail server answers. Nothing is kept in the database."""
    server = settings().mail_server
    if server is None:
        raise click.ClickException("there is no mail server: set REGISTER_SMTP_URL and REGISTER_MAIL_FROM")
    try:
        answer = run(lambda: send(server, address))
    except NotDelivered as error:
        raise click.ClickException(f"{server.host}:{server.port} did not take the message: {error}") from error
    except Unanswered as error:
        raise click.ClickException(f"the message was handed over, but no answer came: {error}") from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ADDRESS") from error
    click.echo(f"{server.host}:{server.port} took the message: {answer}")


async def send(server: MailServer, address: str) -> str:
    """Hand a test message over and return the server's answer.

    Raises ``NotDelivered``, ``Unanswered``, ``ValueError`` for what is no address.
    """
    to = mailbox(address)
    html = "".join(f"<p>{text}</p>" for text in _TEXT)
    letter = Letter("Проверка почты / Test of the mail", "\n\n".join(_TEXT) + "\n", html)
    made = message(
        letter,
        sender=server.sender,
        to=to,
        token=secrets.token_hex(16),
        at=datetime.now(UTC),
        language="ru, en",
        unsubscribe=None,
    )

    async def at_once() -> bool:
        return True

    async with Courier(server) as courier:
        return await courier.deliver(made, to, at_once)
