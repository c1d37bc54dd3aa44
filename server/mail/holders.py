"""Whose mail it is: a user, and all addresses that they write from."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.contacts.addresses import address_of, match_key
from server.errors import Invalid
from server.mailboxes.models import Mailbox, MailboxAlias, MailboxReading
from server.timeline.models import Level


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """`level` is what they chose for their mailbox, SUBJECT without one. `keys` are match keys of their addresses."""

    user_id: uuid.UUID
    name: str
    mailbox_id: uuid.UUID | None
    level: str
    keys: frozenset[str]

    def owns(self, email: str) -> bool:
        return key_of(email) in self.keys

    def owns_any(self, emails: Iterable[str]) -> bool:
        return any(self.owns(email) for email in emails)


def key_of(email: str) -> str:
    """By which two spellings of an address are the same; also for what is no address that mail could go to."""
    try:
        return match_key(address_of(email).norm)
    except Invalid:
        return match_key(email.strip().lower())


def holder(session: Session, user: User) -> Holder:
    mailbox = session.scalars(select(Mailbox).where(Mailbox.user_id == user.id)).one_or_none()
    emails, level = [user.email], None
    if mailbox is not None:
        emails.append(mailbox.email)
        emails += session.scalars(select(MailboxAlias.email_norm).where(MailboxAlias.mailbox_id == mailbox.id))
        level = session.scalars(select(MailboxReading.level).where(MailboxReading.id == mailbox.id)).one_or_none()
    return Holder(
        user_id=user.id,
        name=user.name,
        mailbox_id=mailbox.id if mailbox else None,
        level=level or Level.SUBJECT,
        keys=frozenset(map(key_of, emails)),
    )


def first_of(session: Session, emails: Iterable[str]) -> Holder | None:
    """The user to whom the first of these addresses belongs that is anybody's here."""
    for email in emails:
        user = _by_address(session, email)
        if user is not None:
            return holder(session, user)
    return None


def _by_address(session: Session, email: str) -> User | None:
    """By their own address, their mailbox's, or another one that the mailbox sends from."""
    spellings = {email.strip().lower(), key_of(email)}
    by_user = select(User).where(User.email.in_(spellings))
    by_mailbox = select(User).join(Mailbox, Mailbox.user_id == User.id)
    by_alias = by_mailbox.join(MailboxAlias, MailboxAlias.mailbox_id == Mailbox.id)
    for statement in (
        by_user,
        by_mailbox.where(Mailbox.email.in_(spellings)),
        by_alias.where(MailboxAlias.email_norm.in_(spellings)),
    ):
        found = session.scalars(statement.order_by(User.id).limit(1)).first()
        if found is not None:
            return found
    return None
