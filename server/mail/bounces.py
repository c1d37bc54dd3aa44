"""Mail that came back marks the address that it went to; mail from there clears the mark.

Anybody can write a mail that looks like a report. One that answers nothing of ours marks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.contacts.models import ContactAddress
from server.mail.incoming import Incoming
from server.mail.match import Match
from server.mail.models import MailCopy, MailMessage, MailParticipant
from server.messages.model import Bounce, MailKind

_REPORTS_COME_WITHIN = timedelta(days=14)  # mail servers try for some days before they give up
_WRITTEN_TO = ("to", "cc", "bcc")


def mark(session: Session, message: MailMessage, incoming: Incoming, matches: Sequence[Match]) -> None:
    """A permanent one outlives a later passing one; what is newer replaces what is older."""
    if incoming.envelope.kind is MailKind.PERSONAL:
        _clear(session, incoming, matches)
        return
    if incoming.envelope.kind is not MailKind.BOUNCE:
        return
    told = {bounce.address.lower(): bounce for bounce in (incoming.mail.bounces if incoming.mail else ())}
    for match in matches:
        if match.party.part == "bounced" and match.found:
            bounce = told.get(match.party.person.email.lower())
            if _answers_ours(session, message, bounce) or _was_written_to(session, match, incoming.sent_at):
                _mark_one(session, match, bounce, incoming.sent_at)


def _answers_ours(session: Session, message: MailMessage, bounce: Bounce | None) -> bool:
    """Whether it names a mail of ours that is known, or stands in the conversation of one."""
    is_named = MailMessage.mail_thread_id == message.mail_thread_id
    if bounce is not None and bounce.original_message_id:
        is_named = or_(is_named, MailMessage.rfc_message_id == bounce.original_message_id)
    ours = (
        select(MailMessage.id)
        .join(MailParticipant, MailParticipant.mail_message_id == MailMessage.id)
        .where(
            is_named,
            MailMessage.id != message.id,
            MailParticipant.part == "from",
            MailParticipant.is_ours.is_(True),
        )
    )
    return session.scalars(ours.limit(1)).first() is not None


def _was_written_to(session: Session, match: Match, at: datetime) -> bool:
    """Whether one of us wrote to this address not long before."""
    sent = (
        select(MailMessage.id)
        .join(MailParticipant, MailParticipant.mail_message_id == MailMessage.id)
        .join(MailCopy, MailCopy.mail_message_id == MailMessage.id)
        .where(
            MailParticipant.match_key == match.party.key,
            MailParticipant.part.in_(_WRITTEN_TO),
            MailCopy.is_sent.is_(True),
            MailMessage.sent_at >= at - _REPORTS_COME_WITHIN,
        )
    )
    return session.scalars(sent.limit(1)).first() is not None


def _clear(session: Session, incoming: Incoming, matches: Sequence[Match]) -> None:
    """Whoever writes from an address has it."""
    keys = [match.party.key for match in matches if match.party.part == "from" and match.found]
    if not keys:
        return
    session.execute(
        update(ContactAddress)
        .where(ContactAddress.match_key.in_(keys), ContactAddress.bounced_at < incoming.sent_at)
        .values(bounced_at=None, bounce_is_permanent=None, bounce_detail=None)
        .execution_options(synchronize_session=False)
    )


def _mark_one(session: Session, match: Match, bounce: Bounce | None, at: datetime) -> None:
    is_permanent = bounce is not None and bounce.is_permanent
    detail = " ".join(filter(None, (bounce.status, bounce.detail)))[:500] if bounce else ""
    session.execute(
        update(ContactAddress)
        .where(
            ContactAddress.match_key == match.party.key,
            (ContactAddress.bounced_at.is_(None)) | (ContactAddress.bounced_at <= at),
            (ContactAddress.bounce_is_permanent.is_not(True)) | is_permanent,
        )
        .values(
            bounced_at=at, bounce_is_permanent=is_permanent, bounce_detail=detail or "It came back without a reason."
        )
        .execution_options(synchronize_session=False)
    )
