"""TLS to a real server: by STARTTLS and from the start, with a certificate that is checked."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from admin.notices.commands import send
from consultations.notices.smtp import MailServer, NotDelivered, Unreachable
from tests.consultations.notices.post_office import free_port, mail_server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)
    return path


def of_server(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("way", ["starttls", "tls"])
async def test_a_message_goes_encrypted_and_only_to_a_server_that_is_known(certificate: Path, way: str) -> None:
    context = of_server(certificate)
    given = {"starttls": context} if way == "starttls" else {"tls": context}
    async with mail_server(**given) as running:  # type: ignore[arg-type]
        scheme = "smtp" if way == "starttls" else "smtps"
        query = "?starttls" if way == "starttls" else ""
        server = MailServer.parse(f"{scheme}://127.0.0.1:{running.port}{query}", "register@commission.example")
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            await send(server, "anna@commission.example")
        assert running.asked == 0
        trusted = replace(server, context=ssl.create_default_context(cafile=str(certificate)))
        assert (await send(trusted, "anna@commission.example")).startswith("250")
        assert running.receivers() == ["anna@commission.example"]


async def test_a_server_without_starttls_gets_nothing_where_it_is_asked_for() -> None:
    async with mail_server() as running:
        server = MailServer.parse(f"smtp://127.0.0.1:{running.port}?starttls", "register@commission.example")
        with pytest.raises(Unreachable, match=r"(?i)starttls"):
            await send(server, "anna@commission.example")
        assert running.asked == 0


async def test_a_server_that_says_nothing_is_waited_for_only_so_long() -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        server = MailServer.parse(f"smtp://127.0.0.1:{port}", "register@commission.example").impatient(0.3)
        with pytest.raises(Unreachable, match="Timed out"):
            await send(server, "anna@commission.example")
        await left.wait()


async def test_the_test_message_tells_what_the_server_said() -> None:
    async with mail_server() as running:
        assert await send(running.settings(), "Анна <anna@commission.example>") == "250 taken"
        (mail,) = running.mails()
        assert mail["Subject"] == "Проверка почты / Test of the mail"
        running.at_rcpt = lambda _: "550 no such user"
        with pytest.raises(NotDelivered, match="550 no such user"):
            await send(running.settings(), "nobody@commission.example")
    gone = MailServer.parse(f"smtp://127.0.0.1:{free_port()}", "register@commission.example")
    with pytest.raises(Unreachable):
        await send(gone, "anna@commission.example")
