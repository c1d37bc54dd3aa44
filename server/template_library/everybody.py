"""Everybody whom a template is meant for, without loading everybody: a few plain values of each contact."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.auth import people
from server.auth.models import User
from server.contacts import queries as contacts
from server.contacts.models import Contact, ContactAddress
from server.contacts.queries import ContactView
from server.email_templates.conditions import Conditions, facts_of, holds
from server.sends.fill_in import Recipient

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Person:
    """One contact who can be written to. Field by field what the query returns, in its order."""

    id: uuid.UUID
    account_id: uuid.UUID
    first_name: str
    last_name: str
    title: str | None
    role: str | None
    language: str | None
    contact_synced_at: datetime | None
    email: str
    account_name: str
    arr: Decimal | None
    renewal_on: date | None
    lifecycle_stage: str | None
    account_synced_at: datetime | None
    account_tam_name: str | None
    tam_id: uuid.UUID | None
    tam_title: str | None

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def facts(self) -> dict[str, str | None]:
        return facts_of(language=self.language, role=self.role, lifecycle_stage=self.lifecycle_stage)

    def recipient(self, users: Mapping[uuid.UUID, User], stand_in: User, now: datetime) -> Recipient:
        """Written to by the TAM of the account, or by the one who stands in. No statement to the database."""
        tam = users.get(self.tam_id) if self.tam_id else None
        contact = ContactView(
            id=self.id,
            account_id=self.account_id,
            first_name=self.first_name,
            last_name=self.last_name,
            full_name=self.full_name,
            title=self.title,
            role=self.role,
            role_label="",
            language=self.language,
            email=self.email,
            alternate_emails=(),
            opted_out_at=None,
            synced_at=self.contact_synced_at,
        )
        account = Account(
            name=self.account_name,
            arr=self.arr,
            renewal_on=self.renewal_on,
            lifecycle_stage=self.lifecycle_stage,
            tam_name=self.account_tam_name,
            synced_at=self.account_synced_at,
        )
        return Recipient(contact=contact, account=account, sender=tam or stand_in, tam=tam, now=now)


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Whom a template is meant for: contacts of these roles (all when empty) whom `when` fits and none of `but_not`."""

    for_roles: tuple[str, ...] = ()
    when: Conditions = ()
    but_not: tuple[Conditions, ...] = ()

    def people(self, session: Session) -> Iterator[Person]:
        """Those who have an address and have not opted out, by account and name."""
        statement = (
            select(
                Contact.id,
                Contact.account_id,
                Contact.first_name,
                Contact.last_name,
                Contact.title,
                Contact.role,
                Contact.language,
                Contact.synced_at,
                ContactAddress.email,
                Account.name,
                Account.arr,
                Account.renewal_on,
                Account.lifecycle_stage,
                Account.synced_at,
                Account.tam_name,
                Account.tam_id,
                User.title,
            )
            .join(ContactAddress, (ContactAddress.contact_id == Contact.id) & ContactAddress.is_primary)
            .join(Account, Account.id == Contact.account_id)
            .join(User, User.id == Account.tam_id, isouter=True)
            .where(Contact.opted_out_at.is_(None))
            .order_by(Account.name_key, Contact.name_key, Contact.id)
        )
        if self.for_roles:
            statement = statement.where(Contact.role.in_(self.for_roles))
        for row in session.execute(statement).yield_per(_BATCH):
            values: tuple[Any, ...] = tuple(row)
            person = Person(*values)
            if self._is_meant(person):
                yield person

    def _is_meant(self, person: Person) -> bool:
        facts = person.facts()
        return holds(self.when, facts) and not any(holds(other, facts) for other in self.but_not)


def recipient(session: Session, contact_id: uuid.UUID, *, visitor_id: uuid.UUID | None, now: datetime) -> Recipient:
    """This contact, written to by the TAM of the account, or by the person who asks. Raises NotFound.

    Where there is neither, any user stands in.
    """
    contact = contacts.by_id(session, contact_id)
    account = accounts.by_id(session, contact.account_id)
    tam = people.by_id(session, account.tam_id) if account.tam_id else None
    sender = tam or stand_in(session, visitor_id)
    return Recipient(contact=contact, account=account, sender=sender, tam=tam, now=now)


def stand_in(session: Session, visitor_id: uuid.UUID | None) -> User:
    """Who writes where an account has no TAM: the person who asks, or any user. Raises NotFound."""
    return people.by_id(session, visitor_id) if visitor_id else people.anybody(session)


def names(found: Sequence[Person]) -> list[str]:
    """ "Ana Ruíz (Northwind Robotics)" """
    return [f"{person.full_name or person.email} ({person.account_name})" for person in found]
