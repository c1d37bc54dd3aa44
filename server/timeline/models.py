"""Timeline entries and the people in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
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


class Level(StrEnum):
    """How much of a mail colleagues see, from most to least. Its holders always see all of it.

    `nothing` is a choice for mailboxes: no mail of theirs is logged at all, so no entry ever has it.
    """

    FULL = "full"
    SUBJECT = "subject"
    METADATA = "metadata"
    NOTHING = "nothing"


_FROM_MOST_TO_LEAST = list(Level)


def most_careful(levels: Iterable[str]) -> Level:
    """The one that shows least. Raises ValueError for none at all: nobody's silence opens anything."""
    return max(map(Level, levels), key=_FROM_MOST_TO_LEAST.index)


ACTIVITY_LABELS = {
    ActivityType.UPDATE: "Update",
    ActivityType.CUSTOMER_CALL: "Customer call",
    ActivityType.IN_PERSON_MEETING: "In-person meeting",
    ActivityType.EMAIL: "Email",
    ActivityType.WORKSHOP: "Workshop",
    ActivityType.AT_RISK: "At-risk update",
}


def _own_id(context: DefaultExecutionContext) -> uuid.UUID:
    own: uuid.UUID = context.get_current_parameters()["id"]  # type: ignore[no-untyped-call]
    return own


class TimelineEntry(Base):
    """Something that happened with an account.

    `source_key` names what it was made from, such as "outbound:<id>", and is unique: the same event stands here once.
    Entries of one conversation have one `thread_key` and are shown folded; an entry that stands alone has its own id
    there. `level` is what colleagues see of it (full, subject, metadata); its holders see all of it. `fold_reason`
    says by which rule it is shown small (an automatic reply, an invitation, mail that came back). `direction` is
    "in" or "out" for mail. `others` counts people of other companies in it, who are not shown here.
    """

    __tablename__ = "timeline_entry"
    __table_args__ = (
        Index("ix_timeline_entry_account_id_occurred_at_id", "account_id", "occurred_at", "id"),
        Index("ix_timeline_entry_account_id_thread_key", "account_id", "thread_key", "occurred_at"),
        Index("ix_timeline_entry_occurred_at_id", "occurred_at", "id"),
    )

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
    thread_key: Mapped[uuid.UUID] = mapped_column(index=True, default=_own_id)
    mail_message_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    level: Mapped[str] = mapped_column(default=Level.FULL)
    fold_reason: Mapped[str | None]
    direction: Mapped[str | None]
    others: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    @property
    def activity_label(self) -> str:
        return ACTIVITY_LABELS[ActivityType(self.activity_type)]


class TimelineParticipant(Base):
    """`part` is from, to, cc or bcc; of a call, a meeting or a note from (who wrote it) or with (took part).

    `contact_id` only for people whom we know at this account. Bcc is shown to the entry's sender alone.
    """

    __tablename__ = "timeline_participant"

    timeline_entry_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("timeline_entry.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    part: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]


class TimelineHolder(Base):
    """Somebody whose own mail this is: they see all of it. `is_sender`: they wrote it, so they also see its Bcc."""

    __tablename__ = "timeline_holder"
    __table_args__ = (UniqueConstraint("timeline_entry_id", "user_id"),)

    timeline_entry_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("timeline_entry.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    is_sender: Mapped[bool] = mapped_column(Boolean)
