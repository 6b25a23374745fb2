"""OpenID Connect against a small provider on loopback: who gets in, and each answer that lets nobody in."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from admin.accounts.oidc import OidcOptions, Provider
from admin.accounts.policy import Role
from tests.admin.conftest import NOW, Browser, Staff, opened

pytestmark = pytest.mark.anyio
KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
OTHER = RSAKey.generate_key(2048, parameters={"kid": "one"})


@dataclass
class FakeProvider:
    """What a provider does, and how it can be told to lie."""

    issuer: str = ""
    email: str = "clerk@commission.example"
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    asked: dict[str, str] = field(default_factory=dict)
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str, body: str, authorization: str) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.metadata,
            }
        if path == "/keys":
            return 200, {"keys": [KEY.as_dict(private=False)]}
        form = dict(parse_qsl(body))
        self.exchanged.append(form)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        expected = "Basic " + base64.b64encode(b"register:s3cret").decode()
        if challenge.decode() != self.asked["code_challenge"] or authorization != expected or form["code"] != "good":
            return 400, {"error": "invalid_grant"}
        now = int(NOW.timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": "register",
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            "email": self.email,
            "email_verified": True,
            **self.claims,
        }
        header = {"alg": self.algorithm, "kid": "one"}
        token = jwt.encode(
            header, {k: v for k, v in claims.items() if v is not None}, self.key, algorithms=[self.algorithm]
        )
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    provider = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply("")

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def reply(self, body: str) -> None:
            status, answer = provider.answer(self.path, body, self.headers.get("Authorization", ""))
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def joined(anyio_backend: str, database_url: str, fake: FakeProvider) -> AsyncIterator[Staff]:
    options = OidcOptions(fake.issuer, "register", "s3cret", "http://register.test/staff/oidc/return", "Комиссия")
    async with opened(database_url, provider=lambda box, clock: Provider(options, box, clock)) as staff:
        yield staff


async def go_there(browser: Browser, fake: FakeProvider, path: str = "/ru/staff/oidc") -> None:
    answer = await browser.get(path)
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{fake.issuer}/authorize"
    fake.asked = {name: values[0] for name, values in parse_qs(target.query).items()}


async def come_back(browser: Browser, fake: FakeProvider, **query: str) -> str:
    asked = {"code": "good", "state": fake.asked["state"], **query}
    answer = await browser.get(f"/staff/oidc/return?{urlencode(asked)}")
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_a_person_with_an_account_gets_in(joined: Staff, fake: FakeProvider) -> None:
    account, browser = await joined.person(Role.CLERK), joined.browser()
    assert "Войти через Комиссия" in (await browser.get("/ru/staff/sign-in")).text
    await go_there(browser, fake, "/ru/staff/oidc?next=/ru/staff/note")
    assert fake.asked["response_type"] == "code"
    assert fake.asked["code_challenge_method"] == "S256"
    assert fake.asked["scope"] == "openid email"
    assert fake.asked["redirect_uri"] == "http://register.test/staff/oidc/return"
    fake.email = account.email.upper()
    assert await come_back(browser, fake) == "/ru/staff/note"
    assert (await browser.get("/ru/staff/note")).status_code == 200
    rows = await joined.trail("sign_in")
    assert [(row["actor"], row["outcome"], row["detail"]) for row in rows] == [(account.id, "done", {"method": "oidc"})]
    # The return address is of no use a second time: its cookie is gone.
    assert (await come_back(browser, fake)).endswith("oidc=failed")


async def test_the_second_factor_stays(joined: Staff, fake: FakeProvider) -> None:
    account, browser = await joined.person(Role.APPROVER), joined.browser()
    fake.email = account.email
    await go_there(browser, fake)
    await come_back(browser, fake)
    assert (await browser.get("/ru/staff/note")).headers["location"].startswith("/ru/staff/second-factor")


LIES: list[tuple[str, dict[str, Any]]] = [
    ("unverified", {"email_verified": False}),
    ("verified as text", {"email_verified": "true"}),
    ("no address", {"email": None}),
    ("another nonce", {"nonce": "x"}),
    ("no nonce", {"nonce": None}),
    ("another audience", {"aud": "somebody"}),
    ("another party", {"aud": ["register", "somebody"], "azp": "somebody"}),
    ("another issuer", {"iss": "https://evil.example"}),
    ("run out", {"exp": int(NOW.timestamp()) - 3600}),
    ("from the future", {"nbf": int(NOW.timestamp()) + 3600}),
    ("nobody here", {"email": "nobody@commission.example"}),
    ("bad hash of the access token", {"at_hash": "AAAA"}),
]


@pytest.mark.parametrize(("name", "claims"), LIES, ids=[name for name, _ in LIES])
async def test_claims_that_let_nobody_in(joined: Staff, fake: FakeProvider, name: str, claims: dict[str, Any]) -> None:
    await joined.person(Role.CLERK)
    browser = joined.browser()
    await go_there(browser, fake)
    fake.claims = claims
    assert (await come_back(browser, fake)).endswith("/staff/sign-in?oidc=failed")
    assert browser.session is None
    rows = await joined.trail("sign_in")
    assert [(row["outcome"], row["actor"]) for row in rows] == [("failed", None)]
    shown = await browser.get("/en/staff/sign-in?oidc=failed")
    assert shown.status_code == 401
    assert "did not succeed" in shown.text
    # No account came to be.
    assert len(await joined.accounts.database.fetch_rows("SELECT id FROM account")) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"state": "another"},
        {"state": ""},
        {"code": "stolen"},
        {"code": ""},
        {"error": "access_denied"},
        {"iss": "https://evil.example"},
    ],
)
async def test_answers_that_let_nobody_in(joined: Staff, fake: FakeProvider, query: dict[str, str]) -> None:
    await joined.person(Role.CLERK)
    browser = joined.browser()
    await go_there(browser, fake)
    assert (await come_back(browser, fake, **query)).endswith("oidc=failed")
    assert browser.session is None


async def test_another_key_and_another_browser(joined: Staff, fake: FakeProvider) -> None:
    await joined.person(Role.CLERK)
    browser = joined.browser()
    await go_there(browser, fake)
    fake.key = OTHER
    assert (await come_back(browser, fake)).endswith("oidc=failed")
    fake.key = KEY
    await go_there(browser, fake)
    assert (await come_back(joined.browser(), fake)).endswith("oidc=failed")
    joined.clock.move(minutes=11)
    assert (await come_back(browser, fake)).endswith("oidc=failed")
    assert not [row for row in await joined.trail("sign_in") if row["outcome"] == "done"]


async def test_a_deactivated_person_does_not_get_in(joined: Staff, fake: FakeProvider) -> None:
    await joined.person(Role.CLERK)
    await joined.accounts.database.execute("UPDATE account SET deactivated_at = {}", joined.clock())
    browser = joined.browser()
    await go_there(browser, fake)
    assert (await come_back(browser, fake)).endswith("oidc=failed")


@pytest.mark.parametrize("metadata", [{"issuer": "https://evil.example"}, {"token_endpoint": None, "jwks_uri": "x:"}])
async def test_a_provider_that_is_another_one(joined: Staff, fake: FakeProvider, metadata: dict[str, Any]) -> None:
    await joined.person(Role.CLERK)
    fake.metadata = metadata
    browser = joined.browser()
    answer = await browser.get("/ru/staff/oidc")
    if answer.headers["location"].startswith(fake.issuer):
        target = urlsplit(answer.headers["location"])
        fake.asked = {name: values[0] for name, values in parse_qs(target.query).items()}
        assert (await come_back(browser, fake)).endswith("oidc=failed")
    else:
        assert answer.headers["location"] == "/ru/staff/sign-in?oidc=failed"
    assert browser.session is None


async def test_without_the_setting_there_is_no_provider(lone_staff: Staff) -> None:
    browser = lone_staff.browser()
    assert "oidc" not in (await browser.get("/ru/staff/sign-in")).text
    assert (await browser.get("/ru/staff/oidc")).status_code == 404
    assert (await browser.get("/staff/oidc/return?code=x&state=y")).status_code == 404
