"""Contacts and their addresses."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from server.contacts.addresses import match_key
from server.db import Base

ROLE_LABELS = {
    "gitlab_admin": "GitLab admin",
    "executive_sponsor": "Executive sponsor",
    "champion": "Champion",
    "security_lead": "Security lead",
    "dev_lead": "Dev lead",
    "procurement": "Procurement",
    "sold_to": "Sold-to",
}


def role_label(role: str) -> str:
    """ "GitLab admin"; a key that we do not know in words made of it."""
    return ROLE_LABELS.get(role, role.replace("_", " ").capitalize())


def _match_key(context: DefaultExecutionContext) -> str:
    return match_key(context.get_current_parameters()["email_norm"])  # type: ignore[no-untyped-call]


class Contact(Base):
    """A person at an account. `role` is a key such as `gitlab_admin`; unknown keys are kept and shown as they are.

    `language` is what the person reads, as a BCP 47 tag such as "de" or "pt-BR", `time_zone` an IANA name. `synced_at`
    is when an import last spoke of this contact; None for what never came from one.
    """

    __tablename__ = "contact"

    salesforce_id: Mapped[str | None] = mapped_column(unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    name_key: Mapped[str] = mapped_column(index=True)
    title: Mapped[str | None]
    role: Mapped[str | None]
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    opted_out_at: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def role_label(self) -> str:
        return role_label(self.role or "")


class ContactAddress(Base):
    """An address of a contact. `email_norm` is lower case with an IDNA domain; two contacts may share one.

    `match_key` is `addresses.match_key(email_norm)`: by it mail of the same person is found when it is spelled in
    another way. `bounced_at` is when mail to it last came back; `bounce_is_permanent` says that it will again.
    """

    __tablename__ = "contact_address"
    __table_args__ = (UniqueConstraint("contact_id", "email_norm"),)

    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    email: Mapped[str]
    email_norm: Mapped[str] = mapped_column(index=True)
    match_key: Mapped[str] = mapped_column(index=True, default=_match_key)
    is_primary: Mapped[bool] = mapped_column(Boolean)
    bounced_at: Mapped[datetime | None]
    bounce_is_permanent: Mapped[bool | None] = mapped_column(Boolean)
    bounce_detail: Mapped[str | None]


class FormerAccount(Base):
    """Where a contact was before: mail from before `until` belongs to that account, whatever they do now."""

    __tablename__ = "former_account"

    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    until: Mapped[datetime]


class ErasureKey(Base):
    """What addresses of erased persons are hashed with: made once, so that an address has the same hash for ever."""

    __tablename__ = "erasure_key"

    key: Mapped[str]


class ErasedAddress(Base):
    """An address whose person was erased on request, as a keyed hash: nothing of them is stored again.

    `key_hash` is of the match key of an address, or of a Salesforce id. `receipt_id` is the erasure's, a plain id.
    """

    __tablename__ = "erased_address"

    key_hash: Mapped[str] = mapped_column(unique=True)
    receipt_id: Mapped[uuid.UUID] = mapped_column(index=True)
    erased_at: Mapped[datetime]
