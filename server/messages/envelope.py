"""What the headers of a mail say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC

from server.messages.addresses import addresses_in, read_people
from server.messages.clean import one_line
from server.messages.dates import header_date
from server.messages.encoded_words import decode_words
from server.messages.headers import Headers
from server.messages.kinds import kind_by_headers
from server.messages.model import Envelope, Person

MOST_REFERENCES = 100
LONGEST_ID = 998
_ANGLE_ID = re.compile(r"<([^<>]{1,998}+)>")
_LABEL = re.compile(r"\"([^\"]*+)\"|([^,\"]++)")
_OUTBOUND_ID = re.compile(r"[\w.-]{1,100}")


def read_envelope(headers: Sequence[tuple[str, str]]) -> Envelope:
    """From header names and values, encoded (RFC 2047) or already decoded. Never raises."""
    return envelope_of(Headers(headers))


def envelope_of(headers: Headers) -> Envelope:
    sender = _sender(headers)
    references = _references(headers)
    kind, reason = kind_by_headers(headers, sender, is_answer=bool(references))
    date = header_date(headers.text("date", 200))
    return Envelope(
        rfc_message_id=_message_id(headers),
        references=references,
        subject=headers.text("subject"),
        sent_at=date.astimezone(UTC) if date else None,
        sender=sender,
        reply_to=read_people(headers.every("reply-to")),
        to=read_people(headers.every("to")),
        cc=read_people(headers.every("cc")),
        bcc=read_people(headers.every("bcc")),
        kind=kind,
        kind_reason=reason,
        outbound_id=_outbound_id(headers),
        is_test=headers.text("x-rapport-test").lower() not in ("", "0", "no", "false"),
        gmail_thread_id=_gmail_thread(headers.first("x-gm-thrid")),
        gmail_labels=_labels(headers.first("x-gmail-labels")),
        delivered_to=_delivered_to(headers),
        authors=tuple(read_people(headers.every("from"))),
        original_sender=_original_sender(headers),
        list_host=_list_host(headers),
        authentication=headers.text("authentication-results", 10_000),
        failed_recipients=tuple(person.email for person in read_people(headers.every("x-failed-recipients"))),
    )


def _sender(headers: Headers) -> Person | None:
    return next(iter(read_people(headers.every("from")) or read_people(headers.every("sender"))), None)


def _list_host(headers: Headers) -> str | None:
    """The host in List-Id (RFC 2919: "Words <name.host>")."""
    found = _ANGLE_ID.search(headers.text("list-id"))
    return found[1].strip().lower() if found else None


def _original_sender(headers: Headers) -> Person | None:
    """Lists that put themselves into From keep the writer there; without a list the header means nothing."""
    if not headers.text("list-id"):
        return None
    return next(iter(read_people([*headers.every("x-original-from"), *headers.every("x-original-sender")])), None)


def ids_in(value: str) -> list[str]:
    """Message ids of one header value, without angle brackets. An id has no white space; text around it is ignored."""
    value = decode_words(value)
    found = ["".join(match[1].split()) for match in _ANGLE_ID.finditer(value)]
    if not found:
        found = [word for word in value.replace("<", " ").replace(">", " ").split() if "@" in word]
    return [clean for one in found if (clean := one_line(one, LONGEST_ID)) and " " not in clean]


def _message_id(headers: Headers) -> str | None:
    for value in headers.every("message-id"):
        found = ids_in(value)
        if found:
            return found[0]
        bare = one_line(decode_words(value), LONGEST_ID).strip("<> ")
        if bare and " " not in bare:
            return bare
    return None


def _references(headers: Headers) -> tuple[str, ...]:
    """The oldest, which names the thread, and the newest; what is between them gives way in a very long thread."""
    named = [one for name in ("references", "in-reply-to") for value in headers.every(name) for one in ids_in(value)]
    found = list(dict.fromkeys(named))
    return tuple(found if len(found) <= MOST_REFERENCES else [found[0], *found[1 - MOST_REFERENCES :]])


def _outbound_id(headers: Headers) -> str | None:
    value = headers.text("x-rapport-id")
    return value if _OUTBOUND_ID.fullmatch(value) else None


def _gmail_thread(value: str) -> str | None:
    """Takeout writes the number in decimal, the API in hexadecimal."""
    if not re.fullmatch(r"[0-9]{1,20}", value) or int(value) >= 2**64:
        return None
    return f"{int(value):016x}"


def _labels(value: str) -> tuple[str, ...]:
    words = (match[1] or match[2] or "" for match in _LABEL.finditer(decode_words(value)))
    return tuple(dict.fromkeys(label for word in words if (label := one_line(word, 250))))


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "x-forwarded-to", "x-forwarded-for")
    found = (one for name in names for value in headers.every(name) for one in addresses_in(value))
    return tuple(dict.fromkeys(found))
