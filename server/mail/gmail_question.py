"""Gmail asks an address whether it takes forwarded mail, before it forwards any. Its code is shown to the owner.

The question comes from forwarding-noreply@google.com with a code and the address that wants to forward, mostly in its
subject ("(#123456789) Gmail Forwarding Confirmation - Receive Mail from ann@acme.com"). That form is reported by
others and was not seen on live Gmail: docs/live-check.md. The link beside the code is never kept or shown.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.mail.authentication import vouches_for
from server.mail.holders import Holder
from server.mail.models import InboundAddress
from server.messages.model import Mail

SHOWN_FOR = timedelta(days=7)
_SENDER = "forwarding-noreply@google.com"
_IN_SUBJECT = re.compile(r"\(#\s?(\d{6,12})\)")
_IN_TEXT = re.compile(r"(?m):\s?(\d{8,12})\s*$")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:]{1,64}@[^\s<>()\[\],;:]{1,255}")
_MOST_TEXT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """`email`: whose mail would be forwarded; it is an address of the owner's."""

    code: str
    email: str


def asked_by_gmail(mail: Mail, owner: Holder, *, trusted_mx: str | None) -> Question | None:
    """None for every other mail, for a question about somebody else's mail, and for one that may be a fake."""
    envelope = mail.envelope
    if envelope.sender is None or envelope.sender.email.lower() != _SENDER:
        return None
    if trusted_mx is not None and not vouches_for(envelope.authentication, server=trusted_mx, sender=_SENDER, by=owner):
        return None
    text = mail.text[:_MOST_TEXT]
    code = _IN_SUBJECT.search(envelope.subject) or _IN_TEXT.search(text)
    named = [found.rstrip(".") for found in _ADDRESS.findall(f"{envelope.subject}\n{text}")]
    own = next((email for email in named if owner.owns(email)), None)
    return Question(code=code[1], email=own.lower()) if code is not None and own is not None else None


def note(session: Session, user_id: uuid.UUID, question: Question, now: datetime) -> None:
    """The latest question stands in the place of an older one."""
    session.execute(
        update(InboundAddress)
        .where(InboundAddress.user_id == user_id)
        .values(question_code=question.code, question_email=question.email, question_at=now)
    )
