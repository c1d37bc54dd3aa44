"""Email templates and their immutable versions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class EmailTemplate(Base):
    """A template by its slug; what it says stands in its versions."""

    __tablename__ = "email_template"

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str]
    purpose: Mapped[str]
    description: Mapped[str]
    current_version_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class EmailTemplateVersion(Base):
    """One published version. `compiled` is what `compile.py` made of it; nothing here ever changes."""

    __tablename__ = "email_template_version"
    __table_args__ = (UniqueConstraint("email_template_id", "number"),)

    email_template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("email_template.id"))
    number: Mapped[int]
    name: Mapped[str]
    subject_source: Mapped[str]
    mjml_source: Mapped[str]
    source_hash: Mapped[str]
    compiled: Mapped[dict[str, Any]]
    note: Mapped[str]
    created_at: Mapped[datetime]
