"""One Gmail call: counted, broken when a fault waits for it, checked for token and scope, then done."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from sqlite3 import Connection, Row
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from server.sandbox import oauth_grants as grants
from server.sandbox.faults import Fault, FaultKind
from server.sandbox.google_errors import (
    GoogleError,
    insufficient_scope,
    invalid_argument,
    invalid_credentials,
    not_found,
)
from server.sandbox.mailbox import account_row
from server.sandbox.scopes import ALLOWED
from server.sandbox.state import current_state

gmail = Blueprint("gmail", __name__, url_prefix="/gmail/v1/users/<user_id>")


class ConnectionCut(Exception):
    """The answer is no answer: the connection is closed."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a Gmail call works on. `scopes` are those of the token."""

    db: Connection
    account: Row
    scopes: frozenset[str]
    now: datetime

    @property
    def mailbox(self) -> str:
        return str(self.account["email"])

    def json(self) -> dict[str, Any]:
        """The body. Raises a 400 GoogleError when it is no JSON object."""
        try:
            body = request.get_json(force=True)
        except BadRequest:
            body = None
        if not isinstance(body, dict):
            raise invalid_argument("Invalid JSON payload received.")
        return body


View = Callable[..., dict[str, Any] | None]
AnyView = TypeVar("AnyView", bound=View)


def gmail_call(name: str, http_method: str, path: str) -> Callable[[AnyView], AnyView]:
    """Register a Gmail call. `name` is that of the discovery document without users., such as drafts.send."""

    def register(view: AnyView) -> AnyView:
        @gmail.route(path, methods=[http_method], endpoint=name.replace(".", "_"))
        @wraps(view)
        def answer(user_id: str, **arguments: str) -> Response:
            return _answer(name, view, user_id, arguments)

        return view

    return register


def _answer(name: str, view: View, user_id: str, arguments: dict[str, str]) -> Response:
    state = current_state()
    token = bearer()
    with state.store.transaction() as db:
        row = grants.live_token(db, token, "access", now=state.now())
    about = arguments.get("message_id") or arguments.get("draft_id")
    fault = break_before(name, row["email"] if row else "unknown", about)
    if row is None:
        raise invalid_credentials()
    scopes = frozenset(row["scopes"].split())
    if not scopes & ALLOWED[name]:
        raise insufficient_scope()
    if user_id.lower() not in ("me", row["email"]):
        raise GoogleError(403, "forbidden", f"Delegation denied for {row['email']}")
    with state.store.transaction() as db:
        account = account_row(db, row["email"])
        if account is None:
            raise invalid_credentials()
        if fault is not None and fault.fault is FaultKind.EMPTY_PAGE:
            return _empty_page(account)
        if fault is not None and fault.fault is FaultKind.RUBBISH:
            return jsonify({"kind": "gmail#nothing"})
        result = view(Call(db=db, account=account, scopes=scopes, now=state.now()), **arguments)
        if request.method != "GET":
            state.push.announce(db, now=state.now())
    break_after(fault)
    return Response(status=204) if result is None else jsonify(result)


def _empty_page(account: Row) -> Response:
    """Google may answer a page with nothing in it that is not the last: the same place is asked for again."""
    token = request.args.get("pageToken", "0")
    return jsonify({"historyId": str(account["history_id"]), "resultSizeEstimate": 0, "nextPageToken": token})


def bearer() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""


def break_before(call: str, mailbox: str, about: str | None = None) -> Fault | None:
    """Count the call and raise what its fault says. Returns a fault that comes after the deed."""
    state = current_state()
    # Read all of the body: a cut must not become a reset because bytes were left unread.
    request.get_data()
    state.calls.add(call, mailbox)
    fault = state.faults.take(call, mailbox, about)
    if fault is None or fault.fault.comes_after or fault.fault.is_answered:
        return fault
    raise _broken(fault)


def break_after(fault: Fault | None) -> None:
    if fault is None:
        return
    if fault.fault is FaultKind.SLOW_AFTER:
        current_state().faults.stopped.wait(fault.slow_s)
        return
    raise _broken(fault)


def _broken(fault: Fault) -> Exception:
    match fault.fault:
        case FaultKind.CUT_BEFORE | FaultKind.CUT_AFTER:
            return ConnectionCut()
        case FaultKind.UNAUTHORIZED:
            return invalid_credentials()
        case FaultKind.EXPIRED_HISTORY:
            return not_found()
        case FaultKind.TOO_MANY_REQUESTS:
            return GoogleError(
                429, "rateLimitExceeded", "User-rate limit exceeded.", domain="usageLimits",
                retry_after_s=fault.retry_after_s,
            )  # fmt: skip
        case FaultKind.QUOTA:
            return GoogleError(403, "userRateLimitExceeded", _quota_text(fault), domain="usageLimits")
        case FaultKind.SERVER_ERROR:
            return GoogleError(500, "backendError", "Internal error encountered.")
        case _:
            return GoogleError(503, "backendError", "The service is currently unavailable.")


def _quota_text(fault: Fault) -> str:
    """Gmail says in the text, not in a header, until when a quota is used up."""
    if fault.retry_after_s is None:
        return "User-rate limit exceeded."
    until = current_state().now() + timedelta(seconds=fault.retry_after_s)
    return f"User-rate limit exceeded.  Retry after {until.strftime('%Y-%m-%dT%H:%M:%S.000Z')}"


def cut_connection(_: ConnectionCut) -> Response:
    """Close the client's socket; whatever is written after that goes nowhere.

    In a batch there is no socket of one's own: that part answers 500.
    """
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
