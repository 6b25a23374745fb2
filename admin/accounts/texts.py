"""Names of roles and scopes, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from admin.accounts.policy import Role

ROLE_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    Role.CLERK: {"ru": "исполнитель: готовит проекты", "en": "clerk: drafts"},
    Role.APPROVER: {"ru": "утверждающее лицо: утверждает и публикует", "en": "approver: approves and publishes"},
    Role.OFFICIAL: {
        "ru": "представитель государства-члена: участвует в консультациях",
        "en": "official of a member state: takes part in consultations",
    },
    Role.AUDITOR: {"ru": "аудитор: читает всё, ничего не меняет", "en": "auditor: reads all, changes nothing"},
    Role.OPERATOR: {"ru": "администратор: учётные записи и настройки", "en": "operator: accounts and settings"},
}

SCOPE_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "drafts:read": {"ru": "читать проекты", "en": "read drafts"},
    "drafts:write": {"ru": "готовить проекты и передавать их на утверждение", "en": "write drafts and submit them"},
    "drafts:approve": {"ru": "утверждать и возвращать проекты", "en": "approve and return drafts"},
    "drafts:publish": {"ru": "публиковать утверждённые проекты", "en": "publish approved drafts"},
    "consultations:read": {"ru": "читать материалы консультаций", "en": "read consultations"},
    "consultations:write": {
        "ru": "вести консультации в пределах роли",
        "en": "act in consultations as the role allows",
    },
    "subscriptions:write": {"ru": "управлять подписками", "en": "manage subscriptions"},
    "audit:read": {"ru": "читать журнал аудита", "en": "read the audit trail"},
}
