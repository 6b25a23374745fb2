"""The messages of the pages of the parties, gathered into the catalogues.

``python -m admin.consulting.messages`` brings ``locale/*.po`` up to date; a test fails until all are translated.
"""

from __future__ import annotations

from admin.consulting.common import HERE
from register.pages.messages import update

if __name__ == "__main__":
    update(HERE)
