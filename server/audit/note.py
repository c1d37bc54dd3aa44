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
from server.auth import acting
from server.auth.endpoints import HINTS
from server.auth.models import User
from server.clock import Clock
from server.db import Database
from server.web.frame import runtime
from server.web.guard import UNSAFE
from server.web.identity import current_visitor

_MOST_IDS = 200
_NOTED = "audit_noted"


def install(app: Flask, db: Database, clock: Clock) -> None:
    """After the visitor is known."""

    @app.before_request
    def begin() -> None:
        is_deed = request.method in UNSAFE and request.endpoint not in HINTS
        g.is_to_be_noted = is_deed and current_visitor() is not None

    @app.after_request
    def end(response: Response) -> Response:
        if response.status_code == 403 and current_visitor() is not None:
            g.is_to_be_noted = False
            with db.transaction() as session:
                session.add(_entry(AuditOutcome.REFUSED, clock))
        return response

    def note_deed(session: Session) -> None:
        if not has_request_context():
            return
        acts_for = acting.declared(session)
        if acts_for is not None:
            outcome = AuditOutcome.REFUSED if acts_for.is_refusal else AuditOutcome.DONE
            who = session.get(User, acts_for.user_id) if acts_for.user_id is not None else None
            session.add(_entry(outcome, clock, who=who, **acts_for.record))
        elif not g.get("is_to_be_noted", False):
            return
        else:
            session.add(_entry(AuditOutcome.DONE, clock))
        session.info[_NOTED] = True

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


def about(**record: str) -> None:
    """What the deed of this request is about, where the address does not say: ids, never a name or an address."""
    g.audit_about = g.get("audit_about", {}) | record


def looking() -> None:
    """The visitor is about to see what is held of a person. Call it before it is given out."""
    here = runtime()
    with here.db.transaction() as session:
        session.add(_entry(AuditOutcome.READ, here.clock))


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
        record={name: str(value)[:200] for name, value in (request.view_args or {}).items()}
        | g.get("audit_about", {})
        | _by_token()
        | record,
        ip=request.remote_addr or "",
        request_id=g.get("request_id", ""),
    )


def _by_token() -> dict[str, str]:
    """Which device's or script's token this request came with; nothing for a browser."""
    visitor = current_visitor()
    return {"token_id": str(visitor.session_id)} if visitor is not None and visitor.deeds is not None else {}
