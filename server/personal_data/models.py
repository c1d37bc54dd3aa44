"""Receipts of erasures, the rules of retention, and what each night removed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class ErasureReceipt(Base):
    """Proof of one erasure that says nothing of whom: `address_hashes` are keyed hashes (contacts.erased).

    `gone` is {kind: count}, `kept` {sentence: count}, `outside` sentences of what is not in our reach. `by_name` is
    the person's as it was then, or "the command line".
    """

    __tablename__ = "erasure_receipt"

    erased_at: Mapped[datetime] = mapped_column(index=True)
    by_user_id: Mapped[uuid.UUID | None]
    by_name: Mapped[str]
    address_hashes: Mapped[list[Any]]
    gone: Mapped[dict[str, Any]]
    kept: Mapped[dict[str, Any]]
    outside: Mapped[list[Any]]


class RetentionRule(Base):
    """What an admin chose in the place of the default. `months` None: kept until it is erased."""

    __tablename__ = "retention_rule"

    kind: Mapped[str] = mapped_column(unique=True)
    months: Mapped[int | None]
    by_user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    changed_at: Mapped[datetime]


class RetentionRun(Base):
    """One night's work. `removed` is {kind: count} so far; without `finished_at` it goes on or is taken up again."""

    __tablename__ = "retention_run"

    started_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    removed: Mapped[dict[str, Any]]
