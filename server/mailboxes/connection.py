"""Connecting, losing and ending access to a mailbox."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.errors import Conflict, Invalid, NotFound
from server.ids import new_id
from server.mailboxes import ledger, reading, tokens
from server.mailboxes.models import LedgerState, Mailbox, MailboxState
from server.ports.gmail import COMPOSE_SCOPE, METADATA_SCOPE, READONLY_SCOPE, OAuthTokens
from server.ports.google_accounts import MailboxGrant
from server.vault import Vault

# The two footprints. Never both together: Google refuses texts to a grant that holds the metadata scope as well.
ENVELOPE_SCOPES = ("openid", "email", COMPOSE_SCOPE, METADATA_SCOPE)
TEXT_SCOPES = ("openid", "email", COMPOSE_SCOPE, READONLY_SCOPE)
SCOPES = ENVELOPE_SCOPES
_FOOTPRINTS = (frozenset({COMPOSE_SCOPE, METADATA_SCOPE}), frozenset({COMPOSE_SCOPE, READONLY_SCOPE}))


def of_user(session: Session, user_id: uuid.UUID, *, lock: bool = False) -> Mailbox | None:
    statement = select(Mailbox).where(Mailbox.user_id == user_id)
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def by_id(session: Session, mailbox_id: uuid.UUID, *, lock: bool = False) -> Mailbox:
    mailbox = session.get(Mailbox, mailbox_id, with_for_update=lock)
    if mailbox is None:
        raise NotFound("There is no such mailbox.")
    return mailbox


def still_holds(session: Session, mailbox_id: uuid.UUID, *, granted_at: datetime) -> bool:
    """Whether the grant that was given at `granted_at` is still the one to use. `connected_at` names a grant."""
    mailbox = by_id(session, mailbox_id)
    return mailbox.state == MailboxState.CONNECTED and mailbox.connected_at == granted_at


def can_read_text(mailbox: Mailbox) -> bool:
    """Whether the grant lets read texts (and search), or envelopes only."""
    granted = mailbox.scopes.split()
    return READONLY_SCOPE in granted and METADATA_SCOPE not in granted


def connect(
    session: Session, *, user_id: uuid.UUID, user_email: str, grant: MailboxGrant, vault: Vault, now: datetime
) -> Mailbox:
    """Keep the grant. The first one that lets read texts brings those of older mail, too.

    Raises Invalid when permissions are missing or the mailbox is not the user's own.
    """
    if grant.email.lower() != user_email:
        raise Invalid(
            f"You are signed in as {user_email}, but allowed the mailbox {grant.email}.",
            cure=f"Connect again and choose {user_email}.",
        )
    if not any(grant.tokens.scopes >= footprint for footprint in _FOOTPRINTS):
        raise Invalid(
            "Gmail was connected without all the permissions that sending needs.",
            cure="Connect again and leave both boxes ticked.",
        )
    mailbox = of_user(session, user_id, lock=True)
    if mailbox is None:
        if session.scalars(select(Mailbox.id).where(Mailbox.email == user_email)).first() is not None:
            raise Conflict(f"{user_email} is already connected by another user.")
        mailbox = Mailbox(id=new_id(), user_id=user_id, email=user_email)
        session.add(mailbox)
    has_more = mailbox.scopes is not None and not can_read_text(mailbox)
    mailbox.sealed_tokens = tokens.seal(vault, mailbox.id, grant.tokens)
    mailbox.scopes = " ".join(sorted(grant.tokens.scopes))
    mailbox.state = MailboxState.CONNECTED
    mailbox.problem = None
    mailbox.connected_at = mailbox.state_changed_at = now
    session.flush()
    reading.begin_again(session, mailbox.id, now)
    if has_more and can_read_text(mailbox):
        ledger.reopen(session, mailbox.id, states=[LedgerState.LOGGED], now=now)
    return mailbox


def keep_renewed(
    session: Session, *, mailbox_id: uuid.UUID, granted_at: datetime, renewed: OAuthTokens, vault: Vault
) -> None:
    """Store a renewed access token, unless the person has disconnected or connected anew meanwhile."""
    mailbox = by_id(session, mailbox_id, lock=True)
    if mailbox.state != MailboxState.DISCONNECTED and mailbox.connected_at == granted_at:
        mailbox.sealed_tokens = tokens.seal(vault, mailbox_id, renewed)


def lose_access(session: Session, *, mailbox_id: uuid.UUID, granted_at: datetime, reason: str, now: datetime) -> None:
    """The grant of `granted_at` is of no use any more. Outbox and reading wait for the reconnect."""
    mailbox = by_id(session, mailbox_id, lock=True)
    if mailbox.state == MailboxState.CONNECTED and mailbox.connected_at == granted_at:
        mailbox.state = MailboxState.NEEDS_RECONNECT
        mailbox.problem = reason
        mailbox.state_changed_at = now


def disconnect(mailbox: Mailbox, *, now: datetime) -> None:
    """Forget the grant. Nothing is read any more; a reconnect goes on from where reading stood."""
    mailbox.state = MailboxState.DISCONNECTED
    mailbox.sealed_tokens = None
    mailbox.problem = None
    mailbox.state_changed_at = now
