"""How values look to the person who reads: times in their zone, amounts, dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from server.errors import Invalid
from server.web.frame import runtime
from server.web.identity import current_visitor

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, kw_only=True)
class Moment:
    """`iso` for machines, `text` to read, `title` the exact time in the reader's zone."""

    iso: str
    text: str
    title: str


def zone() -> ZoneInfo:
    visitor = current_visitor()
    return ZoneInfo(visitor.time_zone if visitor else "UTC")


def today() -> date:
    return runtime().clock.now().astimezone(zone()).date()


def wall_time(day_text: str, time_text: str) -> datetime:
    """What a date field and a time field of a form say, without a zone. Raises Invalid with the field `leave_at`."""
    try:
        return datetime.combine(date.fromisoformat(day_text), time.fromisoformat(time_text).replace(tzinfo=None))
    except ValueError:
        what = "Choose a day and a time."
        raise Invalid(what, cure="Fill in both.", fields={"leave_at": what}) from None


def moment(instant: datetime | None) -> Moment | None:
    """An instant: how long ago for a week, then the date."""
    if instant is None:
        return None
    local = instant.astimezone(zone())
    return Moment(iso=instant.isoformat(), text=_ago(instant, local), title=local.strftime("%a %-d %b %Y, %H:%M %Z"))


def clock_time(instant: datetime) -> Moment:
    """An instant under a heading that already names the day: only its time."""
    local = instant.astimezone(zone())
    return Moment(iso=instant.isoformat(), text=local.strftime("%H:%M"), title=local.strftime("%a %-d %b %Y, %H:%M %Z"))


def day(value: date | None) -> Moment | None:
    """A date: today and tomorrow by name, a near one by weekday, a far one with its year."""
    if value is None:
        return None
    now = today()
    distance = (value - now).days
    named = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get(distance)
    if named is None:
        near = value.year == now.year or abs(distance) < 90
        named = value.strftime("%a %-d %b" if near else "%-d %b %Y")
    return Moment(iso=value.isoformat(), text=named, title=value.strftime("%A %-d %B %Y"))


def day_heading(instant: datetime) -> str:
    local = instant.astimezone(zone()).date()
    found = day(local)
    assert found is not None
    return found.text if found.text in ("Today", "Yesterday") else local.strftime("%A %-d %B %Y")


def amount(value: Decimal | None) -> str | None:
    """Whole units for reading; cents matter to the CRM, not here."""
    return None if value is None else f"${value:,.0f}"


def _ago(instant: datetime, local: datetime) -> str:
    seconds = (runtime().clock.now() - instant).total_seconds()
    if abs(seconds) >= 7 * 86_400:
        return local.strftime("%-d %b %Y")
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "in a moment"
    size, unit = next((size, unit) for size, unit in _UNITS if abs(seconds) >= size)
    count = int(abs(seconds) // size)
    return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"
