"""Writing the timeline."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth.models import User
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.db import insert_if_absent
from server.errors import Conflict, Invalid
from server.messages.clean import block_text, one_line
from server.timeline.models import (
    ActivityType,
    Level,
    TimelineEntry,
    TimelineHolder,
    TimelineParticipant,
)

LONGEST_SUBJECT, LONGEST_TEXT, MOST_CONTACTS = 300, 20_000, 50
_SOON = timedelta(days=1)  # clocks differ, and a call of this evening may be told of in the morning
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Participant:
    """`part` is from, to, cc or bcc; see TimelineParticipant."""

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


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose own mail it is. `is_sender`: they wrote it."""

    user_id: uuid.UUID
    is_sender: bool


@dataclass(frozen=True, kw_only=True)
class MailActivity:
    """A mail as one account's timeline shows it; the fields are those of TimelineEntry."""

    source_key: str
    account_id: uuid.UUID
    mail_message_id: uuid.UUID
    thread_key: uuid.UUID
    author_id: uuid.UUID | None
    subject: str
    body_text: str
    occurred_at: datetime
    mailbox_email: str | None
    gmail_message_id: str | None
    gmail_thread_id: str | None
    level: Level
    fold_reason: str | None
    direction: str
    others: int
    participants: Sequence[Participant]
    holders: Sequence[Holder]


# What is known of an email of ours before it is seen in the mailbox, and better than from there.
_KEPT_OF_OURS = ("subject", "body_text", "occurred_at", "author_id")


def record_email(session: Session, activity: EmailActivity, *, now: datetime) -> TimelineEntry:
    """Put an email of the outbox on the account's timeline, once.

    Where the mailbox was read first, its entry is there already and gets what only the outbox knows.
    """
    entry = TimelineEntry(
        account_id=activity.account_id,
        source_key=activity.source_key,
        activity_type=ActivityType.EMAIL,
        subject=activity.subject,
        body_text=activity.body_text,
        occurred_at=activity.occurred_at,
        author_id=activity.author_id,
        mailbox_email=activity.mailbox_email,
        gmail_message_id=activity.gmail_message_id,
        gmail_thread_id=activity.gmail_thread_id,
        direction="out",
        created_at=now,
    )
    is_new = insert_if_absent(session, entry)
    stands = session.scalars(select(TimelineEntry).where(TimelineEntry.source_key == activity.source_key)).one()
    stands.email_template_version_id = activity.email_template_version_id
    stands.template_label = activity.template_label
    stands.body_text = activity.body_text
    if is_new:
        _write_people(session, stands.id, activity.participants)
        if activity.author_id is not None:
            _write_holders(session, stands.id, [Holder(user_id=activity.author_id, is_sender=True)])
    return stands


def put_mail(session: Session, activity: MailActivity, *, now: datetime) -> TimelineEntry:
    """Make or renew the entry of a mail on one account's timeline. Waits for a rival who makes the same one."""
    values = {
        name: getattr(activity, name)
        for name in activity.__dataclass_fields__
        if name not in ("participants", "holders", "source_key")
    }
    fresh = TimelineEntry(source_key=activity.source_key, activity_type=ActivityType.EMAIL, created_at=now, **values)
    is_new = insert_if_absent(session, fresh)
    statement = select(TimelineEntry).where(TimelineEntry.source_key == activity.source_key)
    entry = session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one()
    if not is_new:
        is_ours = entry.source_key.startswith("outbound:") and entry.email_template_version_id is not None
        for name, value in values.items():
            if not (is_ours and name in _KEPT_OF_OURS):
                setattr(entry, name, value)
        session.flush()
        session.execute(delete(TimelineParticipant).where(TimelineParticipant.timeline_entry_id == entry.id))
        session.execute(delete(TimelineHolder).where(TimelineHolder.timeline_entry_id == entry.id))
    _write_people(session, entry.id, activity.participants)
    _write_holders(session, entry.id, activity.holders)
    return entry


def _write_people(session: Session, entry_id: uuid.UUID, people: Sequence[Participant]) -> None:
    session.add_all(
        TimelineParticipant(
            timeline_entry_id=entry_id,
            part=person.part,
            name=person.name,
            email=person.email,
            contact_id=person.contact_id,
        )
        for person in people
    )
    session.flush()


def _write_holders(session: Session, entry_id: uuid.UUID, holders: Sequence[Holder]) -> None:
    session.add_all(
        TimelineHolder(timeline_entry_id=entry_id, user_id=holder.user_id, is_sender=holder.is_sender)
        for holder in holders
    )
    session.flush()


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


@dataclass(frozen=True, kw_only=True)
class Told:
    """A call, a meeting or a note as a person tells of it. `key` is the client's: the same one is written once."""

    key: uuid.UUID
    activity_type: ActivityType
    subject: str
    text: str
    occurred_at: datetime
    contact_ids: Sequence[uuid.UUID] = ()


def log_activity(session: Session, told: Told, *, account_id: uuid.UUID, by: User, now: datetime) -> TimelineEntry:
    """Onto the account's timeline, for everybody to read. A repeated call finds what the first one wrote.

    Raises NotFound, Invalid with the field, Conflict when the key stands for something else.
    """
    account = accounts.by_id(session, account_id)
    subject = one_line(told.subject, LONGEST_SUBJECT)
    _demand(told.activity_type != ActivityType.EMAIL, "activity_type", "Emails are logged by themselves.")
    _demand(bool(subject), "subject", "Say in a few words what it was.")
    _demand(_LONG_AGO <= told.occurred_at <= now + _SOON, "occurred_at", "This is no day on which it can have been.")
    people = _at_account(session, told.contact_ids, account_id)
    entry = TimelineEntry(
        account_id=account.id,
        source_key=f"told:{by.id}:{told.key}",
        activity_type=told.activity_type,
        subject=subject,
        body_text=block_text(told.text)[:LONGEST_TEXT],
        occurred_at=told.occurred_at,
        author_id=by.id,
        created_at=now,
    )
    is_new = insert_if_absent(session, entry)
    stands = session.scalars(select(TimelineEntry).where(TimelineEntry.source_key == entry.source_key)).one()
    if stands.account_id != account.id:
        raise Conflict("This was logged for another account already.", cure="Log it once more as something new.")
    if is_new:
        with_whom = (
            Participant(part="with", name=one.full_name, email=one.email or "", contact_id=one.id) for one in people
        )
        _write_people(session, stands.id, (Participant(part="from", name=by.name, email=by.email), *with_whom))
    return stands


def _at_account(session: Session, contact_ids: Sequence[uuid.UUID], account_id: uuid.UUID) -> tuple[ContactView, ...]:
    found = contacts.by_ids(session, contact_ids)
    is_theirs = len(found) == len(set(contact_ids)) and all(one.account_id == account_id for one in found)
    _demand(is_theirs, "contact_ids", "Somebody of them is no contact of this account.")
    return found


def _demand(is_so: bool, field: str, what: str) -> None:
    if not is_so:
        raise Invalid(what, cure="Change it and log it again.", fields={field: what})
