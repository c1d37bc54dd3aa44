"""Personal data as pages show it."""

from __future__ import annotations

from typing import Any

from flask import url_for

from server.contacts.models import Contact
from server.personal import Kind, Subject
from server.personal_data import receipts
from server.personal_data.held import Held
from server.personal_data.models import ErasureReceipt
from server.web import show

_NOWHERE = "An address that is no contact"


def called(subject: Subject) -> str:
    """The contact's name, else an address."""
    if subject.contact_id is not None and subject.names and subject.names[0]:
        return subject.names[0]
    return next(iter(sorted(subject.norms | subject.shared)), "A contact without a name")


def person(subject: Subject) -> dict[str, Any]:
    contact_id = subject.contact_id
    return {
        "name": called(subject),
        "about": "A contact" if contact_id else _NOWHERE,
        "href": url_for("customer_360.people.contact", contact_id=contact_id) if contact_id else None,
        "addresses": sorted(subject.norms),
        "shared": sorted(subject.shared),
        "contact_id": str(contact_id) if contact_id else "",
        "address": next(iter(sorted(subject.norms)), ""),
    }


def held_row(one: Held, subject: Subject) -> dict[str, Any]:
    return {
        "label": one.words.label,
        "count": one.count,
        "where": one.words.where,
        "why": one.words.why,
        "since": show.moment(one.since),
        "until": one.until,
        "first_ends": show.day(one.first_ends_at.date()) if one.first_ends_at else None,
        "href": _where(one.kind, subject),
    }


def _where(kind: Kind, subject: Subject) -> str | None:
    """A page on which it can be seen, for those who may see it there."""
    of_contact = (Kind.CONTACT, Kind.MAIL_ENVELOPE, Kind.MAIL_TEXT, Kind.TIMELINE, Kind.SENT_EMAIL, Kind.SENT_TEXT)
    if kind in of_contact and subject.contact_id is not None:
        return url_for("customer_360.people.contact", contact_id=subject.contact_id)
    return {Kind.MAIL_RULE: url_for("mail.rules.rules"), Kind.TASK: url_for("cockpit.cockpit")}.get(kind)


def contact_row(contact: Contact) -> dict[str, str]:
    href = url_for("personal_data.of_contact", contact_id=contact.id)
    return {"name": contact.full_name or "A contact without a name", "href": href}


def receipt_row(one: ErasureReceipt) -> dict[str, Any]:
    return {
        "href": url_for("personal_data.receipt", receipt_id=one.id),
        "at": show.moment(one.erased_at),
        "by": one.by_name,
        "hash": ", ".join(each[:16] for each in one.address_hashes) or "without an address",
    }


def receipt(one: ErasureReceipt) -> dict[str, Any]:
    return receipt_row(one) | {
        "id": str(one.id),
        "gone": receipts.gone_in_words(one),
        "kept": sorted(one.kept.items()),
        "outside": one.outside,
        "files": [
            {"label": label, "href": url_for("personal_data.receipt_file", receipt_id=one.id, form=form)}
            for form, label in (("text", "As text"), ("json", "As JSON"))
        ],
    }
