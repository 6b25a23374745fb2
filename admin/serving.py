"""``register serve`` and ``register export``."""

from __future__ import annotations

import logging
from pathlib import Path

import uvicorn

from admin.app import create_app, create_service, signers
from admin.settings import Settings
from feeds.export import write
from feeds.log import Log


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
    """Write the public Register to ``directory``; return the number of files written."""
    service = create_service(settings)
    await service.start()
    try:
        return write(service, directory, Log(service, signers(settings), settings.last_signed))
    finally:
        await service.stop()
