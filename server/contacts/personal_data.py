"""What the records of contacts hold of a person, and their erasure: it comes last, when nobody points to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.personal import Kind, Record, Register, Subject, Tally, at

COLUMNS: Register = {
    "contact": {
        Kind.CONTACT: "id salesforce_id account_id first_name last_name name_key title role language "
        "time_zone opted_out_at",
        Kind.NONE: "synced_at created_at updated_at",
    },
    "contact_address": {
        Kind.CONTACT: "contact_id email email_norm match_key bounced_at bounce_is_permanent bounce_detail",
        Kind.NONE: "id is_primary",
    },
    "former_account": {Kind.CONTACT: "contact_id account_id until", Kind.NONE: "id"},
    "erased_address": {Kind.ERASED: "key_hash", Kind.NONE: "id receipt_id erased_at"},
    "erasure_key": {Kind.NONE: "id key"},
}
_WRITTEN = ("salesforce_id", "first_name", "last_name", "title", "role", "language", "time_zone")


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:  # noqa: ARG001
    contact = session.get(Contact, subject.contact_id) if subject.contact_id else None
    if contact is None:
        return
    addresses = session.scalars(select(ContactAddress).where(ContactAddress.contact_id == contact.id))
    former = session.scalars(select(FormerAccount).where(FormerAccount.contact_id == contact.id))
    data = {name: getattr(contact, name) for name in _WRITTEN} | {
        "account_id": str(contact.account_id),
        "opted_out_at": at(contact.opted_out_at),
        "addresses": [
            {
                "email": one.email,
                "is_primary": one.is_primary,
                "bounced_at": at(one.bounced_at),
                "bounce_detail": one.bounce_detail,
            }
            for one in addresses
        ],
        "former_accounts": [{"account_id": str(one.account_id), "until": at(one.until)} for one in former],
    }
    yield Record(kind=Kind.CONTACT, data=data, since=contact.created_at)


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:  # noqa: ARG001  one shape for all features
    tally = Tally()
    if subject.contact_id is not None:
        gone = delete(Contact).where(Contact.id == subject.contact_id).returning(Contact.id)
        tally.gone[Kind.CONTACT] += len(session.scalars(gone).all())
    return tally
