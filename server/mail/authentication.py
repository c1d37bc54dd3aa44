"""What a mail server that we trust found out about a mail's sender (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.accounts.domains import domain_of, registrable_domain
from server.mail.holders import Holder

# Text that others chose stands in quotes or comments: a ";" in there begins nothing new.
_PIECE = re.compile(r'"((?>(?:[^"\\]|\\.)*))"|([;()])|([^";()]++|")', re.S)
_RESULT = re.compile(r"([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)")
_PROPERTY = re.compile(r"([a-z]+)\s*\.\s*([a-z0-9-]+)\s*=\s*(\S+)")


def vouches_for(results: str, *, server: str, sender: str, by: Holder) -> bool:
    """Whether the topmost Authentication-Results is `server`'s and shows that the mail is from `sender`.

    That is: DMARC passed, or DKIM or SPF passed for the sender's own organisation. Mail that a mailbox of `by` passed
    on has that mailbox as its envelope sender, which SPF shows just as well.
    """
    name, methods = _parsed(results)
    if name != server.lower():
        return False
    organisation = _organisation(sender)
    for method, verdict, properties in methods:
        if verdict != "pass":
            continue
        if method == "dmarc" and _matches(properties.get("header.from"), organisation):
            return True
        if method == "dkim" and any(_matches(properties.get(name), organisation) for name in ("header.d", "header.i")):
            return True
        envelope_sender = properties.get("smtp.mailfrom", "") if method == "spf" else ""
        if envelope_sender and (_matches(envelope_sender, organisation) or by.owns(envelope_sender)):
            return True
    return False


def _parsed(results: str) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
    """The server's name, and (method, verdict, properties) of each result."""
    first, *others = _sections(results)
    name = next(iter(first.split()), "").lower()
    found = []
    for section in others:
        result = _RESULT.match(section.strip().lower())
        if result is not None:
            properties = {f"{kind}.{key}": value for kind, key, value in _PROPERTY.findall(section.lower())}
            found.append((result[1], result[2], properties))
    return name, found


def _sections(results: str) -> Iterator[str]:
    """What stands between semicolons, without comments; blanks in quotes become underscores."""
    section: list[str] = []
    depth = 0
    for quoted, mark, plain in _PIECE.findall(results):
        if mark in ("(", ")"):
            depth = max(depth + (1 if mark == "(" else -1), 0)
        elif depth:
            continue
        elif mark == ";":
            yield "".join(section)
            section = []
        else:
            section.append(plain or re.sub(r"[\s=;]", "_", quoted))
    yield "".join(section)


def _organisation(email: str) -> str:
    host = domain_of(email.rpartition("@")[2])
    return (registrable_domain(host) or host) if host else ""


def _matches(value: str | None, organisation: str) -> bool:
    return bool(value and organisation) and _organisation(f"@{(value or '').rpartition('@')[2]}") == organisation
