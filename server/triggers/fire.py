"""Firing: the CTA of a candidate is opened, and that it was is written in the same transaction, once for ever."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth import people
from server.ctas.models import LONGEST_NAME
from server.ctas.open import Opened, Wanted, open_cta
from server.db import insert_if_absent
from server.errors import RapportError
from server.playbooks import queries as playbooks
from server.playbooks.definition import OwnerRule
from server.triggers.kinds import named
from server.triggers.look.candidate import AT_ONCE, Candidate
from server.triggers.models import FiringOutcome, TriggerFiring
from server.triggers.watch import Watch

_LONGEST_DETAIL = 500


def wanted_of(session: Session, watch: Watch, found: Candidate, *, now: datetime) -> Wanted:
    """The CTA that a candidate is to get. Raises NotFound when its playbook is not live."""
    values = {"account": found.account.name, "tam": found.account.tam_name} | dict(found.values)
    playbook = playbooks.live(session, watch.playbook_slug) if watch.playbook_slug else None
    return Wanted(
        account_id=found.account.id,
        name=named(watch.cta_name, values, longest=LONGEST_NAME),
        cta_type=watch.cta_type,
        priority=watch.priority,
        reason=watch.reason,
        owner_rule=OwnerRule(watch.owner_rule),
        due_on=_due_on(watch, found, has_own=playbook is not None and playbook.definition.due is not None, now=now),
        ebr_on=found.review_on,
        playbook=playbook,
        trigger_id=watch.trigger_id,
        names_count=watch.names_count,
        why=found.why,
    )


def _due_on(watch: Watch, found: Candidate, *, has_own: bool, now: datetime) -> date | None:
    days = watch.params.get("due_in_days")
    return None if days is None or has_own else found.account.day_of(now) + timedelta(days=days)


def settled(session: Session, trigger_id: uuid.UUID, account_ids: Collection[uuid.UUID]) -> set[tuple[uuid.UUID, str]]:
    """(account, occasion) of what has fired already; what failed is not settled, it is tried again."""
    found: set[tuple[uuid.UUID, str]] = set()
    wanted = sorted(set(account_ids))
    for start in range(0, len(wanted), AT_ONCE):
        statement = select(TriggerFiring.account_id, TriggerFiring.occasion).where(
            TriggerFiring.trigger_id == trigger_id,
            TriggerFiring.account_id.in_(wanted[start : start + AT_ONCE]),
            TriggerFiring.outcome.not_in((FiringOutcome.FAILED, FiringOutcome.WAITING)),
        )
        found.update((row[0], row[1]) for row in session.execute(statement))
    return found


def fire(session: Session, watch: Watch, found: Candidate, *, now: datetime) -> FiringOutcome | None:
    """Open its CTA, or update its like. None when somebody else fires it, or has.

    Raises RapportError when it cannot be opened: then the transaction is to be given up, and `note_failure` called.
    """
    firing = _claim(session, watch, found, now)
    if firing is None:
        return None
    opened = open_cta(session, wanted_of(session, watch, found, now=now), by_id=None, now=now)
    firing.outcome, firing.cta_id, firing.fired_at = FiringOutcome(opened.outcome.value), opened.cta.id, now
    firing.detail = _detail(session, found, opened)[:_LONGEST_DETAIL]
    return FiringOutcome(firing.outcome)


def note_failure(session: Session, watch: Watch, found: Candidate, error: RapportError, *, now: datetime) -> bool:
    """Keep why it could not be opened; the next look tries again. Whether that is news."""
    firing = _claim(session, watch, found, now)
    if firing is None:
        return False
    is_news = firing.outcome != FiringOutcome.FAILED or firing.detail != str(error)[:_LONGEST_DETAIL]
    firing.outcome, firing.detail = FiringOutcome.FAILED, str(error)[:_LONGEST_DETAIL]
    return is_news


def _claim(session: Session, watch: Watch, found: Candidate, now: datetime) -> TriggerFiring | None:
    """The row of this occasion, ours until the transaction ends; None when it is settled or somebody else has it."""
    assert watch.trigger_id is not None, "what is not saved cannot fire"
    row = TriggerFiring(
        trigger_id=watch.trigger_id,
        account_id=found.account.id,
        occasion=found.occasion,
        fired_at=now,
        outcome=FiringOutcome.WAITING,
        detail="",
    )
    insert_if_absent(session, row)
    statement = (
        select(TriggerFiring)
        .where(
            TriggerFiring.trigger_id == watch.trigger_id,
            TriggerFiring.account_id == found.account.id,
            TriggerFiring.occasion == found.occasion,
            TriggerFiring.outcome.in_((FiringOutcome.FAILED, FiringOutcome.WAITING)),
        )
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).one_or_none()


def _detail(session: Session, found: Candidate, opened: Opened) -> str:
    if opened.outcome.value == FiringOutcome.SUPPRESSED:
        cta = opened.cta
        owner = people.by_id(session, cta.owner_id)
        until = f"{cta.snoozed_through.day} {cta.snoozed_through:%b %Y}" if cta.snoozed_through else ""
        return f"{found.why} “{cta.name}” is snoozed through {until} by {owner.name}, so it keeps its silence."
    return found.why
