"""A connected mailbox and its grant."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class MailboxState(StrEnum):
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"


class Mailbox(Base):
    """One Gmail mailbox of one user. `sealed_tokens` is JSON sealed by the vault for "mailbox:<id>"."""

    __tablename__ = "mailbox"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    sealed_tokens: Mapped[str | None]
    scopes: Mapped[str]
    problem: Mapped[str | None]
    connected_at: Mapped[datetime]
    state_changed_at: Mapped[datetime]
