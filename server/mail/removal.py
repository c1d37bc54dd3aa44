"""Taking a mail away: for good, so that it never comes back; or one holder's copy, because a rule leaves it out."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.mail import entries, ledger_rows, queries
from server.mail.models import (
    LinkState,
    MailContent,
    MailCopy,
    MailLink,
    MailMessage,
    MailParticipant,
    MailReference,
    MailState,
)
from server.mail.rows import links_of
from server.timeline.models import TimelineEntry

UNLINKED = "unlinked"
ERASED = "erased_on_request"
KEPT_NO_LONGER = "kept_no_longer"


def tombstone(session: Session, message: MailMessage, *, rule: str = UNLINKED, now: datetime) -> None:
    """Keep that a person took it away, and nothing of what it was. By its keys and copies it is known again."""
    ledger_rows.exclude_mail(session, message.id, rule=rule, now=now)
    entries.remove(session, message.id)
    session.execute(delete(MailContent).where(MailContent.id == message.id))
    for model in (MailParticipant, MailReference):
        session.execute(delete(model).where(model.mail_message_id == message.id))
    for link in links_of(session, message.id):
        link.state, link.timeline_entry_id = LinkState.UNLINKED, None
        link.address, link.contact_id, link.candidates = None, None, []
    message.state, message.waiting_reason, message.ties = MailState.REMOVED, None, {}
    message.subject, message.rfc_message_id, message.kind_reason = "", None, ""
    message.changed_at = now
    session.flush()


def withdraw(session: Session, copy_ids: Collection[uuid.UUID], *, rule: str, now: datetime) -> int:
    """These copies are no longer kept; a mail without another holder goes altogether. How many mails lost one."""
    ids = list(copy_ids)
    message_ids = set(session.scalars(select(MailCopy.mail_message_id).where(MailCopy.id.in_(ids))))
    if not message_ids:
        return 0
    _hold(session, message_ids)
    ledger_rows.exclude(session, ids, rule=rule, now=now)
    session.execute(delete(MailCopy).where(MailCopy.id.in_(ids)))
    held = select(MailCopy.mail_message_id).where(MailCopy.mail_message_id.in_(message_ids)).distinct()
    stay = set(session.scalars(held))
    _forget(session, message_ids - stay)
    for message_id in sorted(stay):
        message = session.get_one(MailMessage, message_id)
        if message.state != MailState.REMOVED:
            _without_senders_secrets(session, message, now=now)
            entries.project(session, message, now=now)
    return len(message_ids)


def _forget(session: Session, message_ids: Collection[uuid.UUID]) -> None:
    """Nothing is left of them but what our own outbox recorded of what it sent: that is not the mailbox's to take."""
    if not message_ids:
        return
    is_theirs = TimelineEntry.mail_message_id.in_(message_ids)
    session.execute(
        update(TimelineEntry)
        .where(is_theirs, TimelineEntry.source_key.startswith("outbound:"))
        .values(mail_message_id=None)
    )
    session.execute(delete(TimelineEntry).where(is_theirs))
    session.execute(delete(MailMessage).where(MailMessage.id.in_(message_ids)))


def let_wait(session: Session, message: MailMessage, *, now: datetime) -> None:
    """It belongs to nobody any more. Its text goes, unless it came by a way that cannot be asked again."""
    ledger_rows.wait(session, message.id, reason=message.waiting_reason, now=now)
    kept = select(MailCopy.id).where(MailCopy.mail_message_id == message.id, MailCopy.gmail_message_id.is_(None))
    if session.scalars(kept.limit(1)).first() is None:
        session.execute(delete(MailContent).where(MailContent.id == message.id))


def take_off(session: Session, link: MailLink) -> None:
    """The link and its entry go, and nothing remembers them: for what rules gave and take again."""
    entry_id, link.timeline_entry_id = link.timeline_entry_id, None
    session.flush()
    if entry_id is not None:
        session.execute(delete(TimelineEntry).where(TimelineEntry.id == entry_id))
    session.delete(link)
    session.flush()


def _hold(session: Session, message_ids: Collection[uuid.UUID]) -> None:
    """In one order for all who hold several. Whoever links one of them at this moment comes before or after."""
    held = select(MailMessage).where(MailMessage.id.in_(message_ids)).order_by(MailMessage.id).with_for_update()
    session.scalars(held.execution_options(populate_existing=True)).all()


def _without_senders_secrets(session: Session, message: MailMessage, *, now: datetime) -> None:
    """Who is in Bcc was known from the sender's copy alone: without it, it is not ours to know.

    What stood by such an address alone goes with it; a person's word stays, without the address.
    """
    sent = select(MailCopy.id).where(MailCopy.mail_message_id == message.id, MailCopy.is_sent.is_(True))
    if session.scalars(sent.limit(1)).first() is not None:
        return
    secret = queries.only_in_bcc(session, [message.id]).get(message.id, set())
    session.execute(
        delete(MailParticipant).where(MailParticipant.mail_message_id == message.id, MailParticipant.part == "bcc")
    )
    if secret:
        _forget_addresses(session, message, secret, now=now)


def _forget_addresses(session: Session, message: MailMessage, norms: Collection[str], *, now: datetime) -> None:
    stands = False
    for link in links_of(session, message.id):
        if link.address in norms and link.by_person_id is None:
            take_off(session, link)
            continue
        if link.address in norms:
            link.address, link.contact_id = None, None
        link.candidates = [one for one in link.candidates if one.get("address") not in norms]
        stands = stands or link.state == LinkState.LINKED
    message.ties = {address: tie for address, tie in message.ties.items() if address not in norms}
    was_linked = message.state == MailState.LINKED
    message.state = MailState.LINKED if stands else MailState.WAITING
    message.waiting_reason = None if stands else "tie" if message.ties else "nobody_known"
    message.changed_at = now
    session.flush()
    if was_linked and not stands:
        let_wait(session, message, now=now)
