"""What the extension could not find in the page of Gmail."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class GmailMiss(Base):
    """How often one part of Gmail's page was not found on a day, by all people together. Nobody is named.

    `part` is the extension's own word for it, `table_on` the date of its table of selectors.
    """

    __tablename__ = "gmail_miss"
    __table_args__ = (UniqueConstraint("missed_on", "part", "table_on", "extension_version"),)

    missed_on: Mapped[date]
    part: Mapped[str]
    table_on: Mapped[date]
    extension_version: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime]
