"""What a choice before sending does to mail: to one that is left out by it, and to one that was read before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail import again, choices, correct, removal, same_mail
from server.mail.decide import Decision
from server.mail.exclude import CHOSEN
from server.mail.incoming import Incoming
from server.mail.models import MailChoice, MailCopy, MailMessage, MailState, Route
from server.mail.rows import held
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState, Mailbox, MailboxReading
from server.timeline.models import Level


def hold(session: Session, mailbox_id: uuid.UUID) -> None:
    """So that whoever reads this mailbox comes before or after, in the order of locks of all who write there."""
    session.get_one(Mailbox, mailbox_id, with_for_update={"read": True, "key_share": True})
    session.get_one(MailboxReading, mailbox_id, with_for_update=True)


def leave_out(session: Session, incoming: Incoming, decision: Decision, *, salt: str, now: datetime) -> None:
    """The mail is left out, by whatever rule: its choice is used up. If that said nothing, what its sender holds of it
    by other ways goes, too. Raises Rival.
    """
    if decision.choice is None:
        return
    choices.use_up(session, decision.choice, incoming, decision.parties, salt=salt, now=now)
    if decision.reason != CHOSEN:
        return
    known = same_mail.find(session, incoming, same_mail.keys_of(incoming, decision.parties, salt))
    if known is not None and known.state != MailState.REMOVED:
        _withdraw(session, known.id, incoming.user_id, now=now)


def _withdraw(session: Session, message_id: uuid.UUID, user_id: uuid.UUID, *, now: datetime) -> None:
    """Their copies go, and colleagues keep theirs. What they forwarded to us later was a word of its own."""
    ids = [
        copy.id
        for copy in again.copies_of(session, message_id)
        if copy.user_id == user_id and copy.route != Route.FORWARD
    ]
    removal.withdraw(session, ids, rule=CHOSEN, now=now)


def bind(session: Session, choice: MailChoice, gmail_message_id: str, *, user_id: uuid.UUID, now: datetime) -> None:
    """The choice is of this very message; one that was read already is brought to it now.

    The caller holds the reading, and knows that nothing is bound to the message yet.
    """
    choice.gmail_message_id, choice.mail_key, choice.used_at = gmail_message_id, None, now
    session.flush()
    found = ledger.states_of(session, choice.mailbox_id, [gmail_message_id])
    state, rule = found.get(gmail_message_id, (LedgerState.TO_READ, None))
    if state is LedgerState.EXCLUDED and rule == ledger.MAILBOX_LEVEL:
        ledger.reopen(session, choice.mailbox_id, gmail_message_ids=[gmail_message_id], now=now)
    elif state in (LedgerState.LOGGED, LedgerState.WAITING):
        for message in _standing(session, choice.mailbox_id, gmail_message_id):
            _bring(session, message, choice, user_id, now=now)


def _standing(session: Session, mailbox_id: uuid.UUID, gmail_message_id: str) -> Sequence[MailMessage]:
    statement = (
        select(MailCopy.mail_message_id)
        .where(MailCopy.mailbox_id == mailbox_id, MailCopy.gmail_message_id == gmail_message_id)
        .distinct()
    )
    found = [held(session, one) for one in session.scalars(statement)]
    return [one for one in found if one is not None and one.state != MailState.REMOVED]


def _bring(session: Session, message: MailMessage, choice: MailChoice, user_id: uuid.UUID, *, now: datetime) -> None:
    if choice.level == Level.NOTHING:
        # No tombstone, which would keep it from colleagues, too: as if it had been left out when it was read.
        _withdraw(session, message.id, user_id, now=now)
    else:
        correct.restrict(session, mail_message_id=message.id, level=Level(choice.level), by=user_id, now=now)
