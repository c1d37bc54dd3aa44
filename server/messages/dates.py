"""Dates of headers, and dates as mail programs write them into the mails they quote."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz

_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST = datetime(2101, 1, 1, tzinfo=UTC)
_COMMENT = re.compile(r"\([^()]*+\)")
_MONTHS = (
    ("jan", "ene", "gen", "janv", "sty"),
    ("feb", "fév", "fev", "févr", "lut"),
    ("mar", "mär", "mrz", "maa", "mrt"),
    ("apr", "abr", "avr", "kwi"),
    ("may", "mai", "mag", "mei", "maj", "maio"),
    ("jun", "jui", "juin", "giu", "cze"),
    ("jul", "juil", "lug", "lip"),
    ("aug", "ago", "aoû", "aou", "sie"),
    ("sep", "set", "wrz"),
    ("oct", "okt", "ott", "out", "paź"),
    ("nov", "lis"),
    ("dec", "dez", "dic", "déc", "gru"),
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_YEAR = re.compile(r"\b(19|20)\d\d\b")
# The day before the month is looked for first: in French and Italian "mar. 3 nov." begins with a Tuesday.
_DAY_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|º|°)?\.?[\s-](?:de\s)?([^\W\d_]{3,12})")
_MONTH_DAY = re.compile(r"\b([^\W\d_]{3,12})\.?\s(\d{1,2})(?!\d|[:.h]\d)")
_NUMERIC = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})\b")
_ISO_DAY = re.compile(r"\b(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})")
_TIME = re.compile(r"\b(\d{1,2})(?:[:.h]|\sh\s)(\d{2})(?:[:.](\d{2}))?(?:\s?([ap])\.?\s?m\b)?", re.I)
_ZONE = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?(?![\d/.-])")
_ZONE_NAMES = {"UTC": 0, "GMT": 0, "MEZ": 1, "CET": 1, "MESZ": 2, "CEST": 2, "EST": -5, "EDT": -4, "PST": -8, "PDT": -7}
_ZONE_NAME = re.compile(r"\b(" + "|".join(_ZONE_NAMES) + r")\b")


def header_date(value: str) -> datetime | None:
    """The Date header as an aware instant in the zone it names; None when missing, unreadable or absurd."""
    value = _COMMENT.sub(" ", value[:200]).strip()
    if not value:
        return None
    found = _by_standard(value) or _by_iso(value)
    return found if found is not None and _EARLIEST <= found < _LATEST else None


def _by_standard(value: str) -> datetime | None:
    try:
        parts = parsedate_tz(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if parts is None:
        return None
    year, month, day, hour, minute, second = parts[:6]
    offset = parts[9] or 0
    zone = timezone(timedelta(seconds=offset)) if abs(offset) < 86_400 else UTC
    return _instant(year, month, day, hour, minute, min(second, 59), zone)


def _by_iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _instant(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: tzinfo) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def written_date(value: str, zone: tzinfo) -> datetime | None:
    """A date as people's mail programs print it ("Tue, Nov 3, 2026 at 10:15 AM"); `zone` where it names none.

    None when the day cannot be told for certain: 03/11/2026 is March or November.
    """
    value = value[:200]
    exact = _by_standard(value) if re.search(r"[+-]\d{4}\s*(\(|$)", value) else None
    if exact is not None:
        return _sane(exact)
    day, time = _day(value), _TIME.search(_NUMERIC.sub(lambda found: " " * len(found[0]), value))
    if day is None or time is None:
        return None
    hour = int(time[1])
    if time[4]:
        hour = hour % 12 + (12 if time[4].lower() == "p" else 0)
    rest = value[time.end() :]
    found = _instant(*day, hour, int(time[2]), int(time[3] or 0), _named_zone(rest) or zone)
    return None if found is None else _sane(found)


def _sane(found: datetime) -> datetime | None:
    return found.astimezone(UTC) if _EARLIEST <= found < _LATEST else None


def _day(value: str) -> tuple[int, int, int] | None:
    iso = _ISO_DAY.search(value)
    if iso is not None:
        return int(iso[1]), int(iso[2]), int(iso[3])
    numeric = _NUMERIC.search(value)
    if numeric is not None:
        return _numeric_day(int(numeric[1]), numeric[2], int(numeric[3]), numeric[4])
    year = _YEAR.search(value)
    if year is None:
        return None
    named = [(_month(word), int(day)) for day, word in _DAY_MONTH.findall(value)]
    named += [(_month(word), int(day)) for word, day in _MONTH_DAY.findall(value)]
    return next(((int(year[0]), month, day) for month, day in named if month is not None), None)


def _numeric_day(first: int, mark: str, second: int, year: str) -> tuple[int, int, int] | None:
    whole_year = int(year) + (2000 if len(year) == 2 else 0)
    if mark == "." or first > 12:
        return whole_year, second, first
    if second > 12:
        return whole_year, first, second
    return (whole_year, first, second) if first == second else None


def _month(word: str) -> int | None:
    word = word.lower()
    for length in (4, 3):
        if word[:length] in _MONTH_OF:
            return _MONTH_OF[word[:length]]
    return None


def _named_zone(text: str) -> tzinfo | None:
    exact = _ZONE.search(text)
    if exact is not None:
        hours = int(exact[2]) if exact[3] or int(exact[2]) < 24 else 0
        offset = timedelta(hours=hours, minutes=int(exact[3] or 0)) * (-1 if exact[1] == "-" else 1)
        return timezone(offset) if abs(offset) < timedelta(hours=24) else None
    name = _ZONE_NAME.search(text)
    return timezone(timedelta(hours=_ZONE_NAMES[name[1]])) if name else None
