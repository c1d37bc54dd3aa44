"""Reading triggers, their firings and their looks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.ctas.models import Cta
from server.errors import NotFound
from server.triggers.models import FiringOutcome, Trigger, TriggerFiring, TriggerRun

COUNTED = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class FiringRow:
    """`cta_name` is empty when there is none any more."""

    firing: TriggerFiring
    account_name: str
    cta_name: str


def all_triggers(session: Session) -> Sequence[Trigger]:
    """Those that are on first, by name."""
    return session.scalars(select(Trigger).order_by(Trigger.is_on.desc(), Trigger.name, Trigger.id)).all()


def find_slug(session: Session, slug: str) -> Trigger | None:
    return session.scalars(select(Trigger).where(Trigger.slug == slug)).one_or_none()


def by_slug(session: Session, slug: str) -> Trigger:
    """Raises NotFound."""
    found = find_slug(session, slug)
    if found is None:
        raise NotFound(f"There is no trigger {slug[:80]}.", cure="Choose one of the list of triggers.")
    return found


def by_id(session: Session, trigger_id: uuid.UUID) -> Trigger | None:
    return session.get(Trigger, trigger_id)


def ids_that_are_on(session: Session) -> Sequence[uuid.UUID]:
    return session.scalars(select(Trigger.id).where(Trigger.is_on).order_by(Trigger.id)).all()


def run_of(session: Session, trigger_id: uuid.UUID, day: date) -> TriggerRun | None:
    statement = select(TriggerRun).where(TriggerRun.trigger_id == trigger_id, TriggerRun.for_day_on == day)
    return session.scalars(statement).one_or_none()


def last_run(session: Session, trigger_id: uuid.UUID) -> TriggerRun | None:
    """The look that ended last."""
    statement = (
        select(TriggerRun)
        .where(TriggerRun.trigger_id == trigger_id, TriggerRun.ended_at.is_not(None))
        .order_by(TriggerRun.ended_at.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def last_looks(session: Session) -> Mapping[uuid.UUID, datetime]:
    statement = select(TriggerRun.trigger_id, func.max(TriggerRun.ended_at)).group_by(TriggerRun.trigger_id)
    return {row[0]: row[1] for row in session.execute(statement) if row[1] is not None}


def outcomes_since(session: Session, since: datetime) -> Mapping[tuple[uuid.UUID, str], int]:
    """(trigger, outcome) -> how many."""
    statement = (
        select(TriggerFiring.trigger_id, TriggerFiring.outcome, func.count(TriggerFiring.id))
        .where(TriggerFiring.fired_at >= since)
        .group_by(TriggerFiring.trigger_id, TriggerFiring.outcome)
    )
    return {(row[0], row[1]): row[2] for row in session.execute(statement)}


def firings(session: Session, trigger_id: uuid.UUID, *, limit: int = 100) -> Sequence[FiringRow]:
    """The latest first."""
    statement = (
        select(TriggerFiring, Account.name, Cta.name)
        .join(Account, Account.id == TriggerFiring.account_id)
        .outerjoin(Cta, Cta.id == TriggerFiring.cta_id)
        .where(TriggerFiring.trigger_id == trigger_id)
        .order_by(TriggerFiring.fired_at.desc(), TriggerFiring.id.desc())
        .limit(limit)
    )
    return [FiringRow(firing=row[0], account_name=row[1], cta_name=row[2] or "") for row in session.execute(statement)]


def waiting(session: Session, trigger_id: uuid.UUID) -> Sequence[TriggerFiring]:
    """What a file named and no look has opened yet, with what failed of it."""
    statement = (
        select(TriggerFiring)
        .where(
            TriggerFiring.trigger_id == trigger_id,
            TriggerFiring.outcome.in_((FiringOutcome.WAITING, FiringOutcome.FAILED)),
            TriggerFiring.occasion.startswith("file:"),
        )
        .order_by(TriggerFiring.id)
    )
    return session.scalars(statement).all()
