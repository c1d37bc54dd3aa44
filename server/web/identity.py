"""Who is asking. The auth feature says how a visitor is found; the frame only keeps the answer for this request."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, g, has_request_context, request


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """The signed-in person of this request. `time_zone` is an IANA name.

    `session_id` is of the browser's session, or of the token. `deeds` are all that a token may do; None for a browser.
    """

    user_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    email: str
    role: str
    role_label: str
    initials: str
    time_zone: str
    csrf_token: str
    deeds: frozenset[str] | None = None


class SignInNeeded(Exception):
    """Nobody is signed in, and the page or the API needs somebody."""


def install(app: Flask, find: Callable[[], Visitor | None], public: Callable[[str], bool]) -> None:
    """Find the visitor before each request; all endpoints but the `public` ones demand one."""

    @app.before_request
    def identify() -> None:
        endpoint = request.endpoint or ""
        if endpoint == "static":
            return
        g.visitor = find()
        if g.visitor is None and request.endpoint is not None and not public(endpoint):
            raise SignInNeeded


def current_visitor() -> Visitor | None:
    return g.get("visitor") if has_request_context() else None


def require_visitor() -> Visitor:
    visitor = current_visitor()
    if visitor is None:
        raise SignInNeeded
    return visitor
