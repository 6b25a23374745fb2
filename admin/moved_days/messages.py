"""The messages of the pages of moved days, gathered into the catalogues.

``python -m admin.moved_days.messages`` brings ``locale/*.po`` up to date; a test fails until all are translated.
"""

from __future__ import annotations

from typing import Final

from admin.moved_days.pages import HERE
from register.pages.messages import update

LOCALE: Final = HERE / "locale"


if __name__ == "__main__":
    update(HERE)
