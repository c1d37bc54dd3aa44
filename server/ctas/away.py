"""The day of return that an automatic reply names, in English, German, French or Spanish.

People write "back on 4 January", "ab dem 4.1.", "jusqu'au 4 janvier", "hasta el viernes". What says until when
somebody is away gives the working day after it; what says from when they are back gives that day. Without a clear day
there is none: a guess would be worse than asking for patience.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

UNKNOWN_DAYS = 3
_FURTHEST = timedelta(days=400)
_LONGEST_TEXT = 4_000

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janner janvier enero ene",
            "february feb februar fevrier fev febrero",
            "march mar marz mars marzo",
            "april apr avril abril abr",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug aout agosto ago",
            "september sept sep septembre septiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez decembre diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon montag lundi lunes",
            "tuesday tue tues dienstag mardi martes",
            "wednesday wed mittwoch mercredi miercoles",
            "thursday thu thurs donnerstag jeudi jueves",
            "friday fri freitag vendredi viernes",
            "saturday sat samstag sonnabend samedi sabado",
            "sunday sun sonntag dimanche domingo",
        )
    )
    for name in names.split()
}
_TOMORROW = frozenset({"tomorrow", "morgen", "demain", "manana"})

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
# Between the word that announces a day and the day: "on", "dem", "le", a weekday that is named along with it.
_GLUE = (
    r"(?:[\s,:]+(?:on|the|of|from|am|dem|den|der|ab|le|du|au|el|del|al|dia"
    rf"|(?:next|kommenden|nachsten)|(?:{_WEEKDAY})\b\.?))*[\s,:]*"
)
_DAY = (
    r"(?:(?P<iso_y>\d{4})-(?P<iso_m>\d{2})-(?P<iso_d>\d{2})"
    r"|(?P<dot_d>\d{1,2})\.\s?(?P<dot_m>\d{1,2})\.(?:\s?(?P<dot_y>\d{4}|\d{2}))?(?!\d)"
    r"|(?P<sl_a>\d{1,2})/(?P<sl_b>\d{1,2})(?:/(?P<sl_y>\d{4}|\d{2}))?(?!\d)"
    rf"|(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[\s-]+(?:of\s+|de\s+)?(?P<m>{_MONTH})\b\.?(?:[\s,-]+(?:de\s+|del\s+)?(?P<y>20\d\d))?"
    rf"|(?P<m2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y2>20\d\d))?"
    rf"|(?P<weekday>{_WEEKDAY})\b(?!\s*,?\s*\d)"
    r"|(?P<tomorrow>tomorrow|morgen|demain|manana)\b)"
)
_FROM = (
    r"(?:i\s+will\s+be\s+)?(?:back|return(?:ing)?|resume|available\s+again|reachable\s+again|in\s+the\s+office\s+again)"
    r"(?:\s+(?:in|at|to)\s+(?:the|my|our)?\s*(?:office|work|desk|keyboard))?(?:\s+(?:again|starting|as\s+of))?"
    r"|ab|wieder\s+(?:da|erreichbar|zuruck|im\s+(?:buro|haus|einsatz)|fur\s+sie\s+da)|zuruck|kehre"
    r"|de\s+retour|(?:je\s+)?(?:serai|suis)\s+de\s+retour|reviens|reviendrai|a\s+partir|des|mon\s+retour|reprends|reprendrai"
    r"|(?:estare\s+)?de\s+vuelta|vuelvo|volvere|regreso|regresare|me\s+reincorpor(?:o|are)|a\s+partir|mi\s+regreso"
)
_UNTIL = (
    r"until|till|til|through|thru|up\s+to"
    r"|bis(?:\s+(?:zum|einschliesslich|inklusive))*|bis\s+einschliesslich\s+(?:zum)?"
    r"|jusqu'?\s*(?:au|a|en)?|hasta"
)
_LAST_OF_RANGE = r"(?:from|vom|von|du|del|desde\s+el|between)\b[^.\n]{1,40}?\b(?:to|and|bis(?:\s+zum)?|au|al)"
# "not until Monday", "erst ab", "pas avant": the day itself is the first one back.
_NOT_UNTIL = (
    r"(?:not|n't|nicht|erst|never)\b[^.\n]{0,60}?\b(?:until|till|before|vor|wieder\s+am|ab|am)"
    r"|pas\s+(?:de\s+retour\s+)?avant|no\b[^.\n]{0,40}?\bantes\s+del?"
)
_FIRST = re.compile(rf"(?<!\w)(?:{_NOT_UNTIL}|{_FROM})(?!\w){_GLUE}{_DAY}")
_LAST = re.compile(rf"(?<!\w)(?:{_LAST_OF_RANGE}|{_UNTIL})(?!\w){_GLUE}{_DAY}")


@dataclass(frozen=True, kw_only=True)
class _Found:
    day: date
    place: int


def day_of_return(text: str, *, today: date) -> date | None:
    """The first day back, later than `today`, as the text says it; None when it names none.

    `today` is when the reply came: a day without a year is the next one of its name.
    """
    plain = _plain(text)
    back = [one.day for one in _days(_FIRST, plain, today)]
    gone = [_after(one.day) for one in _days(_LAST, plain, today)]
    likely = [day for day in (*back, *gone) if today < day <= today + _FURTHEST]
    return likely[0] if likely else None


def _plain(text: str) -> str:
    """Lower case, no accents, one kind of blank and apostrophe."""
    folded = unicodedata.normalize("NFKD", text[:_LONGEST_TEXT].lower().replace("ß", "ss"))
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[ \t\u00a0\r]+", " ", bare.replace("\u2019", "'").replace("\n", " "))


def _days(pattern: re.Pattern[str], text: str, today: date) -> Iterator[_Found]:
    for match in pattern.finditer(text):
        day = _day(match, today)
        if day is not None:
            yield _Found(day=day, place=match.start())


def _day(match: re.Match[str], today: date) -> date | None:
    part = match.groupdict()
    if part["tomorrow"]:
        return today + timedelta(days=1)
    if part["weekday"]:
        return today + timedelta(days=(_WEEKDAYS[part["weekday"]] - today.weekday() - 1) % 7 + 1)
    if part["iso_y"]:
        return _made(part["iso_d"], int(part["iso_m"]), part["iso_y"], today)
    if part["dot_d"]:
        return _made(part["dot_d"], int(part["dot_m"]), part["dot_y"], today)
    if part["sl_a"]:
        return _slashed(part["sl_a"], part["sl_b"], part["sl_y"], today)
    if part["d"]:
        return _made(part["d"], _MONTHS[part["m"]], part["y"], today)
    return _made(part["d2"], _MONTHS[part["m2"]], part["y2"], today)


def _slashed(first: str, second: str, year: str | None, today: date) -> date | None:
    """4/1 is 4 January or April 1st, and nobody can tell: then none, unless one of them is no month."""
    if int(first) > 12 or first == second:
        return _made(first, int(second), year, today)
    if int(second) > 12:
        return _made(second, int(first), year, today)
    return None


def _made(day: str, month: int, year: str | None, today: date) -> date | None:
    try:
        if year is not None:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))
        found = date(today.year, month, int(day))
        return found if found > today else date(today.year + 1, month, int(day))
    except ValueError:
        return None


def _after(last: date) -> date:
    return last + timedelta(days=1)
