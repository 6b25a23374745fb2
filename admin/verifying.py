"""``register verify``: is what is held whole? One line, whatever it is that is asked about."""

from __future__ import annotations

import asyncio
from pathlib import Path

from admin.app import create_service, open_log
from admin.settings import Settings
from feeds.extract.verification import verify_extract
from feeds.notes import KeyFileError, Verifier, open_checkpoint
from feeds.verification import NOT_CHECKED, NOT_WHOLE, WHOLE, Verdict, verify_directory, verify_server
from register.entries import EntryError
from register.merkle import LogError


async def verify(settings: Settings, target: str | None, key: str | None) -> Verdict:
    """The verdict on a server, a folder (mirror or export), a PDF extract or, without target, our own journal."""
    if target is None:
        return await verify_journal(settings)
    if target.startswith(("http://", "https://")):
        return await asyncio.to_thread(verify_server, target, key)
    path = Path(target)
    if path.is_file():
        return await asyncio.to_thread(verify_extract, path, key)
    return await asyncio.to_thread(verify_directory, path, key)


async def verify_journal(settings: Settings) -> Verdict:
    """Replay our own journal, every body against its header, and hold it against the last signed checkpoint.

    Raises ``DatabaseError``.
    """
    service = create_service(settings)
    try:
        await service.start()
        published = await open_log(settings, service)
        _, note = await published.checkpoint()
    except KeyFileError as error:
        return _said(error.text, NOT_CHECKED, "не проверено", "not checked")
    except LogError as error:
        return _said(error.text, NOT_WHOLE, "не цел", "not whole")
    except EntryError as error:
        return _said({"ru": str(error), "en": str(error)}, NOT_WHOLE, "не цел", "not whole")
    finally:
        await service.stop()
    verifiers = [Verifier.parse(line) for line in published.verifier_keys.split()]
    checkpoint = open_checkpoint(note, verifiers, published.origin)
    root = service.register.checkpoint(checkpoint.size)
    return Verdict(
        {
            "ru": f"цел: записей – {checkpoint.size}, корень {root}, подписано {published.origin}",
            "en": f"whole: {checkpoint.size} entries, root {root}, signed by {published.origin}",
        },
        WHOLE,
        checkpoint,
    )


def _said(text: dict[str, str], status: int, ru: str, en: str) -> Verdict:
    return Verdict({"ru": f"{ru}: журнал: {text['ru']}", "en": f"{en}: journal: {text['en']}"}, status)
