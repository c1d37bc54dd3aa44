"""The look of the triggers at the book: on the clock, and when one was saved."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from server.db import Database, insert_if_absent
from server.errors import RapportError
from server.logs import logger
from server.runtime import Runtime
from server.triggers import queries
from server.triggers.fire import fire, note_failure, settled
from server.triggers.kinds import KINDS
from server.triggers.look.candidate import Candidate, Span
from server.triggers.look.every_kind import candidates
from server.triggers.models import FiringOutcome, TriggerKind, TriggerRun
from server.triggers.uploaded import promised
from server.triggers.watch import Watch, watch_of

LOOK = "triggers.look"

log = logger(__name__)


def wake(runtime: Runtime) -> None:
    """For the clock: nudge a worker when anything is on."""
    with runtime.db.reading() as session:
        is_any = bool(queries.ids_that_are_on(session))
    if is_any:
        runtime.jobs.wake(LOOK)


def look(runtime: Runtime) -> None:
    """All triggers that are on. May run twice at once: each occasion fires once."""
    look_at_book(runtime.db, runtime.clock.now())


def look_at_book(db: Database, now: datetime) -> None:
    with db.reading() as session:
        ids = list(queries.ids_that_are_on(session))
    for trigger_id in ids:
        _look(db, trigger_id, now)


def _look(db: Database, trigger_id: uuid.UUID, now: datetime) -> None:
    today = now.date()
    with db.reading() as session:
        row = queries.by_id(session, trigger_id)
        last = queries.last_run(session, trigger_id)
        if row is None or not row.is_on or _was_just_now(row.kind, row.saved_at, last, now):
            return
        watch = watch_of(row)
        # A day of slack: it is another day elsewhere.
        since = last.for_day_on - timedelta(days=1) if last is not None else None
        found = _unsettled(session, watch, Span(now=now, since_on=since))
    counts = dict.fromkeys(FiringOutcome, 0)
    for one in found:
        outcome = _fire(db, watch, one, now)
        if outcome is not None:
            counts[outcome] += 1
    with db.transaction() as session:
        _note_run(session, trigger_id, today, counts, now)
    if any(counts.values()):
        log.info("trigger_looked", trigger_id=str(trigger_id), **{one.value: count for one, count in counts.items()})


def _was_just_now(kind: str, saved_at: datetime, last: TriggerRun | None, now: datetime) -> bool:
    """What comes with a day is looked for once an hour: days begin on the hour, or half of it, somewhere."""
    if not KINDS[TriggerKind(kind)].by_day or last is None or last.ended_at is None or saved_at >= last.ended_at:
        return False
    return last.ended_at.replace(minute=0, second=0, microsecond=0) == now.replace(minute=0, second=0, microsecond=0)


def _unsettled(session: Session, watch: Watch, span: Span) -> list[Candidate]:
    found = [*candidates(session, watch, span), *promised(session, watch, span)]
    assert watch.trigger_id is not None
    fired = settled(session, watch.trigger_id, [one.account.id for one in found])
    return [one for one in found if (one.account.id, one.occasion) not in fired]


def _fire(db: Database, watch: Watch, found: Candidate, now: datetime) -> FiringOutcome | None:
    """One transaction for each: 20,000 accounts do not wait for each other, and what is done stays done."""
    try:
        with db.transaction() as session:
            return fire(session, watch, found, now=now)
    except RapportError as error:
        with db.transaction() as session:
            is_news = note_failure(session, watch, found, error, now=now)
        return FiringOutcome.FAILED if is_news else None
    except StaleDataError:
        # Somebody changed the CTA that was to be updated: the next look tries again.
        return None


def _note_run(
    session: Session, trigger_id: uuid.UUID, day: date, counts: dict[FiringOutcome, int], now: datetime
) -> None:
    insert_if_absent(
        session, TriggerRun(trigger_id=trigger_id, for_day_on=day, opened=0, updated=0, suppressed=0, failed=0)
    )
    run = queries.run_of(session, trigger_id, day)
    assert run is not None
    run.ended_at = now
    run.opened += counts[FiringOutcome.OPENED]
    run.updated += counts[FiringOutcome.UPDATED]
    run.suppressed += counts[FiringOutcome.SUPPRESSED]
    run.failed += counts[FiringOutcome.FAILED]
