"""What may stand in a style: no scripts, no imports, no addresses but https images, nothing that ends the style."""

from __future__ import annotations

import re

_BAD = re.compile(r"expression|javascript|vbscript|behaviou?r\s*:|-moz-binding|@import|@charset|</|<!|\\|data:", re.I)
_URL = re.compile(r"url\s*\(\s*(?P<quote>['\"]?)(?P<address>[^'\")]*)(?P=quote)\s*\)", re.I)
_WHOLE = re.compile(r"'[^']*'|\"[^\"]*\"|\([^)]*\)")
_DECLARATION = re.compile(r"\s*-{0,2}[A-Za-z_][\w-]*\s*:")
_COMMENT = re.compile(r"/\*.*?\*/", re.S)


def problem_of_style(value: str) -> str | None:
    """What is wrong with declarations or a style sheet, or None."""
    bare = _COMMENT.sub("", value)
    bad = _BAD.search(bare) or _BAD.search(_COMMENT.sub(" ", value))
    if bad:
        return f"{bad[0]!r} does not belong in the style of an email"
    addresses = [match["address"].strip() for match in _URL.finditer(bare)]
    if len(addresses) != len(re.findall(r"url\s*\(", bare, re.I)):
        return "An url(…) in a style is not written plainly"
    if any(not address.startswith("https://") for address in addresses):
        return "An image in a style must have an https:// address"
    return None


def problem_of_declarations(value: str) -> str | None:
    """For a style attribute: it must also read as declarations, or no rule could be put beside them."""
    bare = _WHOLE.sub("x", _COMMENT.sub(" ", value))
    for one in bare.split(";"):
        if one.strip() and not _DECLARATION.match(one):
            return f"{one.strip()[:40]!r} is not a declaration such as color: #1f1e24"
    return problem_of_style(value)


def problem_of_plain_value(value: str) -> str | None:
    """For attribute values that the layout copies into a style: border, font-family, background-size, …"""
    if re.search(r"[;{}<>\\]|url\s*\(|/\*", value, re.I):
        return f"{value[:40]!r} has a character that does not belong in this attribute"
    return problem_of_style(value)
