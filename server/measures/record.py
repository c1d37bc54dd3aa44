"""Writing down a measure, checked by its name."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.contacts.models import Contact
from server.db import insert_if_absent
from server.errors import Invalid
from server.measures.models import Measure, MeasureName, Sentiment
from server.messages.clean import block_text

LONGEST_NOTE = 4_000
LONGEST_KEY = 200
_AHEAD = timedelta(minutes=5)  # other people's clocks
_EARLIEST_YEAR = 2000
# From, to, and what it is called.
_BOUNDS = {MeasureName.LICENCE_USE: (0, 1_000, "percent"), MeasureName.NPS: (0, 10, "points")}


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What somebody reports of an account: a `word` for the sentiment, a `number` for the others.

    `source_key` makes the same report stand once; without one, each call is a report of its own.
    """

    account_id: uuid.UUID
    name: MeasureName
    measured_at: datetime
    word: str | None = None
    number: float | None = None
    note: str = ""
    contact_id: uuid.UUID | None = None
    source_key: str | None = None


def record(session: Session, told: Reported, *, by_user_id: uuid.UUID | None, now: datetime) -> Measure:
    """The measure as it stands, which is the earlier one for a `source_key` that was told before.

    Raises NotFound for the account, Invalid for a value that its name cannot have, with what is wrong by field.
    """
    accounts.by_id(session, told.account_id)
    demand_value(told.name, word=told.word, number=told.number)
    if told.measured_at > now + _AHEAD or told.measured_at.year < _EARLIEST_YEAR:
        what = "This is in the future." if told.measured_at > now else f"This is before {_EARLIEST_YEAR}."
        raise Invalid(what, cure="Say when it was measured.", fields={"measured_at": what})
    contact = session.get(Contact, told.contact_id) if told.contact_id else None
    if told.contact_id is not None and (contact is None or contact.account_id != told.account_id):
        what = "There is no such contact at this account."
        raise Invalid(what, cure="Choose one of its contacts, or nobody.", fields={"contact_id": what})
    row = Measure(
        account_id=told.account_id,
        name=told.name.value,
        word=told.word,
        number=told.number,
        note=block_text(told.note)[:LONGEST_NOTE] or None,
        contact_id=told.contact_id,
        by_user_id=by_user_id,
        source_key=told.source_key,
        measured_at=told.measured_at,
        created_at=now,
    )
    insert_if_absent(session, row)
    key = Measure.source_key == told.source_key if told.source_key else Measure.id == row.id
    return session.scalars(select(Measure).where(key)).one()


def demand_value(name: MeasureName, *, word: str | None, number: float | None) -> None:
    """Raises Invalid with what this measure may be."""
    if name is MeasureName.SENTIMENT:
        if word in tuple(Sentiment) and number is None:
            return
        what, field = "A sentiment is green, yellow or red.", "word"
    else:
        least, most, unit = _BOUNDS[name]
        # Also what is no number at all: nan is not within anything.
        if number is not None and least <= number <= most and word is None:
            return
        what, field = f"This is a number from {least} to {most:,} ({unit}).", "number"
    raise Invalid(what, cure="Write one of those.", fields={field: what})
