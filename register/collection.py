"""Building something large and lasting without the garbage collector walking over it again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """No cyclic garbage collection meanwhile, in the whole process; nothing built in here is garbage."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            # Else the first collection walks over everything built. So it is old at once: frozen, and let go again.
            gc.freeze()
            gc.unfreeze()
        gc.enable()
