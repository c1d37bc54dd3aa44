"""Rest that Google asked for: one for each mailbox, whoever met it, sending or reading."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.orm import Session

from server.mailboxes.models import Mailbox


def pause(session: Session, mailbox_id: uuid.UUID, until: datetime, reason: str) -> None:
    """No call for this mailbox before `until`. A longer rest that was asked for earlier stays.

    Takes the lock of the mailbox's row: never in a transaction that already holds that of its reading.
    """
    session.execute(
        update(Mailbox)
        .where(Mailbox.id == mailbox_id, or_(Mailbox.paused_until.is_(None), Mailbox.paused_until < until))
        .values(paused_until=until, pause_reason=reason)
    )


def is_paused(mailbox: Mailbox, now: datetime) -> bool:
    return mailbox.paused_until is not None and mailbox.paused_until > now


def not_paused(now: datetime) -> ColumnElement[bool]:
    """As a condition of a query over mailboxes."""
    return or_(Mailbox.paused_until.is_(None), Mailbox.paused_until <= now)
