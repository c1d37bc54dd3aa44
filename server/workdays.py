"""Working days by country: weekends, public holidays, and the days that a company adds or takes away.

Holidays come from the `holidays` package (0.108), which knows countries whose weekend is not Saturday and Sunday.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

_DAY = timedelta(days=1)
_FRIDAY = 5  # date.weekday() from here on is Saturday or Sunday
# Nothing is counted further: a list of free days without an end would be counted for ever.
_FURTHEST = 3_700
_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,4})?")


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Whose days: `country` is an ISO 3166 code such as "DE" or "DE-BY", None for weekends alone.

    `exceptions` say of single days whether they are worked on, whatever the country's calendar says.
    """

    country: str | None = None
    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        said = self.exceptions.get(day)
        if said is not None:
            return said
        if self.country is None:
            return day.weekday() < _FRIDAY
        return bool(_holidays(self.country).is_working_day(day))

    def shift(self, day: date, count: int) -> date:
        """The day that is `count` working days after it, or before it when negative. 0 is that day or the next one
        that is worked on. Raises OverflowError when there is no such day within ten years."""
        step = -_DAY if count < 0 else _DAY
        left, found = abs(count), day
        for _ in range(_FURTHEST):
            if left == 0 and self.is_workday(found):
                return found
            found += step
            left -= self.is_workday(found) if left else 0
            if left == 0 and count != 0:
                return found
        raise OverflowError(f"no {count} working days from {day}")


def is_country(code: str) -> bool:
    """Whether holidays of this country, or of this part of it, are known."""
    if not _CODE.fullmatch(code):
        return False
    try:
        _holidays(code)
    except (NotImplementedError, KeyError):
        return False
    return True


@lru_cache(maxsize=256)
def _holidays(code: str) -> holidays.HolidayBase:
    country, _, part = code.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def add_months(day: date, count: int) -> date:
    """The same day of another month, or its last day when it has no such day: 31 January and a month is 28 February."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")
