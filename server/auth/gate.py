"""At the door of each endpoint: is this role allowed to use it at all?"""

from __future__ import annotations

from flask import Flask, request

from server.auth import policy
from server.auth.endpoints import ENDPOINTS, FOR_TOKENS, PUBLIC
from server.auth.policy import Deed
from server.errors import Forbidden
from server.web.identity import current_visitor, require_visitor


def install(app: Flask) -> None:
    """After the visitor is known. What the table does not name is shut: a new endpoint is open to nobody by mistake."""

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        access = ENDPOINTS.get(request.endpoint)
        if access is None:
            raise Forbidden("Nobody may use this yet.", cure="Its endpoint is missing in server/auth/endpoints.py.")
        visitor = current_visitor()
        if visitor is not None and visitor.deeds is not None and not _is_for_tokens(request.endpoint, request.path):
            raise Forbidden("This page is for browsers, not for tokens.", cure="Use the API: /api/docs.")
        if isinstance(access, Deed):
            policy.demand(require_visitor(), access)


def _is_for_tokens(endpoint: str, path: str) -> bool:
    return path.startswith("/api/") or endpoint in FOR_TOKENS or endpoint in PUBLIC


def demand_whole(app: Flask) -> None:
    """Raises RuntimeError when the table misses an endpoint of this app, or names one that it does not have."""
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    missing, gone = sorted(there - set(ENDPOINTS)), sorted(set(ENDPOINTS) - there)
    if missing or gone:
        raise RuntimeError(f"server/auth/endpoints.py misses {missing} and has {gone} for nothing.")
