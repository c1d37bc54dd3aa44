"""Mails on a timeline, put there as the reading of mailboxes does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from server.ids import new_id
from server.timeline.models import Level
from server.timeline.record import Holder, MailActivity, Participant, put_mail

TO_ALICE = (
    Participant(part="from", name="Priya Nair", email="priya@helios.example"),
    Participant(part="to", name="Alice Moreau", email="alice@rapport.example"),
)


def put(
    session: Session,
    account_id: uuid.UUID,
    subject: str,
    at: datetime,
    *,
    level: Level = Level.FULL,
    text: str = "",
    thread: uuid.UUID | None = None,
    fold_reason: str | None = None,
    direction: str = "in",
    people: Sequence[Participant] = TO_ALICE,
    holders: Sequence[uuid.UUID] = (),
    senders: Sequence[uuid.UUID] = (),
    mailbox_email: str | None = None,
    message_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """`senders` hold it as those who wrote it. The id of the entry."""
    message_id = message_id or new_id()
    activity = MailActivity(
        source_key=f"mail:{message_id}:{account_id}",
        account_id=account_id,
        mail_message_id=message_id,
        thread_key=thread or new_id(),
        author_id=None,
        subject=subject,
        body_text=text,
        occurred_at=at,
        mailbox_email=mailbox_email,
        gmail_message_id="18f0000000000001" if mailbox_email else None,
        gmail_thread_id="18f0000000000002",
        level=level,
        fold_reason=fold_reason,
        direction=direction,
        others=0,
        participants=tuple(people),
        holders=(
            *(Holder(user_id=user_id, is_sender=False) for user_id in holders),
            *(Holder(user_id=user_id, is_sender=True) for user_id in senders),
        ),
    )
    return put_mail(session, activity, now=at).id
