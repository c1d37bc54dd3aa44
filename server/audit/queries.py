"""Reading the log, newest first."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.audit.models import AuditEntry


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """All that is set must hold. `since` is in, `until` is out."""

    user_id: uuid.UUID | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.user_id is not None:
            wanted.append(AuditEntry.user_id == self.user_id)
        if self.outcome is not None:
            wanted.append(AuditEntry.outcome == self.outcome)
        if self.since is not None:
            wanted.append(AuditEntry.at >= self.since)
        if self.until is not None:
            wanted.append(AuditEntry.at < self.until)
        return wanted


def page(
    session: Session, wanted: AuditFilter, *, limit: int = 50, before: uuid.UUID | None = None
) -> tuple[Sequence[AuditEntry], uuid.UUID | None]:
    """A page, and the row that the next one begins after."""
    statement = select(AuditEntry).where(*wanted.conditions()).order_by(AuditEntry.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    found = session.scalars(statement).all()
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def users(session: Session) -> list[tuple[uuid.UUID, str]]:
    """Everybody who stands in the log, by name as it was last."""
    statement = select(AuditEntry.user_id, AuditEntry.user_name).where(AuditEntry.user_id.is_not(None)).distinct()
    named = {user_id: name for user_id, name in session.execute(statement) if user_id is not None}
    return sorted(named.items(), key=lambda one: one[1])


def every(session: Session, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Oldest first, streamed: memory does not grow with the log."""
    statement = select(AuditEntry).where(*wanted.conditions()).order_by(AuditEntry.id)
    yield from session.scalars(statement.execution_options(yield_per=500))


def json_line(one: AuditEntry) -> str:
    """A line of the export, without its end."""
    said = {
        "id": str(one.id),
        "at": one.at.isoformat(),
        "user_id": str(one.user_id) if one.user_id else None,
        "user_name": one.user_name,
        "role": one.role,
        "deed": one.deed,
        "outcome": one.outcome,
        "record": one.record,
        "ip": one.ip,
        "request_id": one.request_id,
    }
    return json.dumps(said, ensure_ascii=False)
