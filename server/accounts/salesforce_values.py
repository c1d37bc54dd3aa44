"""What the cells of a Salesforce report mean: ids, dates, amounts, yes and no."""

from __future__ import annotations

import re
import string
from datetime import date
from decimal import Decimal
from enum import StrEnum

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CAPITALS = {ord(c): "1" if c.isupper() else "0" for c in string.ascii_letters + string.digits}
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\Z")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_LOCAL_DATE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})\Z")
_CURRENCY = r"[A-Z]{3}|[A-Z]{0,3}[$€£¥]"
_AMOUNT = re.compile(rf"(?P<before>{_CURRENCY})?\s*(?P<number>[-−(]?[0-9].*?)\s*(?P<after>{_CURRENCY})?\Z", re.DOTALL)
_NUMBERS = {
    "dot": re.compile(r"(?P<whole>[0-9]+|[0-9]{1,3}(?:(?P<gap>[, '’\u00a0\u202f])[0-9]{3})(?:(?P=gap)[0-9]{3})*)"
                      r"(?:\.(?P<cents>[0-9]{1,2}))?\Z"),
    "comma": re.compile(r"(?P<whole>[0-9]+|[0-9]{1,3}(?:(?P<gap>[. '’\u00a0\u202f])[0-9]{3})(?:(?P=gap)[0-9]{3})*)"
                        r"(?:,(?P<cents>[0-9]{1,2}))?\Z"),
}  # fmt: skip
_BILLIONS = 14  # digits before the decimal point that the amount's column can hold


class DateFormat(StrEnum):
    DMY = "dmy"
    MDY = "mdy"


class DecimalMark(StrEnum):
    DOT = "dot"
    COMMA = "comma"


class BadValue(ValueError):
    """The cell cannot be used; the text says why, in words that continue "the value ..."."""


def salesforce_id(text: str) -> str:
    """The 18-character form. Ids are case-sensitive; the last three characters say which letters are capitals.

    Source: Salesforce help, "Convert 15-character IDs to 18 characters".
    """
    if not text:
        raise BadValue("is empty")
    if not _ID.match(text):
        raise BadValue("is not a Salesforce ID, which has 15 or 18 letters and digits")
    capitals = text.translate(_CAPITALS)  # five at a time are a binary number, the first letter its lowest digit
    suffix = "".join(_SUFFIX[int(capitals[start : start + 5][::-1], 2)] for start in (0, 5, 10))
    if len(text) == 18 and text[15:] != suffix:
        raise BadValue(
            f'has the wrong last three characters (they should be "{suffix}"): '
            "a character is wrong, or capitals were changed"
        )
    return text[:15] + suffix


def report_date(text: str, date_format: DateFormat | None) -> date:
    """2026-11-30, or with a date format 30/11/2026 (dmy) or 11/30/2026 (mdy); "." and "-" may stand for "/"."""
    if (iso := _ISO_DATE.match(text)) is not None:
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    local = _LOCAL_DATE.match(text)
    if local is None:
        raise BadValue("is not a date such as 2026-11-30")
    first, second, year = int(local[1]), int(local[3]), int(local[4])
    if date_format is None:
        could_be_both = first <= 12 and second <= 12 and first != second
        why = "is ambiguous: day or month first?" if could_be_both else "is not written as 2026-11-30:"
        raise BadValue(f"{why} Say --date-format dmy or --date-format mdy")
    day, month = (first, second) if date_format == DateFormat.DMY else (second, first)
    return _date(year, month, day)


def _date(year: int, month: int, day: int) -> date:
    try:
        value = date(year, month, day)
    except ValueError:
        raise BadValue("is not a day of the calendar") from None
    if not 1900 <= year <= 2200:
        raise BadValue("has a year that is not between 1900 and 2200")
    return value


def amount(text: str, mark: DecimalMark) -> tuple[Decimal, str]:
    """The amount and its currency as written ("" if none): "USD 1,234.50" gives (1234.50, "USD")."""
    parts = _AMOUNT.match(text.removeprefix("-").lstrip() if text[:1] == "-" else text)
    if parts is None:
        raise BadValue("is not an amount such as 1,234.50")
    number = parts["number"]
    if text[0] == "-" or number[0] in "-−(":
        raise BadValue("is negative")
    read = _NUMBERS[mark].match(number)
    if read is None:
        other = DecimalMark.COMMA if mark == DecimalMark.DOT else DecimalMark.DOT
        if _NUMBERS[other].match(number):
            raise BadValue(f"is not an amount with a decimal {mark}. If the file means it so, say --decimal {other}")
        raise BadValue("is not an amount with at most two decimals")
    whole = re.sub("[^0-9]", "", read["whole"]).lstrip("0") or "0"
    if len(whole) > _BILLIONS:
        raise BadValue("is too large")
    return Decimal(f"{whole}.{read['cents'] or '0'}"), parts["before"] or parts["after"] or ""


def yes_or_no(text: str) -> bool:
    """TRUE, FALSE, 1, 0 in any case; empty is no, as Salesforce's checkboxes are."""
    folded = text.casefold()
    if folded in ("true", "1"):
        return True
    if folded in ("false", "0", ""):
        return False
    raise BadValue("is neither TRUE nor FALSE")


def one_line(text: str) -> str:
    """Words with single blanks between them: names are put into mail headers, where a line break does harm."""
    if text.isprintable() and "  " not in text:
        return text
    words = " ".join(text.split())
    if any(letter < " " or "\x7f" <= letter <= "\x9f" for letter in words):
        raise BadValue("has a control character in it")
    return words
