"""CTAs and tasks."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base

LONGEST_NAME = 200


class CtaStatus(StrEnum):
    """The statuses that Rapport itself gives; all others are data (`playbooks.choices`)."""

    NEW = "new"
    WORK_IN_PROGRESS = "work_in_progress"
    CLOSED_SUCCESS = "closed_success"


class TaskKind(StrEnum):
    TO_DO = "to_do"
    EMAIL = "email"
    CALL = "call"
    MEETING = "meeting"
    SURVEY = "survey"


_WHILE_OPEN: dict[str, Any] = {
    "postgresql_where": text("closed_at IS NULL"),
    "sqlite_where": text("closed_at IS NULL"),
}


class Cta(Base):
    """A call to action: a thing to do for an account.

    `cta_type`, `status`, `reason` and `priority` are keys of the lists that admins keep (`playbooks.choices`); it is
    open while `closed_at` is None. `playbook_version_id`, a plain id, is the version its tasks came from and stay on.
    `ebr_on` and `opened_on` are what its tasks' dates count from, beside dates of the account. `open_key` is unique
    among open CTAs that a trigger opened: account, type and reason (and name): such a one is updated, not doubled.
    `next_due_on` and `next_wake_on` are kept by `next_due`, for ordering in SQL alone: in memory they may be of before.
    `row_version` rises with every change, so that of two changes at once one is refused.
    """

    __tablename__ = "cta"
    __table_args__ = (
        Index("ix_cta_owner_id_status_due_on", "owner_id", "status", "due_on"),
        Index("ix_cta_closed_at_due_on", "closed_at", "due_on", "id"),
        Index("ix_cta_open_key", "open_key", unique=True),
        # What is open is a tenth of all: whose it is, and which playbooks it comes from.
        Index("ix_cta_open_owner_id", "owner_id", **_WHILE_OPEN),
        Index("ix_cta_open_playbook_name", "playbook_name", **_WHILE_OPEN),
    )
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    cta_type: Mapped[str]
    reason: Mapped[str | None]
    priority: Mapped[str]
    status: Mapped[str]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    playbook_name: Mapped[str | None]
    playbook_version_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    trigger_id: Mapped[uuid.UUID | None]
    open_key: Mapped[str | None]
    is_flagged: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    due_on: Mapped[date | None]
    next_due_on: Mapped[date | None]
    next_wake_on: Mapped[date | None]
    opened_on: Mapped[date | None]
    ebr_on: Mapped[date | None]
    snoozed_through: Mapped[date | None]
    snooze_reason: Mapped[str | None]
    closing_note: Mapped[str | None]
    opened_by_id: Mapped[uuid.UUID | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    row_version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012  read by SQLAlchemy

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def is_snoozed(self, today: date) -> bool:
        """Through its date, on the reader's calendar."""
        return self.is_open and self.snoozed_through is not None and self.snoozed_through >= today


class CtaTask(Base):
    """A step. An email task is bound to a template; `contact_role` says whom it is meant for.

    `snoozed_through` is the last day on which it is not shown as something to do; whose day, the reader's zone says.
    `key` is its step in the playbook and `needs` the keys of those to be done before, spaces between. `minutes` is what
    it takes, for planning. What a new version of the playbook has no more is `dropped_at`, never deleted when done.

    An email task with `waits_days` waits for the customer once its email has left (`waiting_since`): a reply wakes it
    (`replied_at`, `reply_entry_id` of the timeline), an out-of-office reply moves the waiting to the day of return
    (`back_on`, None when it named no day; `away_entry_id`), and from `silent_on` on the next template
    (`silent_template_id`) is offered. `sent_entry_id` is the mail that was written for it in Gmail. Plain ids. While it
    waits its `due_on` is the day on which it is to be looked at again.
    """

    __tablename__ = "cta_task"
    __table_args__ = (
        UniqueConstraint("cta_id", "position"),
        # What is still to be done is a tenth of all tasks: when it is due first, and whose it is.
        Index(
            "ix_cta_task_open_cta_id",
            *("cta_id", "due_on", "snoozed_through"),
            postgresql_where=text("done_at IS NULL AND dropped_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dropped_at IS NULL"),
        ),
        Index(
            "ix_cta_task_open_owner_id",
            *("owner_id", "cta_id"),
            postgresql_where=text("done_at IS NULL AND dropped_at IS NULL"),
            sqlite_where=text("done_at IS NULL AND dropped_at IS NULL"),
        ),
        Index("ix_cta_task_waiting_since", "waiting_since", "id"),
    )

    cta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    instructions: Mapped[str]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    due_on: Mapped[date | None]
    email_template_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("email_template.id"))
    contact_role: Mapped[str | None]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    snoozed_through: Mapped[date | None]
    snooze_reason: Mapped[str | None]
    key: Mapped[str] = mapped_column(default="", server_default="")
    needs: Mapped[str] = mapped_column(default="", server_default="")
    is_required: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    minutes: Mapped[int | None]
    dropped_at: Mapped[datetime | None]
    waits_days: Mapped[int | None]
    silent_template_id: Mapped[uuid.UUID | None]
    waiting_since: Mapped[datetime | None]
    silent_on: Mapped[date | None]
    back_on: Mapped[date | None]
    replied_at: Mapped[datetime | None]
    reply_entry_id: Mapped[uuid.UUID | None]
    away_entry_id: Mapped[uuid.UUID | None]
    sent_entry_id: Mapped[uuid.UUID | None]

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.dropped_at is None

    def is_to_do(self, today: date) -> bool:
        """Whether it waits for somebody here: it is open, neither snoozed nor waiting for the customer.

        In SQL: `next_due.to_do`.
        """
        return self.is_open and not self.is_snoozed(today) and not self.is_waiting(today)

    def is_waiting(self, today: date) -> bool:
        """For the customer: not once they have answered, nor from the day on which their silence is something to do."""
        return (
            self.is_open
            and self.waiting_since is not None
            and self.replied_at is None
            and self.silent_on is not None
            and self.silent_on > today
        )

    def is_snoozed(self, today: date) -> bool:
        return self.is_open and self.snoozed_through is not None and self.snoozed_through >= today


class CtaPerson(Base):
    """A contact whom a CTA is about."""

    __tablename__ = "cta_person"
    __table_args__ = (UniqueConstraint("cta_id", "contact_id"),)

    cta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"))
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)


class CtaComment(Base):
    """`text` is Markdown. Without `author_id` Rapport wrote it, such as when a trigger saw the same again."""

    __tablename__ = "cta_comment"

    cta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class CtaMention(Base):
    """That a comment names a colleague, and when they saw it."""

    __tablename__ = "cta_mention"
    __table_args__ = (UniqueConstraint("cta_comment_id", "user_id"),)

    cta_comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta_comment.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[datetime | None]


class CtaAttachment(Base):
    """A file at a CTA. Its bytes stand in `cta_attachment_data` under the same id."""

    __tablename__ = "cta_attachment"

    cta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    added_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime]


class CtaAttachmentData(Base):
    __tablename__ = "cta_attachment_data"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta_attachment.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CtaLink(Base):
    """A timeline entry that belongs to a CTA."""

    __tablename__ = "cta_link"
    __table_args__ = (UniqueConstraint("cta_id", "timeline_entry_id"),)

    cta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"))
    timeline_entry_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("timeline_entry.id", ondelete="CASCADE"), index=True
    )
    added_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    added_at: Mapped[datetime]


class CtaDeed(Base):
    """One act of one person on one CTA or many: what its history shows, and what is undone as a whole.

    `label` says it in words: "Due date moved to 4 Mar 2027, with 3 tasks". `cta_id` when it is about one.
    """

    __tablename__ = "cta_deed"

    cta_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"), index=True)
    by_user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    label: Mapped[str]
    done_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class CtaChange(Base):
    """What a deed changed: one field of a CTA, or of a task of it, from `before` to `after` (as JSON texts)."""

    __tablename__ = "cta_change"

    cta_deed_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta_deed.id", ondelete="CASCADE"), index=True)
    cta_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta.id", ondelete="CASCADE"), index=True)
    cta_task_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cta_task.id", ondelete="CASCADE"), index=True)
    field: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]


class EmailTaskSend(Base):
    """Which outbound emails an email task gave rise to. `despite`: keys of the warnings that its writer had seen."""

    __tablename__ = "email_task_send"

    cta_task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta_task.id", ondelete="CASCADE"), index=True)
    outbound_email_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_email.id"), unique=True)
    despite: Mapped[str] = mapped_column(default="", server_default="")


class ComposePreview(Base):
    """A preview that the composer shows in its frame: kept for an hour, for the person who writes only."""

    __tablename__ = "compose_preview"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    html: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
