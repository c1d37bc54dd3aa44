"""Writing the timeline."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.timeline.models import ActivityType, TimelineEntry, TimelineParticipant


@dataclass(frozen=True, kw_only=True)
class Participant:
    """`part` is from, to or cc."""

    part: str
    name: str
    email: str
    contact_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class EmailActivity:
    """An email that happened. `source_key` makes it stand once however often it is recorded."""

    source_key: str
    account_id: uuid.UUID
    author_id: uuid.UUID | None
    subject: str
    body_text: str
    occurred_at: datetime
    mailbox_email: str
    gmail_message_id: str | None
    gmail_thread_id: str | None
    email_template_version_id: uuid.UUID | None
    template_label: str | None
    participants: Sequence[Participant]


def record_email(session: Session, activity: EmailActivity, *, now: datetime) -> TimelineEntry:
    """Put the email on the account's timeline, or return the entry that already stands for it."""
    known = session.scalars(select(TimelineEntry).where(TimelineEntry.source_key == activity.source_key)).one_or_none()
    if known is not None:
        return known
    entry = TimelineEntry(
        account_id=activity.account_id,
        source_key=activity.source_key,
        activity_type=ActivityType.EMAIL,
        subject=activity.subject,
        body_text=activity.body_text,
        occurred_at=activity.occurred_at,
        author_id=activity.author_id,
        email_template_version_id=activity.email_template_version_id,
        template_label=activity.template_label,
        mailbox_email=activity.mailbox_email,
        gmail_message_id=activity.gmail_message_id,
        gmail_thread_id=activity.gmail_thread_id,
        created_at=now,
    )
    session.add(entry)
    session.flush()
    session.add_all(
        TimelineParticipant(
            timeline_entry_id=entry.id,
            part=person.part,
            name=person.name,
            email=person.email,
            contact_id=person.contact_id,
        )
        for person in activity.participants
    )
    return entry


def record_note(
    session: Session,
    *,
    account_id: uuid.UUID,
    activity_type: ActivityType,
    subject: str,
    body_text: str,
    occurred_at: datetime,
    author_id: uuid.UUID | None,
    source_key: str,
    now: datetime,
) -> TimelineEntry:
    """A call, a meeting or an update that a person (or an import) tells of."""
    entry = TimelineEntry(
        account_id=account_id,
        source_key=source_key,
        activity_type=activity_type,
        subject=subject,
        body_text=body_text,
        occurred_at=occurred_at,
        author_id=author_id,
        created_at=now,
    )
    session.add(entry)
    return entry
