"""Webhooks of one process, put together: what sends, what delivers, and the test button."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

from feeds.webhooks.addresses import Guard, Lookup, Network, Resolve
from feeds.webhooks.delivery import STEADY, Delivery, Pace
from feeds.webhooks.notices import Notify, log_only
from feeds.webhooks.records import Attempt, Subscription
from feeds.webhooks.sealing import Sealer, signing_keys
from feeds.webhooks.sender import Outcome, Sender
from feeds.webhooks.signing import headers, test_message
from register.service import RegisterService

TESTS_AT_ONCE: Final = 10


class Webhooks:
    """What the application starts, stops, and gives to the handlers as ``webhooks``.

    ``opened`` are the networks beside the public Internet in which receivers may lie; ``notify`` sends mails to owners.
    ``sealer`` seals the secrets that sign; without one they are kept in clear.
    """

    def __init__(
        self,
        service: RegisterService,
        *,
        notify: Notify = log_only,
        opened: Sequence[Network] = (),
        pace: Pace = STEADY,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self._service = service
        self.sealer = sealer
        self._lookup = Lookup()
        self.guard = Guard(resolve or self._lookup, tuple(opened))
        self.sender = Sender(self.guard, tls=tls)
        self.delivery = Delivery(service, self.sender.post, notify, pace=pace, sealer=sealer)
        self._tests = asyncio.Semaphore(TESTS_AT_ONCE)

    def start(self) -> None:
        """Begin to deliver; after ``service.start()``."""
        self.delivery.start()

    async def stop(self) -> None:
        """End; before ``service.stop()``."""
        await self.delivery.stop()
        await self.sender.close()
        self._lookup.close()

    async def test(self, held: Subscription) -> Attempt:
        """Send a test message now, whatever the state of the subscription; its place in the journal stays."""
        async with self._tests:
            at = self._service.now()
            message = test_message(held.id, at)
            keys = signing_keys(self.sealer, held, at)
            outcome = Outcome.unsigned()
            if keys:
                outcome = await self.sender.post(held.url, headers(message, at, keys), message.body)
        return Attempt(held.id, message.id, None, 1, at, outcome)
