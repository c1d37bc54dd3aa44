"""Gmail's search language, the part that a mail client of our kind uses.

An operator that is not known here is an error and not a word, so that a test cannot pass by accident.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from server.sandbox.google_errors import invalid_argument
from server.sandbox.mail_text import MailText

_TERM = re.compile(r'(?P<minus>-?)(?:(?P<operator>[a-z_][a-z_0-9]*):)?(?P<value>"[^"]*"|\S+)', re.IGNORECASE)
_FOLDERS = {"anywhere": None, "chats": "CHAT", "drafts": "DRAFT", "draft": "DRAFT"}
_DAYS = {"d": 1, "m": 30, "y": 365}


@dataclass(frozen=True)
class Candidate:
    """A message that may fit. `labels` are ids and also names of own labels, in lower case."""

    mail: MailText
    labels: frozenset[str]
    received_at: datetime


Test = Callable[[Candidate], bool]


def compile_query(query: str, *, now: datetime) -> Test:
    """A test for messages; all terms must hold. Raises a 400 GoogleError for what is not understood."""
    tests = [_term(match, now) for match in _TERM.finditer(query)]
    return lambda candidate: all(test(candidate) for test in tests)


def reaches_trash(query: str) -> bool:
    return bool(re.search(r"in:(anywhere|trash|spam)", query, re.IGNORECASE))


def _term(match: re.Match[str], now: datetime) -> Test:
    value = match["value"].strip('"').lower()
    operator = (match["operator"] or "").lower()
    if operator == "":
        test = _word(value)
    elif operator in _OPERATORS:
        test = _OPERATORS[operator](value, now)
    else:
        raise invalid_argument(f"The sandbox does not know the search operator {operator}:")
    return (lambda candidate: not test(candidate)) if match["minus"] else test


def _word(value: str) -> Test:
    def holds(candidate: Candidate) -> bool:
        mail = candidate.mail
        parts = (mail.header("Subject"), mail.header("From"), mail.header("To"), mail.text)
        return any(value in part.lower() for part in parts)

    return holds


def _header(*names: str) -> Callable[[str, datetime], Test]:
    def build(value: str, _now: datetime) -> Test:
        return lambda candidate: any(value in candidate.mail.header(name).lower() for name in names)

    return build


def _rfc_id(value: str, _now: datetime) -> Test:
    wanted = f"<{value.strip('<>')}>"
    return lambda candidate: candidate.mail.rfc_message_id.lower() == wanted


def _label(value: str, _now: datetime) -> Test:
    label = _FOLDERS.get(value, value)
    return lambda candidate: label is None or label.lower() in candidate.labels


def _is(value: str, _now: datetime) -> Test:
    if value == "read":
        return lambda candidate: "unread" not in candidate.labels
    if value not in ("unread", "starred", "important", "sent"):
        raise invalid_argument(f"The sandbox does not know is:{value}")
    return lambda candidate: value in candidate.labels


def _relative(value: str, now: datetime, *, newer: bool) -> Test:
    found = re.fullmatch(r"(\d+)([dmy])", value)
    if found is None:
        raise invalid_argument(f"Invalid period in query: {value}")
    edge = now - timedelta(days=int(found[1]) * _DAYS[found[2]])
    return lambda candidate: (candidate.received_at >= edge) is newer


def _absolute(value: str, *, after: bool) -> Test:
    """`value` is YYYY/MM/DD, read in UTC here (Gmail: the Pacific zone), or Unix seconds."""
    try:
        if value.isdigit():
            edge = datetime.fromtimestamp(int(value), UTC)
        else:
            edge = datetime.strptime(value.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise invalid_argument(f"Invalid date in query: {value}") from None
    return lambda candidate: (candidate.received_at >= edge) is after


_OPERATORS: dict[str, Callable[[str, datetime], Test]] = {
    "from": _header("From"),
    "to": _header("To", "Cc", "Bcc"),
    "cc": _header("Cc"),
    "bcc": _header("Bcc"),
    "subject": _header("Subject"),
    "rfc822msgid": _rfc_id,
    "in": _label,
    "label": _label,
    "is": _is,
    "newer_than": lambda value, now: _relative(value, now, newer=True),
    "older_than": lambda value, now: _relative(value, now, newer=False),
    "after": lambda value, _now: _absolute(value, after=True),
    "before": lambda value, _now: _absolute(value, after=False),
}
