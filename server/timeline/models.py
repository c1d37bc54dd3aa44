"""Timeline entries and the people in them."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class ActivityType(StrEnum):
    """product.md 2.10."""

    UPDATE = "update"
    CUSTOMER_CALL = "customer_call"
    IN_PERSON_MEETING = "in_person_meeting"
    EMAIL = "email"
    WORKSHOP = "workshop"
    AT_RISK = "at_risk"


ACTIVITY_LABELS = {
    ActivityType.UPDATE: "Update",
    ActivityType.CUSTOMER_CALL: "Customer call",
    ActivityType.IN_PERSON_MEETING: "In-person meeting",
    ActivityType.EMAIL: "Email",
    ActivityType.WORKSHOP: "Workshop",
    ActivityType.AT_RISK: "At-risk update",
}


class TimelineEntry(Base):
    """Something that happened with an account.

    `source_key` names what it was made from, such as "outbound:<id>", and is unique: the same event stands here once.
    """

    __tablename__ = "timeline_entry"
    __table_args__ = (Index("ix_timeline_entry_account_id_occurred_at_id", "account_id", "occurred_at", "id"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    source_key: Mapped[str] = mapped_column(unique=True)
    activity_type: Mapped[str]
    subject: Mapped[str]
    body_text: Mapped[str]
    occurred_at: Mapped[datetime]
    author_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    email_template_version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("email_template_version.id"))
    template_label: Mapped[str | None]
    mailbox_email: Mapped[str | None]
    gmail_message_id: Mapped[str | None]
    gmail_thread_id: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]

    @property
    def activity_label(self) -> str:
        return ACTIVITY_LABELS[ActivityType(self.activity_type)]


class TimelineParticipant(Base):
    """`part` is from, to or cc. `contact_id` only for people whom we know at this account."""

    __tablename__ = "timeline_participant"

    timeline_entry_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("timeline_entry.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    part: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
