"""Keeping how a person wants notices: the page and the call both do it by this."""

from __future__ import annotations

from datetime import datetime

from admin.accounts.audit import audit
from admin.accounts.policy import Actor
from consultations.notices import mails, people
from consultations.notices.people import Person, Preferences
from register.database import Database


async def keep(db: Database, actor: Actor, person: Person, wanted: Preferences, now: datetime) -> None:
    """Keep a person's preferences, inside the caller's transaction; ``now`` is UTC.

    Who wants mails at once gets what waits for the digest now.
    """
    await people.save(db, person.id, wanted, now)
    if wanted.delivery == "at_once":
        await mails.bring_forward(db, person.id, now)
    await audit(db, actor, "own.notices", actor.subject, "done", at=now, delivery=wanted.delivery)
