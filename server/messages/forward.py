"""The mail inside a forward: attached whole, or written into the text as mail programs do it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, tzinfo

from server.messages.addresses import read_people
from server.messages.clean import block_text
from server.messages.dates import written_date
from server.messages.model import Envelope, Forwarded
from server.messages.quoted_heads import (
    MOST_LINES,
    Head,
    is_cited,
    is_forward_line,
    is_forward_subject,
    read_head,
    uncited,
)

_MAILTO = re.compile(r"\[mailto:([^\[\]\s]{3,320})\]")


def find_forward(lines: Sequence[str], subject: str) -> Head | None:
    """The header block of the first inline forward.

    A block without a line like "Begin forwarded message:" above it is a forward only if the subject says so; in an
    answer it is a quote.
    """
    lines = lines[:MOST_LINES]
    announced = False
    for number, line in enumerate(lines):
        if is_forward_line(line):
            announced = True
            head = _head_below(lines, number + 1)
            if head is not None:
                return Head(fields=head.fields, start=number, end=head.end)
    if announced or not is_forward_subject(subject):
        return None
    return next((head for number in range(len(lines)) if (head := read_head(lines, number)) is not None), None)


def _head_below(lines: Sequence[str], start: int) -> Head | None:
    for number in range(start, min(start + 4, len(lines))):
        if uncited(lines[number]).strip():
            return read_head(lines, number)
    return None


def inline_forward(lines: Sequence[str], head: Head, zone: tzinfo) -> Forwarded:
    below = lines[head.end :]
    if is_cited(lines[head.end - 1]):
        below = [uncited(line) for line in below]
    fields = {name: _MAILTO.sub(r"<\1>", value) for name, value in head.fields.items()}
    return Forwarded(
        sender=next(iter(read_people([fields["from"]])), None),
        to=read_people([fields.get("to", "")]),
        cc=read_people([fields.get("cc", "")]),
        subject=fields.get("subject", ""),
        sent_at=written_date(fields.get("date", ""), zone),
        text=block_text("\n".join(below)),
    )


def attached_forward(envelope: Envelope, text: str) -> Forwarded:
    return Forwarded(
        sender=envelope.sender,
        to=envelope.to,
        cc=envelope.cc,
        subject=envelope.subject,
        sent_at=envelope.sent_at.astimezone(UTC) if envelope.sent_at else None,
        text=text,
    )
