"""A mailbox's grant, sealed in its row."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from server.mailboxes.models import Mailbox
from server.ports.gmail import OAuthTokens
from server.vault import Vault


def seal(vault: Vault, mailbox_id: uuid.UUID, tokens: OAuthTokens) -> str:
    plain = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": tokens.expires_at.isoformat(),
        "scopes": sorted(tokens.scopes),
    }
    return vault.seal(f"mailbox:{mailbox_id}", json.dumps(plain))


def unseal(vault: Vault, mailbox: Mailbox) -> OAuthTokens:
    """Raises VaultError when the keys do not fit, ValueError when the mailbox holds no grant."""
    if mailbox.sealed_tokens is None:
        raise ValueError("this mailbox holds no grant")
    plain = json.loads(vault.open(f"mailbox:{mailbox.id}", mailbox.sealed_tokens))
    return OAuthTokens(
        access_token=plain["access_token"],
        refresh_token=plain["refresh_token"],
        expires_at=datetime.fromisoformat(plain["expires_at"]),
        scopes=frozenset(plain["scopes"]),
    )
