"""The sandbox's own SQLite file: Gmail mailboxes and OAuth grants, kept over restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
create table if not exists secret (name text primary key, value text not null);
create table if not exists account (
    email text primary key,
    name text not null,
    kind text not null check (kind in ('user', 'customer')),
    subject text unique,
    hosted_domain text,
    history_id integer not null default 1000,
    history_floor integer not null default 1000
);
create table if not exists send_as (mailbox text not null, address text not null, primary key (mailbox, address));
create table if not exists message (
    sequence integer primary key autoincrement,
    mailbox text not null,
    id text not null,
    thread_id text not null,
    internal_ms integer not null,
    history_id integer not null,
    rfc_message_id text not null,
    subject text not null,
    raw blob not null,
    unique (mailbox, id)
);
create index if not exists message_by_thread on message (mailbox, thread_id);
create index if not exists message_by_time on message (mailbox, internal_ms desc, sequence desc);
create index if not exists message_by_rfc_id on message (mailbox, rfc_message_id);
create table if not exists message_label (
    mailbox text not null, message_id text not null, label_id text not null,
    primary key (mailbox, message_id, label_id)
);
create index if not exists message_label_by_label on message_label (mailbox, label_id);
create table if not exists label (
    mailbox text not null, id text not null, name text not null, primary key (mailbox, id)
);
create table if not exists draft (
    sequence integer primary key autoincrement,
    mailbox text not null, id text not null, message_id text not null, unique (mailbox, id)
);
create table if not exists change (
    mailbox text not null, history_id integer not null, kind text not null,
    message_id text not null, thread_id text not null, label_ids text not null,
    primary key (mailbox, history_id)
);
create table if not exists watch (
    mailbox text primary key, topic text not null, label_ids text not null,
    expires_ms integer not null, announced_history_id integer not null
);
create table if not exists delivery (
    sequence integer primary key autoincrement,
    at text not null, from_address text not null, to_address text not null,
    gmail_message_id text not null, subject text not null, headers text not null
);
create table if not exists oauth_code (
    code_hash text primary key, email text not null, scopes text not null, redirect_uri text not null,
    code_challenge text not null, nonce text, offline integer not null, expires_at real not null,
    used integer not null default 0
);
create table if not exists oauth_grant (email text primary key, scopes text not null);
create table if not exists oauth_token (
    token_hash text primary key, kind text not null check (kind in ('access', 'refresh')),
    email text not null, scopes text not null, expires_at real, code_hash text
);
"""


class Store:
    """Opens one connection for each transaction: threads share nothing but the file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        connection = self._connect()
        try:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_SCHEMA)
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction from the start, so that two calls never interleave. An exception undoes it."""
        connection = self._connect()
        try:
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("pragma synchronous = normal")
        return connection

    def clear_mail(self) -> None:
        """Forget all mail, history, labels and deliveries; accounts, keys and grants stay."""
        with self.transaction() as db:
            for table in ("message", "message_label", "label", "draft", "change", "watch", "delivery"):
                db.execute(f"delete from {table}")  # noqa: S608  # names from the line above
            db.execute("delete from account where kind = 'customer'")
            # Cursors handed out before must not point into the new history.
            db.execute("update account set history_id = history_id + 1000, history_floor = history_id + 1000")
