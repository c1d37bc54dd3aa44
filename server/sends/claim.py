"""Claims: one worker at a time for a mailbox's lane, one for a row, both with leases that end by themselves."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.mailboxes import pause
from server.mailboxes.models import Mailbox, MailboxState
from server.sends.models import MOVING, WILL_NOT_LEAVE, OutboundEmail, OutboundState, SendLane

# Longer than the slowest call with its token renewals (30 s each), and begun anew before each call that changes
# something, so that a living worker does not lose its row.
LEASE = timedelta(seconds=180)


def take_lane(session: Session, *, mailbox_id: uuid.UUID, holder: str, now: datetime) -> bool:
    """Whether `holder` may now send from this mailbox. False while another holds it or Google asked for rest."""
    insert_if_absent(session, SendLane(id=mailbox_id))
    lane = session.get_one(SendLane, mailbox_id, with_for_update=True)
    taken = lane.holder not in (None, holder) and lane.held_until is not None and lane.held_until > now
    if taken or pause.is_paused(session.get_one(Mailbox, mailbox_id), now):
        return False
    lane.holder, lane.held_until = holder, now + LEASE
    return True


def leave_lane(session: Session, *, mailbox_id: uuid.UUID, holder: str) -> None:
    session.execute(
        update(SendLane)
        .where(SendLane.id == mailbox_id, SendLane.holder == holder)
        .values(holder=None, held_until=None)
    )


def claim_next(session: Session, *, mailbox_id: uuid.UUID, now: datetime) -> OutboundEmail | None:
    """The next row that is due, with a new epoch and a lease; None when there is none."""
    row = session.scalars(
        select(OutboundEmail)
        .where(OutboundEmail.mailbox_id == mailbox_id, *_due(now))
        .order_by(OutboundEmail.not_before, OutboundEmail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    row.epoch += 1
    row.attempts += 1
    row.lease_until = now + LEASE
    if row.state == OutboundState.QUEUED:
        row.state = OutboundState.CLAIMED
    row.changed_at = now
    return row


def next_leftover(session: Session, *, mailbox_id: uuid.UUID, now: datetime) -> OutboundEmail | None:
    """The next email that will not leave and whose draft still stands in the mailbox."""
    return session.scalars(
        select(OutboundEmail)
        .where(OutboundEmail.mailbox_id == mailbox_id, *_left_behind(now))
        .order_by(OutboundEmail.not_before, OutboundEmail.id)
        .limit(1)
    ).one_or_none()


def due_mailboxes(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Connected mailboxes with work that is due, that nobody holds and that Google did not ask to rest."""
    statement = (
        select(OutboundEmail.mailbox_id)
        .join(Mailbox, Mailbox.id == OutboundEmail.mailbox_id)
        .outerjoin(SendLane, SendLane.id == OutboundEmail.mailbox_id)
        .where(
            Mailbox.state == MailboxState.CONNECTED,
            or_(and_(*_due(now)), and_(*_left_behind(now))),
            pause.not_paused(now),
            or_(SendLane.held_until.is_(None), SendLane.held_until <= now),
        )
        .distinct()
    )
    return list(session.scalars(statement))


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboundEmail.state.in_(sorted(MOVING)),
        OutboundEmail.not_before <= now,
        OutboundEmail.is_held.is_(False),
        or_(OutboundEmail.lease_until.is_(None), OutboundEmail.lease_until <= now),
    )


def _left_behind(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboundEmail.state.in_(sorted(WILL_NOT_LEAVE)),
        OutboundEmail.draft_id.is_not(None),
        OutboundEmail.not_before <= now,
    )
