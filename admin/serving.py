"""``register serve`` and ``register export``."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import uvicorn

from admin import demonstration
from admin.app import create_app, create_service, open_log
from admin.settings import Settings
from consultations.moved_days import read
from feeds.consultation_calendar import ClockWork
from feeds.export import write
from register.drafts.attachments import Cabinet, published_files
from register.service import RegisterService

log = logging.getLogger(__name__)


def serve(settings: Settings, *, demonstration: bool) -> None:
    """Serve until a signal; open connections get ten seconds to end."""
    logging.getLogger().setLevel(settings.log_level.upper())
    app = create_app(settings, demonstration=demonstration)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        access_log=settings.log_level == "debug",
        timeout_graceful_shutdown=10,
        server_header=False,
    )


async def export(settings: Settings, directory: Path) -> int:
    """Write the public Register to ``directory``; return the number of files written.

    Raises ``OSError``, and what starting the service and its log raises.
    """
    service = create_service(settings)
    await service.start()
    try:
        service.terms = replace(service.terms, demonstration=await demonstration.loaded(service.database))
        kept = await read(service.database)
        clock = ClockWork(settings.consultation_targets, kept.working_days(), kept.revision, kept.changed_at)
        return write(service, directory, await open_log(settings, service), clock, await _acts(settings, service))
    finally:
        await service.stop()


async def _acts(settings: Settings, service: RegisterService) -> dict[str, Path]:
    """The published acts. One whose file is lost is told and left out: the service too answers that it is not there."""
    cabinet, found = Cabinet(settings.attachments), dict[str, Path]()
    for sha256 in await published_files(service.database):
        path = cabinet.path(sha256)
        if path is None:
            log.warning("the act %s is published and its file is not in %s", sha256, settings.attachments)
        else:
            found[sha256] = path
    return found
