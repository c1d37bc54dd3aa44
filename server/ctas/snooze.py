"""Putting a CTA off: it leaves the lists through its date, and no trigger opens its like meanwhile (`open.py`)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.ctas.change import demand_may
from server.ctas.field_values import label_of
from server.ctas.history import keep, set_fields
from server.ctas.models import Cta, CtaDeed
from server.errors import Conflict, Invalid
from server.messages.clean import one_line

LONGEST_SNOOZE = timedelta(days=366)
LONGEST_REASON = 500


def demand_day(through: date, today: date) -> None:
    """Raises Invalid for a day that is over or more than a year away."""
    if not today <= through <= today + LONGEST_SNOOZE:
        what = "This day is over." if through < today else "This is more than a year away."
        raise Invalid(what, cure="Choose today or a day of the coming year.", fields={"through": what})


def snooze(
    session: Session, cta: Cta, *, through: date, reason: str, asker: Asker, today: date, now: datetime
) -> CtaDeed | None:
    """Through that day; an earlier snooze gives way. `today` is the asker's. None when it stands so already.

    Raises Forbidden, Conflict for what is closed, Invalid for a day that is over or too far.
    """
    demand_may(session, [cta], asker)
    if not cta.is_open:
        raise Conflict(f"{cta.name} is closed.", cure="There is nothing left to put off.")
    demand_day(through, today)
    why = one_line(reason, LONGEST_REASON)
    changes = set_fields(cta, snoozed_through=through, snooze_reason=why or None)
    if not changes:
        return None
    label = f"Snoozed through {label_of(session, 'snoozed_through', through)}" + (f": {why}" if why else "")
    return keep(session, [cta], label, changes, by_id=asker.user_id, now=now)


def wake(session: Session, cta: Cta, *, asker: Asker, now: datetime) -> CtaDeed | None:
    """Take a snooze back. None when there is none."""
    demand_may(session, [cta], asker)
    changes = set_fields(cta, snoozed_through=None, snooze_reason=None)
    return keep(session, [cta], "Snooze taken back", changes, by_id=asker.user_id, now=now) if changes else None
