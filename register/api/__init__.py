"""The reading calls under /api/v1. ``route_handlers`` is what the application takes; it gives ``service`` to each."""

from __future__ import annotations

from typing import Any, Final

from litestar import Router

from register.api.calls import API
from register.api.changes import get_change, get_inclusion_proof, list_changes
from register.api.codes import get_code
from register.api.measures import compare_versions, get_history, get_measure, list_measures
from register.api.openapi import api_asset, api_page, openapi_json
from register.api.proof import get_proof, post_proof
from register.api.snapshot import get_snapshot
from register.api.stream import stream_changes
from register.api.terms import get_terms

readings: Final = Router(
    API,
    route_handlers=[
        list_measures,
        get_measure,
        get_history,
        compare_versions,
        get_proof,
        post_proof,
        list_changes,
        stream_changes,
        get_change,
        get_inclusion_proof,
        get_snapshot,
        get_code,
        get_terms,
    ],
)
route_handlers: Final[list[Any]] = [readings, api_page, openapi_json, api_asset]

__all__ = ["route_handlers"]
