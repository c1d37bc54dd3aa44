"""What a mail says, once it is read. No text here holds a NUL, another control character or half a surrogate pair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Person:
    """`email` as it was written; `name` is empty when there was none or it only repeated the address."""

    name: str
    email: str


class MailKind(StrEnum):
    PERSONAL = "personal"
    AUTO_REPLY = "auto_reply"
    CALENDAR = "calendar"
    BOUNCE = "bounce"
    BULK = "bulk"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What the headers say. `sent_at` is aware, UTC, and None when the header is missing or absurd.

    `rfc_message_id` and `references` (oldest first, at most 100) come without angle brackets, their case kept.
    `gmail_thread_id` is the id that Gmail's API uses: 16 hex digits. `failed_recipients` is what Gmail writes into the
    headers of mail that came back. `authors` are all in From, of whom `sender` is the first. `original_sender` is who
    wrote a mail whose From a mailing list has put itself into, `list_host` that list's host.
    """

    rfc_message_id: str | None
    references: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    sender: Person | None
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    bcc: tuple[Person, ...]
    kind: MailKind
    kind_reason: str
    outbound_id: str | None
    is_test: bool
    gmail_thread_id: str | None
    gmail_labels: tuple[str, ...]
    delivered_to: tuple[str, ...]
    authentication: str
    failed_recipients: tuple[str, ...] = ()
    authors: tuple[Person, ...] = ()
    original_sender: Person | None = None
    list_host: str | None = None


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """`size` in bytes, decoded."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """One address that a mail did not reach. `status` like "5.1.1"; `detail` is what the server said."""

    address: str
    is_permanent: bool
    status: str | None
    detail: str
    original_message_id: str | None


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """The mail inside a forward. `sent_at` of an inline one is read in the forwarder's zone if it names none."""

    sender: Person | None
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    sent_at: datetime | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """`new_text + quoted_text == text`, always. `html` is as it came: show it through safe_html only.

    `body_digest` is the SHA-256 of the text in lower case without white space, "" for an empty body. `is_cut` is True
    when a bound was met: more than 2 MB of text, too many or too deeply nested parts.
    """

    envelope: Envelope
    text: str
    html: str | None
    new_text: str
    quoted_text: str
    attachments: tuple[Attachment, ...]
    bounces: tuple[Bounce, ...]
    forwarded: Forwarded | None
    body_digest: str
    is_cut: bool
