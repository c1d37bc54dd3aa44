"""What is known later links the older mail: a contact, an address or a domain that was added after the mail came.

`look` finds the mails, `relink` decides one of them anew; both may run twice, and in any order with what brings mail.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.accounts.models import AccountDomain
from server.contacts.addresses import match_key
from server.contacts.models import ContactAddress
from server.mail import again, ledger_rows
from server.mail.models import (
    LinkRule,
    LinkState,
    MailCursor,
    MailLink,
    MailMessage,
    MailParticipant,
    MailState,
    NeverPair,
    SharedDomain,
)
from server.mail.rules import Rules, hold_rules, load_rules
from server.mailboxes.models import MailboxMessage

REACH = timedelta(days=180)
BULK_REACH = timedelta(days=30)
# A row is seen when its transaction ends, its id is from when it was made: no transaction of ours lasts longer.
_MARGIN = timedelta(hours=1)
_BULK_CURSOR = "mail.reopen_bulk"
_A_NIGHT = timedelta(hours=20)
_MOST_OF_THREAD = 200
_AT_ONCE = 100  # mails that are decided anew while a person waits


def look(
    session: Session, *, since: datetime | None, now: datetime, limit: int = 500, after: uuid.UUID | None = None
) -> list[uuid.UUID]:
    """Mails that what was added since then may concern, by id; `since` None: whatever was added.

    All that wait for a person, and what is linked of the last 180 days.

    The next page begins `after` the last id of this one; a page shorter than `limit` is the last.
    """
    is_recent = and_(MailMessage.state == MailState.LINKED, MailMessage.sent_at > now - REACH)
    wanted = [or_(MailMessage.state == MailState.WAITING, is_recent)]
    if after is not None:
        wanted.append(MailMessage.id > after)
    found: set[uuid.UUID] = set()
    for ids in (_by_address(since), _by_domain(since), _against_a_pair(session, since)):
        statement = select(MailMessage.id).where(MailMessage.id.in_(ids), *wanted)
        found.update(session.scalars(statement.order_by(MailMessage.id).limit(limit)))
    return sorted(found)[:limit]


def relink(session: Session, message_id: uuid.UUID, rules: Rules, now: datetime) -> bool:
    """Decide it anew and bring its links and entries there; whether anything changed. It takes almost nothing away.

    Where it comes to an account, the waiting mails of its conversation are decided after it.
    """
    if hold_rules(session) != rules.version:
        rules = load_rules(session)
    before = _accounts(session, message_id)
    changed = again.decide_anew(session, message_id, rules, now=now)
    if _accounts(session, message_id) - before:
        for other_id in _waiting_beside(session, message_id):
            again.decide_anew(session, other_id, rules, now=now)
    return changed


def place_anew(session: Session, message_ids: Sequence[uuid.UUID], now: datetime) -> int:
    """Bring mails that asked about somebody to where the answer puts them, at once; how many changed.

    The look for what was added does the rest.
    """
    session.flush()
    rules = load_rules(session)
    return sum(relink(session, message_id, rules, now) for message_id in message_ids[:_AT_ONCE])


def reopen_bulk(session: Session, now: datetime) -> int:
    """Once a night, if a contact or domain was added since: mail of the last 30 days that was left out because nobody
    in it was known is read again, for nothing of it is stored. How many messages.
    """
    cursor = session.scalars(select(MailCursor).where(MailCursor.name == _BULK_CURSOR).with_for_update()).one_or_none()
    if cursor is not None and now - cursor.at < _A_NIGHT:
        return 0
    since = cursor.at if cursor is not None else now - BULK_REACH
    if cursor is None:
        session.add(MailCursor(name=_BULK_CURSOR, at=now))
    else:
        cursor.at = now
    if not _was_anything_added(session, since):
        return 0
    is_young = or_(MailboxMessage.received_at.is_(None), MailboxMessage.received_at > now - BULK_REACH)
    return ledger_rows.open_again(session, and_(MailboxMessage.rule == "bulk", is_young), now=now)


def _by_address(since: datetime | None) -> Select[uuid.UUID]:
    """People whom no contact stands for, though there is one with their address in some spelling now."""
    statement = (
        select(MailParticipant.mail_message_id)
        .join(ContactAddress, ContactAddress.match_key == MailParticipant.match_key)
        .where(MailParticipant.contact_id.is_(None), MailParticipant.is_ours.is_(False))
    )
    return statement.where(_added(ContactAddress.id, since)) if since is not None else statement


def _by_domain(since: datetime | None) -> Select[uuid.UUID]:
    """People who belong to nobody, though an account has their domain now. `relink` asks what that says."""
    statement = (
        select(MailParticipant.mail_message_id)
        .join(AccountDomain, AccountDomain.registrable == MailParticipant.registrable)
        .where(
            MailParticipant.account_id.is_(None),
            MailParticipant.is_ours.is_(False),
            MailParticipant.registrable != "",
            ~exists().where(SharedDomain.domain == MailParticipant.registrable),
        )
    )
    return statement.where(_added(AccountDomain.id, since)) if since is not None else statement


def _against_a_pair(session: Session, since: datetime | None) -> Select[uuid.UUID]:
    """Mails that stand somewhere by an address that a person has ruled out there, in any spelling.

    `relink` asks whether that spelling was meant.
    """
    pairs = select(NeverPair.email_norm, NeverPair.account_id)
    pairs = pairs.where(_added(NeverPair.id, since)) if since is not None else pairs
    ruled_out = [(match_key(norm), account_id) for norm, account_id in session.execute(pairs)]
    return (
        select(MailLink.mail_message_id)
        .join(
            MailParticipant,
            and_(
                MailParticipant.mail_message_id == MailLink.mail_message_id,
                MailParticipant.email_norm == MailLink.address,
            ),
        )
        .where(
            MailParticipant.match_key.in_({key for key, _ in ruled_out}),  # has an index, which pairs have not
            tuple_(MailParticipant.match_key, MailLink.account_id).in_(ruled_out),
            MailLink.state == LinkState.LINKED,
            MailLink.by_person_id.is_(None),
            MailLink.rule != LinkRule.SENT_FROM_HERE,
        )
    )


def _added(row_id: InstrumentedAttribute[uuid.UUID], since: datetime) -> ColumnElement[bool]:
    return row_id >= _first_id_at(since - _MARGIN)


def _first_id_at(instant: datetime) -> uuid.UUID:
    """The lowest UUIDv7 of that millisecond (see server/ids.py)."""
    return uuid.UUID(int=int(instant.timestamp() * 1000) << 80)


def _was_anything_added(session: Session, since: datetime) -> bool:
    rows: Iterable[type[ContactAddress | AccountDomain]] = (ContactAddress, AccountDomain)
    return any(session.scalars(select(row.id).where(_added(row.id, since)).limit(1)).first() for row in rows)


def _accounts(session: Session, message_id: uuid.UUID) -> set[uuid.UUID]:
    linked = select(MailLink.account_id).where(
        MailLink.mail_message_id == message_id, MailLink.state == LinkState.LINKED
    )
    return set(session.scalars(linked))


def _waiting_beside(session: Session, message_id: uuid.UUID) -> list[uuid.UUID]:
    thread_id = select(MailMessage.mail_thread_id).where(MailMessage.id == message_id).scalar_subquery()
    waiting = select(MailMessage.id).where(
        MailMessage.mail_thread_id == thread_id, MailMessage.state == MailState.WAITING, MailMessage.id != message_id
    )
    return list(session.scalars(waiting.order_by(MailMessage.sent_at).limit(_MOST_OF_THREAD)))
