"""Accounts and their domains."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from server.accounts.domains import registrable_domain
from server.db import Base


class LifecycleStage(StrEnum):
    """The handbook's stages (product.md 2.14)."""

    ONBOARDING = "onboarding"
    IMPLEMENTATION = "implementation"
    ADOPTION = "adoption"
    OPTIMIZE_AND_GROW = "optimize_and_grow"
    WILL_CHURN = "will_churn"


STAGE_LABELS = {
    LifecycleStage.ONBOARDING: "Onboarding",
    LifecycleStage.IMPLEMENTATION: "Implementation",
    LifecycleStage.ADOPTION: "Adoption",
    LifecycleStage.OPTIMIZE_AND_GROW: "Optimize & Grow",
    LifecycleStage.WILL_CHURN: "Will churn",
}


class Account(Base):
    """A customer company. `owner_name` and `tam_name` are as the CRM spells them; the ids are set where we know whom.

    `arr` is in the company's reporting currency, two decimals. `name_key` is the name folded for search and order.
    `synced_at` is when an import last spoke of this account; None for what never came from one.
    """

    __tablename__ = "account"
    __table_args__ = (Index("ix_account_name_key_id", "name_key", "id"),)

    salesforce_id: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    name_key: Mapped[str]
    website: Mapped[str | None]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    owner_name: Mapped[str | None]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    tam_name: Mapped[str | None]
    tam_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    arr: Mapped[Decimal | None]
    renewal_on: Mapped[date | None]
    contract_start_on: Mapped[date | None]
    lifecycle_stage: Mapped[str | None]
    synced_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def stage_label(self) -> str:
        return STAGE_LABELS[LifecycleStage(self.lifecycle_stage)] if self.lifecycle_stage else ""


class AccountChange(Base):
    """That an account got another TAM or reached another stage. `field` is "tam" or "stage"; of a TAM, ids of users."""

    __tablename__ = "account_change"
    __table_args__ = (
        Index("ix_account_change_account_id_field_changed_at", "account_id", "field", "changed_at"),
        Index("ix_account_change_field_changed_at_id", "field", "changed_at", "id"),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    field: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    changed_at: Mapped[datetime]


def _registrable(context: DefaultExecutionContext) -> str:
    return registrable_domain(context.get_current_parameters()["domain"])  # type: ignore[no-untyped-call]


class AccountDomain(Base):
    """A domain that mail of this account comes from, lower case, IDNA-encoded.

    `registrable` is the part of it that a company registers, by the Public Suffix List: "acme.co.uk" of
    "mail.acme.co.uk". It is what mail is matched by.
    """

    __tablename__ = "account_domain"
    __table_args__ = (UniqueConstraint("account_id", "domain"),)

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    domain: Mapped[str] = mapped_column(index=True)
    registrable: Mapped[str] = mapped_column(index=True, default=_registrable)
