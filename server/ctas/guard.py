"""What a person should know before they write to a customer. Warnings, no walls: who reads them may send all the same.

Each check is one function of the list at the end; tickets of a help desk will be another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.contacts.queries import ContactView
from server.ctas.models import Cta
from server.measures.models import Measure, MeasureName, Sentiment
from server.sends.models import MOVING, OutboundEmail
from server.timeline.models import TimelineEntry, TimelineParticipant

RECENTLY = timedelta(days=7)
_ESCALATION = "escalation"


@dataclass(frozen=True, kw_only=True)
class Caution:
    """`key` names exactly this fact, so that a word given for it is not taken for another. `text` is a sentence without
    its time `at`; `contact_id` None is about the whole account."""

    key: str
    contact_id: uuid.UUID | None
    text: str
    at: datetime | None
    href: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is to be written to. `own_mail` and `own_emails` are what the same task wrote: no collision with itself."""

    account_id: uuid.UUID
    contacts: Sequence[ContactView]
    now: datetime
    cta_id: uuid.UUID | None = None
    own_mail: Collection[str] = ()
    own_emails: Collection[uuid.UUID] = ()

    @property
    def ids(self) -> list[uuid.UUID]:
        return [contact.id for contact in self.contacts]

    @property
    def names(self) -> dict[uuid.UUID, str]:
        return {contact.id: contact.full_name for contact in self.contacts}


def warnings(session: Session, asked: Asked) -> list[Caution]:
    """Of the account first, then by contact; of one contact the latest mail alone."""
    if not asked.contacts:
        return []
    return [found for check in CHECKS for found in check(session, asked)]


def _escalations(session: Session, asked: Asked) -> list[Caution]:
    found = session.scalars(
        select(Cta)
        .where(Cta.account_id == asked.account_id, Cta.closed_at.is_(None), Cta.reason == _ESCALATION)
        .order_by(Cta.id)
    )
    return [
        Caution(
            key=f"cta:{cta.id}",
            contact_id=None,
            text=f"An escalation is open: {cta.name}",
            at=cta.opened_at,
            href=f"/ctas/{cta.id}",
        )
        for cta in found
        if cta.id != asked.cta_id
    ]


def _sentiment(session: Session, asked: Asked) -> list[Caution]:
    latest = session.scalars(
        select(Measure)
        .where(Measure.account_id == asked.account_id, Measure.name == MeasureName.SENTIMENT)
        .order_by(Measure.measured_at.desc(), Measure.id.desc())
        .limit(1)
    ).first()
    if latest is None or latest.word != Sentiment.RED:
        return []
    return [
        Caution(
            key=f"measure:{latest.id}",
            contact_id=None,
            text="The sentiment of this account is red",
            at=latest.measured_at,
            href=f"/accounts/{asked.account_id}",
        )
    ]


def recent_mail(session: Session, asked: Asked) -> list[Caution]:
    """The latest mail that one of us sent to each contact within a week. Who and when is open to every colleague."""
    statement = (
        select(TimelineParticipant.contact_id, TimelineEntry, User.name)
        .join(TimelineEntry, TimelineEntry.id == TimelineParticipant.timeline_entry_id)
        .outerjoin(User, User.id == TimelineEntry.author_id)
        .where(
            TimelineParticipant.contact_id.in_(asked.ids),
            TimelineParticipant.part == "to",
            TimelineEntry.direction == "out",
            TimelineEntry.occurred_at > asked.now - RECENTLY,
        )
        .order_by(TimelineEntry.occurred_at.desc(), TimelineEntry.id.desc())
    )
    found: dict[uuid.UUID, Caution] = {}
    for contact_id, entry, name in session.execute(statement):
        if contact_id is not None and contact_id not in found and entry.gmail_message_id not in asked.own_mail:
            found[contact_id] = Caution(
                key=f"entry:{entry.id}",
                contact_id=contact_id,
                text=f"{name or 'A colleague'} wrote to {asked.names[contact_id]}",
                at=entry.occurred_at,
                href=f"/accounts/{entry.account_id}#entry-{entry.id}",
            )
    return list(found.values())


def _mail_under_way(session: Session, asked: Asked) -> list[Caution]:
    statement = (
        select(OutboundEmail, User.name)
        .join(User, User.id == OutboundEmail.user_id)
        .where(OutboundEmail.contact_id.in_(asked.ids), OutboundEmail.state.in_(sorted(MOVING)))
        .order_by(OutboundEmail.not_before, OutboundEmail.id)
    )
    return [
        Caution(
            key=f"outbound:{email.id}",
            contact_id=email.contact_id,
            text=f"An email of {name} to {email.to_name} is about to leave",
            at=email.not_before,
            href=f"/accounts/{email.account_id}",
        )
        for email, name in session.execute(statement)
        if email.id not in asked.own_emails
    ]


CHECKS: tuple[Callable[[Session, Asked], list[Caution]], ...] = (
    _escalations,
    _sentiment,
    recent_mail,
    _mail_under_way,
)
