"""Entries as one viewer may see them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.timeline.models import (
    ACTIVITY_LABELS,
    ActivityType,
    TimelineEntry,
    TimelineHolder,
    TimelineParticipant,
)
from server.timeline.visibility import Holder, Person, Seen, Viewer, seen


@dataclass(frozen=True, kw_only=True)
class SeenEntry:
    """An entry as one viewer may see it. `direction` is "in" or "out" for mail, `others` counts people not shown.

    `mailbox_email` and `gmail_message_id` are set for the owner of that mailbox; `outbound_id` if Rapport sent it.
    """

    id: uuid.UUID
    account_id: uuid.UUID
    activity_type: ActivityType
    occurred_at: datetime
    thread_key: uuid.UUID
    mail_message_id: uuid.UUID | None
    outbound_id: uuid.UUID | None
    direction: str | None
    fold_reason: str | None
    others: int
    template_label: str | None
    mailbox_email: str | None
    gmail_message_id: str | None
    gmail_thread_id: str | None
    seen: Seen = field(repr=False)

    @property
    def is_own_mailbox(self) -> bool:
        return self.mailbox_email is not None

    @property
    def activity_label(self) -> str:
        return ACTIVITY_LABELS[self.activity_type]

    @property
    def subject(self) -> str:
        return self.seen.subject

    @property
    def body_text(self) -> str:
        return self.seen.body_text

    @property
    def sender(self) -> Person | None:
        return next((person for person in self.seen.people if person.part == "from"), None)

    @property
    def recipients(self) -> tuple[Person, ...]:
        return tuple(person for person in self.seen.people if person.part != "from")


def cut(session: Session, viewer: Viewer, found: Sequence[TimelineEntry]) -> Iterator[SeenEntry]:
    """Rows as this viewer may see them: three statements, whatever their number."""
    ids = [entry.id for entry in found]
    people, holders = _people(session, ids), _holders(session, ids)
    for entry in found:
        yield _seen_entry(viewer, entry, seen(viewer, entry, people.get(entry.id, []), holders.get(entry.id, [])))


def _seen_entry(viewer: Viewer, entry: TimelineEntry, its: Seen) -> SeenEntry:
    kind, _, source = entry.source_key.partition(":")
    is_own = entry.mailbox_email == viewer.email
    return SeenEntry(
        id=entry.id,
        account_id=entry.account_id,
        activity_type=ActivityType(entry.activity_type),
        occurred_at=entry.occurred_at,
        thread_key=entry.thread_key,
        mail_message_id=entry.mail_message_id,
        outbound_id=uuid.UUID(source) if kind == "outbound" else None,
        direction=entry.direction,
        fold_reason=entry.fold_reason,
        others=entry.others,
        # A template's name says what the text says.
        template_label=entry.template_label if its.has_text else None,
        mailbox_email=entry.mailbox_email if is_own else None,
        gmail_message_id=entry.gmail_message_id if is_own else None,
        gmail_thread_id=entry.gmail_thread_id if its.has_text else None,
        seen=its,
    )


def _people(session: Session, entry_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[TimelineParticipant]]:
    grouped: dict[uuid.UUID, list[TimelineParticipant]] = {}
    if entry_ids:
        statement = (
            select(TimelineParticipant)
            .where(TimelineParticipant.timeline_entry_id.in_(entry_ids))
            # To before cc before bcc: ids of one millisecond have no order.
            .order_by(TimelineParticipant.part.desc(), TimelineParticipant.id)
        )
        for person in session.scalars(statement):
            grouped.setdefault(person.timeline_entry_id, []).append(person)
    return grouped


def _holders(session: Session, entry_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Holder]]:
    grouped: dict[uuid.UUID, list[Holder]] = {}
    if entry_ids:
        statement = (
            select(TimelineHolder, User.name, User.email)
            .join(User, User.id == TimelineHolder.user_id)
            .where(TimelineHolder.timeline_entry_id.in_(entry_ids))
            .order_by(User.name, User.id)
        )
        for holder, name, email in session.execute(statement):
            grouped.setdefault(holder.timeline_entry_id, []).append(
                Holder(user_id=holder.user_id, name=name or email, is_sender=holder.is_sender)
            )
    return grouped
