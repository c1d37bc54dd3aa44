"""Reading the timeline."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from server.errors import Invalid
from server.timeline.models import ActivityType, TimelineEntry, TimelineParticipant

SYNCHRONOUS = (ActivityType.CUSTOMER_CALL, ActivityType.IN_PERSON_MEETING)


@dataclass(frozen=True, kw_only=True)
class EntryWithPeople:
    entry: TimelineEntry
    sender: TimelineParticipant | None
    recipients: Sequence[TimelineParticipant]


@dataclass(frozen=True, kw_only=True)
class TimelinePage:
    """Newest first. `next_cursor` is None on the last page."""

    entries: Sequence[EntryWithPeople]
    next_cursor: str | None


def of_account(session: Session, account_id: uuid.UUID, *, limit: int = 20, cursor: str | None = None) -> TimelinePage:
    statement = select(TimelineEntry).where(TimelineEntry.account_id == account_id)
    if cursor is not None:
        position = tuple_(TimelineEntry.occurred_at, TimelineEntry.id)
        statement = statement.where(position < _decode(cursor))
    statement = statement.order_by(TimelineEntry.occurred_at.desc(), TimelineEntry.id.desc()).limit(limit + 1)
    found = list(session.scalars(statement))
    people = _people(session, [entry.id for entry in found[:limit]])
    return TimelinePage(
        entries=[_with_people(entry, people.get(entry.id, [])) for entry in found[:limit]],
        next_cursor=_encode(found[limit - 1]) if len(found) > limit else None,
    )


def last_activity(session: Session, account_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """The latest call or meeting of each account; email never counts (product.md 1.6)."""
    statement = (
        select(TimelineEntry.account_id, func.max(TimelineEntry.occurred_at))
        .where(TimelineEntry.account_id.in_(list(account_ids)), TimelineEntry.activity_type.in_(SYNCHRONOUS))
        .group_by(TimelineEntry.account_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def last_emailed(session: Session, contact_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each contact was last written to, as far as the timeline knows."""
    statement = (
        select(TimelineParticipant.contact_id, func.max(TimelineEntry.occurred_at))
        .join(TimelineEntry, TimelineEntry.id == TimelineParticipant.timeline_entry_id)
        .where(TimelineParticipant.contact_id.in_(list(contact_ids)), TimelineParticipant.part == "to")
        .group_by(TimelineParticipant.contact_id)
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[0]}


def _people(session: Session, entry_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[TimelineParticipant]]:
    grouped: dict[uuid.UUID, list[TimelineParticipant]] = {}
    if entry_ids:
        statement = (
            select(TimelineParticipant)
            .where(TimelineParticipant.timeline_entry_id.in_(entry_ids))
            # To before cc: ids of one millisecond have no order.
            .order_by(TimelineParticipant.part.desc(), TimelineParticipant.id)
        )
        for person in session.scalars(statement):
            grouped.setdefault(person.timeline_entry_id, []).append(person)
    return grouped


def _with_people(entry: TimelineEntry, people: Sequence[TimelineParticipant]) -> EntryWithPeople:
    return EntryWithPeople(
        entry=entry,
        sender=next((person for person in people if person.part == "from"), None),
        recipients=[person for person in people if person.part != "from"],
    )


def _encode(entry: TimelineEntry) -> str:
    return base64.urlsafe_b64encode(f"{entry.occurred_at.isoformat()}|{entry.id}".encode()).decode()


def _decode(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        instant, _, entry_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        found = datetime.fromisoformat(instant)
        if found.tzinfo is None:
            raise ValueError("a naive datetime")
        return found.astimezone(UTC), uuid.UUID(entry_id)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise Invalid("This page marker is not one of ours.", cure="Start from the first page.") from error
