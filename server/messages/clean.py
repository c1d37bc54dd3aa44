"""Text that PostgreSQL, JSON and a reader can take: no NUL, no control characters, no half surrogate pairs."""

from __future__ import annotations

import re

_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # marks that make "moc.live" read as something else
_EDGE = " \t\n\u200b\u2060"


def block_text(text: str) -> str:
    """Several lines: line ends become one LF each, blank lines at both ends go."""
    text = without_control(_NEWLINE.sub("\n", text)).replace("\ufeff", "")
    return text.rstrip(_EDGE).lstrip("\n\u200b\u2060")


def one_line(text: str, longest: int) -> str:
    """One line of at most `longest` characters, with single spaces, and no marks that turn the direction."""
    return " ".join(_TURNING.sub("", without_control(_NEWLINE.sub(" ", text))).split())[:longest].rstrip()


def without_control(text: str) -> str:
    """Keeps tabs and both letters of line ends."""
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))
