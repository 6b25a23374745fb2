"""The client of a bench: mirrors a server from zero into a folder, in a process of its own.

Run by ``admin.bench.run`` as ``python -m admin.bench.mirroring URL FOLDER``. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter, process_time

from feeds.mirror import Mirror


def main(url: str, folder: str) -> None:
    """Mirror once; from opening the folder until every entry is checked, on the disk and ready to answer."""
    started, spent = perf_counter(), process_time()
    with Mirror(folder, url) as mirror:
        entries = mirror.sync()
        # All threads of this process: what the client itself has to do, whatever it had to wait for.
        spent = process_time() - spent
        started = perf_counter() - started
    print(json.dumps({"entries": entries, "own_s": spent, "wall_s": started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
