"""The command ``register mirror``: one line for each state reached, and an exit status."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Literal

import httpx

from feeds.mirror.errors import MirrorError
from feeds.mirror.mirror import Mirror

INTERRUPTED = 130


def mirror_command(
    url: str,
    directory: Path | str,
    follow: bool = False,
    *,
    key: str | None = None,
    poll_seconds: float = 30,
    stream: bool = True,
    duties_until: date | None = None,
    start: Literal["1", "snapshot"] = "1",
    language: str = "en",
    client: httpx.Client | None = None,
) -> int:
    """Bring the mirror in ``directory`` up to date with ``url``, and with ``follow`` keep it so until interrupted.

    ``start`` is where an empty folder is begun; from a snapshot, the past is fetched after it.
    Prints one line for each state reached; errors go to standard error in ``language``. Returns 0; 1 when the folder is
    damaged or cannot be written, 2 when to try again later, 3 when the server is not to be believed, 130 when
    interrupted.
    """
    try:
        with Mirror(directory, url, key, client, duties_until=duties_until, start=start) as mirror:
            if not follow:
                mirror.sync()
                print(_state(mirror, language), flush=True)
                if mirror.snapshot is not None:
                    mirror.backfill()
                    print(_state(mirror, language))
                return 0
            print(_state(mirror, language), flush=True)
            mirror.follow(poll_seconds, stream=stream, moved=lambda _: print(_state(mirror, language), flush=True))
            return 0
    except MirrorError as error:
        print(error.text[language], file=sys.stderr)
        return error.exit_status
    except OSError as error:
        print(f"{directory}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _state(mirror: Mirror, language: str) -> str:
    checkpoint = mirror.checkpoint
    if checkpoint is None:
        return {"ru": "записей ещё нет", "en": "no entries yet"}[language]
    root = mirror.register.checkpoint(checkpoint.size)
    past = {"ru": "", "en": ""}
    if mirror.snapshot is not None:
        past = past_held(mirror.snapshot, mirror.backfilled)
    return {
        "ru": f"записей {checkpoint.size}, корень {root}, подписано журналом {checkpoint.origin}{past['ru']}",
        "en": f"{checkpoint.size} entries, root {root}, signed by {checkpoint.origin}{past['en']}",
    }[language]


def past_held(snapshot: int, backfilled: int) -> dict[str, str]:
    """What is said of a mirror begun at a snapshot whose past is not all here."""
    return {
        "ru": f", начато со снимка на записи {snapshot}, прошлое загружено до записи {backfilled}",
        "en": f", from snapshot {snapshot}, backfilled to {backfilled}",
    }
