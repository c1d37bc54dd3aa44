"""The filters of templates. An empty value stays empty, so that `default` and the check for missing values see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from server.email_templates.problems import RenderRefused

MISSING_KEY = "_missing"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


class Gap(str):
    """Stands for a missing value while the rest of the render looks for more of them. Compares to nothing."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


def is_missing(value: Any) -> bool:
    """None, undefined, blank text and empty lists are missing; 0 and False are values."""
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


def shown(value: Any) -> Any:
    """How a value looks when no filter says otherwise."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return long_date(value)
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return "" if value is None else value


def long_date(value: Any) -> str:
    """22 November 2026. Dates may also come as 2026-11-22."""
    if is_missing(value):
        return ""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            raise RenderRefused(f"{value[:40]!r} is not a date.") from None
    month = _MONTHS[value.month - 1]
    return f"{value.day} {month} {value.year}"


def money(value: Any, currency: str = "USD") -> str:
    """$120,000, or $120,000.50 when there are cents."""
    if is_missing(value):
        return ""
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        raise RenderRefused(f"{str(value)[:40]!r} is not an amount of money.") from None
    if not amount.is_finite():
        raise RenderRefused(f"{str(value)[:40]!r} is not an amount of money.")
    digits = f"{abs(amount):,.0f}" if amount == amount.to_integral_value() else f"{abs(amount):,.2f}"
    symbol = _SYMBOLS.get(currency.upper(), f"{currency.upper()} ")
    return f"{'-' if amount < 0 else ''}{symbol}{digits}"


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


def mail_url(value: Any) -> str:
    """A whole address in a link: http, https, mailto or tel, with everything odd percent-encoded."""
    text = _text(value)
    if not text:
        return ""
    if not _is_address(text):
        raise RenderRefused(f"{text[:60]!r} is not a link that an email may have.", cure="Use an https:// address.")
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


def mail_css(value: Any) -> str:
    """A value in a style or a plain attribute: a word, a number, a colour."""
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9#%., -]{0,80}", text):
        raise RenderRefused(f"{text[:60]!r} cannot be used as a style.")
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
    "mail_need": need,
    "mail_url": mail_url,
    "mail_part": mail_part,
    "mail_css": mail_css,
}
