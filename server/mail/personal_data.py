"""What mail holds of a person, and its erasure.

Mail that they wrote, or that went to nobody else of the outside, becomes a tombstone, which keeps it from coming
back. Of mail that others took part in the person goes: their place in it, their names in subject and text, what is
quoted and how it was laid out. The rest stays with those others.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from server.contacts.addresses import match_key
from server.mail import entries, removal
from server.mail.models import (
    ExclusionKind,
    MailContent,
    MailExclusion,
    MailLink,
    MailMessage,
    MailParticipant,
    MailReference,
    MailReplay,
    MailState,
    NeverPair,
    RulesChange,
)
from server.mail.rows import held, links_of
from server.personal import Kind, Record, Redactor, Subject, Tally, at, redact

STRIPPED_STAYS = "Mail that others took part in, too: without the person, what is quoted, and their name in it"
SHARED_STAYS = "Mail under an address that another contact has, too: it is as much theirs"
_WROTE_IT = ("from", "reply_to", "bounced")


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    for message in _mails_of(session, subject):
        yield _envelope(session, message)
        content = session.get(MailContent, message.id)
        if content is not None:
            text = {"text": content.text, "html": content.html, "attachments": content.attachments} if with_text else {}
            yield Record(kind=Kind.MAIL_TEXT, data={"id": str(message.id)} | text, since=message.created_at)
    yield from _rules_about(session, subject)


def _envelope(session: Session, message: MailMessage) -> Record:
    people = session.scalars(
        select(MailParticipant).where(MailParticipant.mail_message_id == message.id).order_by(MailParticipant.position)
    ).all()
    data = {
        "id": str(message.id),
        "sent_at": at(message.sent_at),
        "subject": message.subject,
        "message_id": message.rfc_message_id,
        # Whom our people wrote to in secret was kept from the others then, too.
        "people": [{"part": one.part, "name": one.name, "email": one.email} for one in people if one.part != "bcc"],
    }
    kind = Kind.WAITING_MAIL if message.state == MailState.WAITING else Kind.MAIL_ENVELOPE
    return Record(kind=kind, data=data, since=message.created_at)


def _rules_about(session: Session, subject: Subject) -> Iterator[Record]:
    for row in _exclusions(session, subject):
        data = {"what": "Mail of this address is left out", "address": row.value}
        yield Record(kind=Kind.MAIL_RULE, data=data, since=row.created_at)
    for pair in _pairs(session, subject):
        data = {"what": "Mail of this address is never linked to an account", "address": pair.email_norm}
        yield Record(kind=Kind.MAIL_RULE, data=data, since=pair.created_at)


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:
    """Call `rules.note_change` and remember the address first: then nobody stores such mail meanwhile."""
    tally = Tally()
    for message_id in [message.id for message in _mails_of(session, subject)]:
        message = held(session, message_id)
        if message is not None and message.state != MailState.REMOVED:
            _erase_mail(session, message, subject, tally, now=now)
    for row in [*_exclusions(session, subject), *_pairs(session, subject)]:
        session.delete(row)
        tally.gone[Kind.MAIL_RULE] += 1
    session.flush()
    _sweep(session, subject, tally)
    tally.kept[SHARED_STAYS] += _count_shared(session, subject)
    return tally


def _erase_mail(session: Session, message: MailMessage, subject: Subject, tally: Tally, *, now: datetime) -> None:
    kind = Kind.WAITING_MAIL if message.state == MailState.WAITING else Kind.MAIL_ENVELOPE
    tally.gone[kind] += 1
    content = session.get(MailContent, message.id)
    tally.gone[Kind.MAIL_TEXT] += content is not None
    people = session.scalars(select(MailParticipant).where(MailParticipant.mail_message_id == message.id)).all()
    theirs = [one for one in people if one.match_key in subject.keys]
    others = [one for one in people if not one.is_ours and one.match_key not in subject.keys]
    if not others or any(one.part in _WROTE_IT for one in theirs):
        removal.tombstone(session, message, rule=removal.ERASED, now=now)
        # Nobody brings it back by undoing a link.
        session.execute(delete(MailLink).where(MailLink.mail_message_id == message.id))
        return
    names = {*subject.names, *(one.name for one in theirs)}
    close = Redactor(
        terms=tuple(sorted({*subject.close.terms, *(name for name in names if " " in name)})), words=subject.close.words
    )
    for one in theirs:
        session.delete(one)
    _strip(session, message, content, subject, close)
    tally.kept[STRIPPED_STAYS] += 1
    message.changed_at = now
    session.flush()
    entries.project(session, message, now=now)
    _strip_entries(session, message, close)


def _strip(
    session: Session, message: MailMessage, content: MailContent | None, subject: Subject, close: Redactor
) -> None:
    message.subject = close.text(message.subject)
    message.ties = {norm: tie for norm, tie in message.ties.items() if match_key(norm) not in subject.keys}
    for link in links_of(session, message.id):
        if link.address is not None and match_key(link.address) in subject.keys:
            link.address, link.contact_id = None, None
        link.candidates = [one for one in link.candidates if match_key(one.get("address") or "") not in subject.keys]
    if content is not None:
        content.new_text = close.text(content.new_text)
        content.text, content.html = content.new_text, None
        content.attachments = close.value(content.attachments)


def _strip_entries(session: Session, message: MailMessage, close: Redactor) -> None:
    """Entries that the outbox made keep their own words when mail renews them."""
    for entry in entries.of_mail(session, message.id):
        entry.subject, entry.body_text = close.text(entry.subject), close.text(entry.body_text)
    session.flush()


def _sweep(session: Session, subject: Subject, tally: Tally) -> None:
    """Where others name them."""
    envelopes = (MailMessage.subject, MailMessage.kind_reason, MailParticipant.name)
    tally.gone[Kind.MAIL_ENVELOPE] += redact(session, envelopes, subject.wide)
    texts = (MailContent.text, MailContent.new_text, MailContent.html, MailContent.attachments)
    tally.gone[Kind.MAIL_TEXT] += redact(session, texts, subject.wide)
    redact(session, (MailLink.candidates, MailLink.address, MailMessage.ties), subject.wide)
    rules = (RulesChange.what, MailReplay.sample, MailExclusion.label)
    tally.gone[Kind.MAIL_RULE] += redact(session, rules, subject.wide)
    _forget_ids(session, subject)


def _forget_ids(session: Session, subject: Subject) -> None:
    """Message-IDs that tell who it was, as some senders make them: <ann.lee.17@acme.example>."""
    for norm in sorted(subject.norms):
        local, _, host = norm.rpartition("@")
        reference, own = (
            and_(
                func.lower(column).contains(local, autoescape=True), func.lower(column).contains(host, autoescape=True)
            )
            for column in (MailReference.rfc_message_id, MailMessage.rfc_message_id)
        )
        session.execute(delete(MailReference).where(reference))
        session.execute(update(MailMessage).where(own).values(rfc_message_id=None))


def _mails_of(session: Session, subject: Subject) -> Sequence[MailMessage]:
    """In one order for all who hold several."""
    ids = select(MailParticipant.mail_message_id).where(MailParticipant.match_key.in_(sorted(subject.keys)))
    return session.scalars(select(MailMessage).where(MailMessage.id.in_(ids)).order_by(MailMessage.id)).all()


def _count_shared(session: Session, subject: Subject) -> int:
    if not subject.shared:
        return 0
    shared = MailParticipant.match_key.in_(sorted(map(match_key, subject.shared)))
    ids: set[uuid.UUID] = set(session.scalars(select(MailParticipant.mail_message_id).where(shared)))
    return len(ids)


def _exclusions(session: Session, subject: Subject) -> Sequence[MailExclusion]:
    spelled = sorted({*subject.norms, *subject.keys})
    statement = select(MailExclusion).where(
        MailExclusion.kind == ExclusionKind.ADDRESS, MailExclusion.value.in_(spelled)
    )
    return session.scalars(statement).all()


def _pairs(session: Session, subject: Subject) -> Sequence[NeverPair]:
    spelled = sorted({*subject.norms, *subject.keys})
    return session.scalars(select(NeverPair).where(NeverPair.email_norm.in_(spelled))).all()
