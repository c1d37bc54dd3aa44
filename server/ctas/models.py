"""CTAs and tasks."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class CtaType(StrEnum):
    RISK = "risk"
    EXPANSION = "expansion"
    LIFECYCLE = "lifecycle"
    ACTIVITY = "activity"
    RENEWAL = "renewal"
    DIGITAL_JOURNEY = "digital_journey"
    OBJECTIVE = "objective"


class CtaStatus(StrEnum):
    """product.md 2.2: the statuses that every type has."""

    NEW = "new"
    WORK_IN_PROGRESS = "work_in_progress"
    CLOSED_SUCCESS = "closed_success"
    CLOSED_LOST_NOT_A_PRIORITY = "closed_lost_not_a_priority"
    CLOSED_ALREADY_SOLVED = "closed_already_solved"
    CLOSED_NOT_RELEVANT = "closed_not_relevant"
    CLOSED_LACK_OF_ENGAGEMENT = "closed_lack_of_engagement"


class Priority(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class TaskKind(StrEnum):
    TO_DO = "to_do"
    EMAIL = "email"


TYPE_LABELS = {
    CtaType.RISK: "Risk",
    CtaType.EXPANSION: "Expansion",
    CtaType.LIFECYCLE: "Lifecycle",
    CtaType.ACTIVITY: "Activity",
    CtaType.RENEWAL: "Renewal",
    CtaType.DIGITAL_JOURNEY: "Digital journey",
    CtaType.OBJECTIVE: "Objective",
}
STATUS_LABELS = {
    CtaStatus.NEW: "New",
    CtaStatus.WORK_IN_PROGRESS: "Work in progress",
    CtaStatus.CLOSED_SUCCESS: "Closed: success",
    CtaStatus.CLOSED_LOST_NOT_A_PRIORITY: "Closed lost: not a priority",
    CtaStatus.CLOSED_ALREADY_SOLVED: "Closed: already solved",
    CtaStatus.CLOSED_NOT_RELEVANT: "Closed: not relevant",
    CtaStatus.CLOSED_LACK_OF_ENGAGEMENT: "Closed: lack of engagement",
}
OPEN_STATUSES = (CtaStatus.NEW, CtaStatus.WORK_IN_PROGRESS)


class Cta(Base):
    """A call to action: a thing to do for an account."""

    __tablename__ = "cta"
    __table_args__ = (Index("ix_cta_owner_id_status_due_on", "owner_id", "status", "due_on"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str]
    cta_type: Mapped[str]
    reason: Mapped[str | None]
    priority: Mapped[str]
    status: Mapped[str]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    playbook_name: Mapped[str | None]
    due_on: Mapped[date | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


class CtaTask(Base):
    """A step. An email task is bound to a template; `contact_role` says whom it is meant for.

    `snoozed_through` is the last day on which it is not shown as something to do; whose day, the reader's zone says.
    """

    __tablename__ = "cta_task"
    __table_args__ = (UniqueConstraint("cta_id", "position"),)

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

    def is_to_do(self, today: date) -> bool:
        """Whether it waits for somebody: it is open, and no snooze hides it. In SQL: `queries.to_do`."""
        return self.done_at is None and not self.is_snoozed(today)

    def is_snoozed(self, today: date) -> bool:
        return self.done_at is None and self.snoozed_through is not None and self.snoozed_through >= today


class EmailTaskSend(Base):
    """Which outbound emails an email task gave rise to."""

    __tablename__ = "email_task_send"

    cta_task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cta_task.id", ondelete="CASCADE"), index=True)
    outbound_email_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_email.id"), unique=True)


class ComposePreview(Base):
    """A preview that the composer shows in its frame: kept for an hour, for the person who writes only."""

    __tablename__ = "compose_preview"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    html: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
