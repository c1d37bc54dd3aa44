"""Playbooks in versions, the lists that CTAs choose from, and the days on which a company does not work."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class ChoiceList(StrEnum):
    TYPE = "type"
    STATUS = "status"
    REASON = "reason"
    PRIORITY = "priority"


class CtaChoice(Base):
    """One entry of a list that CTAs choose from. `key` never changes, everything else may.

    `only_types`: keys of the CTA types that have it, spaces between; empty for all. Of a status, `is_closed` says that
    a CTA with it is over and `is_success` how; `asks_note` that closing with it asks for a sentence. `tone` and `icon`
    are words of the design. What is retired is shown where it stands and offered no more.
    """

    __tablename__ = "cta_choice"
    __table_args__ = (UniqueConstraint("list_name", "key"),)

    list_name: Mapped[str]
    key: Mapped[str]
    label: Mapped[str]
    position: Mapped[int]
    only_types: Mapped[str] = mapped_column(default="")
    tone: Mapped[str] = mapped_column(default="neutral")
    icon: Mapped[str] = mapped_column(default="")
    is_closed: Mapped[bool] = mapped_column(Boolean, default=False)
    is_success: Mapped[bool] = mapped_column(Boolean, default=False)
    asks_note: Mapped[bool] = mapped_column(Boolean, default=False)
    retired_at: Mapped[datetime | None]
    row_version: Mapped[int] = mapped_column(default=1)


class Playbook(Base):
    """A recipe. `live_version_id`, a plain id, is the version that new CTAs get; None before the first is published."""

    __tablename__ = "playbook"

    slug: Mapped[str] = mapped_column(unique=True)
    live_version_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class PlaybookVersion(Base):
    """Immutable. `source` is the YAML as it was published, with its comments; `digest` the SHA-256 of it."""

    __tablename__ = "playbook_version"
    __table_args__ = (UniqueConstraint("playbook_id", "number"),)

    playbook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("playbook.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str]
    source: Mapped[str]
    digest: Mapped[str]
    note: Mapped[str]
    published_by_id: Mapped[uuid.UUID | None]
    published_at: Mapped[datetime]


class PlaybookDraft(Base):
    """What admins are writing: one for each playbook. `row_version` rises with every save: who saves names the one
    they saw. `based_on_id`, a plain id, is the version that was live when its writer last looked."""

    __tablename__ = "playbook_draft"

    playbook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("playbook.id", ondelete="CASCADE"), unique=True)
    source: Mapped[str]
    based_on_id: Mapped[uuid.UUID | None]
    row_version: Mapped[int]
    saved_by_id: Mapped[uuid.UUID | None]
    saved_at: Mapped[datetime]


class CompanyDay(Base):
    """A day on which our company works though the calendar says no, or the other way round.

    `country` is an ISO 3166 code, with a part of it behind a hyphen ("DE-BY"); empty for everybody.
    """

    __tablename__ = "company_day"
    __table_args__ = (UniqueConstraint("day_on", "country"),)

    day_on: Mapped[date]
    country: Mapped[str]
    name: Mapped[str]
    is_workday: Mapped[bool] = mapped_column(Boolean)
