"""When something of a CTA is due first, kept beside it, so that the Cockpit orders thousands without their tasks.

Kept is what no passing day changes: the earliest date of the CTA and of its open tasks that neither are put off nor
wait for a customer (`next_due_on`), and the first day on which one of the others may be something to do again
(`next_wake_on`). Until that day the kept date is right for every reader; from it on `first_due` looks at the tasks.
The database keeps both with every change of a CTA or a task that goes through a session.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, case, event, func, or_, select, update
from sqlalchemy.orm import Session, UOWTransaction

from server.ctas.models import Cta, CtaTask

NO_DATE = date(9999, 12, 31)
_CHUNK = 500


def to_do(today: date) -> ColumnElement[bool]:
    """CtaTask.is_to_do in SQL."""
    is_awake = or_(CtaTask.snoozed_through.is_(None), CtaTask.snoozed_through < today)
    is_ours = or_(_waits_for_nobody(), CtaTask.silent_on <= today)
    return and_(is_open_task(), is_awake, is_ours)


def first_due(today: date) -> ColumnElement[date]:
    """CockpitRow.due_on in SQL, with a date beyond all others for none."""
    is_kept = or_(Cta.next_wake_on.is_(None), Cta.next_wake_on > today)
    return case((is_kept, func.coalesce(Cta.next_due_on, NO_DATE)), else_=_looked_up(to_do(today)))


def keep(session: Session, cta_ids: Iterable[uuid.UUID]) -> None:
    """Work both dates out anew. Who writes CTAs or tasks past the session's objects calls it."""
    for some in _chunks(cta_ids):
        session.connection().execute(update(Cta).where(Cta.id.in_(some)).values(due_dates()))


@event.listens_for(Session, "after_flush")
def _keep_what_changed(session: Session, _flush: UOWTransaction) -> None:
    touched = [*session.new, *session.dirty, *session.deleted]
    of_tasks = {one.cta_id for one in touched if isinstance(one, CtaTask)}
    keep(session, of_tasks | {one.id for one in touched if isinstance(one, Cta)})


def wrong(session: Session) -> Sequence[uuid.UUID]:
    """CTAs of which another date is kept than it should be: none, or somebody wrote past `keep`."""
    is_wrong = (column.is_distinct_from(right) for column, right in due_dates().items())
    return session.scalars(select(Cta.id).where(or_(*is_wrong))).all()


def due_dates() -> dict[Any, ColumnElement[Any]]:
    """What both columns have to be."""
    never_sleeps = and_(is_open_task(), CtaTask.snoozed_through.is_(None), _waits_for_nobody())
    earliest = _looked_up(never_sleeps)
    sleeper = and_(is_open_task(), or_(CtaTask.snoozed_through.is_not(None), ~_waits_for_nobody()))
    snoozed = func.coalesce(CtaTask.snoozed_through, NO_DATE)
    waiting = case((_waits_for_nobody(), NO_DATE), else_=CtaTask.silent_on)
    wakes = case((snoozed < waiting, snoozed), else_=waiting)
    first_wake = select(func.min(wakes)).where(CtaTask.cta_id == Cta.id, sleeper).scalar_subquery()
    return {Cta.next_due_on: func.nullif(earliest, NO_DATE), Cta.next_wake_on: first_wake}


def _looked_up(which: ColumnElement[bool]) -> ColumnElement[date]:
    own = func.coalesce(Cta.due_on, NO_DATE)
    earlier = case((CtaTask.due_on < own, CtaTask.due_on), else_=own)
    of_tasks = select(func.min(earlier)).where(CtaTask.cta_id == Cta.id, which).scalar_subquery()
    return func.coalesce(of_tasks, own)


def _chunks(ids: Iterable[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    waiting = iter(ids)
    while some := list(islice(waiting, _CHUNK)):
        yield some


def is_open_task() -> ColumnElement[bool]:
    """CtaTask.is_open in SQL."""
    return and_(CtaTask.done_at.is_(None), CtaTask.dropped_at.is_(None))


def _waits_for_nobody() -> ColumnElement[bool]:
    return or_(CtaTask.waiting_since.is_(None), CtaTask.replied_at.is_not(None), CtaTask.silent_on.is_(None))
