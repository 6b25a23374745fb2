"""Settings: environment variables ``REGISTER_…``, each with a default that works.

Every setting stands in ``docs/settings.md``; a test fails when one does not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from consultations.clock import Target, Targets
from consultations.notices.smtp import MailServer, mailbox
from feeds.webhooks.addresses import read_networks

PREFIX = "REGISTER_"


class SettingError(ValueError):
    """A setting that cannot be used; the message names the variable and what it takes."""


class Settings(BaseModel):
    """What an operator may set. Field ``x`` is the environment variable ``REGISTER_X``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Annotated[Path, Field(description="Folder of the SQLite file and of the signing key")] = Path("var")
    database_url: Annotated[
        str | None,
        Field(description="postgresql://user:password@host/name, or a path of an SQLite file"),
    ] = None
    base_url: Annotated[
        str | None, Field(description="Address at which readers reach the service, without a slash at its end")
    ] = None
    host: Annotated[str, Field(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="Port to listen on")] = 8000
    time_zone: Annotated[str, Field(description="Zone of every date in law: the Commission's seat")] = "Europe/Moscow"
    duties_until: Annotated[
        date | None,
        Field(description="Last day on which export duties ask for no proof, A11(1); unset while the transition lasts"),
    ] = None
    signing_key_file: Annotated[
        Path | None, Field(description="Ed25519 key of the log; made on first start where there is none")
    ] = None
    log_name: Annotated[
        str | None, Field(description="Origin of the log's checkpoints; by default the host of the base URL and /log")
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="What is written to standard error")
    ] = "info"
    announce_seconds: Annotated[
        int, Field(ge=1, le=86_400, description="How often dates that have come are looked for, in seconds")
    ] = 60

    inclusion_working_days: Annotated[
        int, Field(ge=1, le=60, description="Working days in which a notified measure is to be included")
    ] = 10

    # Consultations: point 24 names no number of days, so these are choices of whoever runs the service.
    consultation_position: Annotated[
        str, Field(description="Time to state a position: a number of days, and working or calendar")
    ] = "15 working"
    consultation_meeting: Annotated[
        str, Field(description="Time to hold the meeting: a number of days, and working or calendar")
    ] = "30 calendar"
    consultation_entry: Annotated[
        str, Field(description="Time to enter a permission: a number of days, and working or calendar")
    ] = "5 working"
    notice_working_days: Annotated[
        int, Field(ge=0, le=30, description="Working days left when a deadline of a consultation is told of as near")
    ] = 2
    # End of consultations.

    # Mail.
    smtp_url: Annotated[
        str | None,
        Field(repr=False, description="Mail server: smtp://user:password@host:587?starttls, or smtps://…"),
    ] = None
    smtp_password_file: Annotated[
        Path | None, Field(description="File with the password for the mail server, in place of one in the address")
    ] = None
    mail_from: Annotated[
        str | None, Field(description="Whose mails they are: an address, with or without a name before it in <>")
    ] = None
    # End of mail.

    webhook_networks: Annotated[
        str, Field(description="Private networks in which webhooks may be delivered, such as 10.0.0.0/8, 127.0.0.0/8")
    ] = ""

    # Accounts: sign-in, sessions, OpenID Connect.
    secret_key_file: Annotated[
        Path | None,
        Field(description="Key of second factors, unsent forms and secrets of webhooks; made on first start"),
    ] = None
    session_idle_minutes: Annotated[
        int, Field(ge=1, le=1440, description="A session ends after so many minutes without use")
    ] = 30
    session_absolute_minutes: Annotated[
        int, Field(ge=1, le=10_080, description="A session ends so many minutes after the sign-in")
    ] = 720
    oidc_issuer: Annotated[
        str | None, Field(description="OpenID Connect provider, as it names itself; with the two settings below")
    ] = None
    oidc_client_id: Annotated[str | None, Field(description="What the provider calls this service")] = None
    oidc_client_secret_file: Annotated[
        Path | None, Field(description="File with the secret that the provider gave this service")
    ] = None
    oidc_name: Annotated[str, Field(description="What the button of the sign-in calls the provider")] = "OpenID Connect"
    # End of accounts.

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {value!r}") from error
        return value

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        read_networks(value)
        return value

    @field_validator("consultation_position", "consultation_meeting", "consultation_entry")
    @classmethod
    def _target(cls, value: str) -> str:
        return str(Target.read(value))

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("an address such as https://register.example is wanted")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _mail_server_address(cls, value: str | None) -> str | None:
        if value is not None:
            MailServer.parse(value, "anybody@example.org")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is not None:
            mailbox(value)
        return value

    @model_validator(mode="after")
    def _whole_mail(self) -> Self:
        if self.smtp_url and not self.mail_from:
            raise ValueError("REGISTER_SMTP_URL asks for REGISTER_MAIL_FROM")
        if self.smtp_password_file and not self.smtp_url:
            raise ValueError("REGISTER_SMTP_PASSWORD_FILE asks for REGISTER_SMTP_URL")
        if self.smtp_url and self.mail_from and self.smtp_password_file:
            try:
                MailServer.parse(self.smtp_url, self.mail_from, password="in the file")  # noqa: S106
            except ValueError as error:
                raise ValueError(f"REGISTER_SMTP_URL: {error}") from error
        return self

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        given = [self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret_file]
        if any(given) and not all(given):
            raise ValueError("REGISTER_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET_FILE go together")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``REGISTER_…``. Raises ``SettingError`` naming the variable, unknown ones included."""
        environment = os.environ if environment is None else environment
        given = {name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value != ""})
        except ValidationError as error:
            first = error.errors()[0]
            # A rule over several settings has no place of its own, and names them itself.
            name = PREFIX + (str(first["loc"][0]).upper() if first["loc"] else "…")
            raise SettingError(f"{name}: {first['msg']}") from error

    @property
    def database(self) -> str:
        """The database's address: the one set, else an SQLite file in the data folder."""
        return self.database_url or str(self.data_dir / "register.sqlite3")

    @property
    def address(self) -> str:
        """The address that links and identifiers bear, no slash at its end."""
        return self.base_url or f"http://{self.host}:{self.port}"

    def key_file(self, journal: str) -> Path:
        """Where the private key of a journal's log lies: outside the database, one to a journal.

        Another journal under one key would be a fork of its log, so a new database gets a new key.
        """
        return self.signing_key_file or self.data_dir / f"log-{journal}" / "signing.key"

    @property
    def secret_key_path(self) -> Path:
        """Where the key of the secrets that the database holds lies: outside it."""
        return self.secret_key_file or self.data_dir / "secret.key"

    @property
    def consultation_targets(self) -> Targets:
        """The targets of consultations."""
        given = (self.consultation_position, self.consultation_meeting, self.consultation_entry)
        return Targets(*(Target.read(text) for text in given))

    @property
    def mail_server(self) -> MailServer | None:
        """The mail server; None where there is none. Raises ``OSError`` for the file of its password."""
        if not self.smtp_url or not self.mail_from:
            return None
        password = self.smtp_password_file.read_text().strip() if self.smtp_password_file else None
        name = urlsplit(self.address).hostname
        return MailServer.parse(self.smtp_url, self.mail_from, password=password, local_name=name)

    @property
    def attachments(self) -> Path:
        """Where the acts lie that were attached to drafts."""
        return self.data_dir / "attachments"

    @property
    def origin(self) -> str:
        """The name of the log in its checkpoints."""
        return self.log_name or f"{urlsplit(self.address).netloc}/log"
