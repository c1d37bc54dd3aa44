"""Questions about contacts. Each is two statements, whatever the number of rows: contacts, then their addresses."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, exists, or_, select
from sqlalchemy.orm import Session

from server.accounts.names import fold
from server.contacts.models import Contact, ContactAddress
from server.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class ContactView:
    """A contact as pages show it. `email` is the primary address or None, the others are in order of the alphabet."""

    id: uuid.UUID
    account_id: uuid.UUID
    first_name: str
    last_name: str
    full_name: str
    title: str | None
    role: str | None
    role_label: str
    language: str | None
    time_zone: str | None = None
    email: str | None
    alternate_emails: tuple[str, ...]
    opted_out_at: datetime | None
    synced_at: datetime | None


def by_id(session: Session, contact_id: uuid.UUID) -> ContactView:
    """Raises NotFound."""
    found = by_ids(session, [contact_id])
    if not found:
        raise NotFound("There is no such contact.", cure="They may have been removed. Look for them at their account.")
    return found[0]


def by_ids(session: Session, contact_ids: Sequence[uuid.UUID]) -> tuple[ContactView, ...]:
    """Those that exist, in the order of the ids; at most some thousands at once."""
    if not contact_ids:
        return ()
    views = {view.id: view for view in _views(session, select(Contact).where(Contact.id.in_(contact_ids)))}
    return tuple(views[contact_id] for contact_id in dict.fromkeys(contact_ids) if contact_id in views)


def of_account(session: Session, account_id: uuid.UUID) -> tuple[ContactView, ...]:
    """By name: last name first."""
    statement = select(Contact).where(Contact.account_id == account_id)
    return _views(session, statement.order_by(Contact.name_key, Contact.id))


def bounced(session: Session, contact_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those whose primary address mail came back from."""
    statement = select(ContactAddress.contact_id).where(
        ContactAddress.contact_id.in_(contact_ids),
        ContactAddress.is_primary.is_(True),
        ContactAddress.bounced_at.is_not(None),
    )
    return set(session.scalars(statement))


def suggest(
    session: Session, search: str, limit: int = 10, *, account_id: uuid.UUID | None = None
) -> tuple[ContactView, ...]:
    """For the typeahead: every word is a part of the name or of an address; names that start so come first."""
    key = fold(search)
    if not key:
        return ()
    starts_so = case((Contact.name_key.startswith(key, autoescape=True), 0), else_=1)
    statement = select(Contact).where(*(_has(word) for word in key.split()))
    if account_id is not None:
        statement = statement.where(Contact.account_id == account_id)
    return _views(session, statement.order_by(starts_so, Contact.name_key, Contact.id).limit(limit))


def _has(word: str) -> ColumnElement[bool]:
    in_address = exists().where(
        ContactAddress.contact_id == Contact.id, ContactAddress.email_norm.contains(word, autoescape=True)
    )
    return or_(Contact.name_key.contains(word, autoescape=True), in_address)


def _views(session: Session, statement: Select[Contact]) -> tuple[ContactView, ...]:
    contacts = session.scalars(statement).all()
    if not contacts:
        return ()
    addresses: defaultdict[uuid.UUID, list[tuple[bool, str]]] = defaultdict(list)
    found = select(ContactAddress.contact_id, ContactAddress.is_primary, ContactAddress.email).where(
        ContactAddress.contact_id.in_([contact.id for contact in contacts])
    )
    for contact_id, is_primary, email in session.execute(found):
        addresses[contact_id].append((is_primary, email))
    return tuple(_view(contact, addresses[contact.id]) for contact in contacts)


def _view(contact: Contact, addresses: list[tuple[bool, str]]) -> ContactView:
    return ContactView(
        id=contact.id,
        account_id=contact.account_id,
        first_name=contact.first_name,
        last_name=contact.last_name,
        full_name=contact.full_name,
        title=contact.title,
        role=contact.role,
        role_label=contact.role_label,
        language=contact.language,
        time_zone=contact.time_zone,
        email=next((email for is_primary, email in addresses if is_primary), None),
        alternate_emails=tuple(sorted(email for is_primary, email in addresses if not is_primary)),
        opted_out_at=contact.opted_out_at,
        synced_at=contact.synced_at,
    )
