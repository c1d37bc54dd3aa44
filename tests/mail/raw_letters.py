"""Letters as bytes, as they come by SMTP or stand in files, and counts of what was stored of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import func, select

from server.db import Database
from server.mail.models import (
    MailContent,
    MailCopy,
    MailKey,
    MailLink,
    MailMessage,
    MailParticipant,
    MailReference,
    MailThread,
)
from server.timeline.models import TimelineEntry, TimelineHolder, TimelineParticipant
from tests.cast import ALICE
from tests.mail.letters import PRIYA

OF_MAIL = (
    MailMessage, MailThread, MailCopy, MailContent, MailKey, MailLink, MailParticipant, MailReference, TimelineEntry,
    TimelineHolder, TimelineParticipant,
)  # fmt: skip


def raw_letter(
    *,
    at: datetime | None,
    sender: str = PRIYA,
    to: str = ALICE,
    cc: str = "",
    bcc: str = "",
    subject: str = "Renewal",
    text: str = "Shall we talk on Thursday?\n",
    message_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    attached: tuple[bytes, ...] = (),
) -> bytes:
    """`message_id` "" leaves it out, None makes one of the rest. `attached` are whole mails."""
    message = EmailMessage()
    for name, value in (("From", sender), ("To", to), ("Cc", cc), ("Bcc", bcc), ("Subject", subject)):
        if value:
            message[name] = value
    if at is not None:
        message["Date"] = format_datetime(at)
    if message_id != "":
        made = hashlib.sha256(f"{sender}{to}{subject}{at}{text}".encode()).hexdigest()[:16]
        message["Message-ID"] = f"<{message_id or f'{made}@letters.example'}>"
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    if not attached:
        return message.as_bytes()
    parts = [
        b"--forward\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\n" + one + b"\n"
        for one in attached
    ]
    head = message.as_bytes().partition(b"\n\n")[0].split(b"\nContent-Type:")[0]
    body = b"--forward\nContent-Type: text/plain\n\n" + text.encode() + b"\n" + b"".join(parts) + b"--forward--\n"
    return head + b"\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=forward\n\n" + body


def inline_forward(
    inner_date: str, *, text: str, sender: str = PRIYA, to: str = ALICE, subject: str = "Renewal"
) -> str:
    """The text of a forward as Gmail writes it."""
    head = f"From: {sender}\nDate: {inner_date}\nSubject: {subject}\nTo: <{to}>\n"
    return f"For the record.\n\n---------- Forwarded message ---------\n{head}\n\n{text}"


def stored(db: Database) -> dict[str, int]:
    """Rows by table, of all that a mail may leave behind."""
    with db.reading() as session:
        return {one.__tablename__: session.scalar(select(func.count()).select_from(one)) or 0 for one in OF_MAIL}


def messages(db: Database) -> list[MailMessage]:
    with db.reading() as session:
        return list(session.scalars(select(MailMessage).order_by(MailMessage.id)))


def entries(db: Database) -> list[TimelineEntry]:
    with db.reading() as session:
        return list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.occurred_at)))


def routes(db: Database) -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(MailCopy.route)))
