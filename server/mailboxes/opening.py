"""Opening a mailbox for a job: its tokens, and what to do when they were renewed or are refused."""

from __future__ import annotations

import uuid

from server.mailboxes import connection, tokens
from server.mailboxes.models import MailboxState
from server.ports.gmail import GmailMailbox, OAuthTokens
from server.runtime import Runtime


def open_mailbox(runtime: Runtime, mailbox_id: uuid.UUID) -> GmailMailbox | None:
    """None when the mailbox is not connected. Renewed tokens are stored in a transaction of their own."""
    with runtime.db.reading() as session:
        mailbox = connection.by_id(session, mailbox_id)
    if mailbox.state != MailboxState.CONNECTED:
        return None

    def keep(renewed: OAuthTokens) -> None:
        with runtime.db.transaction() as session:
            connection.keep_renewed(session, mailbox_id=mailbox_id, renewed=renewed, vault=runtime.vault)

    return runtime.gmail.open(tokens.unseal(runtime.vault, mailbox), on_refresh=keep)
