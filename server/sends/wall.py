"""Times on somebody's wall: what was chosen in their zone, and the instant that it is."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(9, 0)
FURTHEST = timedelta(days=90)


def instant_of(wall: datetime, zone: str) -> datetime:
    """A wall time without a zone as an instant. One that the clocks leap over is moved on by the leap; of one that
    comes twice it is the first."""
    # With fold 0 a time in a gap is counted by the offset before it (PEP 495), which lands after the gap.
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def tomorrow_morning(zone: str, now: datetime) -> datetime:
    """Nine o'clock on the next day there, as a wall time."""
    return datetime.combine(now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1), MORNING)


def words(wall: datetime, zone: str) -> str:
    """ "Tue 3 Nov 2026, 09:00 (Europe/Berlin)"."""
    return f"{wall.strftime('%a %-d %b %Y, %H:%M')} ({zone})"
