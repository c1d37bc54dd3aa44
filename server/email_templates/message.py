"""A rendered email as the bytes of a message: headers that survive, a text part and an HTML part.

Headers are folded here and not by `email`: its default policy encodes long ids and links (broken threads, broken
unsubscribe), lets a line break in a header's name through (reference, section 4), and on Python 3.11 loses the space
between two non-ASCII words of a long subject.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

import idna

from server.errors import Invalid

_AS_IS = frozenset(
    {
        "message-id",
        "in-reply-to",
        "references",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-id",
        "list-help",
        "feedback-id",
        "return-path",
        "x-rapport-id",
    }
)
_OURS = frozenset({"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding", "bcc"})
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LINE = 76
_LONGEST_WORD = 900  # a line may have 998 letters (RFC 5322, 2.1.1)


class MessageRefused(Invalid):
    """An address or a header cannot be sent."""

    title = "This email cannot be addressed"


def build_message(
    *,
    sender: tuple[str, str],
    to: tuple[str, str],
    subject: str,
    html: str,
    text: str,
    headers: Mapping[str, str],
    date: datetime,
) -> bytes:
    """`sender` and `to` are (name, email address); `date` is aware. Raises MessageRefused."""
    if date.tzinfo is None:
        raise ValueError("a naive datetime has no instant: give it a time zone")
    lines = [
        _folded("From", _address(sender)),
        _folded("To", _address(to)),
        _subject(subject),
        _folded("Date", [format_datetime(date)]),
        *_added(headers),
    ]
    return _whole(lines, ("plain", text), ("html", html))


@dataclass(frozen=True, kw_only=True)
class Recipients:
    """Addresses, without names."""

    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()


def build_draft(*, sender: tuple[str, str], recipients: Recipients, subject: str, html: str, text: str) -> bytes:
    """What a person goes on writing: recipients may be missing, and either of `html` and `text`. It has no date yet.

    Raises MessageRefused.
    """
    lines = [_folded("From", _address(sender))]
    for name, emails in (("To", recipients.to), ("Cc", recipients.cc), ("Bcc", recipients.bcc)):
        if emails:
            lines.append(_folded(name, _addresses(emails)))
    lines.append(_subject(subject))
    parts = [(kind, content) for kind, content in (("plain", text), ("html", html)) if content]
    return _whole(lines, *(parts or [("plain", "")]))


def _whole(lines: Sequence[str], *parts: tuple[str, str]) -> bytes:
    """`parts` are (plain or html, content)."""
    boundary = f"=_{secrets.token_hex(16)}"
    head = [
        *lines,
        _folded("MIME-Version", ["1.0"]),
        _folded("Content-Type", ["multipart/alternative;", f'boundary="{boundary}"']),
    ]
    bodies = [_part(kind, content, boundary) for kind, content in parts]
    return b"".join(["".join(head).encode("ascii"), b"\r\n", *bodies, f"--{boundary}--\r\n".encode()])


def _subject(subject: str) -> str:
    return _folded("Subject", _words(_checked("Subject", " ".join(subject.split()))))


def _addresses(emails: Sequence[str]) -> list[str]:
    """Of a whole header, each but the last with its comma."""
    written = [_address(("", email)) for email in emails]
    return [f"{words[-1]}," for words in written[:-1]] + written[-1]


def _folded(name: str, words: Sequence[str]) -> str:
    """A header in lines that break only between words, with its CRLF."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _words(text: str) -> list[str]:
    """Text for a header: as it is when plain, else RFC 2047 words, between which readers drop the white space."""
    if text.isascii() and "=?" not in text:
        return text.split()
    return [f"=?utf-8?b?{base64.b64encode(part.encode()).decode()}?=" for part in _slices(text)]


def _slices(text: str) -> Iterator[str]:
    """Whole letters, at most 42 bytes each."""
    part = ""
    for char in text:
        if len((part + char).encode()) > 42:
            yield part
            part = ""
        part += char
    yield part


def _part(kind: str, content: str, boundary: str) -> bytes:
    """Base64 by hand: ten times faster than the package, and no line of compiled HTML is too long for a server."""
    letters = binascii.b2a_base64(content.replace("\r\n", "\n").replace("\n", "\r\n").encode(), newline=False)
    lines = [letters[start : start + _LINE] for start in range(0, len(letters), _LINE)]
    head = f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + b"\r\n".join([*lines, b""])


def _added(headers: Mapping[str, str]) -> list[str]:
    if len({name.lower() for name in headers}) < len(headers):
        raise MessageRefused("A header is there twice.")
    lines = []
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
            raise MessageRefused(f"{name!r} is not a header that can be added.")
        value = _checked(name, value)
        if name.lower() in _AS_IS and not value.isascii():
            raise MessageRefused(f"The header {name} has letters that it may not have.")
        words = value.split() if name.lower() in _AS_IS else _words(value)
        if max((len(word) for word in words), default=0) > _LONGEST_WORD:
            raise MessageRefused(f"The header {name} is too long.")
        lines.append(_folded(name, words))
    return lines


def _checked(name: str, value: str) -> str:
    if any(ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u2028\u2029" for char in value):
        raise MessageRefused(f"The header {name} has a line break or another control character.")
    return value.strip()


def _address(person: tuple[str, str]) -> list[str]:
    name, email = _checked("name", person[0]), person[1].strip()
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain:
        raise MessageRefused(f"{email!r} is not an email address.")
    if not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise MessageRefused(f"The part before the @ of {email!r} has letters that mail servers do not take.")
    address = f"{local}@{_domain(domain)}"
    return [*_display_name(name), f"<{address}>"] if name else [address]


def _display_name(name: str) -> list[str]:
    if name.isascii() and "=?" not in name and len(name) < _LINE - 10:
        return ['"' + re.sub(r'(["\\])', r"\\\1", name) + '"']
    return [f"=?utf-8?b?{base64.b64encode(part.encode()).decode()}?=" for part in _slices(name)]


def _domain(domain: str) -> str:
    try:
        written = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise MessageRefused(f"{domain!r} is not a domain that mail can be sent to.") from None
    return written
