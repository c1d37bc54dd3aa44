"""What may stand in a style: no scripts, no imports, no addresses but https images, nothing that ends the style.

The patterns are possessive (`++`, `*+`): each reads a style once, whatever stands in it.
"""

from __future__ import annotations

import re

LONGEST_STYLE = 2_000  # of one style attribute, in characters
LONGEST_SHEETS, MOST_PROPERTIES = 50_000, 120  # of all <mj-style> together
_BAD = re.compile(r"expression|javascript|vbscript|behaviou?r\s*:|-moz-binding|@import|@charset|</|<!|\\|data:", re.I)
_URL_START = re.compile(r"url\s*+\(", re.I)
_URL = re.compile(r"url\s*+\(\s*+(?P<quote>['\"]?)(?P<address>[^'\"()]*+)(?P=quote)\s*+\)", re.I)
_WHOLE = re.compile(r"'[^']*+(?P<single>'?)|\"[^\"]*+(?P<double>\"?)|\([^)]*+(?P<bracket>\)?)")
_DECLARATION = re.compile(r"\s*-{0,2}[A-Za-z_][\w-]*\s*:")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_PROPERTY = re.compile(r"[\w-]++(?=\s*+:)")


def problem_of_style(value: str) -> str | None:
    """What is wrong with declarations or a style sheet, or None."""
    if _has_open_comment(value):
        return "A comment in a style is not closed with */"
    bare = _COMMENT.sub("", value)
    bad = _BAD.search(bare) or _BAD.search(_COMMENT.sub(" ", value))
    if bad:
        return f"{bad[0]!r} does not belong in the style of an email"
    addresses = [match["address"].strip() for match in _URL.finditer(bare)]
    if len(addresses) != len(_URL_START.findall(bare)):
        return "An url(…) in a style is not written plainly"
    if any(not address.startswith("https://") for address in addresses):
        return "An image in a style must have an https:// address"
    return None


class Sheets:
    """Counts the style sheets of an email: putting them onto the elements takes time for each property."""

    def __init__(self) -> None:
        self._length = 0
        self._properties: set[str] = set()

    def problem_with(self, sheet: str) -> str | None:
        """What is too much with one more sheet, or None."""
        self._length += len(sheet)
        if self._length > LONGEST_SHEETS:
            return f"The styles of <mj-style> are longer than {LONGEST_SHEETS:,} characters in all"
        self._properties.update(_PROPERTY.findall(sheet))
        if len(self._properties) > MOST_PROPERTIES:
            return f"The styles of <mj-style> set more than {MOST_PROPERTIES} different properties"
        return None


def problem_of_declarations(value: str) -> str | None:
    """For a style attribute: it must also read as declarations, or no rule could be put beside them."""
    if len(value) > LONGEST_STYLE:
        return f"A style is longer than {LONGEST_STYLE:,} characters"
    if _has_open_comment(value):
        return "A comment in a style is not closed with */"
    bare = _COMMENT.sub(" ", value)
    if any(not (match["single"] or match["double"] or match["bracket"]) for match in _WHOLE.finditer(bare)):
        return "A quote or a bracket in a style is not closed"
    for one in _WHOLE.sub("x", bare).split(";"):
        if one.strip() and not _DECLARATION.match(one):
            return f"{one.strip()[:40]!r} is not a declaration such as color: #1f1e24"
    return problem_of_style(value)


def problem_of_plain_value(value: str) -> str | None:
    """For attribute values that the layout copies into a style: border, font-family, background-size, …"""
    if re.search(r"[;{}<>\\]|url\s*\(|/\*", value, re.I):
        return f"{value[:40]!r} has a character that does not belong in this attribute"
    return problem_of_style(value)


def _has_open_comment(value: str) -> bool:
    """Asked before any other pattern looks for the end of each comment."""
    here = value.find("/*")
    while here >= 0:
        end = value.find("*/", here + 2)
        if end < 0:
            return True
        here = value.find("/*", end + 2)
    return False
