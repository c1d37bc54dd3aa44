"""Emails that leave later: when that is, and a last look at the guard before they do.

The outbox holds them back (`OutboundEmail.is_held`) until this look has found nothing that their writer did not know.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.contacts import queries as contacts
from server.ctas import guard, queries
from server.ctas.models import CtaTask, EmailTaskSend
from server.errors import Invalid
from server.sends import hold, wall
from server.sends.models import OutboundEmail, OutboundState

NOW, TOMORROW, CHOSEN = "now", "tomorrow", "at"


@dataclass(frozen=True, kw_only=True)
class LeaveAt:
    """When: now, at nine tomorrow, or at `wall`; the last two by the clock of each who gets it."""

    when: str = NOW
    wall: datetime | None = None

    def for_zone(self, zone: str, now: datetime) -> hold.Later | None:
        """None for now. Raises Invalid for a time that is over or too far away."""
        if self.when == NOW:
            return None
        chosen = wall.tomorrow_morning(zone, now) if self.when == TOMORROW else self.wall
        if chosen is None:
            raise Invalid("Choose a day and a time.", fields={"leave_at": "Choose a day and a time."})
        return hold.later(chosen, zone, now)


def release(session: Session, *, now: datetime) -> set[uuid.UUID]:
    """Let go what is due and has nothing new against it, hold the rest for a word; the mailboxes to nudge."""
    statement = (
        select(OutboundEmail, EmailTaskSend, CtaTask)
        .join(EmailTaskSend, EmailTaskSend.outbound_email_id == OutboundEmail.id)
        .join(CtaTask, CtaTask.id == EmailTaskSend.cta_task_id)
        .where(
            OutboundEmail.is_held.is_(True),
            OutboundEmail.state == OutboundState.QUEUED,
            OutboundEmail.not_before <= now,
            OutboundEmail.problem.is_(None),
        )
        .order_by(OutboundEmail.not_before, OutboundEmail.id)
        .limit(200)
        .with_for_update(of=OutboundEmail, skip_locked=True)
    )
    boxes: set[uuid.UUID] = set()
    for email, send, task in session.execute(statement).all():
        new = [one for one in _cautions(session, email, task, now) if one.key not in send.despite.split()]
        if new:
            hold.keep(session, email, problem=f"{new[0].text}.", now=now)
        else:
            hold.let_go(session, email, now=now)
            boxes.add(email.mailbox_id)
    return boxes


def _cautions(session: Session, email: OutboundEmail, task: CtaTask, now: datetime) -> list[guard.Caution]:
    own = queries.sends_of(session, [task.id]).get(task.id, [])
    asked = guard.Asked(
        account_id=email.account_id,
        contacts=contacts.by_ids(session, [email.contact_id] if email.contact_id else []),
        now=now,
        cta_id=task.cta_id,
        own_mail={one.gmail_message_id for one in own if one.gmail_message_id},
        own_emails={one.id for one in own},
    )
    return guard.warnings(session, asked)
