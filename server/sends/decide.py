"""What a person decides about an email in the outbox."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from server.errors import Conflict, Forbidden, NotFound
from server.sends import record
from server.sends.models import RECALLABLE, OutboundEmail, OutboundState, OutboundStep


def own(session: Session, *, email_id: uuid.UUID, user_id: uuid.UUID) -> OutboundEmail:
    """The email, locked, if `user_id` is its sender. Raises NotFound or Forbidden."""
    email = session.get(OutboundEmail, email_id, with_for_update=True)
    if email is None:
        raise NotFound("There is no such email.")
    if email.user_id != user_id:
        raise Forbidden("Only its sender can decide about this email.")
    return email


def cancel(session: Session, email: OutboundEmail, *, now: datetime) -> None:
    """Take it back before it is handed to Gmail. Raises Conflict when it is too late."""
    if email.state not in RECALLABLE:
        raise Conflict("It is too late to cancel this email.", cure="Look at its state in the outbox.")
    _decide(session, email, OutboundState.CANCELLED, "Cancelled by its sender.", now)


def send_again(session: Session, email: OutboundEmail, *, now: datetime) -> None:
    """Try a failed email once more, with a new draft. Only what is known not to have left.

    An old draft stays named in the row: it is removed before the new one is made.
    """
    if email.state != OutboundState.FAILED:
        raise Conflict("Only an email that failed can be sent again.", cure="Look at its state in the outbox.")
    if email.is_erased or email.text_removed_months is not None:
        raise Conflict("The text of this email is gone.", cure="Write a new one.")
    email.gmail_thread_id = None
    email.sending_at, email.not_before, email.attempts = None, now, 0
    _decide(session, email, OutboundState.QUEUED, "Put back into the outbox by its sender.", now)


def it_was_sent(session: Session, email: OutboundEmail, *, now: datetime) -> None:
    """The person found it in Sent: record it so, timeline included."""
    _demand_review(email)
    email.sent_at = email.sending_at or now
    _decide(session, email, OutboundState.SENT, "Its sender found it in the Gmail Sent folder.", now)
    session.flush()
    record.log_on_timeline(session, email_id=email.id, now=now)


def it_was_not_sent(session: Session, email: OutboundEmail, *, now: datetime) -> None:
    """The person says it never left: from here it can be sent again."""
    _demand_review(email)
    _decide(session, email, OutboundState.FAILED, "Its sender did not find it in the Gmail Sent folder.", now)
    email.problem = "It did not leave."
    email.cure = "Send it again, or write a new one."


def _demand_review(email: OutboundEmail) -> None:
    if email.state != OutboundState.REVIEW:
        raise Conflict("This email does not wait for your answer any more.", cure="Look at its state in the outbox.")


def _decide(session: Session, email: OutboundEmail, state: OutboundState, detail: str, now: datetime) -> None:
    # A new epoch fences off a worker that still holds the row.
    email.state, email.epoch, email.changed_at = state, email.epoch + 1, now
    email.lease_until = email.problem = email.cure = email.wall_time = email.wall_zone = None
    email.is_held = False
    session.add(OutboundStep(outbound_email_id=email.id, at=now, state=state, detail=detail))
