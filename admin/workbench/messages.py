"""The messages of the workbench, gathered into the catalogues.

``python -m admin.workbench.messages`` brings ``locale/*.po`` up to date; a test fails while one lacks its
translation.
"""

from __future__ import annotations

from typing import Final

from admin.workbench.common import HERE
from register.pages.messages import update

LOCALE: Final = HERE / "locale"


if __name__ == "__main__":
    update(HERE)
