"""What is known of an account as it changes: sentiment, licence use, answers to surveys."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class MeasureName(StrEnum):
    """`sentiment` is red, yellow or green; `licence_use` percent of what was bought; `nps` 0 to 10 (product.md 2.3)."""

    SENTIMENT = "sentiment"
    LICENCE_USE = "licence_use"
    NPS = "nps"


class Sentiment(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Measure(Base):
    """One value at one time; the latest holds. Either `word` (sentiment) or `number`.

    `source_key` makes the same report stand once. `contact_id`, a plain id, is who answered; `note` their words.
    """

    __tablename__ = "measure"
    __table_args__ = (
        Index("ix_measure_account_id_name_measured_at", "account_id", "name", "measured_at"),
        Index("ix_measure_name_created_at_id", "name", "created_at", "id"),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str]
    word: Mapped[str | None]
    number: Mapped[float | None] = mapped_column(Float)
    note: Mapped[str | None]
    contact_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    by_user_id: Mapped[uuid.UUID | None]
    source_key: Mapped[str | None] = mapped_column(unique=True)
    measured_at: Mapped[datetime]
    created_at: Mapped[datetime]
