"""Triggers, and what they opened."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class TriggerKind(StrEnum):
    """product.md 2.3. What each needs stands in `params`."""

    TAM_ASSIGNED = "tam_assigned"
    BEFORE_RENEWAL = "before_renewal"
    NO_CONVERSATION = "no_conversation"
    SENTIMENT_IS = "sentiment_is"
    LICENCE_USE_UNDER = "licence_use_under"
    LICENCE_USE_OVER = "licence_use_over"
    STAGE_REACHED = "stage_reached"
    SURVEY_ANSWER = "survey_answer"
    FILE_IMPORTED = "file_imported"


class FiringOutcome(StrEnum):
    # A file named the account; the next look opens its CTA.
    WAITING = "waiting"
    OPENED = "opened"
    UPDATED = "updated"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Trigger(Base):
    """What opens CTAs. `params` are those of its kind, `only` narrows the accounts down (stages, arr_at_least, …).

    `cta_name` may hold {account} and the fields that the kind gives. `watches_from`: what happened before the trigger
    was turned on opens nothing. `names_count`: CTAs of another name are other CTAs.
    """

    __tablename__ = "trigger"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    params: Mapped[dict[str, Any]]
    only: Mapped[dict[str, Any]]
    cta_name: Mapped[str]
    cta_type: Mapped[str]
    reason: Mapped[str | None]
    priority: Mapped[str]
    playbook_slug: Mapped[str | None]
    owner_rule: Mapped[str]
    names_count: Mapped[bool] = mapped_column(Boolean)
    is_on: Mapped[bool] = mapped_column(Boolean)
    watches_from: Mapped[datetime | None]
    row_version: Mapped[int]
    saved_by_id: Mapped[uuid.UUID | None]
    saved_at: Mapped[datetime]


class TriggerFiring(Base):
    """That a trigger fired for an account on an occasion, such as "renewal:2027-04-01": once, for ever.

    `cta_id` is a plain id.
    """

    __tablename__ = "trigger_firing"
    __table_args__ = (
        UniqueConstraint("trigger_id", "account_id", "occasion"),
        Index("ix_trigger_firing_trigger_id_fired_at", "trigger_id", "fired_at"),
    )

    trigger_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trigger.id", ondelete="CASCADE"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    occasion: Mapped[str]
    fired_at: Mapped[datetime]
    outcome: Mapped[str]
    detail: Mapped[str]
    cta_id: Mapped[uuid.UUID | None] = mapped_column(index=True)


class TriggerRun(Base):
    """One look of a trigger at the book. `for_day_on` is the day it looked for; one such row a day and trigger."""

    __tablename__ = "trigger_run"
    __table_args__ = (UniqueConstraint("trigger_id", "for_day_on"),)

    trigger_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("trigger.id", ondelete="CASCADE"))
    for_day_on: Mapped[date]
    ended_at: Mapped[datetime | None]
    opened: Mapped[int]
    updated: Mapped[int]
    suppressed: Mapped[int]
    failed: Mapped[int]
