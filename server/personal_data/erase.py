"""Erasing one person, in one transaction, with a receipt. Each feature takes them out of its own rows."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from server.contacts import erased
from server.contacts import personal_data as contacts
from server.ctas import personal_data as ctas
from server.email_templates import personal_data as email_templates
from server.errors import Conflict, Invalid, NotFound
from server.ids import new_id
from server.mail import personal_data as mail
from server.mail.rules import note_change
from server.measures import personal_data as measures
from server.personal import Subject, Tally
from server.personal_data import held
from server.personal_data.models import ErasureReceipt
from server.personal_data.subjects import demand_no_colleague
from server.personal_data.words import ALWAYS_KEPT, OUTSIDE
from server.sends import personal_data as sends
from server.timeline import personal_data as timeline

# Mail renews its entries before the timeline looks at the rest; the contact goes when nobody points to them.
_ORDER = (sends, mail, timeline, ctas, measures, email_templates, contacts)
_NOTE = "Somebody was erased on request: mail that they are in is left out."


def confirmation_of(subject: Subject) -> str:
    """What is typed to confirm: an address of theirs; the name of a contact without one."""
    addresses = sorted(subject.norms) or sorted(subject.shared)
    return addresses[0] if addresses else next(iter(subject.names), "")


def demand_confirmed(subject: Subject, typed: str) -> None:
    """Raises Invalid unless one of their addresses was typed; in any case, blanks around it do not matter."""
    allowed = {one.lower() for one in (*subject.norms, *subject.shared, confirmation_of(subject))}
    if typed.strip().lower() not in allowed:
        what = "This is not their address."
        raise Invalid(what, cure="Type the address as it stands above.", fields={"confirm": what})


def erase(
    session: Session, subject: Subject, *, by_user_id: uuid.UUID | None, by_name: str, now: datetime
) -> ErasureReceipt:
    """Everything that is theirs alone goes, out of the rest they are taken; the receipt says how much.

    Raises Conflict for a colleague and for whom nothing is held any more, NotFound for whom nothing ever was.
    """
    demand_no_colleague(session, subject)
    _demand_something_held(session, subject)
    receipt_id = new_id()
    # From here on no reader stores mail by the old rules, and those who do so now are waited for.
    note_change(session, what=_NOTE, by=by_user_id, now=now)
    hashes = sorted(erased.hash_of_address(session, key) for key in subject.keys)
    erased.remember(session, subject.keys, salesforce_id=subject.salesforce_id, receipt_id=receipt_id, now=now)
    tally = Tally()
    for feature in _ORDER:
        tally.add(feature.erase(session, subject, now=now))
    receipt = ErasureReceipt(
        id=receipt_id,
        erased_at=now,
        by_user_id=by_user_id,
        by_name=by_name,
        address_hashes=hashes,
        gone={kind: count for kind, count in tally.gone.items() if count},
        kept={sentence: count for sentence, count in tally.kept.items() if count}
        | dict.fromkeys(ALWAYS_KEPT if subject.keys else ALWAYS_KEPT[1:], 0),
        outside=list(OUTSIDE),
    )
    session.add(receipt)
    session.flush()
    return receipt


def _demand_something_held(session: Session, subject: Subject) -> None:
    if next(held.records(session, subject), None) is not None:
        return
    for norm in sorted(subject.norms):
        if erased.receipt_of(session, norm) is not None:
            raise Conflict("This person was erased before, and nothing is held.", cure="Look at the receipt.")
    raise NotFound("Nothing is held about this address.", cure="Look for another spelling of it.")
