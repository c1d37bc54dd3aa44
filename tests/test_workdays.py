"""Working days by country, and months that are too short."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.workdays import Calendar, add_months, is_country

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
COUNTRIES = st.sampled_from([None, "DE", "DE-BY", "FR", "US", "SA", "IL", "JP"])


@pytest.mark.parametrize(
    ("country", "day", "is_workday"),
    [
        (None, date(2026, 12, 25), True),  # a Friday; nobody said whose
        ("DE", date(2026, 12, 25), False),
        ("DE", date(2026, 1, 6), True),
        ("DE-BY", date(2026, 1, 6), False),  # Epiphany, in Bavaria
        ("US", date(2026, 11, 26), False),  # Thanksgiving
        ("US", date(2026, 11, 27), True),  # the day after
        ("SA", date(2026, 11, 27), False),  # Friday is weekend there
        ("SA", date(2026, 11, 29), True),  # and Sunday is not
        ("DE", date(2026, 11, 29), False),
    ],
)
def test_weekends_and_holidays_are_those_of_the_country(country: str | None, day: date, is_workday: bool) -> None:
    assert Calendar(country=country).is_workday(day) is is_workday


@pytest.mark.parametrize(
    ("country", "start", "count", "found"),
    [
        ("US", date(2026, 11, 24), 3, date(2026, 11, 30)),
        ("US", date(2026, 11, 30), -3, date(2026, 11, 24)),
        ("DE", date(2026, 12, 23), 2, date(2026, 12, 28)),
        ("DE", date(2026, 12, 26), 0, date(2026, 12, 28)),
        (None, date(2026, 11, 28), 1, date(2026, 11, 30)),
        (None, date(2026, 11, 28), -1, date(2026, 11, 27)),
        ("SA", date(2026, 11, 26), 1, date(2026, 11, 29)),
    ],
)
def test_business_days_are_counted_on_that_calendar(country: str | None, start: date, count: int, found: date) -> None:
    assert Calendar(country=country).shift(start, count) == found


def test_the_company_may_add_and_take_away_days() -> None:
    days = {date(2026, 11, 27): False, date(2026, 11, 28): True}
    calendar = Calendar(country="US", exceptions=days)
    assert calendar.shift(date(2026, 11, 25), 1) == date(2026, 11, 28)


def test_a_company_that_never_works_is_told_and_not_counted_for_ever() -> None:
    never = {date(2026, 1, 1) + timedelta(days=number): False for number in range(4_000)}
    with pytest.raises(OverflowError, match="no 1 working days"):
        Calendar(exceptions=never).shift(date(2026, 1, 1), 1)


@given(DAYS, COUNTRIES, st.integers(1, 60))
def test_after_so_many_days_exactly_so_many_were_worked_on(day: date, country: str | None, count: int) -> None:
    calendar = Calendar(country=country)
    later, earlier = calendar.shift(day, count), calendar.shift(day, -count)
    assert calendar.is_workday(later)
    assert calendar.is_workday(earlier)
    between = [day + timedelta(days=number) for number in range(1, (later - day).days + 1)]
    assert sum(calendar.is_workday(one) for one in between) == count
    before = [earlier + timedelta(days=number) for number in range((day - earlier).days)]
    assert sum(calendar.is_workday(one) for one in before) == count


@given(DAYS, COUNTRIES)
def test_no_days_later_is_that_day_or_the_next_that_is_worked_on(day: date, country: str | None) -> None:
    calendar = Calendar(country=country)
    found = calendar.shift(day, 0)
    assert calendar.is_workday(found)
    assert not any(calendar.is_workday(day + timedelta(days=number)) for number in range((found - day).days))


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 3, 31), -1, date(2027, 2, 28)),
        (date(2027, 1, 15), -1, date(2026, 12, 15)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_short_month(day: date, count: int, found: date) -> None:
    assert add_months(day, count) == found


@given(DAYS, st.integers(-60, 60))
def test_months_go_to_the_month_that_was_asked_for(day: date, count: int) -> None:
    found = add_months(day, count)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == count
    assert found.day <= day.day


@pytest.mark.parametrize("code", ["DE", "DE-BY", "FR", "US-CA", "SA"])
def test_known_countries_are_known(code: str) -> None:
    assert is_country(code)


@pytest.mark.parametrize(
    "code", ["", "XX", "de", "DE-XX", "DEU-", "../x", "__class__", "HolidayBase", "Germany", "DE\x00", "D" * 500]
)
def test_anything_else_is_no_country(code: str) -> None:
    assert not is_country(code)
