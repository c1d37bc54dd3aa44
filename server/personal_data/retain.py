"""What the night takes away by the rules of retention: in small transactions, so that it may be killed at any point."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import Clock
from server.db import Database
from server.logs import logger
from server.personal_data.models import RetentionRun
from server.personal_data.rules import AT_ONCE, RULES, ends_before, months_of_all

_HOUR = 2  # UTC
# A run that says nothing for so long lost its worker; a living one writes after each few hundred rows.
_SILENT_FOR = timedelta(minutes=10)
_Step = Callable[[Session, datetime], int]

log = logger(__name__)


def latest(session: Session) -> RetentionRun | None:
    newest_first = select(RetentionRun).order_by(RetentionRun.started_at.desc(), RetentionRun.id.desc())
    return session.scalars(newest_first.limit(1)).one_or_none()


def is_due(session: Session, now: datetime) -> bool:
    """Once a night after two; and when the last run went silent before its end."""
    last = latest(session)
    if last is not None and last.finished_at is None:
        return last.changed_at <= now - _SILENT_FOR
    tonight = now.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    return now >= tonight and (last is None or last.started_at < tonight)


def run(db: Database, clock: Clock, *, stop_at: datetime) -> bool:
    """Go on with the night's run, or begin one. Whether it is to be gone on with: its time is used up."""
    with db.transaction() as session:
        run_id = _begin(session, clock.now())
        months = months_of_all(session)
    for kind, step in _steps(months):
        while _one_step(db, clock, run_id, kind, step):
            if clock.now() >= stop_at:
                return True
    with db.transaction() as session:
        night = session.get_one(RetentionRun, run_id, with_for_update=True)
        night.finished_at = night.changed_at = clock.now()
        log.info("retention_finished", run_id=str(run_id), removed=night.removed)
    return False


def _begin(session: Session, now: datetime) -> uuid.UUID:
    last = latest(session)
    if last is not None and last.finished_at is None:
        last.changed_at = now
        return last.id
    night = RetentionRun(started_at=now, changed_at=now, finished_at=None, removed={})
    session.add(night)
    session.flush()
    log.info("retention_begun", run_id=str(night.id))
    return night.id


def _steps(months: dict[str, int | None]) -> Iterator[tuple[str, _Step]]:
    for rule in RULES:
        chosen = months[rule.kind]
        if chosen is not None:
            yield (
                rule.kind,
                lambda session, now, rule=rule, chosen=chosen: rule.remove(  # type: ignore[misc]
                    session, ends_before(now, chosen), chosen, now
                ),
            )
    for one in AT_ONCE:
        yield one.kind, one.remove


def _one_step(db: Database, clock: Clock, run_id: uuid.UUID, kind: str, step: _Step) -> int:
    """One small transaction: what goes and how much that was are written together. How many rows."""
    now = clock.now()
    with db.transaction() as session:
        night = session.get_one(RetentionRun, run_id, with_for_update=True, populate_existing=True)
        gone = step(session, now)
        if gone:
            night.removed = night.removed | {kind: night.removed.get(kind, 0) + gone}
        night.changed_at = now
    if gone:
        log.info("retention_removed", run_id=str(run_id), what=kind, rows=gone)
    return gone
