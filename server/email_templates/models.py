"""Templates and their versions. A version never changes; a template points to the one in use."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class EmailTemplate(Base):
    """`current_version_id` is a plain id: a foreign key would make the two tables wait for each other."""

    __tablename__ = "email_template"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    current_version_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class EmailTemplateVersion(Base):
    """What was sent can always be shown again: the sources, and what they were compiled to."""

    __tablename__ = "email_template_version"
    __table_args__ = (UniqueConstraint("email_template_id", "number"),)

    email_template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("email_template.id", ondelete="RESTRICT"))
    number: Mapped[int]
    name: Mapped[str]
    subject_source: Mapped[str]
    mjml_source: Mapped[str]
    source_hash: Mapped[str]
    compiled: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
