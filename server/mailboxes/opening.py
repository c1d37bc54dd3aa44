"""Opening a mailbox for a job: its tokens, and what to do when they were renewed or are refused."""

from __future__ import annotations

import uuid
from datetime import datetime

from server.logs import logger
from server.mailboxes import connection, tokens
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.gmail import GmailMailbox, OAuthTokens
from server.runtime import Runtime
from server.vault import VaultError

_REFUSED = "Google no longer accepts the permission you gave."

log = logger(__name__)


def open_mailbox(runtime: Runtime, mailbox_id: uuid.UUID) -> GmailMailbox | None:
    """None when the mailbox is not connected. Renewed tokens are stored in a transaction of their own."""
    with runtime.db.reading() as session:
        mailbox = connection.by_id(session, mailbox_id)
    if mailbox.state != MailboxState.CONNECTED:
        return None
    try:
        grant = tokens.unseal(runtime.vault, mailbox)
    except VaultError:
        _say_that_it_does_not_open(runtime, mailbox)
        return None

    def keep(renewed: OAuthTokens) -> None:
        with runtime.db.transaction() as session:
            connection.keep_renewed(
                session,
                mailbox_id=mailbox_id,
                granted_at=mailbox.connected_at,
                renewed=renewed,
                vault=runtime.vault,
            )

    return runtime.gmail.open(grant, on_refresh=keep)


def lose_access(runtime: Runtime, mailbox_id: uuid.UUID, granted_at: datetime, reason: str = _REFUSED) -> None:
    """The grant of `granted_at` is of no use any more, by default because Google said so."""
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        connection.lose_access(session, mailbox_id=mailbox_id, granted_at=granted_at, reason=reason, now=now)


def _say_that_it_does_not_open(runtime: Runtime, mailbox: Mailbox) -> None:
    """The keys of this installation changed: only connecting again brings a grant that can be read."""
    log.error("grant_does_not_open", mailbox_id=str(mailbox.id))
    reason = "Rapport can no longer read the permission you gave: its keys were changed."
    lose_access(runtime, mailbox.id, mailbox.connected_at, reason)
