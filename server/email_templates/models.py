"""Templates, variants and shared blocks with their versions and drafts. A version never changes."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class Kind(StrEnum):
    """A block is put into templates by <mj-include>; it is no email by itself."""

    TEMPLATE = "template"
    BLOCK = "block"


class Origin(StrEnum):
    """Where a version was written."""

    FILES = "files"
    WEB = "web"


class EmailTemplate(Base):
    """`current_version_id` is a plain id: a foreign key would make the two tables wait for each other.

    A variant names its default in `variant_of_id`, and in `applies_when` for whom it is: {"contact.language": "de"}.
    `category` and `purpose` are empty for a block. What stands here is what the current version's file says; a new
    template that is only a draft has no version.
    """

    __tablename__ = "email_template"

    kind: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    variant_of_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("email_template.id"), index=True)
    applies_when: Mapped[dict[str, Any]]
    current_version_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class EmailTemplateVersion(Base):
    """What was sent can always be shown again: the sources, and what they were compiled to.

    `source_text` is the whole file as its author wrote it; `mjml_source` is its MJML with the shared blocks put in,
    which is what was compiled. `source_hash` is of the file's text.
    """

    __tablename__ = "email_template_version"
    __table_args__ = (UniqueConstraint("email_template_id", "number"),)

    email_template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("email_template.id", ondelete="RESTRICT"))
    number: Mapped[int]
    name: Mapped[str]
    subject_source: Mapped[str]
    source_text: Mapped[str]
    mjml_source: Mapped[str]
    source_hash: Mapped[str]
    compiled: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    origin: Mapped[str]
    author_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


class SharedBlockUse(Base):
    """Which version of which shared block stands in a version of a template."""

    __tablename__ = "shared_block_use"
    __table_args__ = (UniqueConstraint("template_version_id", "block_version_id"),)

    template_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("email_template_version.id", ondelete="CASCADE"))
    block_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("email_template_version.id"), index=True)


class EmailTemplateDraft(Base):
    """What is being written and is not published: one for each template, whoever writes.

    `revision` rises with every save, so that nobody saves over what they have not seen. `based_on_id` is the
    version that the draft began from.
    """

    __tablename__ = "email_template_draft"

    email_template_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("email_template.id", ondelete="CASCADE"), unique=True
    )
    based_on_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("email_template_version.id"))
    source_text: Mapped[str]
    revision: Mapped[int]
    saved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    saved_at: Mapped[datetime]
