"""What the extension could not find in the page of Gmail, and which templates people used there."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
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


class TemplateUse(Base):
    """When a person last filled a template in for Gmail's compose window."""

    __tablename__ = "template_use"
    __table_args__ = (UniqueConstraint("user_id", "email_template_id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    email_template_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("email_template.id", ondelete="CASCADE"), index=True
    )
    used_at: Mapped[datetime]
