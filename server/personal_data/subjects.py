"""Whom a request is about: a contact with all addresses, or an address that is no contact."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.names import fold
from server.auth.models import User
from server.contacts.addresses import address_of, match_key
from server.contacts.import_contacts import name_key
from server.contacts.models import Contact, ContactAddress
from server.errors import Conflict, Invalid, NotFound
from server.mail.models import MailParticipant
from server.mail.rules import load_rules
from server.personal import Subject


def of_contact(session: Session, contact_id: uuid.UUID) -> Subject:
    """Raises NotFound."""
    contact = session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("There is no such contact.", cure="They may have been erased. Search by the address.")
    rows = session.scalars(select(ContactAddress).where(ContactAddress.contact_id == contact_id)).all()
    keys = {row.match_key for row in rows}
    others = set(
        session.scalars(
            select(ContactAddress.match_key).where(
                ContactAddress.match_key.in_(sorted(keys)), ContactAddress.contact_id != contact_id
            )
        )
    )
    own = [row for row in rows if row.match_key not in others]
    own_keys = frozenset(row.match_key for row in own)
    full = contact.full_name
    turned = (f"{contact.last_name}, {contact.first_name}", f"{contact.last_name} {contact.first_name}")
    both = (full, *turned) if contact.first_name and contact.last_name else (full,)
    return Subject(
        contact_id=contact.id,
        salesforce_id=contact.salesforce_id,
        norms=frozenset(row.email_norm for row in own) | _written_as(session, own_keys),
        keys=own_keys,
        spelled=frozenset(row.email for row in own),
        shared=frozenset(row.email_norm for row in rows if row.match_key in others),
        names=(*both, *_called(session, own_keys)),
        own_names=both if " " in full and _nobody_else_is_called(session, contact) else (),
    )


def of_address(session: Session, email: str) -> Subject:
    """The contact whose address it is, or the bare address.

    Raises Invalid for what is no address, and Conflict where several contacts have it: each is a person.
    """
    norm = address_in(email)
    contacts = contacts_at(session, norm)
    if len(contacts) == 1:
        return of_contact(session, contacts[0].id)
    if contacts:
        raise Conflict(
            f"{len(contacts)} contacts have this address.", cure="Open the one who is meant, and start from there."
        )
    keys = frozenset({match_key(norm)})
    return Subject(
        contact_id=None,
        norms=frozenset({norm}) | _written_as(session, keys),
        keys=keys,
        spelled=frozenset({email.strip()}),
        names=_called(session, keys),
    )


def contacts_at(session: Session, norm: str) -> Sequence[Contact]:
    has_it = select(ContactAddress.contact_id).where(ContactAddress.match_key == match_key(norm))
    return session.scalars(select(Contact).where(Contact.id.in_(has_it)).order_by(Contact.name_key, Contact.id)).all()


def address_in(email: str) -> str:
    """Raises Invalid."""
    try:
        return address_of(email).norm
    except Invalid as invalid:
        what = f"“{email.strip()[:100]}” {invalid.detail}."
        raise Invalid(what, cure="Write one address, such as ann@acme.com.", fields={"address": what}) from None


def demand_no_colleague(session: Session, subject: Subject) -> None:
    """Raises Conflict for a person of ours: what Rapport knows of its users is not a customer's data."""
    rules = load_rules(session)
    if any(rules.is_ours(norm) for norm in subject.norms | subject.shared):
        raise Conflict(
            "This is an address of ours: a user or a colleague, who is not erased as a customer’s person.",
            cure="Ask who runs Rapport to deactivate a user. Correct a contact who has a colleague’s address.",
        )


def _written_as(session: Session, keys: frozenset[str]) -> frozenset[str]:
    """All spellings under which mail knows them."""
    found = select(MailParticipant.email_norm).where(MailParticipant.match_key.in_(sorted(keys)))
    return frozenset(session.scalars(found.distinct()))


def _called(session: Session, keys: frozenset[str]) -> tuple[str, ...]:
    """Names that mail has of them."""
    found = select(MailParticipant.name).where(MailParticipant.match_key.in_(sorted(keys)), MailParticipant.name != "")
    return tuple(sorted(session.scalars(found.distinct())))


def _nobody_else_is_called(session: Session, contact: Contact) -> bool:
    key = name_key(contact.first_name, contact.last_name)
    other = select(Contact.id).where(Contact.name_key == key, Contact.id != contact.id).limit(1)
    of_ours = {fold(name) for name in session.scalars(select(User.name))}
    return session.scalars(other).first() is None and fold(contact.full_name) not in of_ours
