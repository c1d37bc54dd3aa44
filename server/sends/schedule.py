"""Putting emails into the outbox: the promise is made in the caller's transaction, the nudge comes after it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.sends.hold import Later, put_off
from server.sends.models import OutboundContent, OutboundEmail, OutboundState, OutboundStep


@dataclass(frozen=True, kw_only=True)
class EmailToSchedule:
    """One email to one contact, rendered. `dedupe_key` stands for the intent: the same key is the same email.

    `cc_email` is a colleague's, `later` when it leaves if not at once; `note` is what its sender knew, for its steps.
    """

    dedupe_key: str
    mailbox_id: uuid.UUID
    user_id: uuid.UUID
    account_id: uuid.UUID
    contact_id: uuid.UUID
    email_template_version_id: uuid.UUID
    template_label: str
    from_name: str
    from_email: str
    to_name: str
    to_email: str
    subject: str
    html: str
    text: str
    cc_email: str | None = None
    later: Later | None = None
    note: str = ""


def schedule(session: Session, email: EmailToSchedule, *, now: datetime) -> OutboundEmail:
    """The row that stands for this email: a new one, or the one that an earlier click already made."""
    row = OutboundEmail(
        dedupe_key=email.dedupe_key,
        mailbox_id=email.mailbox_id,
        user_id=email.user_id,
        account_id=email.account_id,
        contact_id=email.contact_id,
        email_template_version_id=email.email_template_version_id,
        template_label=email.template_label,
        from_name=email.from_name,
        from_email=email.from_email,
        to_name=email.to_name,
        to_email=email.to_email,
        subject=email.subject,
        state=OutboundState.QUEUED,
        epoch=0,
        attempts=0,
        not_before=now,
        queued_at=now,
        changed_at=now,
        cc_email=email.cc_email,
        is_held=False,
    )
    if email.later is not None:
        put_off(row, email.later)
    if not insert_if_absent(session, row):
        return session.scalars(select(OutboundEmail).where(OutboundEmail.dedupe_key == email.dedupe_key)).one()
    session.add(OutboundContent(id=row.id, html=email.html, text=email.text))
    session.add(OutboundStep(outbound_email_id=row.id, at=now, state=row.state, detail="Put into the outbox."))
    if email.note:
        session.add(OutboundStep(outbound_email_id=row.id, at=now, state=row.state, detail=email.note))
    session.flush()
    return session.get_one(OutboundEmail, row.id)
