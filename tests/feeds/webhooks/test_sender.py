"""One attempt over real connections: signed, bounded in time and size, and no step aside."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

from feeds.webhooks import signing
from feeds.webhooks.addresses import Guard
from feeds.webhooks.sender import EXCERPT, READ_AT_MOST, Sender
from tests.feeds.webhooks.helpers import LOOPBACK, Got, never_resolves, receiving, response, serving

pytestmark = pytest.mark.anyio

NAME = "receiver.example"


async def loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def sender(total: float = 15.0, tls: ssl.SSLContext | None = None) -> Sender:
    return Sender(Guard(loopback if tls else never_resolves, LOOPBACK), tls=tls, total_seconds=total)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and its own certificate for the one name, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "receiver.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return path


async def test_the_packages_of_the_specification_verify_what_is_sent() -> None:
    secret, other = signing.new_secret(), signing.new_secret()
    message = signing.Message("msg_1_118", '{"type":"measure.included","data":{"ru":"Мрамор"}}'.encode())
    async with receiving() as receiver:
        await sender().post(receiver.url, signing.headers(message, datetime.now(UTC), [secret]), message.body)
    (got,) = receiver.got
    assert got.body == message.body
    assert got.headers["content-type"] == "application/json"
    assert Webhook(secret).verify(got.body, got.headers)["data"] == {"ru": "Мрамор"}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body + b" ", got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body, {**got.headers, "webhook-id": "msg_1_119"})


def test_a_signature_is_the_one_that_the_package_makes() -> None:
    secret, at = signing.new_secret(), datetime.now(UTC)
    message = signing.Message("msg_2", b'{"a":1}')
    signed = signing.headers(message, at, [secret])["webhook-signature"]
    assert signed == Webhook(secret).sign("msg_2", at, '{"a":1}')


def test_both_secrets_sign_during_an_overlap() -> None:
    new, old, message = signing.new_secret(), signing.new_secret(), signing.Message("msg_3", b"{}")
    headers = signing.headers(message, datetime.now(UTC), [new, old])
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert Webhook(new).verify(message.body, headers) == {}
    assert Webhook(old).verify(message.body, headers) == {}


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (201, None), (204, None), (299, None), (400, "status"), (410, "status"), (500, "status")],
)
async def test_only_2xx_is_delivered(status: int, error: str | None) -> None:
    async with receiving(lambda got: response(status, body=b"said \x00\x1b[31m so" if status != 204 else b"")) as one:
        outcome = await sender().post(one.url, {}, b"{}")
    assert (outcome.status, outcome.error, outcome.delivered) == (status, error, error is None)
    assert "\x00" not in outcome.excerpt
    assert "\x1b" not in outcome.excerpt


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(status: int) -> None:
    async with receiving() as aim, receiving(lambda got: response(status, f"Location: {aim.url}")) as one:
        outcome = await sender().post(one.url, {}, b"{}")
    assert (outcome.status, outcome.error) == (status, "redirect")
    assert aim.connections == 0


async def test_a_receiver_that_hangs_is_left_after_the_time() -> None:
    async def hang(got: Got) -> bytes:
        await asyncio.sleep(60)
        return response(204)

    async with receiving(hang) as one:
        outcome = await sender(0.3).post(one.url, {}, b"{}")
    assert (outcome.status, outcome.error) == (None, "timeout")
    assert 250 <= outcome.duration_ms < 3000


async def test_a_receiver_that_answers_byte_by_byte_is_left_after_the_time() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(drip) as url:
        outcome = await sender(0.4).post(url, {}, b"{}")
    assert outcome.error == "timeout"
    assert outcome.duration_ms < 3000


async def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 1000000000\r\n\r\n")
        while sent < 1_000_000_000:
            writer.write("слово ".encode() * 1000)
            await writer.drain()
            sent += 11_000

    async with serving(pour) as url:
        outcome = await sender().post(url, {}, b"{}")
    assert outcome.error == "status"
    assert outcome.excerpt.startswith("слово слово")
    assert len(outcome.excerpt) == EXCERPT
    assert sent < 100 * READ_AT_MOST


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async with receiving(lambda got: response(500, "Content-Encoding: gzip", body=b"\x1f\x8bnot gzip")) as one:
        outcome = await sender().post(one.url, {}, b"{}")
        assert one.got[0].headers["accept-encoding"] == "identity"
    assert outcome.error == "status"


async def test_nobody_listening_and_no_http() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert (await sender().post(closed, {}, b"{}")).error == "connect"
    async with receiving(lambda got: b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as one:
        assert (await sender().post(one.url, {}, b"{}")).error == "protocol"
    async with receiving(lambda got: b"") as one:
        assert (await sender().post(one.url, {}, b"{}")).error == "protocol"


async def test_the_next_address_of_a_name_is_tried_when_the_first_does_not_answer() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with receiving() as one:
        port = one.url.rpartition(":")[2]
        outcome = await Sender(Guard(two, LOOPBACK)).post(f"http://two.example:{port}", {}, b"{}")
    assert outcome.error is None
    assert len(one.got) == 1


async def test_the_certificate_must_be_for_the_name_though_the_connection_goes_to_an_address(certificate: Path) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate)
    names: list[str | None] = []
    served.sni_callback = lambda one, name, context: names.append(name)
    trusted = ssl.create_default_context(cafile=str(certificate))
    async with receiving(tls=served) as one:
        port = one.url.removesuffix("/hook").rpartition(":")[2]
        good = await sender(tls=trusted).post(f"https://{NAME}:{port}/", {}, b"{}")
        wrong = await sender(tls=trusted).post(f"https://other.example:{port}/", {}, b"{}")
        bare = await sender(tls=trusted).post(f"https://127.0.0.1:{port}/", {}, b"{}")
        strange = await sender(tls=ssl.create_default_context()).post(f"https://{NAME}:{port}/", {}, b"{}")
    assert (good.error, wrong.error, bare.error, strange.error) == (None, "tls", "tls", "tls")
    assert len(one.got) == 1
    assert one.got[0].headers["host"] == f"{NAME}:{port}"
    assert names[0] == NAME


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as one:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert (await sender().post(one.url, {}, b"{}")).error is None
    assert proxy.connections == 0
    assert ip_address("127.0.0.1") in LOOPBACK[0]
