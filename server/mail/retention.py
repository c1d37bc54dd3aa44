"""What the retention rules take away of mail: its text, and mail that nobody ever placed. In small transactions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from server.mail import removal
from server.mail.models import MailContent, MailCopy, MailMessage, MailState
from server.mail.rows import held
from server.timeline import retention as timeline


def count_texts(session: Session, *, until: datetime) -> int:
    """Texts of linked mail that was sent before `until`."""
    statement = select(func.count(MailContent.id)).join(MailMessage, MailMessage.id == MailContent.id)
    return session.scalar(statement.where(*_is_old(until))) or 0


def remove_texts(session: Session, *, until: datetime, months: int, now: datetime, limit: int) -> int:
    """Who wrote to whom and when stays, and that there was a text. How many mails; 0 when none is left."""
    old = select(MailMessage.id).join(MailContent, MailContent.id == MailMessage.id).where(*_is_old(until))
    gone = 0
    for message_id in session.scalars(old.order_by(MailMessage.id).limit(limit)).all():
        message = held(session, message_id)
        if message is None:
            continue
        session.execute(delete(MailContent).where(MailContent.id == message_id))
        message.text_removed_months, message.changed_at = months, now
        timeline.remove_texts_of_mail(session, [message_id], months=months)
        gone += 1
    return gone


def count_waiting(session: Session, *, until: datetime) -> int:
    """Mails that wait for a person since before `until`."""
    return session.scalar(select(func.count(MailMessage.id)).where(*_waits_since(until))) or 0


def remove_waiting(session: Session, *, until: datetime, now: datetime, limit: int) -> int:
    """They go altogether; their mailboxes' ledgers say by which rule, and do not read them again."""
    old = select(MailMessage.id).where(*_waits_since(until)).order_by(MailMessage.id).limit(limit)
    ids = session.scalars(old).all()
    copies = session.scalars(select(MailCopy.id).where(MailCopy.mail_message_id.in_(ids))).all()
    removal.withdraw(session, copies, rule=removal.KEPT_NO_LONGER, now=now)
    # One without a copy is nobody's; it must not be found again and again.
    session.execute(delete(MailMessage).where(MailMessage.id.in_(ids), MailMessage.state == MailState.WAITING))
    return len(ids)


def _is_old(until: datetime) -> tuple[ColumnElement[bool], ...]:
    return MailMessage.state == MailState.LINKED, MailMessage.sent_at < until


def _waits_since(until: datetime) -> tuple[ColumnElement[bool], ...]:
    return MailMessage.state == MailState.WAITING, MailMessage.created_at < until
