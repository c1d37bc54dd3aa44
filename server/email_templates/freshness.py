"""A template may demand that a value is not too old: better no email than one with last month's renewal date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.email_templates.compile import CompiledTemplate
from server.email_templates.problems import RenderRefused
from server.email_templates.source import age_text


class StaleValue(RenderRefused):
    """A merge field is older than the template allows. `fields` maps each to a sentence."""

    title = "A merge field is too old"


def demand_fresh(compiled: CompiledTemplate, as_of: Mapping[str, datetime | None], now: datetime) -> None:
    """`as_of` says when each field was last confirmed by its source. Raises StaleValue with all that are too old."""
    stale = {
        path: _sentence(path, as_of.get(path), now, hours)
        for path, hours in compiled.max_age
        if _is_stale(as_of.get(path), now, hours)
    }
    if stale:
        raise StaleValue(" ".join(stale.values()), cure="Import the records again, then try once more.", fields=stale)


def age(at: datetime, now: datetime) -> str:
    """ "6 hours", "9 days": how old a value is."""
    hours = max(0, int((now - at) / timedelta(hours=1)))
    return "less than an hour" if hours == 0 else age_text(hours if hours < 48 else hours // 24 * 24)


def _is_stale(at: datetime | None, now: datetime, hours: int) -> bool:
    return at is None or now - at > timedelta(hours=hours)


def _sentence(path: str, at: datetime | None, now: datetime, hours: int) -> str:
    found = f"{path} was confirmed {age(at, now)} ago" if at else f"Nobody knows how old {path} is"
    return f"{found}; this template wants it confirmed within {age_text(hours)}."
