"""A message as bytes (RFC 5322): reading it, and changing single headers without touching the rest."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cached_property
from html import unescape
from typing import Any

from server.sandbox.google_errors import GoogleError, invalid_argument

_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+")
_REPLY_PREFIX = re.compile(r"^\s*((re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True)
class MailText:
    """`raw` keeps its bytes; everything else is read from it."""

    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    def header(self, name: str) -> str:
        """The first of that name, decoded; "" without one."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, _readable(name, value)) for name, value in self.message.raw_items()]

    def addresses(self, *names: str) -> list[Address]:
        """The addresses of these headers. Raises a 400 GoogleError when one is not an address."""
        found: list[Address] = []
        for name in names:
            for header in self._parsed(name):
                for address in getattr(header, "addresses", ()):
                    if not _ADDRESS.fullmatch(address.addr_spec):
                        raise invalid_argument(f"Invalid {name} header")
                    found.append(address)
        return found

    def _parsed(self, name: str) -> list[Any]:
        try:
            return self.message.get_all(name, [])
        except (IndexError, AttributeError, ValueError):
            # The standard library falls over some headers that are none.
            raise invalid_argument(f"Invalid {name} header") from None

    @property
    def rfc_message_id(self) -> str:
        found = _MESSAGE_ID.search(self.header("Message-ID"))
        return found.group() if found else ""

    @property
    def referenced_ids(self) -> list[str]:
        return _MESSAGE_ID.findall(self.header("References") + " " + self.header("In-Reply-To"))

    @property
    def thread_subject(self) -> str:
        """The subject without Re: and Fwd:, for comparing."""
        return _REPLY_PREFIX.sub("", self.header("Subject")).strip().casefold()

    def body(self, kind: str) -> str | None:
        """The text of the first body of this kind, "plain" or "html"; None when there is none."""
        try:
            part = self.message.get_body((kind,))
        except (AttributeError, KeyError, ValueError):
            return None
        if part is None:
            return None
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return None
        try:
            return payload.decode(part.get_content_charset() or "utf-8", errors="replace")
        except LookupError:
            return payload.decode("utf-8", errors="replace")

    @property
    def text(self) -> str:
        """What a person reads, as plain text."""
        plain = self.body("plain")
        if plain is not None:
            return plain
        without_style = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", self.body("html") or "")
        return unescape(re.sub(r"(?s)<[^>]*>", " ", without_style))

    def without(self, *names: str) -> MailText:
        """The same message less these headers; all other bytes stay."""
        head, rest = _split(self.raw)
        unwanted = {name.lower().encode() for name in names}
        kept = [field for field in _fields(head) if field.split(b":", 1)[0].strip().lower() not in unwanted]
        return MailText(b"".join(kept) + rest)

    def with_header(self, name: str, value: str) -> MailText:
        """The same message with this header in place of all of that name. `value` is one line."""
        line = f"{name}: {value}\r\n".encode()
        return MailText(line + self.without(name).raw)


def stamp_for_sending(
    mail: MailText, *, sender: str, sender_name: str, allowed_from: set[str], now: datetime
) -> MailText:
    """What Gmail does to a message that it sends: its own Message-ID, a From it trusts, a Date.

    Raises a 400 GoogleError when there is no recipient or an address cannot be one.
    """
    if not mail.addresses("To", "Cc", "Bcc"):
        raise invalid_argument("Recipient address required")
    stamped = mail.with_header("Message-ID", f"<{secrets.token_urlsafe(30)}@mail.gmail.com>")
    if not mail.header("Date"):
        stamped = stamped.with_header("Date", format_datetime(now))
    if _from_address(mail) not in allowed_from:
        stamped = stamped.with_header("From", str(Address(display_name=sender_name, addr_spec=sender)))
    return stamped


def _from_address(mail: MailText) -> str:
    try:
        senders = mail.addresses("From")
    except GoogleError:
        return ""
    return senders[0].addr_spec.lower() if len(senders) == 1 else ""


def _readable(name: str, value: str) -> str:
    """A header's value in one line, decoded as far as it can be. Never a lone surrogate."""
    try:
        text = str(policy.default.header_fetch_parse(name, value))
    except (IndexError, AttributeError, ValueError):
        text = " ".join(value.split())
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """The header lines, and the rest with its blank line."""
    end = re.search(rb"\r?\n(?=\r?\n)", raw)
    if end is None:
        return raw, b"\r\n"
    return raw[: end.end()], raw[end.end() :]


def _fields(head: bytes) -> list[bytes]:
    """Header fields with their folded lines and line ends."""
    fields: list[bytes] = []
    for line in head.splitlines(keepends=True):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += line
        else:
            fields.append(line)
    return fields
