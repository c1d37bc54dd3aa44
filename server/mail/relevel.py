"""A level that a person chose for what is logged already: it is brought there copy by copy, also after a death.

Mail that was sent from Rapport keeps its level, which a person lowers at its entry, and so does what has a word of its
own. The most careful holder still decides for all.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import Clock
from server.db import Database
from server.mail import again, entries
from server.mail.models import LinkRule, MailCopy, MailLink, MailMessage, MailState
from server.mailboxes import connection
from server.mailboxes.models import MailboxReading

_AT_ONCE = 20


def run_some(db: Database, clock: Clock, mailbox_id: uuid.UUID) -> bool:
    """Bring some mails to it, in one transaction. False when nothing is left to do."""
    with db.transaction() as session:
        reading = session.get(MailboxReading, mailbox_id, with_for_update=True)
        if reading is None or reading.past_level is None:
            return False
        level, user_id = reading.past_level, connection.by_id(session, mailbox_id).user_id
        found = _next(session, user_id, level)
        if not found:
            reading.past_level = None
            return False
        for message_id in found:
            _bring(session, message_id, user_id, level, clock)
        return True


def under_way(session: Session) -> list[uuid.UUID]:
    """Mailboxes whose older mail is not at its level yet."""
    return list(session.scalars(select(MailboxReading.id).where(MailboxReading.past_level.is_not(None))))


def _next(session: Session, user_id: uuid.UUID, level: str) -> list[uuid.UUID]:
    sent_from_here = (
        select(MailLink.id)
        .where(MailLink.mail_message_id == MailCopy.mail_message_id, MailLink.rule == LinkRule.SENT_FROM_HERE)
        .exists()
    )
    statement = (
        select(MailCopy.mail_message_id)
        .distinct()
        .where(MailCopy.user_id == user_id, MailCopy.level != level, ~sent_from_here)
        .order_by(MailCopy.mail_message_id)
        .limit(_AT_ONCE)
    )
    return list(session.scalars(statement))


def _bring(session: Session, message_id: uuid.UUID, user_id: uuid.UUID, level: str, clock: Clock) -> None:
    message: MailMessage | None = again.held(session, message_id)
    if message is None:
        return
    for copy in again.copies_of(session, message_id):
        if copy.user_id == user_id:
            copy.level = level
    session.flush()
    if message.state != MailState.REMOVED:
        entries.project(session, message, now=clock.now())
