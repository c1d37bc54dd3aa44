"""From a playbook to dates: anchors, owners' calendars, month ends; and days that clocks change on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from server.auth import people
from server.db import Database
from server.playbooks.calendars import calendar_of
from server.playbooks.definition import Anchor, Definition, Direction, Due, OwnerRule, Step, Unit
from server.playbooks.models import CompanyDay
from server.playbooks.plan import Anchors, due_day, plan
from server.workdays import Calendar

TAM, MANAGER = uuid.uuid4(), uuid.uuid4()
OWNERS = dict.fromkeys(OwnerRule, TAM) | {OwnerRule.MANAGER: MANAGER}
ANCHORS = Anchors(opened_on=date(2027, 1, 4), renewal_on=date(2027, 8, 31), contract_start_on=date(2026, 8, 31))


def _day(due: Due, anchors: Anchors = ANCHORS, country: str | None = None) -> date | None:
    return due_day(due, anchors, Calendar(country=country))


@pytest.mark.parametrize(
    ("due", "found"),
    [
        (Due(amount=0), date(2027, 1, 4)),
        (Due(amount=3), date(2027, 1, 7)),
        (Due(amount=3, unit=Unit.BUSINESS_DAYS), date(2027, 1, 7)),
        (Due(amount=5, unit=Unit.BUSINESS_DAYS), date(2027, 1, 11)),
        (Due(amount=2, unit=Unit.WEEKS), date(2027, 1, 18)),
        (Due(amount=2, unit=Unit.MONTHS), date(2027, 3, 4)),
        (Due(amount=6, unit=Unit.MONTHS, direction=Direction.BEFORE, anchor=Anchor.RENEWAL), date(2027, 2, 28)),
        (Due(amount=10, unit=Unit.WEEKS, direction=Direction.BEFORE, anchor=Anchor.RENEWAL), date(2027, 6, 22)),
        (Due(amount=6, unit=Unit.MONTHS, anchor=Anchor.CONTRACT_START), date(2027, 2, 28)),
        (Due(amount=1, anchor=Anchor.EBR), None),
        # Long before the opening: it is due at once.
        (Due(amount=300, direction=Direction.BEFORE, anchor=Anchor.RENEWAL), date(2027, 1, 4)),
    ],
)
def test_a_due_date_counts_from_its_anchor(due: Due, found: date | None) -> None:
    assert _day(due) == found


def test_the_same_step_is_due_on_the_calendar_of_whoever_does_it() -> None:
    definition = Definition(
        slug="x",
        name="X",
        cta_type="risk",
        owner=OwnerRule.MANAGER,
        due=Due(amount=2, unit=Unit.BUSINESS_DAYS),
        steps=tuple(
            Step(key=rule.value, title="T", owner=rule, due=Due(amount=2, unit=Unit.BUSINESS_DAYS))
            for rule in (OwnerRule.TAM, OwnerRule.MANAGER)
        ),
    )
    calendars = {TAM: Calendar(country="DE-BY"), MANAGER: Calendar(country="US")}
    found = plan(definition, ANCHORS, OWNERS, calendars.__getitem__)
    # Epiphany, 6 January, is free in Bavaria.
    assert [task.due_on for task in found.tasks] == [date(2027, 1, 7), date(2027, 1, 6)]
    assert [task.owner_id for task in found.tasks] == [TAM, MANAGER]
    assert (found.owner_id, found.due_on) == (MANAGER, date(2027, 1, 6))


@given(
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    st.integers(0, 400),
    st.sampled_from(Unit),
    st.sampled_from(Direction),
    st.sampled_from([Anchor.OPENED, Anchor.RENEWAL]),
)
def test_nothing_is_ever_due_before_the_opening(
    opened: date, renewal: date, amount: int, unit: Unit, direction: Direction, anchor: Anchor
) -> None:
    found = _day(
        Due(amount=amount % 60, unit=unit, direction=direction, anchor=anchor),
        Anchors(opened_on=opened, renewal_on=renewal),
        "DE",
    )
    assert found is not None
    assert found >= opened


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    with db.transaction() as session:
        yield session


def _user(session: Session, zone: str, country: str | None) -> uuid.UUID:
    user = people.add_user(
        session,
        email=f"{uuid.uuid4().hex}@rapport.example",
        name="Ann",
        role="tam",
        time_zone=zone,
        country=country,
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    session.flush()
    return user.id


def test_company_days_count_for_the_country_they_are_said_for(session: Session) -> None:
    for day_on, country, is_workday in (
        (date(2026, 12, 24), "", False),
        (date(2026, 12, 24), "DE", True),
        (date(2026, 12, 24), "DE-BY", False),
        (date(2026, 12, 28), "DE", False),
    ):
        session.add(CompanyDay(day_on=day_on, country=country, name="x", is_workday=is_workday))
    session.flush()
    calendars = calendar_of(session)
    found = {
        country: calendars(_user(session, "UTC", country)).shift(date(2026, 12, 23), 1)
        for country in ("DE", "DE-BY", "DK", None)
    }
    assert found == {
        "DE": date(2026, 12, 24),
        "DE-BY": date(2026, 12, 29),
        "DK": date(2026, 12, 28),
        None: date(2026, 12, 25),
    }


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        # Both nights on which clocks change: there is no day too many and none too few.
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "Europe/Berlin", date(2027, 3, 28)),
        (datetime(2027, 3, 27, 23, 30, tzinfo=UTC), "Europe/Berlin", date(2027, 3, 28)),
        (datetime(2027, 3, 28, 21, 59, tzinfo=UTC), "Europe/Berlin", date(2027, 3, 28)),
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2027, 3, 29)),
        (datetime(2027, 10, 30, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2027, 10, 31)),
        (datetime(2027, 10, 31, 22, 59, tzinfo=UTC), "Europe/Berlin", date(2027, 10, 31)),
        (datetime(2027, 10, 31, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2027, 11, 1)),
        (datetime(2026, 12, 31, 10, 0, tzinfo=UTC), "Pacific/Kiritimati", date(2027, 1, 1)),
        (datetime(2027, 1, 1, 7, 0, tzinfo=UTC), "Pacific/Honolulu", date(2026, 12, 31)),
    ],
)
def test_the_day_of_opening_is_that_of_the_owner(session: Session, now: datetime, zone: str, today: date) -> None:
    user = people.by_id(session, _user(session, zone, None))
    assert people.today_of(user, now) == today
    assert _day(Due(amount=1), Anchors(opened_on=today)) == today + timedelta(days=1)
