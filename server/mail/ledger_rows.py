"""What a decision about a stored mail means for the ledger rows of the mailboxes that hold it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.orm import Session

from server.mail.models import MailContent, MailCopy, MailMessage
from server.mailboxes.ledger import UNTRIED
from server.mailboxes.models import LedgerState, MailboxMessage

_KEPT = (LedgerState.LOGGED, LedgerState.WAITING)
_IS_SETTLED = MailboxMessage.state.not_in((LedgerState.TO_READ, LedgerState.GONE))


def exclude(session: Session, copy_ids: Collection[uuid.UUID], *, rule: str, now: datetime) -> None:
    """These copies are no longer kept. What is to be read anyway is left to its reader, who finds the same."""
    _move(session, and_(MailCopy.id.in_(copy_ids), _IS_SETTLED), state=LedgerState.EXCLUDED, rule=rule, now=now)


def exclude_mail(session: Session, message_id: uuid.UUID, *, rule: str, now: datetime) -> None:
    is_its_own = and_(MailCopy.mail_message_id == message_id, _IS_SETTLED)
    _move(session, is_its_own, state=LedgerState.EXCLUDED, rule=rule, now=now)


def wait(session: Session, message_id: uuid.UUID, *, reason: str | None, now: datetime) -> None:
    """The mail waits for a person again. A row that is to be read anyway is left to its reader."""
    is_this = and_(MailCopy.mail_message_id == message_id, MailboxMessage.state.in_(_KEPT))
    _move(session, is_this, state=LedgerState.WAITING, rule=reason, now=now)


def read_for_text(session: Session, message_ids: Collection[uuid.UUID], *, now: datetime) -> int:
    """The mails are linked now: their text may be asked for, where it is not here yet and Gmail still has it.

    Rows of which nothing is to be read waited for the person alone, and are settled.
    """
    stored = select(MailContent.id).where(MailContent.id == MailCopy.mail_message_id).exists()
    # A text that the retention rule took away is not asked for again.
    removed = select(MailMessage.id).where(
        MailMessage.id == MailCopy.mail_message_id, MailMessage.text_removed_months.is_not(None)
    )
    has_text = or_(stored, removed.exists())
    is_complete = and_(
        MailCopy.mail_message_id.in_(message_ids),
        MailboxMessage.state == LedgerState.WAITING,
        or_(has_text, MailboxMessage.deleted_at.is_not(None)),
    )
    _move(session, is_complete, state=LedgerState.LOGGED, rule=None, now=now)
    wanted = and_(
        MailCopy.mail_message_id.in_(message_ids),
        ~has_text,
        MailboxMessage.state.in_(_KEPT),
        MailboxMessage.deleted_at.is_(None),
    )
    return _move(session, wanted, state=LedgerState.TO_READ, rule=None, now=now, **UNTRIED)


def open_again(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    """What a rule left out that holds no more is read again, in all mailboxes that `which` names. How many messages."""
    result = session.execute(
        update(MailboxMessage)
        .where(which, MailboxMessage.state == LedgerState.EXCLUDED, MailboxMessage.deleted_at.is_(None))
        .values(state=LedgerState.TO_READ, rule=None, not_before=now, changed_at=now, **UNTRIED)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def read_anew(session: Session, message_id: uuid.UUID, *, now: datetime) -> int:
    """The mailboxes that still have it read it as if it had just come. How many those are."""
    wanted = and_(
        MailCopy.mail_message_id == message_id,
        MailboxMessage.state != LedgerState.GONE,
        MailboxMessage.deleted_at.is_(None),
    )
    return _move(session, wanted, state=LedgerState.TO_READ, rule=None, now=now, **UNTRIED)


def _move(
    session: Session, which: ColumnElement[bool], *, state: LedgerState, rule: str | None, now: datetime, **values: Any
) -> int:
    # Found from the copies' side by its unique index; an EXISTS would read the whole ledger on SQLite.
    rows = (
        select(MailboxMessage.id)
        .join(
            MailCopy,
            and_(
                MailCopy.mailbox_id == MailboxMessage.mailbox_id,
                MailCopy.gmail_message_id == MailboxMessage.gmail_message_id,
            ),
        )
        .where(which)
    )
    result = session.execute(
        update(MailboxMessage)
        .where(MailboxMessage.id.in_(rows))
        .values(state=state, rule=rule, not_before=now, changed_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
