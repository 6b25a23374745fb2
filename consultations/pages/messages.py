"""The messages of the pages of consultations, gathered into the catalogues.

``python -m consultations.pages.messages`` brings ``locale/*.po`` up to date; a test fails until all are translated.
"""

from __future__ import annotations

from consultations.pages.common import HERE
from register.pages.messages import update

if __name__ == "__main__":
    update(HERE)
