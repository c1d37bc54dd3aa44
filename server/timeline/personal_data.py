"""What the timeline holds of a person, and its erasure. Entries of mail are renewed by mail; here goes the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from server.personal import Kind, Record, Register, Subject, Tally, at, redact
from server.timeline.models import TimelineEntry, TimelineParticipant

COLUMNS: Register = {
    "timeline_entry": {
        Kind.TIMELINE: "subject body_text fold_reason gmail_message_id gmail_thread_id",
        Kind.STAFF: "author_id mailbox_email",
        Kind.NONE: "id account_id source_key activity_type occurred_at email_template_version_id template_label "
        "thread_key mail_message_id level direction others created_at",
    },
    "timeline_participant": {Kind.TIMELINE: "contact_id part name email", Kind.NONE: "id timeline_entry_id"},
    "timeline_holder": {Kind.STAFF: "user_id", Kind.NONE: "id timeline_entry_id is_sender"},
}
ENTRY_STAYS = "Timeline entries of what others took part in, too: without the person"
_OF_OUTBOX = "outbound:"


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    """Entries that the person is in, and those that name them."""
    taking_part = _entries_of(session, subject)
    named: set[uuid.UUID] = set()
    if subject.wide.terms:
        texts = or_(*(subject.wide.may_be_in(column) for column in (TimelineEntry.subject, TimelineEntry.body_text)))
        named = set(session.scalars(select(TimelineEntry.id).where(texts)))
    for entry_id in sorted(taking_part | named):
        entry = session.get_one(TimelineEntry, entry_id)
        data = {
            "id": str(entry.id),
            "what": entry.activity_label,
            "occurred_at": at(entry.occurred_at),
            "account_id": str(entry.account_id),
            "is_in_it": entry_id in taking_part,
        }
        if with_text:
            data |= {"subject": entry.subject, "text": entry.body_text}
        yield Record(kind=Kind.TIMELINE, data=data, since=entry.occurred_at)


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:  # noqa: ARG001  one shape for all features
    """What is left after mail has renewed its own entries: those of the outbox go, of others the person goes."""
    tally = Tally()
    for entry_id in sorted(_entries_of(session, subject)):
        entry = session.get_one(TimelineEntry, entry_id, populate_existing=True)
        if entry.source_key.startswith(_OF_OUTBOX):
            session.execute(delete(TimelineEntry).where(TimelineEntry.id == entry_id))
        else:
            session.execute(
                delete(TimelineParticipant).where(TimelineParticipant.timeline_entry_id == entry_id, _theirs(subject))
            )
            entry.subject, entry.body_text = subject.close.text(entry.subject), subject.close.text(entry.body_text)
            tally.kept[ENTRY_STAYS] += 1
        tally.gone[Kind.TIMELINE] += 1
    session.flush()
    if subject.contact_id is not None:
        theirs = TimelineParticipant.contact_id == subject.contact_id
        session.execute(update(TimelineParticipant).where(theirs).values(contact_id=None))
    columns = (TimelineEntry.subject, TimelineEntry.body_text, TimelineEntry.fold_reason, TimelineParticipant.name)
    tally.gone[Kind.TIMELINE] += redact(session, columns, subject.wide)
    return tally


def _entries_of(session: Session, subject: Subject) -> set[uuid.UUID]:
    return set(session.scalars(select(TimelineParticipant.timeline_entry_id).where(_theirs(subject))))


def _theirs(subject: Subject) -> ColumnElement[bool]:
    """By their own addresses. What went to one that is shared says of whom it was only by the outbox's contact."""
    by_address = func.lower(TimelineParticipant.email).in_(sorted({*subject.norms, *subject.spelled_low}))
    if subject.contact_id is None:
        return by_address
    shared = func.lower(TimelineParticipant.email).in_(sorted(subject.shared))
    return or_(by_address, (TimelineParticipant.contact_id == subject.contact_id) & ~shared)
