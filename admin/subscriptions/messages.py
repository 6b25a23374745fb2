"""The messages of the pages of subscriptions, gathered into the catalogues.

``python -m admin.subscriptions.messages`` brings ``locale/*.po`` up to date; a test fails until all are translated.
"""

from __future__ import annotations

from typing import Final

from admin.subscriptions.common import HERE
from register.pages.messages import update

LOCALE: Final = HERE / "locale"


if __name__ == "__main__":
    update(HERE)
