"""The one place where everything is put together."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Litestar
from litestar.di import Provide

import consultations.pages
import consultations.writing
import feeds.api
import feeds.consultation_calendar_api
import feeds.extract.api
import feeds.webhooks.api
import register.api
import register.pages
from admin import accounts, health, marks, moved_days, notices, subscriptions, workbench
from admin.accounts.core import PATH
from admin.accounts.subscribers import subscriber
from admin.consulting import route_handlers as consulting_pages
from admin.notices.office import Notices
from admin.scheduler import Scheduler
from admin.settings import Settings
from consultations.documents import DocumentCabinet
from consultations.moved_days import Calendars
from consultations.office import Consulting
from feeds.log import Log
from feeds.notes import KeyFileError, load_key, load_or_create_key
from feeds.webhooks.addresses import read_networks
from feeds.webhooks.office import Webhooks
from register.api.openapi import openapi_config
from register.api.proof import proof_shortcut
from register.database import DatabaseError, open_database
from register.drafts import api as drafts
from register.drafts.attachments import Cabinet
from register.entries import EntryError
from register.merkle import LogError
from register.pages.errors import problem_handler
from register.service import RegisterService, Terms
from register.web import PublicApp

log = logging.getLogger(__name__)


def create_service(
    settings: Settings, *, demonstration: bool = False, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> RegisterService:
    """The Register of this process, not yet started. Times come from ``clock``, UTC."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    terms = Terms(
        zone=ZoneInfo(settings.time_zone),
        duties_until=settings.duties_until,
        base_url=settings.address,
        demonstration=demonstration,
    )
    return RegisterService(open_database(settings.database), terms, clock)


async def open_log(settings: Settings, service: RegisterService) -> Log:
    """The signed log over a started service, checked against what was signed last.

    The key is made on first start. Its name is given once, with the first key; a later change of the address leaves it.
    While a file with ``.former`` at its end lies beside it, a rotation lasts: both keys sign. Raises ``KeyFileError``
    when a file cannot be used or bears another name than ``REGISTER_LOG_NAME`` asks, ``LogFork`` and
    ``SignedFileError`` as `Log.start`.
    """
    path = settings.key_file(await marks.journal(service.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    former = path.with_name(f"{path.name}.former")
    keys = [load_key(former)] if former.exists() else []
    name = keys[0].name if keys else settings.origin
    keys.insert(0, load_key(path) if path.exists() else load_or_create_key(path, name))
    if settings.log_name and keys[0].name != settings.log_name:
        raise KeyFileError(
            ru=f"{path}: ключ журнала {keys[0].name}, а REGISTER_LOG_NAME задаёт {settings.log_name}",
            en=f"{path} holds the key of {keys[0].name}, but REGISTER_LOG_NAME asks for {settings.log_name}",
        )
    published = Log(service, keys, path.with_name("last-signed"))
    await published.start()
    return published


def create_app(
    settings: Settings,
    *,
    demonstration: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    handlers: Sequence[Any] = (),
    scheduled: bool = True,
) -> Litestar:
    """The whole service as an ASGI application; its database must be migrated.

    ``handlers`` are added to the rest. A process that is not ``scheduled`` announces no dates and leaves it to others.
    Nothing is opened before start-up, which fails as `RegisterService.start` and `open_log` do.
    """
    service = create_service(settings, demonstration=demonstration, clock=clock)
    calendars = Calendars(service.database)
    told = Notices(settings, service, lambda: calendars.days)
    webhooks = Webhooks(
        service,
        notify=told.tell_owner,
        opened=read_networks(settings.webhook_networks),
        sealer=accounts.SecretBox.from_file(settings.secret_key_path).sealer("webhooks"),
    )
    consulting = Consulting(
        service,
        DocumentCabinet(settings.data_dir / "documents"),
        calendars,
        settings.consultation_targets,
        told.outbox.notify,
    )
    scheduler = Scheduler(service, every_seconds=settings.announce_seconds, notices=told)

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as ending:
            ending.push_async_callback(service.stop)
            try:
                await service.start()
                await calendars.start()
                ending.push_async_callback(calendars.stop)
                app.state.published_log = await open_log(settings, service)
            except (DatabaseError, EntryError, LogError) as error:
                log.critical("the service does not start: %s", error)
                raise
            # What was replayed stays for good: the collector need not walk it again and again.
            gc.collect()
            gc.freeze()
            if scheduled:
                scheduler.start()
                ending.push_async_callback(scheduler.stop)
                webhooks.start()
                ending.push_async_callback(webhooks.stop)
            yield

    app = PublicApp(
        route_handlers=[
            *register.api.route_handlers,
            *consultations.writing.route_handlers,
            *feeds.api.route_handlers,
            *feeds.consultation_calendar_api.route_handlers,
            *feeds.extract.api.route_handlers,
            *feeds.webhooks.api.route_handlers,
            *accounts.route_handlers,
            *drafts.route_handlers,
            *workbench.route_handlers,
            *consulting_pages,
            *moved_days.route_handlers,
            *subscriptions.route_handlers,
            *consultations.pages.route_handlers,
            *register.pages.route_handlers,
            *notices.route_handlers,
            *health.route_handlers,
            *handlers,
        ],
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False, use_cache=True),
            "webhooks": Provide(lambda: webhooks, sync_to_thread=False, use_cache=True),
            "subscriber": Provide(subscriber),
            **accounts.dependencies,
            "audit": Provide(lambda: accounts.audit, sync_to_thread=False, use_cache=True),
            "calendars": Provide(lambda: calendars, sync_to_thread=False, use_cache=True),
            "targets": Provide(lambda: settings.consultation_targets, sync_to_thread=False, use_cache=True),
            "consulting": Provide(lambda: consulting, sync_to_thread=False, use_cache=True),
            "cabinet": Provide(lambda: Cabinet(settings.attachments), sync_to_thread=False),
            "published_log": Provide(lambda: app.state.published_log, sync_to_thread=False),
        },
        exception_handlers={Exception: problem_handler, **accounts.exception_handlers},
        openapi_config=openapi_config(settings.address),
        # The form of a draft with a file and thousands of goods lines is larger than the usual thousand fields.
        multipart_form_part_limit=30_000,
        shortcuts={"/api/v1/proof": proof_shortcut(service), **feeds.api.feed_shortcuts(service)},
        lifespan=[running],
    )
    app.state.service = service
    app.state.scheduler = scheduler
    app.state.notices = told
    app.state.calendars = calendars
    app.state.consulting = consulting
    app.state.inclusion_days = settings.inclusion_working_days
    app.state.accounts = accounts.open_accounts(settings, service.database, service.now)
    app.state.accounts.options = replace(app.state.accounts.options, home=PATH)
    return app
