"""After a new key: every grant is sealed with it, one row in a transaction, while mailboxes go on being used."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from server.db import Database
from server.mailboxes import tokens
from server.mailboxes.models import Mailbox
from server.vault import Vault, VaultError


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """How many are sealed with the first key now, and the mailboxes whose grant opens with none of the keys."""

    sealed: int
    unopened: tuple[str, ...]


def reseal_all(db: Database, vault: Vault) -> Resealed:
    with db.reading() as session:
        ids = session.scalars(select(Mailbox.id).where(Mailbox.sealed_tokens.is_not(None)).order_by(Mailbox.id)).all()
    sealed, unopened = 0, []
    for mailbox_id in ids:
        with db.transaction() as session:
            # Locked: a worker may be keeping a renewed token at this moment.
            mailbox = session.get(Mailbox, mailbox_id, with_for_update=True)
            if mailbox is None or mailbox.sealed_tokens is None:
                continue
            try:
                mailbox.sealed_tokens = tokens.seal(vault, mailbox.id, tokens.unseal(vault, mailbox))
                sealed += 1
            except VaultError:
                unopened.append(mailbox.email)
    return Resealed(sealed=sealed, unopened=tuple(unopened))
