"""When two copies are one mail, whatever their Message-IDs say.

Message-IDs are missing, repeated by broken senders, and rewritten on the way (Gmail and others do), so none of them
is trusted alone. Each copy has some of these keys; one in common makes it the same mail:

- id: Message-ID with sender, date and recipients. A sender that repeats an id has another date or other recipients.
- content: sender, date to the second, subject, recipients and text. It joins copies whose Message-ID was rewritten.
- head: of mail without a Message-ID, all but the text: it joins a copy whose text was not read to one whose was.
- outbound: the id under which our outbox sent it.

Keys are salted hashes, so that the tombstone of a removed mail says nothing of what it was.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from server.db import Database, insert_if_absent
from server.mail.incoming import Incoming, Party, sender_of
from server.mail.models import MailCopy, MailKey, MailMessage, MailState

_T = TypeVar("_T")
_TRIES = 5
_DEADLOCK = "40P01"  # PostgreSQL ended one of two who waited for each other
ID = "id:"
_HEAD, _CONTENT = "head:", "content:"
_NOISE = re.compile(r"^\s*(\[external\]|external:|\[ext\])\s*", re.IGNORECASE)


def keys_of(incoming: Incoming, parties: Sequence[Party], salt: str, *, outbound_id: str | None = None) -> list[str]:
    """In order of the alphabet, so that two workers never wait for each other crosswise."""
    envelope = incoming.envelope
    author = sender_of(parties)
    sender = author.norm if author is not None else ""
    # Bcc stands in the sender's copy alone, so it is no part of what all copies share.
    recipients = ",".join(sorted({party.norm for party in parties if party.part in ("to", "cc")}))
    at = envelope.sent_at.replace(microsecond=0).isoformat() if envelope.sent_at else ""
    digest = incoming.mail.body_digest if incoming.mail else ""
    found = []
    if envelope.rfc_message_id and (at or digest):
        found.append(keyed(salt, "id", envelope.rfc_message_id, sender, at or digest, recipients))
    if at and digest:
        found.append(keyed(salt, "content", sender, at, _subject(envelope.subject), recipients, digest))
    if at and not envelope.rfc_message_id:
        found.append(keyed(salt, "head", sender, at, _subject(envelope.subject), recipients))
    if outbound_id is not None:
        found.append(keyed(salt, "outbound", outbound_id))
    return sorted(found)


def keyed(salt: str, kind: str, *parts: str) -> str:
    """A salted hash that says nothing of its parts."""
    return f"{kind}:{hashlib.sha256(chr(0).join((salt, kind, *parts)).encode('utf-8', 'replace')).hexdigest()}"


def _subject(subject: str) -> str:
    """Without what a mail gateway puts before it, and with the white space of one."""
    return " ".join(_NOISE.sub("", subject).lower().split())


def find(session: Session, incoming: Incoming, keys: Iterable[str]) -> MailMessage | None:
    """The mail that this is a copy of: known by its place in the mailbox, or by a key. The oldest one, if several."""
    if incoming.mailbox_id is not None and incoming.gmail_message_id is not None:
        found = session.scalars(
            select(MailMessage)
            .join(MailCopy, MailCopy.mail_message_id == MailMessage.id)
            .where(MailCopy.mailbox_id == incoming.mailbox_id, MailCopy.gmail_message_id == incoming.gmail_message_id)
            .limit(1)
        ).first()
        if found is not None:
            return found
    wanted = list(keys)
    if not wanted:
        return None
    sure = [key for key in wanted if not key.startswith(_HEAD)]
    return (_by_keys(session, sure) if sure else None) or _by_head(session, wanted)


def _by_keys(session: Session, keys: Sequence[str]) -> MailMessage | None:
    return session.scalars(
        select(MailMessage)
        .join(MailKey, MailKey.mail_message_id == MailMessage.id)
        .where(MailKey.key.in_(keys))
        .order_by(MailMessage.id)
        .limit(1)
    ).first()


def _by_head(session: Session, keys: Sequence[str]) -> MailMessage | None:
    """A mail without a Message-ID, by sender, second, subject and recipients; not one that says something else."""
    heads = [key for key in keys if key.startswith(_HEAD)]
    found = _by_keys(session, heads) if heads else None
    if found is None or not any(key.startswith(_CONTENT) for key in keys):
        return found
    return None if _has_content(session, found.id) else found


def state_of(session: Session, incoming: Incoming, parties: Sequence[Party], salt: str) -> MailState | None:
    """What became of this mail, if it is known."""
    found = find(session, incoming, keys_of(incoming, parties, salt))
    return MailState(found.state) if found else None


class Rival(Exception):
    """Another worker stored the same mail at this moment: do it again, and find theirs."""


def until_stored(db: Database, store: Callable[[Session], _T]) -> _T:
    """What `store` does in a transaction, all or nothing; again when a rival was faster. Raises Rival in the end."""
    for _ in range(_TRIES):
        try:
            with db.transaction() as session:
                return store(session)
        except (Rival, IntegrityError):
            continue
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                raise
    raise Rival


def claim_keys(
    session: Session, message_id: uuid.UUID, keys: Iterable[str], *, is_new: bool = False
) -> list[uuid.UUID]:
    """Make the keys name this mail, and return other mails that some of them name already."""
    known = set[str]()
    if not is_new:
        known.update(session.scalars(select(MailKey.key).where(MailKey.mail_message_id == message_id)))
    wanted = list(keys)
    has_content = any(key.startswith(_CONTENT) for key in wanted)
    others: dict[uuid.UUID, None] = {}
    for key in wanted:
        if key in known or insert_if_absent(session, MailKey(mail_message_id=message_id, key=key)):
            continue
        holder = session.scalars(select(MailKey.mail_message_id).where(MailKey.key == key)).one()
        if holder != message_id and not (key.startswith(_HEAD) and has_content and _has_content(session, holder)):
            others[holder] = None
    return list(others)


def _has_content(session: Session, message_id: uuid.UUID) -> bool:
    says = select(MailKey.id).where(MailKey.mail_message_id == message_id, MailKey.key.startswith(_CONTENT))
    return session.scalars(says.limit(1)).first() is not None
