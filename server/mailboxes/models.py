"""A connected mailbox and its grant."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class MailboxState(StrEnum):
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"


class Phase(StrEnum):
    """What reading does now. `rescanning` is a listing again after Gmail forgot our cursor."""

    OFF = "off"
    BACKFILLING = "backfilling"
    FOLLOWING = "following"
    RESCANNING = "rescanning"


class LedgerState(StrEnum):
    """What became of one message of a mailbox. Reconciliation wants every listed message in one of these."""

    TO_READ = "to_read"
    LOGGED = "logged"
    EXCLUDED = "excluded"
    WAITING = "waiting"
    GONE = "gone"
    QUARANTINED = "quarantined"


class Mailbox(Base):
    """One Gmail mailbox of one user. `sealed_tokens` is JSON sealed by the vault for "mailbox:<id>".

    `paused_until` is until when Google asked that nobody calls for this mailbox: neither sending nor reading.
    """

    __tablename__ = "mailbox"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    sealed_tokens: Mapped[str | None]
    scopes: Mapped[str]
    problem: Mapped[str | None]
    connected_at: Mapped[datetime]
    state_changed_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]
    pause_reason: Mapped[str | None]


class MailboxReading(Base):
    """How far a mailbox is read. Same id as the mailbox; no row means that reading was never switched on.

    `window_from` is the start of what we promise to know. `history_id` is the cursor: everything up to it is in the
    ledger. `pinned_history_id` was read before a listing began and becomes the cursor when the listing ends;
    `list_page_token` is where the listing goes on. `gap_since` is set while we know that mail may be missing, and
    only reading it clears it. `caught_up_at` is when the cursor last stood at Gmail's present. After a rescan,
    what the ledger holds since `recheck_since` is looked at again, for deletions and labels of which no history
    told; `recheck_after` is the last row that was. `watch_asked_at` is when Gmail was last asked to push. `past_level`
    is what mail that is logged already is being brought to, None when it is.
    """

    __tablename__ = "mailbox_reading"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"), primary_key=True)
    phase: Mapped[str]
    level: Mapped[str]
    past_level: Mapped[str | None]
    window_from: Mapped[datetime]
    history_id: Mapped[str | None]
    pinned_history_id: Mapped[str | None]
    list_from: Mapped[datetime | None]
    list_page_token: Mapped[str | None]
    listed: Mapped[int]
    recheck_since: Mapped[datetime | None]
    recheck_after: Mapped[uuid.UUID | None]
    holder: Mapped[str | None]
    held_until: Mapped[datetime | None]
    next_look_at: Mapped[datetime]
    caught_up_at: Mapped[datetime | None]
    gap_since: Mapped[datetime | None]
    gap_reason: Mapped[str | None]
    failures: Mapped[int]
    problem: Mapped[str | None]
    watch_expires_at: Mapped[datetime | None]
    watch_asked_at: Mapped[datetime | None]
    aliases_read_at: Mapped[datetime | None]
    reconcile_at: Mapped[datetime | None]
    started_at: Mapped[datetime]


class MailboxAlias(Base):
    """An address that this mailbox sends from besides its own: Gmail's send-as, or seen in From of a sent mail."""

    __tablename__ = "mailbox_alias"
    __table_args__ = (UniqueConstraint("mailbox_id", "email_norm"),)

    mailbox_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"))
    email_norm: Mapped[str] = mapped_column(index=True)


class MailboxMessage(Base):
    """The ledger, which is also the work list: one row for each message that Gmail told us of, and no content.

    `rule` names why it is excluded, waiting or quarantined. `not_before` is when a row `to_read` may be tried (again).
    `deleted_at` is when it went away in Gmail; what was logged stays.
    """

    __tablename__ = "mailbox_message"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "gmail_message_id"),
        Index("ix_mailbox_message_due", "mailbox_id", "state", "not_before"),
    )

    mailbox_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"))
    gmail_message_id: Mapped[str]
    gmail_thread_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    rule: Mapped[str | None]
    attempts: Mapped[int]
    outages: Mapped[int]
    not_before: Mapped[datetime]
    received_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class Reconciliation(Base):
    """One comparison of a mailbox with the ledger. `excluded` is {rule: count}.

    listed = logged + excluded + waiting + gone + on their way + unexplained. `missed` are those that no reading had
    brought: they were put on the work list, and are alarming even when they are explained a minute later.
    """

    __tablename__ = "reconciliation"

    mailbox_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mailbox.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    window_from: Mapped[datetime]
    listed: Mapped[int]
    logged: Mapped[int]
    excluded: Mapped[dict[str, Any]]
    waiting: Mapped[int]
    gone: Mapped[int]
    on_their_way: Mapped[int]
    missed: Mapped[int]
    unexplained: Mapped[int]
