"""Writing the log. A request that changes something is noted in the transaction that changes it: both stand or neither.

What is refused is noted, too, and so is every reading of a colleague's mail, before its text is given out.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy.orm import Session

from server.audit.models import AuditEntry, AuditOutcome
from server.auth.models import User, UserSession
from server.clock import Clock
from server.db import Database
from server.web.frame import runtime
from server.web.guard import UNSAFE
from server.web.identity import current_visitor

_MOST_IDS = 200
_NOTED = "audit_noted"
_SIGN_IN = "auth.callback"


def install(app: Flask, db: Database, clock: Clock) -> None:
    """After the visitor is known."""

    @app.before_request
    def begin() -> None:
        is_deed = request.method in UNSAFE and current_visitor() is not None
        g.is_to_be_noted = is_deed or request.endpoint == _SIGN_IN

    @app.after_request
    def end(response: Response) -> Response:
        if response.status_code == 403 and current_visitor() is not None:
            g.is_to_be_noted = False
            with db.transaction() as session:
                session.add(_entry(AuditOutcome.REFUSED, clock))
        return response

    def note_deed(session: Session) -> None:
        if not has_request_context() or not g.get("is_to_be_noted", False):
            return
        who = _who_signs_in(session)
        if who is not None or current_visitor() is not None:
            session.info[_NOTED] = True
            session.add(_entry(AuditOutcome.DONE, clock, who=who))

    def is_noted(session: Session) -> None:
        # The first transaction of a request is its deed; what follows belongs to it.
        if session.info.pop(_NOTED, False):
            g.is_to_be_noted = False

    db.on_commit(note_deed, is_noted)


def reading(entry_ids: Collection[uuid.UUID]) -> None:
    """The visitor is about to read these mails of colleagues. Call it before the text is given out."""
    ids = sorted(str(entry_id) for entry_id in entry_ids)
    here = runtime()
    for start in range(0, len(ids), _MOST_IDS):
        with here.db.transaction() as session:
            some = ids[start : start + _MOST_IDS]
            session.add(_entry(AuditOutcome.READ, here.clock, timeline_entry_ids=some))


def _who_signs_in(session: Session) -> User | None:
    """Whose session is being opened in this transaction; nobody is signed in before it."""
    opened = next((row for row in session.new if isinstance(row, UserSession)), None)
    return session.get(User, opened.user_id) if opened is not None else None


def _entry(outcome: AuditOutcome, clock: Clock, *, who: User | None = None, **record: Any) -> AuditEntry:
    visitor = current_visitor()
    user_id: uuid.UUID | None = None
    name = role = ""
    if who is not None:
        user_id, name, role = who.id, who.name, who.role
    elif visitor is not None:
        user_id, name, role = visitor.user_id, visitor.name, visitor.role
    return AuditEntry(
        at=clock.now(),
        user_id=user_id,
        user_name=name,
        role=role,
        deed=request.endpoint or "",
        outcome=outcome,
        record={name: str(value)[:200] for name, value in (request.view_args or {}).items()} | record,
        ip=request.remote_addr or "",
        request_id=g.get("request_id", ""),
    )
