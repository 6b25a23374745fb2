"""Signing in by OpenID Connect: code flow with PKCE, state and nonce. The person must have an account already.

The address of the account is the verified e-mail of the ID token; nobody gets an account by signing in. The second
factor of this service stays: what the provider has asked for cannot be seen from here. Times are UTC.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from admin.accounts.secret_box import SecretBox, fresh

LASTS: Final = 600
"""Seconds that a person may spend at the provider."""
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by a public key only: a client secret signs nothing here."""
_LEEWAY: Final = 60
_METADATA_LASTS: Final = 3600.0


class OidcError(Exception):
    """The provider's answer gives nobody in; the message is for the audit trail, not for the reader."""


@dataclass(frozen=True, slots=True)
class OidcOptions:
    """What an operator sets. ``issuer`` as the provider names itself; ``name`` stands on the button."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    name: str = "OpenID Connect"


@dataclass(frozen=True, slots=True)
class Start:
    """Where to send the person, and what the cookie keeps until the return."""

    location: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Return:
    """Who came back: a verified address, and where the person wanted to go."""

    email: str
    subject: str
    next: str
    language: str


class Provider:
    """The one provider of a deployment."""

    def __init__(
        self, options: OidcOptions, box: SecretBox, now: Callable[[], datetime], client: httpx.AsyncClient | None = None
    ) -> None:
        self.options = options
        self._box = box
        self._now = now
        self._client = client
        self._metadata: tuple[datetime, dict[str, Any]] | None = None

    async def start(self, *, next_path: str, language: str) -> Start:
        """Begin a sign-in. Raises ``OidcError`` when the provider cannot be reached."""
        metadata = await self._discover()
        kept = {
            "state": fresh(),
            "nonce": fresh(),
            "verifier": secrets.token_urlsafe(48),
            "next": next_path,
            "language": language,
        }
        location = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self.options.client_id,
            "code",
            redirect_uri=self.options.redirect_uri,
            scope="openid email",
            state=kept["state"],
            nonce=kept["nonce"],
            code_challenge=create_s256_code_challenge(kept["verifier"]),
            code_challenge_method="S256",
        )
        return Start(str(location), self._box.seal(json.dumps(kept), self._now()))

    async def finish(self, query: Mapping[str, str], cookie: str | None) -> Return:
        """Take the person back. Raises ``OidcError`` for whatever does not fit."""
        opened = self._box.open(cookie, now=self._now(), seconds=LASTS) if cookie else None
        if opened is None:
            raise OidcError("no sign-in was begun in this browser, or too long ago")
        kept: dict[str, str] = json.loads(opened)
        if not secrets.compare_digest(query.get("state", "").encode(), kept["state"].encode()):
            raise OidcError("the state is another one")
        metadata = await self._discover()
        if (issuer := query.get("iss")) is not None and issuer != metadata["issuer"]:
            raise OidcError("the answer is of another issuer (RFC 9207)")
        if "error" in query:
            raise OidcError(f"the provider says: {query['error'][:100]}")
        if not query.get("code"):
            raise OidcError("the answer has no code")
        answer = await self._exchange(metadata, query["code"], kept["verifier"])
        claims = await self._claims(metadata, answer, kept["nonce"])
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise OidcError("the provider gives no verified e-mail address")
        return Return(email, str(claims["sub"])[:100], kept["next"], kept["language"])

    async def _exchange(self, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=self.options.redirect_uri,
            code=code,
            code_verifier=verifier,
            client_id=self.options.client_id,
        )
        return await self._ask(
            "POST",
            metadata["token_endpoint"],
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=(self.options.client_id, self.options.client_secret),
        )

    async def _claims(self, metadata: dict[str, Any], answer: dict[str, Any], nonce: str) -> dict[str, Any]:
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise OidcError("the provider gave no ID token")
        try:
            keys = KeySet.import_key_set(await self._ask("GET", metadata["jwks_uri"]))  # type: ignore[arg-type]
            decoded = jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": self.options.issuer},
                    "aud": {"essential": True, "value": self.options.client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self.options.client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(now=int(self._now().timestamp()), leeway=_LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcError(f"the ID token does not hold: {type(error).__name__}: {error}"[:300]) from error
        return dict(claims)

    async def _discover(self) -> dict[str, Any]:
        if self._metadata and (self._now() - self._metadata[0]).total_seconds() < _METADATA_LASTS:
            return self._metadata[1]
        address = f"{self.options.issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = await self._ask("GET", address)
        if metadata.get("issuer") != self.options.issuer:
            raise OidcError("the provider names itself otherwise than the setting does")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(metadata.get(name)).startswith(("https://", "http://")):
                raise OidcError(f"the provider does not name its {name}")
        self._metadata = (self._now(), metadata)
        return metadata

    async def _ask(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        client = self._client or httpx.AsyncClient(timeout=10)
        try:
            answer = await client.request(method, address, **more)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise OidcError(f"the provider cannot be used: {type(error).__name__}: {error}"[:300]) from error
        finally:
            if self._client is None:
                await client.aclose()
        if not isinstance(found, dict):
            raise OidcError("the provider's answer is no object")
        return found
