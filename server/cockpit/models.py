"""Saved views of the Cockpit, and the morning digest."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class CockpitView(Base):
    """Filters, grouping, order and layout under a name. `asked` holds them as the address of the page has them.

    With the one of theirs that `is_default` the Cockpit opens.
    """

    __tablename__ = "cockpit_view"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str]
    asked: Mapped[dict[str, Any]]
    is_shared: Mapped[bool] = mapped_column(Boolean)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    row_version: Mapped[int]
    saved_at: Mapped[datetime]


class Digest(Base):
    """Who gets the morning digest. Same id as the user. `hour` is of their wall clock, 0 to 23.

    `last_for_on` is the last of their days that one was written for, so that nobody gets two for the same morning.
    """

    __tablename__ = "digest"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    is_on: Mapped[bool] = mapped_column(Boolean)
    hour: Mapped[int]
    last_for_on: Mapped[date | None]
    changed_at: Mapped[datetime]
