"""The people with Google accounts, written at every start; what they had stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from server.sandbox.config import SandboxUser
from server.sandbox.store import Store


def seed_accounts(store: Store, users: Iterable[SandboxUser]) -> None:
    """A customer's address that is seeded later becomes a user and keeps its mail."""
    with store.transaction() as db:
        for user in users:
            email = user.email.lower()
            db.execute(
                "insert into account (email, name, kind, subject, hosted_domain) values (?, ?, 'user', ?, ?)"
                " on conflict (email) do update set name = excluded.name, kind = 'user',"
                " subject = coalesce(subject, excluded.subject), hosted_domain = excluded.hosted_domain",
                (email, user.name, _subject(email), user.hosted_domain),
            )
            db.executemany(
                "insert into send_as values (?, ?) on conflict do nothing",
                [(email, address.lower()) for address in user.send_as],
            )


def _subject(email: str) -> str:
    """21 digits, as Google's `sub`; the same for an address in every sandbox, so that a reset keeps people."""
    return str(int(hashlib.sha256(email.encode()).hexdigest(), 16))[:20].rjust(21, "1")
