"""Recommended: which CTAs first, with the reasons said. Every part of the score is a sentence on the row.

What counts (product.md 1.5): what is late, how the customer feels, how near the renewal is and how much it is worth,
who answered, and whether what was bought is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from server.measures.models import Sentiment

NEAR_RENEWAL = timedelta(days=120)
LOW_USE = 75
LARGE, VERY_LARGE = Decimal(100_000), Decimal(500_000)
_LATEST_COUNTS = 30


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a CTA and its account. `licence_use` in percent; `replied_at` of a reply that waits."""

    due_on: date | None = None
    renewal_on: date | None = None
    arr: Decimal | None = None
    sentiment: str | None = None
    licence_use: float | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Reason:
    points: int
    text: str


def reasons(facts: Facts, today: date) -> Sequence[Reason]:
    """Why it should be done now, the strongest first; none when nothing speaks for it."""
    found = [
        _reply(facts),
        _sentiment(facts),
        _overdue(facts, today),
        _renewal(facts, today),
        _licences(facts),
        _worth(facts),
    ]
    return sorted((one for one in found if one), key=lambda one: -one.points)


def score(facts: Facts, today: date) -> int:
    return sum(one.points for one in reasons(facts, today))


def _reply(facts: Facts) -> Reason | None:
    return Reason(points=40, text="the customer replied") if facts.replied_at else None


def _sentiment(facts: Facts) -> Reason | None:
    points = {Sentiment.RED: 35, Sentiment.YELLOW: 15}.get(Sentiment(facts.sentiment)) if facts.sentiment else None
    return Reason(points=points, text=f"sentiment is {facts.sentiment}") if points else None


def _overdue(facts: Facts, today: date) -> Reason | None:
    days = (today - facts.due_on).days if facts.due_on else 0
    if days <= 0:
        return None
    # A day late weighs, a month late no more than that: else what is forgotten hides what is urgent.
    return Reason(points=15 + min(days, _LATEST_COUNTS) // 2, text=f"{_days(days)} overdue")


def _renewal(facts: Facts, today: date) -> Reason | None:
    if facts.renewal_on is None or not timedelta() <= facts.renewal_on - today <= NEAR_RENEWAL:
        return None
    days = (facts.renewal_on - today).days
    when = "today" if days == 0 else f"in {_days(days)}"
    return Reason(points=10 + (NEAR_RENEWAL.days - days) // 6, text=f"renews {when}")


def _licences(facts: Facts) -> Reason | None:
    if facts.licence_use is None or facts.licence_use >= LOW_USE:
        return None
    return Reason(points=12, text=f"{facts.licence_use:.0f} % of the licences are used")


def _worth(facts: Facts) -> Reason | None:
    if facts.arr is None or facts.arr < LARGE:
        return None
    return Reason(points=16 if facts.arr >= VERY_LARGE else 8, text=f"worth ${facts.arr:,.0f} a year")


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
