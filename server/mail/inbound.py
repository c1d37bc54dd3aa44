"""Secret addresses: each user has one, into which they may put mail by Bcc or by forwarding it."""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.db import insert_if_absent
from server.errors import Forbidden
from server.mail.authentication import vouches_for
from server.mail.holders import Holder
from server.mail.models import InboundAddress, Route
from server.mail.secret_address import is_secret, token_in
from server.messages.model import Envelope
from server.timeline.models import Level


def address_of_user(session: Session, user_id: uuid.UUID, domain: str, now: datetime) -> str:
    """The user's address, made when it is asked for the first time."""
    insert_if_absent(session, InboundAddress(user_id=user_id, token=_new_token(), level=Level.SUBJECT, created_at=now))
    return _written(_row(session, user_id), domain)


def renew(session: Session, user_id: uuid.UUID, domain: str, now: datetime) -> str:
    """Another address; the one before it takes nothing more."""
    address_of_user(session, user_id, domain, now)
    row = _row(session, user_id)
    row.token, row.created_at = _new_token(), now
    session.flush()
    return _written(row, domain)


def user_of_recipient(session: Session, recipient: str) -> tuple[InboundAddress, User] | None:
    """Whose address it is. What is no such address costs the same statement as one that nobody has (any more)."""
    found = session.execute(
        select(InboundAddress, User)
        .join(User, User.id == InboundAddress.user_id)
        .where(InboundAddress.token == token_in(recipient), User.deactivated_at.is_(None))
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


def admit(envelope: Envelope, owner: Holder, *, trusted_mx: str | None) -> Route:
    """How this mail came to its owner's secret address.

    Raises Forbidden for mail that is neither from nor to the owner. With `trusted_mx` it must also be shown by that
    server's Authentication-Results that the mail is really from whom it says; without it nothing shows that.
    """
    sender = envelope.sender.email if envelope.sender else ""
    is_own = owner.owns(sender)
    visible = [person.email for person in (*envelope.to, *envelope.cc)]
    if not is_own and not owner.owns_any([*visible, *envelope.delivered_to]):
        raise Forbidden(f"This address takes mail from and to {_first_name(owner)} only.")
    if trusted_mx is not None and not vouches_for(envelope.authentication, server=trusted_mx, sender=sender, by=owner):
        raise Forbidden("It is not shown that this mail is really from its sender (DMARC, DKIM or SPF).")
    if not is_own:
        return Route.FORWARD
    return Route.FORWARD if all(is_secret(email) for email in visible) else Route.BCC


def _first_name(owner: Holder) -> str:
    """Plain ASCII, as SMTP has it."""
    first = next(iter(owner.name.split()), "")
    return first if first.isascii() and first else "its owner"


def _row(session: Session, user_id: uuid.UUID) -> InboundAddress:
    return session.scalars(select(InboundAddress).where(InboundAddress.user_id == user_id)).one()


def _written(row: InboundAddress, domain: str) -> str:
    return f"log+{row.token}@{domain}"


def _new_token() -> str:
    """130 bits in 26 characters that survive being read aloud and being written in capitals."""
    return base64.b32encode(secrets.token_bytes(17)).decode("ascii")[:26].lower()
