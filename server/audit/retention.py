"""Old lines of the audit log. The databases themselves refuse to delete one that is younger than a year."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.audit.models import AuditEntry


def count(session: Session, *, until: datetime) -> int:
    return session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.at < until)) or 0


def remove(session: Session, *, until: datetime, limit: int) -> int:
    """How many; 0 when none is left. The database raises if `until` is less than a year ago."""
    old = select(AuditEntry.id).where(AuditEntry.at < until).order_by(AuditEntry.at, AuditEntry.id).limit(limit)
    gone = delete(AuditEntry).where(AuditEntry.id.in_(old)).returning(AuditEntry.id)
    return len(session.scalars(gone).all())
