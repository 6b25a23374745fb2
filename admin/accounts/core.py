"""What the accounts of one process share: database, key, options, clock; and signing in itself. Times are UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from admin.accounts import attempts, people, second_factor, sessions
from admin.accounts.attempts import Wait
from admin.accounts.audit import Outcome, audit, stranger
from admin.accounts.oidc import Provider
from admin.accounts.passwords import Passwords
from admin.accounts.people import Account
from admin.accounts.policy import Actor
from admin.accounts.secret_box import SecretBox
from admin.accounts.sessions import Known
from admin.accounts.standing import Limits
from register.database import Database

PATH: Final = "/staff"


@dataclass(frozen=True, slots=True)
class Options:
    """What a deployment decides. ``base_url`` without a slash at its end; ``home`` is where a sign-in leads."""

    base_url: str
    limits: Limits = field(default_factory=Limits)
    issuer: str = "EAEU Register"
    home: str = f"{PATH}/me"

    @property
    def secure(self) -> bool:
        """Whether readers come by https: cookies are then ``Secure`` and bound to the host."""
        return self.base_url.startswith("https://")

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a browser names where a request comes from."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session begun: what its cookie bears, and whose it is."""

    cookie: str
    account: Account


class Accounts:
    """The accounts of this process; stateless but for the limits on hashing."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        options: Options,
        now: Callable[[], datetime],
        *,
        passwords: Passwords | None = None,
        provider: Provider | None = None,
    ) -> None:
        self.database = database
        self.box = box
        self.options = options
        self.now = now
        self.passwords = passwords or Passwords()
        self.provider = provider

    def actor(self, known: Known, address: str) -> Actor:
        """The person behind a session."""
        person = known.account
        return Actor(
            person.id,
            person.name,
            person.role,
            person.state,
            language=person.language,
            session=known.session.id,
            address=address,
        )

    async def tell(self, actor: Actor, action: str, subject: str, outcome: Outcome, **detail: object) -> None:
        """An audit row in a transaction of its own: for a refusal, which changes nothing else."""
        async with self.database.transaction():
            await audit(self.database, actor, action, subject, outcome, at=self.now(), **detail)

    async def sign_in(self, email: str, password: str, visitor: Visitor) -> SignedIn | None:
        """Sign in by password; None when address or password is wrong, after the same time in either case.

        Raises ``Wait`` when account or address has to wait; ``Problem`` 503 when too many sign in at once.
        """
        db, now = self.database, self.now()
        account = await people.by_email(db, email)
        subject = f"account:{account.id}" if account else "account:unknown"
        attempt = await self._attempt("sign_in", people.email_key(email), subject, visitor)
        reason = _why_not(account, now)
        kept = account.password_hash if account and reason is None else None
        right = await self.passwords.matches(kept, password)
        if not right or account is None or kept is None:
            # The address itself is not kept where no account has it: people type passwords there.
            await self.tell(stranger(visitor.address), "sign_in", subject, "failed", reason=reason or "wrong")
            return None
        renewed = await self.passwords.hash(password) if self.passwords.outdated(kept) else None
        async with db.transaction():
            # Looked at anew: it may have been shut, or given another password, while this one was checked.
            account = await people.by_id(db, account.id)
            if account is None or account.password_hash != kept or not account.active:
                await audit(db, stranger(visitor.address), "sign_in", subject, "failed", at=now, reason="changed")
                return None
            await attempts.mark_right(db, attempt, now)
            if renewed:
                await db.execute("UPDATE account SET password_hash = {} WHERE id = {}", renewed, account.id)
            return await self.admit(account, visitor, "password")

    async def admit(self, account: Account, visitor: Visitor, method: str) -> SignedIn:
        """Inside a transaction: begin a session for a person who has proved to be one, and tell of it."""
        db, now = self.database, self.now()
        cookie = await sessions.begin(db, account.id, address=visitor.address, user_agent=visitor.user_agent, now=now)
        await db.execute("UPDATE account SET last_sign_in_at = {} WHERE id = {}", now, account.id)
        actor = Actor(account.id, account.name, account.role, account.state, address=visitor.address)
        await audit(db, actor, "sign_in", actor.subject, "done", at=now, method=method)
        return SignedIn(cookie, account)

    async def second_factor(self, known: Known, code: str, visitor: Visitor) -> SignedIn | None:
        """Take a code of the authenticator or a recovery code; None when it is neither, or used before.

        The session gets another name, so that one that was watched before is worth nothing. Raises ``Wait``.
        """
        db, now = self.database, self.now()
        actor = self.actor(known, visitor.address)
        attempt = await self._attempt("second_factor", str(known.account.id), actor.subject, visitor)
        async with db.transaction():
            account = await people.by_id(db, known.account.id)
            kind = await second_factor.use_code(db, self.box, account, code, now) if account else None
            if account is None or kind is None:
                await audit(db, actor, "sign_in.second_factor", actor.subject, "failed", at=now)
                return None
            await attempts.mark_right(db, attempt, now)
            cookie = await self.renew(known, visitor, second_factor=True)
            await audit(db, actor, "sign_in.second_factor", actor.subject, "done", at=now, kind=kind)
        return SignedIn(cookie, account)

    async def proves(self, known: Known, code: str, visitor: Visitor, action: str) -> bool:
        """Whether a code is right, for a deed that asks for one again; it is used up. Raises ``Wait``."""
        db, now = self.database, self.now()
        actor = self.actor(known, visitor.address)
        attempt = await self._attempt("second_factor", str(known.account.id), actor.subject, visitor)
        async with db.transaction():
            account = await people.by_id(db, known.account.id)
            kind = await second_factor.use_code(db, self.box, account, code, now) if account else None
            if kind is None:
                await audit(db, actor, action, actor.subject, "failed", at=now, reason="second_factor")
                return False
            await attempts.mark_right(db, attempt, now)
        return True

    async def knows_password(self, known: Known, password: str, visitor: Visitor) -> bool:
        """Whether a person gives the present password, before another is taken. Raises ``Wait``."""
        actor = self.actor(known, visitor.address)
        key = people.email_key(known.account.email)
        attempt = await self._attempt("sign_in", key, actor.subject, visitor)
        if not await self.passwords.matches(known.account.password_hash, password):
            await self.tell(actor, "own.password", actor.subject, "failed", reason="wrong")
            return False
        async with self.database.transaction():
            await attempts.mark_right(self.database, attempt, self.now())
        return True

    async def renew(self, known: Known, visitor: Visitor, *, second_factor: bool) -> str:
        """Inside a transaction: the same person goes on in a new session; return what its cookie bears."""
        db, now = self.database, self.now()
        await sessions.end(db, known.account.id, known.session.id, now)
        return await sessions.begin(
            db,
            known.account.id,
            address=visitor.address,
            user_agent=visitor.user_agent,
            now=now,
            second_factor=second_factor,
        )

    async def _attempt(self, purpose: str, who: str, subject: str, visitor: Visitor) -> int:
        db = self.database
        try:
            async with db.transaction():
                return await attempts.open_attempt(db, self.box.digest(purpose, who), visitor.address, self.now())
        except Wait as wait:
            await self.tell(stranger(visitor.address), purpose, subject, "refused", reason="wait", seconds=wait.seconds)
            raise

    async def token_refused(self, visitor: Visitor) -> None:
        """Tell of a bearer token that opens nothing; raises ``Wait`` after a few from one address."""
        db, now = self.database, self.now()
        async with db.transaction():
            await attempts.open_attempt(db, self.box.digest("bearer", visitor.address), visitor.address, now)
            await audit(db, stranger(visitor.address), "bearer", "token:unknown", "failed", at=now)


def _why_not(account: Account | None, now: datetime) -> str | None:
    """Why no password can be right; None when one can."""
    if account is None:
        return "unknown"
    if not account.active:
        return "inactive"
    if account.password_hash is None:
        return "no_password"
    if account.password_expires_at is not None and account.password_expires_at <= now:
        return "one_time_expired"
    return None
