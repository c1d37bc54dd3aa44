"""What a process works with. Built once at the start (`server.app.build_runtime`), handed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass

from server.clock import Clock
from server.db import Database
from server.jobqueue import JobQueue
from server.ports.gmail import Gmail
from server.ports.google_accounts import MailboxAccess, PushTokens
from server.ports.post import Post
from server.ports.sign_in import SignIn
from server.settings import Settings
from server.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Runtime:
    settings: Settings
    clock: Clock
    db: Database
    jobs: JobQueue
    vault: Vault
    gmail: Gmail
    sign_in: SignIn
    mailbox_access: MailboxAccess
    push_tokens: PushTokens
    # None where no mail server is set: Rapport then writes to nobody by itself.
    post: Post | None = None
