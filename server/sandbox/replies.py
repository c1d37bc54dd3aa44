"""Mail that a person writes in the sandbox's own pages."""

from __future__ import annotations

import secrets
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from sqlite3 import Row

from server.sandbox.mail_text import MailText


def reply_raw(account: Row, original: MailText, text: str, *, now: datetime) -> bytes:
    """A reply as mail programs make it: Re:, In-Reply-To, References, and the original quoted beneath."""
    own = account["email"] in original.header("From").lower()
    to = original.header("To") if own else original.header("Reply-To") or original.header("From")
    subject = original.header("Subject")
    quoted = "\n".join(f"> {line}" for line in original.text.strip().splitlines())
    when = f"On {original.header('Date')}, " if original.header("Date") else ""
    body = f"{text.strip()}\n\n{when}{_one_line(original.header('From'))} wrote:\n{quoted}\n"
    reply = _mail(account, to=to, subject=subject if subject.lower().startswith("re:") else f"Re: {subject}", now=now)
    reply["In-Reply-To"] = original.rfc_message_id
    reply["References"] = " ".join(dict.fromkeys((*original.referenced_ids, original.rfc_message_id)))
    reply.set_content(body, cte="quoted-printable")
    return reply.as_bytes()


def new_mail_raw(account: Row, *, to: str, subject: str, text: str, now: datetime) -> bytes:
    mail = _mail(account, to=to, subject=subject, now=now)
    mail.set_content(text, cte="quoted-printable")
    return mail.as_bytes()


def _mail(account: Row, *, to: str, subject: str, now: datetime) -> EmailMessage:
    mail = EmailMessage()
    email = account["email"]
    mail["From"] = Address(display_name=account["name"] if account["name"] != email else "", addr_spec=email)
    mail["To"] = _one_line(to)
    mail["Subject"] = _one_line(subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{secrets.token_hex(16)}@{email.rpartition('@')[2]}>"
    return mail


def _one_line(text: str) -> str:
    """Header values take no line breaks."""
    return " ".join(text.split())
