"""The filters of templates. An empty value stays empty, so that `default` and the check for missing values see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from server.email_templates.problems import RenderRefused

MISSING_KEY = "_missing"
UNSENDABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_NEVER_MISSING = frozenset({Decimal, int, bool, date, datetime})
_MOST_DIGITS = 40
_LARGEST: int = 10**_MOST_DIGITS
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


class Gap(str):
    """Stands for a missing value while the rest of the render looks for more of them. Compares to nothing."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


def is_missing(value: Any) -> bool:
    """None, undefined, blank text and empty lists are missing; 0 and False are values."""
    if type(value) in _NEVER_MISSING:
        return False
    if value is None or isinstance(value, Undefined):
        return True
    return not value.strip() if isinstance(value, str) else isinstance(value, list | tuple | dict) and not value


@pass_context
def need(context: Context, value: Any, path: str) -> Any:
    """Put around every merge field by us: notes what is missing instead of printing nothing or "None"."""
    if not is_missing(value):
        return value
    missing = context.get(MISSING_KEY)
    if isinstance(missing, list):
        missing.append(path)
    return Gap("")


@pass_context
def need_one(context: Context, value: Any, path: str) -> Any:
    """The same where a list would be printed with its brackets."""
    if isinstance(value, list | dict) and value:
        _refuse("A list or a group of values stands where one value is due.", path, "Correct it on the record.")
    return need(context, value, path)


@pass_context
def need_of(context: Context, group: Any, name: str, path: str) -> Any:
    """The same for a value of a group."""
    if type(group) is dict:
        value = group.get(name)
        if type(value) is str and value and not value.isspace():
            return value  # nearly all values
        if type(value) in _NEVER_MISSING:
            return value
    return need_one(context, context.environment.getattr(group, name), path)


def shown(value: Any) -> Any:
    """How a value looks when no filter says otherwise."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return long_date(value)
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, list | dict):
        _refuse("A list or a group of values stands where one value is due.", "")
    return "" if value is None else value


def long_date(value: Any, *, of: str = "") -> str:
    """22 November 2026. Dates may also come as 2026-11-22. `of` is the merge field, for the refusal; we fill it in."""
    if isinstance(value, str) and not is_missing(value):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            _refuse(f"{value[:40]!r} is not a date.", of, "Correct it on the record.")
    if isinstance(value, date):
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    if is_missing(value):
        return ""
    _refuse(f"{str(value)[:40]!r} is not a date.", of, "Correct it on the record.")


def money(value: Any, currency: str = "USD", *, of: str = "") -> str:
    """$120,000, or $120,000.50 when there are cents."""
    if type(value) is Decimal:
        amount = value  # render has looked at it
    elif is_missing(value):
        return ""
    else:
        amount = _amount(value, of)
    whole = int(amount)
    digits = f"{whole:,}" if whole == amount else f"{amount:,.2f}"
    symbol = "$" if currency == "USD" else _SYMBOLS.get(currency.upper()) or f"{currency.upper()} "
    return f"-{symbol}{digits[1:]}" if digits[0] == "-" else symbol + digits


def _amount(value: Any, of: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        amount = Decimal("NaN")
    if not is_short(amount):
        _refuse(f"{str(value)[:40]!r} is not an amount of money.", of, "Correct it on the record.")
    return amount


def is_short(value: Decimal | int) -> bool:
    """A number that can be written out in a line. Decimal("1E+999999999") would take the memory of the machine."""
    if type(value) is Decimal:
        return value.is_finite() and -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS
    return -_LARGEST < value < _LARGEST


def _refuse(message: str, of: str, cure: str = "") -> NoReturn:
    raise RenderRefused(message, cure=cure, fields={of: message} if of else None)


def possessive(value: Any) -> str:
    """Northwind's, Siemens'."""
    text = _text(value)
    return text + ("’" if text.endswith(("s", "S")) else "’s") if text else ""


def default(value: Any, instead: Any) -> Any:
    return instead if is_missing(value) else value


def first(value: Any) -> Any:
    return "" if is_missing(value) else value[0] if isinstance(value, str | list | tuple) else value


def join(value: Any, between: str = ", ") -> str:
    return between.join(_text(one) for one in value) if isinstance(value, list | tuple) else _text(value)


def mail_url(value: Any, *, of: str = "") -> str:
    """A whole address in a link: http, https, mailto or tel, with everything odd percent-encoded."""
    text = _text(value)
    if not text:
        return ""
    if not _is_address(text):
        _refuse(f"{text[:60]!r} is not a link that an email may have.", of, "Use an https:// address.")
    return quote(text, safe=":/?#[]@!$&*+,;=%~-._")


def _is_address(text: str) -> bool:
    if re.search(r"[\x00-\x1f\x7f]", text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?", parts.netloc) is not None
    return parts.scheme in ("mailto", "tel") and bool(parts.path)


def mail_part(value: Any) -> str:
    """A part of an address: nothing in it can end the part it stands in."""
    return quote(_text(value), safe="@")


def mail_css(value: Any, *, of: str = "") -> str:
    """A value in a style or a plain attribute: a word, a number, a colour."""
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9#%., -]{0,80}", text):
        _refuse(f"{text[:60]!r} cannot be used as a style.", of, "Use a colour, a size or a plain word.")
    return text


def _text(value: Any) -> str:
    return "" if is_missing(value) else str(shown(value))


def _on_text(change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: change(_text(value))


def _title(text: str) -> str:
    return re.sub(r"\S+", lambda match: match[0][:1].upper() + match[0][1:].lower(), text)


# What authors may write, with how many arguments.
FILTERS: dict[str, tuple[Callable[..., Any], Sequence[int]]] = {
    "default": (default, (1,)),
    "date": (long_date, (0,)),
    "money": (money, (0, 1)),
    "upper": (_on_text(str.upper), (0,)),
    "lower": (_on_text(str.lower), (0,)),
    "title": (_on_text(_title), (0,)),
    "first": (first, (0,)),
    "join": (join, (0, 1)),
    "possessive": (possessive, (0,)),
}
OURS: dict[str, Callable[..., Any]] = {
    "mail_need": need_one,
    "mail_need_list": need,
    "mail_need_of": need_of,
    "mail_url": mail_url,
    "mail_part": mail_part,
    "mail_css": mail_css,
}
# Those that may refuse a value and then say whose it was.
REFUSING = frozenset({"date", "money", "mail_url", "mail_css"})
