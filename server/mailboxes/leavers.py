"""Mailboxes of people who were shut out: nothing is read or sent with their grant any more, and Google is told.

Looked for by the clock, so that shutting somebody out needs neither Google nor a mailbox to know of it.
"""

from __future__ import annotations

import uuid

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.logs import logger
from server.mailboxes import connection, tokens
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.errors import PortError
from server.ports.gmail import OAuthTokens
from server.runtime import Runtime
from server.vault import VaultError

log = logger(__name__)


def end_leavers(runtime: Runtime) -> int:
    """Disconnect each and revoke its grant. What Google does not confirm is tried again. How many are revoked."""
    with runtime.db.reading() as session:
        waiting = session.scalars(_with_a_grant().with_only_columns(Mailbox.id)).all()
    return sum(_end(runtime, mailbox_id) for mailbox_id in waiting)


def _with_a_grant() -> Select[Mailbox]:
    left = or_(User.deactivated_at.is_not(None), Mailbox.state == MailboxState.DISCONNECTED)
    return select(Mailbox).join(User, User.id == Mailbox.user_id).where(Mailbox.sealed_tokens.is_not(None), left)


def _end(runtime: Runtime, mailbox_id: uuid.UUID) -> bool:
    sealed = _stop_using(runtime, mailbox_id)
    if sealed is None:
        return False
    grant = _opened(runtime, mailbox_id)
    if grant is not None:
        try:
            runtime.mailbox_access.revoke(grant)
        except PortError as error:
            log.warning("revoke_failed", mailbox_id=str(mailbox_id), reason=type(error).__name__)
            return False
    with runtime.db.transaction() as session:
        mailbox = connection.by_id(session, mailbox_id, lock=True)
        if mailbox.sealed_tokens == sealed:  # else they came back and connected anew meanwhile
            connection.disconnect(mailbox, now=runtime.clock.now())
    log.info("leavers_grant_revoked", mailbox_id=str(mailbox_id), is_confirmed=grant is not None)
    return True


def _stop_using(runtime: Runtime, mailbox_id: uuid.UUID) -> str | None:
    """From now on nobody calls with this grant. It is kept, sealed, until Google has been told."""
    with runtime.db.transaction() as session:
        mailbox = _locked(session, mailbox_id)
        if mailbox is None:
            return None
        if mailbox.state != MailboxState.DISCONNECTED:
            mailbox.state, mailbox.problem = MailboxState.DISCONNECTED, None
            mailbox.state_changed_at = runtime.clock.now()
        return mailbox.sealed_tokens


def _locked(session: Session, mailbox_id: uuid.UUID) -> Mailbox | None:
    statement = _with_a_grant().where(Mailbox.id == mailbox_id).with_for_update(of=Mailbox)
    return session.scalars(statement).one_or_none()


def _opened(runtime: Runtime, mailbox_id: uuid.UUID) -> OAuthTokens | None:
    with runtime.db.reading() as session:
        try:
            return tokens.unseal(runtime.vault, connection.by_id(session, mailbox_id))
        except VaultError:
            log.warning("grant_does_not_open", mailbox_id=str(mailbox_id))
            return None
