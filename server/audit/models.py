"""Lines of the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DDL, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base

# Nobody changes a line, and nobody takes one away that is younger than this; the databases themselves refuse it.
KEPT_AT_LEAST_DAYS = 365


class AuditOutcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    READ = "read"


class AuditEntry(Base):
    """One deed. Names stand as they were then: the line outlives the user and the record.

    `deed` is the endpoint's name, or `cli.` and a command's; `record` holds ids by their name, never a customer's
    address or a text; `ip` is where the request came from.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_user_id_at", "user_id", "at"),)

    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[uuid.UUID | None]
    user_name: Mapped[str]
    role: Mapped[str]
    deed: Mapped[str] = mapped_column(index=True)
    outcome: Mapped[str]
    record: Mapped[dict[str, Any]]
    ip: Mapped[str]
    request_id: Mapped[str]


SQLITE_GUARDS = (
    "CREATE TRIGGER audit_entry_is_not_changed BEFORE UPDATE ON audit_entry "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END",
    "CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry "
    f"WHEN old.at > datetime('now', '-{KEPT_AT_LEAST_DAYS} days') "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is kept for a year'); END",
)
POSTGRESQL_GUARDS = (
    "CREATE FUNCTION audit_entry_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP = 'DELETE' AND old.at <= now() - interval '{KEPT_AT_LEAST_DAYS} days' THEN RETURN old; END IF; "
    "RAISE EXCEPTION 'the audit log is only added to, and kept for a year'; END $$",
    "CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON audit_entry "
    "FOR EACH ROW EXECUTE FUNCTION audit_entry_is_kept()",
)
for _dialect, _guards in (("sqlite", SQLITE_GUARDS), ("postgresql", POSTGRESQL_GUARDS)):
    for _guard in _guards:
        _ddl = DDL(_guard.replace("%", "%%"))  # type: ignore[no-untyped-call]
        event.listen(AuditEntry.__table__, "after_create", _ddl.execute_if(dialect=_dialect))
