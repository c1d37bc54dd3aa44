"""What the timeline shows of a mail: one entry on each account that it is linked to, renewed when that changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence, Set
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.mail.models import LinkState, MailContent, MailCopy, MailLink, MailMessage, MailParticipant
from server.mail.rows import links_of
from server.mailboxes.models import Mailbox
from server.messages.model import MailKind
from server.personal import removed_words
from server.sends.models import OutboundEmail
from server.timeline.models import Level, TimelineEntry, most_careful
from server.timeline.record import Holder, MailActivity, Participant, put_mail

_FOLDED = (MailKind.AUTO_REPLY, MailKind.CALENDAR, MailKind.BOUNCE, MailKind.BULK, MailKind.AUTOMATIC)


def project(session: Session, message: MailMessage, *, now: datetime, outbound: OutboundEmail | None = None) -> None:
    """Bring the entries of this mail to what its links, copies and levels say."""
    links = links_of(session, message.id)
    copies = session.scalars(select(MailCopy).where(MailCopy.mail_message_id == message.id).order_by(MailCopy.id)).all()
    people = session.scalars(
        select(MailParticipant)
        .where(MailParticipant.mail_message_id == message.id)
        .order_by(MailParticipant.position, MailParticipant.id)
    ).all()
    elsewhere = {link.account_id for link in links if link.state == LinkState.LINKED}
    for link in links:
        if link.state == LinkState.LINKED and copies:
            shown = [one for one in people if one.is_ours or _is_of(one, link, elsewhere - {link.account_id})]
            entry = put_mail(session, _activity(session, message, link, copies, people, shown, outbound), now=now)
            link.timeline_entry_id = entry.id
        elif link.timeline_entry_id is not None:
            entry_id, link.timeline_entry_id = link.timeline_entry_id, None
            session.flush()
            session.execute(delete(TimelineEntry).where(TimelineEntry.id == entry_id))


def remove(session: Session, message_id: uuid.UUID) -> None:
    """Take all entries of a mail away."""
    session.execute(update(MailLink).where(MailLink.mail_message_id == message_id).values(timeline_entry_id=None))
    session.execute(delete(TimelineEntry).where(TimelineEntry.mail_message_id == message_id))


def of_mail(session: Session, message_id: uuid.UUID) -> Sequence[TimelineEntry]:
    return session.scalars(select(TimelineEntry).where(TimelineEntry.mail_message_id == message_id)).all()


def rethread(session: Session, thread_id: uuid.UUID) -> None:
    """Entries of mails that came into this conversation from another one."""
    here = select(MailMessage.id).where(MailMessage.mail_thread_id == thread_id)
    session.execute(update(TimelineEntry).where(TimelineEntry.mail_message_id.in_(here)).values(thread_key=thread_id))


def level_of(message: MailMessage, copies: Sequence[MailCopy]) -> Level:
    """The most careful holder decides for all; each still sees their own in full.

    A holder's word on this mail alone stands in the place of what they chose for their mailbox.
    """
    words = {copy.user_id: copy.own_level for copy in copies if copy.own_level is not None}
    chosen = [words.get(copy.user_id, copy.level) for copy in copies]
    if message.level_by_person is not None:
        chosen.append(message.level_by_person)
    return most_careful(chosen)


def _activity(
    session: Session,
    message: MailMessage,
    link: MailLink,
    copies: Sequence[MailCopy],
    people: Sequence[MailParticipant],
    shown: Sequence[MailParticipant],
    outbound: OutboundEmail | None,
) -> MailActivity:
    content = session.get(MailContent, message.id)
    sender = next((person for person in people if person.part == "from"), None)
    hidden = {person.email_norm for person in people} - {person.email_norm for person in shown}
    held = next((copy for copy in copies if copy.mailbox_id and copy.is_sent), None) or next(
        (copy for copy in copies if copy.mailbox_id), copies[0]
    )
    mailbox = session.get(Mailbox, held.mailbox_id) if held.mailbox_id else None
    is_out = sender is not None and sender.is_ours
    return MailActivity(
        source_key=_source_key(session, link, outbound),
        account_id=link.account_id,
        mail_message_id=message.id,
        thread_key=message.mail_thread_id,
        author_id=held.user_id if is_out and held.is_sent else None,
        subject=message.subject,
        body_text=content.new_text if content else removed_words(message.text_removed_months),
        occurred_at=message.sent_at,
        mailbox_email=mailbox.email if mailbox else None,
        gmail_message_id=held.gmail_message_id,
        gmail_thread_id=held.gmail_thread_id,
        level=level_of(message, copies),
        # What we wrote ourselves is never folded, also when we wrote it to many.
        fold_reason=message.kind_reason if message.kind in _FOLDED and not is_out else None,
        direction="out" if is_out else "in",
        others=len(hidden),
        participants=tuple(
            Participant(
                part=person.part,
                name=person.name,
                email=person.email,
                contact_id=person.contact_id if person.account_id == link.account_id else None,
            )
            for person in shown
            if person.part in ("from", "to", "cc", "bcc")
        ),
        holders=_holders(copies),
    )


def _is_of(person: MailParticipant, link: MailLink, elsewhere: Set[uuid.UUID]) -> bool:
    """An account's entry shows its own people: those matched to it, and him whose address is why it is there.

    Where a person put the mail, also those who belong to none of the other accounts that it is linked to.
    """
    if person.account_id == link.account_id or person.email_norm == link.address:
        return True
    return link.by_person_id is not None and person.account_id not in elsewhere


def _source_key(session: Session, link: MailLink, outbound: OutboundEmail | None) -> str:
    """An entry that stands keeps its key. That of a mail sent from here names the outbox, where it was sent for."""
    if link.timeline_entry_id is not None:
        entry = session.get(TimelineEntry, link.timeline_entry_id)
        if entry is not None:
            return entry.source_key
    if outbound is not None and outbound.account_id == link.account_id:
        return f"outbound:{outbound.id}"
    return f"mail:{link.mail_message_id}:{link.account_id}"


def _holders(copies: Sequence[MailCopy]) -> tuple[Holder, ...]:
    found: dict[uuid.UUID, bool] = {}
    for copy in copies:
        found[copy.user_id] = found.get(copy.user_id, False) or copy.is_sent
    return tuple(Holder(user_id=user_id, is_sender=is_sender) for user_id, is_sender in found.items())
