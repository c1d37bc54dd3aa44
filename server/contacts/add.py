"""Adding people and addresses by hand, one at a time."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.contacts import erased
from server.contacts.addresses import Address, address_of
from server.contacts.import_contacts import name_key
from server.contacts.models import Contact, ContactAddress
from server.errors import Conflict, Invalid, NotFound

LONGEST_NAME = 200


def add_contact(
    session: Session,
    *,
    account_id: uuid.UUID,
    first_name: str,
    last_name: str,
    email: str,
    title: str = "",
    now: datetime,
) -> uuid.UUID:
    """A new contact of this account, with this address as the primary one; their id.

    Raises NotFound, Invalid with the field, Conflict when the address is somebody's already: it says whose.
    """
    account = _account(session, account_id)
    address = _address(email)
    first, last = _one_line("first_name", first_name), _one_line("last_name", last_name)
    if not first and not last:
        what = "A contact needs a name."
        raise Invalid(what, cure="Write a first name, a last name or both.", fields={"last_name": what})
    _demand_free(session, address)
    contact = Contact(
        account_id=account.id,
        first_name=first,
        last_name=last,
        name_key=name_key(first, last),
        title=_one_line("title", title) or None,
        created_at=now,
        updated_at=now,
    )
    session.add(contact)
    session.flush()
    _add(session, contact, address, is_primary=True)
    return contact.id


def add_address(session: Session, *, contact_id: uuid.UUID, email: str, now: datetime) -> uuid.UUID:
    """One more address of a contact, by which their mail is known; its id. It is written to only if it is the first.

    Raises NotFound, Invalid with the field, Conflict when the address is somebody's already: it says whose.
    """
    contact = session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("There is no such contact.", cure="They may have been removed. Look for them at their account.")
    _account(session, contact.account_id)
    address = _address(email)
    _demand_free(session, address)
    primary = select(ContactAddress.id).where(
        ContactAddress.contact_id == contact_id, ContactAddress.is_primary.is_(True)
    )
    contact.updated_at = now
    return _add(session, contact, address, is_primary=session.scalars(primary).first() is None)


def _add(session: Session, contact: Contact, address: Address, *, is_primary: bool) -> uuid.UUID:
    row = ContactAddress(contact_id=contact.id, email=address.email, email_norm=address.norm, is_primary=is_primary)
    session.add(row)
    session.flush()
    return row.id


def _account(session: Session, account_id: uuid.UUID) -> Account:
    """Held, so that of two clicks on the same button the second one finds what the first one made."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("There is no such account.", cure="It may have been removed. Look for it in the list.")
    return account


def _address(email: str) -> Address:
    try:
        return address_of(email)
    except Invalid as invalid:
        what = f"“{email.strip()[:100]}” {invalid.detail}."
        raise Invalid(what, cure="Write one address, such as ann@acme.com.", fields={"email": what}) from None


def _one_line(field: str, text: str) -> str:
    clean = " ".join(text.split())
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 or 0xD800 <= ord(letter) < 0xE000 for letter in clean):
        what = "It has a character in it that cannot be shown."
        raise Invalid(what, cure="Type it instead of pasting it.", fields={field: what})
    if len(clean) > LONGEST_NAME:
        what = f"It has {len(clean)} characters; {LONGEST_NAME} is the most."
        raise Invalid(what, cure="Make it shorter.", fields={field: what})
    return clean


def _demand_free(session: Session, address: Address) -> None:
    erased.demand_not_erased(session, address.norm)
    found = (
        select(Contact.first_name, Contact.last_name, Account.name)
        .join(ContactAddress, ContactAddress.contact_id == Contact.id)
        .join(Account, Account.id == Contact.account_id)
        .where(ContactAddress.email_norm == address.norm)
        .order_by(ContactAddress.id)
    )
    row = session.execute(found.limit(1)).first()
    if row is not None:
        who = f"{row[0]} {row[1]}".strip() or "a contact"
        raise Conflict(
            f"{address.norm} is the address of {who} at {row[2]} already.",
            cure=f"Look at {row[2]}; if they work elsewhere now, change their account in the CRM.",
        )
