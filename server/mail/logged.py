"""What the nightly comparison asks of us: is what the ledger calls logged or waiting really here?"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail.models import LinkState, MailCopy, MailLink, MailMessage, MailState
from server.timeline.models import TimelineEntry


def really_logged(session: Session, mailbox_id: uuid.UUID, gmail_message_ids: Sequence[str]) -> set[str]:
    """Those of these messages that are linked and whose entry stands; at most some hundreds at once."""
    statement = (
        select(MailCopy.gmail_message_id)
        .join(MailMessage, MailMessage.id == MailCopy.mail_message_id)
        .join(MailLink, MailLink.mail_message_id == MailMessage.id)
        .join(TimelineEntry, TimelineEntry.id == MailLink.timeline_entry_id)
        .where(
            MailCopy.mailbox_id == mailbox_id,
            MailCopy.gmail_message_id.in_(gmail_message_ids),
            MailMessage.state == MailState.LINKED,
            MailLink.state == LinkState.LINKED,
        )
    )
    return {gmail_id for gmail_id in session.scalars(statement) if gmail_id is not None}


def really_waiting(session: Session, mailbox_id: uuid.UUID, gmail_message_ids: Sequence[str]) -> set[str]:
    """Those of these messages that are stored and wait for a person; at most some hundreds at once."""
    statement = (
        select(MailCopy.gmail_message_id)
        .join(MailMessage, MailMessage.id == MailCopy.mail_message_id)
        .where(
            MailCopy.mailbox_id == mailbox_id,
            MailCopy.gmail_message_id.in_(gmail_message_ids),
            MailMessage.state == MailState.WAITING,
        )
    )
    return {gmail_id for gmail_id in session.scalars(statement) if gmail_id is not None}
