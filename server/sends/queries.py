"""Reading the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.errors import Forbidden, NotFound
from server.personal import removed_words
from server.sends.models import MOVING, OutboundContent, OutboundEmail, OutboundState, OutboundStep


class OutboxGroup(StrEnum):
    ALL = "all"
    WAITING = "waiting"
    SENT = "sent"
    NEEDS_YOU = "needs_you"


STATES_OF = {
    OutboxGroup.ALL: tuple(OutboundState),
    OutboxGroup.WAITING: tuple(sorted(MOVING)),
    OutboxGroup.SENT: (OutboundState.SENT,),
    OutboxGroup.NEEDS_YOU: (OutboundState.FAILED, OutboundState.REVIEW, OutboundState.SUPPRESSED),
}


@dataclass(frozen=True, kw_only=True)
class OutboxPage:
    """Newest first. `next_before` names the last row when there are more."""

    emails: Sequence[OutboundEmail]
    next_before: uuid.UUID | None


def outbox(
    session: Session, *, user_id: uuid.UUID, group: OutboxGroup, limit: int = 50, before: uuid.UUID | None = None
) -> OutboxPage:
    statement = (
        select(OutboundEmail)
        .where(OutboundEmail.user_id == user_id, OutboundEmail.state.in_(STATES_OF[group]))
        .order_by(OutboundEmail.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(OutboundEmail.id < before)
    found = list(session.scalars(statement))
    return OutboxPage(emails=found[:limit], next_before=found[limit - 1].id if len(found) > limit else None)


def outbox_counts(session: Session, *, user_id: uuid.UUID) -> dict[OutboxGroup, int]:
    statement = (
        select(OutboundEmail.state, func.count(OutboundEmail.id))
        .where(OutboundEmail.user_id == user_id)
        .group_by(OutboundEmail.state)
    )
    by_state = {row[0]: row[1] for row in session.execute(statement)}
    return {group: sum(by_state.get(state, 0) for state in states) for group, states in STATES_OF.items()}


def email(session: Session, *, email_id: uuid.UUID, user_id: uuid.UUID) -> OutboundEmail:
    """Raises NotFound, or Forbidden when somebody else sent it."""
    found = session.get(OutboundEmail, email_id)
    if found is None:
        raise NotFound("There is no such email.", cure="Look into the outbox.")
    if found.user_id != user_id:
        raise Forbidden("Only its sender can see how this email fared.", cure="The account's timeline shows its text.")
    return found


def content(session: Session, email: OutboundEmail) -> OutboundContent:
    """What is sent, or in its place words that say why it is gone."""
    words = "Erased on request." if email.is_erased else removed_words(email.text_removed_months)
    return session.get(OutboundContent, email.id) or OutboundContent(id=email.id, html=f"<p>{words}</p>", text=words)


def steps(session: Session, email_id: uuid.UUID) -> list[OutboundStep]:
    statement = select(OutboundStep).where(OutboundStep.outbound_email_id == email_id)
    # By the instant first: ids made within one millisecond have no order.
    statement = statement.order_by(OutboundStep.at, OutboundStep.id)
    return list(session.scalars(statement))


def moving_of_account(session: Session, account_id: uuid.UUID) -> int:
    """How many emails to this account are on their way."""
    return (
        session.scalar(
            select(func.count(OutboundEmail.id)).where(
                OutboundEmail.account_id == account_id, OutboundEmail.state.in_(sorted(MOVING))
            )
        )
        or 0
    )
