"""Whose calendar counts: the country of a person, and the company's own days."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.playbooks.models import CompanyDay
from server.playbooks.plan import CalendarOf
from server.workdays import Calendar


def calendar_of(session: Session) -> CalendarOf:
    """A function from a user's id to their calendar; reads the company's days once."""
    days = session.scalars(select(CompanyDay)).all()
    known: dict[uuid.UUID, Calendar] = {}

    def look_up(user_id: uuid.UUID) -> Calendar:
        if user_id not in known:
            user = session.get(User, user_id)
            known[user_id] = calendar_for(user.country if user else None, days)
        return known[user_id]

    return look_up


def calendar_for(country: str | None, days: Iterable[CompanyDay]) -> Calendar:
    """What is said for a part of a country goes before what is said for the country, and that before what is said for
    everybody."""
    exceptions: dict[date, bool] = {}
    rows = sorted(days, key=lambda one: len(one.country))
    for one in rows:
        is_theirs = country is not None and f"{country}-".startswith(f"{one.country}-")
        if not one.country or is_theirs:
            exceptions[one.day_on] = one.is_workday
    return Calendar(country=country, exceptions=exceptions)
