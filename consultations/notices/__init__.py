"""Notices of consultations: who is told what, by page and by mail.

``Outbox.notify`` is the ``Notifier`` of the commands and writes inside their transaction. ``Postman`` sends mails later
and outside of it, ``Reminders`` tells of deadlines; the scheduler runs both. ``Directory`` is who takes part.
"""

from consultations.notices.kinds import KIND_NAMES, KINDS, Event, NoticeKind
from consultations.notices.letters import Stationery
from consultations.notices.outbox import Notice, Outbox, listed, mark_read, unread
from consultations.notices.people import Directory, Person, Preferences
from consultations.notices.postman import Postman
from consultations.notices.reminders import Pending, Reminders
from consultations.notices.smtp import Courier, MailServer

__all__ = [
    "KINDS",
    "KIND_NAMES",
    "Courier",
    "Directory",
    "Event",
    "MailServer",
    "Notice",
    "NoticeKind",
    "Outbox",
    "Pending",
    "Person",
    "Postman",
    "Preferences",
    "Reminders",
    "Stationery",
    "listed",
    "mark_read",
    "unread",
]
