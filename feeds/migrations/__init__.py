"""The tables of this package, step by step. Written by hand: one file serves both engines."""

from feeds.migrations import m0001_subscriptions, m0002_cosignatures
from register.database import Migration

MIGRATIONS: tuple[Migration, ...] = (m0001_subscriptions.MIGRATION, m0002_cosignatures.MIGRATION)
