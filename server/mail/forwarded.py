"""The mails inside a forward. They are what is matched and shown; the outer mail only says who brought them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mail.incoming import Incoming
from server.mail.models import MailContent, MailMessage, MailParticipant
from server.messages.bodies import digest_of
from server.messages.mime_tree import Growth, Part, read_tree
from server.messages.model import Envelope, Forwarded, Mail, MailKind, Person
from server.messages.quotes import split
from server.messages.read import Unreadable, read_mail

_MOST = 50  # mails attached to one forward
_BY_MACHINE = (MailKind.AUTO_REPLY, MailKind.AUTOMATIC)
_NOT_LETTERS = re.compile(r"[\W_]+")


def mails_inside(raw: bytes, outer: Mail) -> list[Mail]:
    """Those that are attached, each whole with its own headers; else the one written into the text; else none."""
    inner = [mail for part in _attached(read_tree(raw, Growth())) if (mail := _read(part)) is not None]
    if not inner and outer.forwarded is not None and outer.forwarded.sender is not None:
        inner = [_inline(outer, outer.forwarded)]
    return [_by_machine_too(mail, outer) for mail in inner[:_MOST]]


def _attached(part: Part) -> Iterator[Part]:
    if part.content_type in ("message/rfc822", "message/global"):
        yield part
        return
    for child in part.parts:
        yield from _attached(child)


def _read(part: Part) -> Mail | None:
    try:
        return read_mail(part.content())
    except Unreadable:
        return None


def _inline(outer: Mail, inner: Forwarded) -> Mail:
    """What hangs on the outer mail hung on the inner one. Its HTML cannot be told from the forwarder's words."""
    new_text, quoted_text = split(inner.text, None, is_layout_text=False)
    return Mail(
        envelope=_envelope(outer.envelope, inner),
        text=inner.text,
        html=None,
        new_text=new_text,
        quoted_text=quoted_text,
        attachments=outer.attachments,
        bounces=(),
        forwarded=None,
        body_digest=digest_of(inner.text),
        is_cut=outer.is_cut,
    )


def _envelope(outer: Envelope, inner: Forwarded) -> Envelope:
    """Mail programs name what they forward in References, so the forward leads to its conversation."""
    return Envelope(
        rfc_message_id=None,
        references=outer.references,
        subject=inner.subject,
        sent_at=inner.sent_at,
        sender=inner.sender,
        reply_to=(),
        to=inner.to,
        cc=inner.cc,
        bcc=(),
        kind=MailKind.PERSONAL,
        kind_reason="",
        outbound_id=None,
        is_test=False,
        gmail_thread_id=None,
        gmail_labels=(),
        delivered_to=(),
        authentication="",
        authors=(inner.sender,) if inner.sender else (),
    )


def _by_machine_too(mail: Mail, outer: Mail) -> Mail:
    """What a machine brings is shown as a machine's, so that no loop of answers ever looks like people talking."""
    if outer.envelope.kind not in _BY_MACHINE:
        return mail
    kind, reason = outer.envelope.kind, outer.envelope.kind_reason
    return replace(mail, envelope=replace(mail.envelope, kind=kind, kind_reason=reason))


def as_the_original(session: Session, incoming: Incoming) -> Incoming:
    """An inline forward tells the minute and no Message-ID. Of a mail that we know, it becomes a copy.

    Only if it has that mail's text: whoever holds a mail sees all of it, so a forward that was made up must not help.
    """
    at, sender = incoming.envelope.sent_at, incoming.envelope.sender
    if at is None or sender is None or at.second or incoming.envelope.rfc_message_id is not None:
        return incoming
    statement = (
        select(MailMessage)
        .join(MailParticipant, MailParticipant.mail_message_id == MailMessage.id)
        .where(
            MailParticipant.email_norm == sender.email.lower(),
            MailParticipant.part == "from",
            MailMessage.sent_at >= at,
            MailMessage.sent_at < at + timedelta(minutes=1),
            MailMessage.rfc_message_id.is_not(None),
        )
    )
    known = [one for one in session.scalars(statement) if says_all_of(session, incoming, one)]
    return _copy_of(session, incoming, known[0]) if len(known) == 1 else incoming


def says_all_of(session: Session, incoming: Incoming, known: MailMessage) -> bool:
    """Whether whoever brings `incoming` has what we know `known` to say: its subject, and its text if we keep that."""
    content = session.get(MailContent, known.id)
    has_subject = letters(known.subject) in letters(incoming.envelope.subject)
    return has_subject and (content is None or letters(content.new_text) in letters(_text(incoming)))


def letters(text: str) -> str:
    """Letters and digits alone: programs wrap and mark the same text in different ways."""
    return _NOT_LETTERS.sub("", text).casefold()


def _text(incoming: Incoming) -> str:
    return incoming.mail.text if incoming.mail is not None else ""


def _copy_of(session: Session, incoming: Incoming, known: MailMessage) -> Incoming:
    """With the identity of the known mail: id, second, and everybody whom it was open to."""
    people = session.scalars(
        select(MailParticipant).where(MailParticipant.mail_message_id == known.id).order_by(MailParticipant.position)
    ).all()
    envelope = replace(
        incoming.envelope,
        rfc_message_id=known.rfc_message_id,
        sent_at=known.sent_at,
        to=_in_part(people, "to"),
        cc=_in_part(people, "cc"),
    )
    return replace(incoming, envelope=envelope)


def _in_part(people: Sequence[MailParticipant], part: str) -> tuple[Person, ...]:
    return tuple(Person(name=person.name, email=person.email) for person in people if person.part == part)
