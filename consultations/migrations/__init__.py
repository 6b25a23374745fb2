"""The tables of this package, step by step. Written by hand: one file serves both engines."""

from consultations.migrations import m0001_consultations, m0002_moved_days, m0003_notices
from register.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    m0001_consultations.MIGRATION,
    m0002_moved_days.MIGRATION,
    m0003_notices.MIGRATION,
)
