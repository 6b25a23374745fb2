"""The messages of the staff pages, gathered into the catalogues.

``python -m admin.accounts.messages`` brings ``locale/*.po`` up to date; a test fails while one lacks its
translation.
"""

from __future__ import annotations

from typing import Final

from admin.accounts.frame import HERE
from register.pages.messages import update

LOCALE: Final = HERE / "locale"


if __name__ == "__main__":
    update(HERE)
