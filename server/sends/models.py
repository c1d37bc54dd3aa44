"""The outbox: the row is the promise, the queue is the nudge."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class OutboundState(StrEnum):
    """The road of one email.

    queued -> claimed -> drafted -> sending -> sent; what is terminal never moves again except by a person's deed.
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    DRAFTED = "drafted"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    REVIEW = "review"


MOVING = frozenset({OutboundState.QUEUED, OutboundState.CLAIMED, OutboundState.DRAFTED, OutboundState.SENDING})
RECALLABLE = frozenset({OutboundState.QUEUED, OutboundState.CLAIMED, OutboundState.DRAFTED})
# Known not to be in flight: the draft of such an email may be removed. Never `sending` or `review`.
WILL_NOT_LEAVE = frozenset({OutboundState.CANCELLED, OutboundState.SUPPRESSED, OutboundState.FAILED})


class OutboundEmail(Base):
    """One email to one contact.

    `dedupe_key` makes the same intent stand once. `epoch` rises with every claim and fences off workers that lost
    their lease. `draft_id` is set once in a try; only a committed draft is ever sent. On a row that is put back into
    the outbox it names the draft of the try before, which goes away before another one is made. `not_before` and
    `lease_until` are instants; `problem` says what went wrong and `cure` what a person can do. Without `contact_id` the
    person was erased, and with them their name, the subject and the text. `text_removed_months`: the retention rule
    took the text away after so many.

    `cc_email` is a colleague in whose place it is sent. `wall_time` ("2027-03-14T09:00") and `wall_zone` are what was
    chosen for one that leaves later. While `is_held` it does not leave, also after `not_before`: whoever asked for
    that looks first whether it still should.
    """

    __tablename__ = "outbound_email"
    __table_args__ = (
        Index("ix_outbound_email_due", "mailbox_id", "state", "not_before"),
        Index("ix_outbound_email_user_id_queued_at", "user_id", "queued_at", "id"),
    )

    dedupe_key: Mapped[str] = mapped_column(unique=True)
    mailbox_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    email_template_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("email_template_version.id"), index=True)
    template_label: Mapped[str]
    from_name: Mapped[str]
    from_email: Mapped[str]
    to_name: Mapped[str]
    to_email: Mapped[str]
    subject: Mapped[str]
    state: Mapped[str]
    epoch: Mapped[int]
    attempts: Mapped[int]
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    draft_id: Mapped[str | None]
    gmail_thread_id: Mapped[str | None]
    gmail_message_id: Mapped[str | None]
    rfc_message_id: Mapped[str | None]
    problem: Mapped[str | None]
    cure: Mapped[str | None]
    queued_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    seen_in_sent_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    text_removed_months: Mapped[int | None]
    cc_email: Mapped[str | None]
    wall_time: Mapped[str | None]
    wall_zone: Mapped[str | None]
    is_held: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())

    @property
    def is_moving(self) -> bool:
        return self.state in MOVING

    @property
    def is_erased(self) -> bool:
        return self.contact_id is None


class OutboundContent(Base):
    """What was previewed and is sent, exactly. Apart from OutboundEmail, so that claims stay small. Same id."""

    __tablename__ = "outbound_content"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_email.id", ondelete="CASCADE"), primary_key=True)
    html: Mapped[str]
    text: Mapped[str]


class OutboundStep(Base):
    """One step on the road, for people who ask what happened."""

    __tablename__ = "outbound_step"

    outbound_email_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("outbound_email.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    state: Mapped[str]
    detail: Mapped[str]


class SendLane(Base):
    """One sender at a time for each mailbox. Same id as the mailbox, which also says when Google asked for rest."""

    __tablename__ = "send_lane"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"), primary_key=True)
    holder: Mapped[str | None]
    held_until: Mapped[datetime | None]
