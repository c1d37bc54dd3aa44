"""Messages, labels and history of one mailbox, as rows. Every change raises the mailbox's historyId by one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Connection, Row

from server.sandbox.google_errors import invalid_argument, not_found
from server.sandbox.mail_text import MailText

SYSTEM_LABELS = (
    "INBOX", "SENT", "DRAFT", "UNREAD", "STARRED", "IMPORTANT", "SPAM", "TRASH", "CHAT",
    "CATEGORY_PERSONAL", "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS",
)  # fmt: skip


def new_gmail_id() -> str:
    """16 hex digits, the first not zero, as Gmail's ids look."""
    return "1" + secrets.token_hex(8)[1:]


def account_row(db: Connection, email: str) -> Row | None:
    row: Row | None = db.execute("select * from account where email = ?", (email.lower(),)).fetchone()
    return row


def ensure_customer(db: Connection, email: str, name: str) -> None:
    """A mailbox comes into being with the first mail for its address."""
    db.execute(
        "insert into account (email, name, kind) values (?, ?, 'customer') on conflict do nothing",
        (email.lower(), name or email.lower()),
    )


def sending_addresses(db: Connection, mailbox: str) -> list[str]:
    """The primary address first, then the others that may stand in From."""
    rows = db.execute("select address from send_as where mailbox = ? order by address", (mailbox,))
    return [mailbox, *(row["address"] for row in rows)]


def message_row(db: Connection, mailbox: str, message_id: str) -> Row:
    """Raises a 404 GoogleError."""
    row: Row | None = db.execute("select * from message where mailbox = ? and id = ?", (mailbox, message_id)).fetchone()
    if row is None:
        raise not_found()
    return row


def thread_rows(db: Connection, mailbox: str, thread_id: str) -> list[Row]:
    """Oldest first; empty when there is no such thread."""
    return db.execute(
        "select * from message where mailbox = ? and thread_id = ? order by internal_ms, sequence",
        (mailbox, thread_id),
    ).fetchall()


def labels_of(db: Connection, mailbox: str, message_id: str) -> list[str]:
    rows = db.execute(
        "select label_id from message_label where mailbox = ? and message_id = ? order by label_id",
        (mailbox, message_id),
    )
    return [row["label_id"] for row in rows]


def known_label_ids(db: Connection, mailbox: str) -> set[str]:
    rows = db.execute("select id from label where mailbox = ?", (mailbox,))
    return {*SYSTEM_LABELS, *(row["id"] for row in rows)}


def add_message(
    db: Connection, mailbox: str, mail: MailText, *, labels: Iterable[str], thread_id: str | None, now: datetime
) -> Row:
    """A new message, received `now`; without `thread_id` it begins a thread that bears the message's own id."""
    message_id = new_gmail_id()
    db.execute(
        "insert into message (mailbox, id, thread_id, internal_ms, history_id, rfc_message_id, subject, raw)"
        " values (?, ?, ?, ?, 0, ?, ?, ?)",
        (
            mailbox, message_id, thread_id or message_id, int(now.timestamp() * 1000),
            mail.rfc_message_id, mail.thread_subject, mail.raw,
        ),
    )  # fmt: skip
    db.executemany(
        "insert into message_label values (?, ?, ?)", [(mailbox, message_id, label) for label in set(labels)]
    )
    record_change(db, mailbox, "messagesAdded", message_id, thread_id or message_id, labels)
    return message_row(db, mailbox, message_id)


def remove_message(db: Connection, mailbox: str, message_id: str) -> None:
    row = message_row(db, mailbox, message_id)
    labels = labels_of(db, mailbox, message_id)
    record_change(db, mailbox, "messagesDeleted", message_id, row["thread_id"], labels)
    db.execute("delete from message where mailbox = ? and id = ?", (mailbox, message_id))
    db.execute("delete from message_label where mailbox = ? and message_id = ?", (mailbox, message_id))


def change_labels(
    db: Connection, mailbox: str, message_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> None:
    """Raises a 400 GoogleError for an unknown label, 404 for an unknown message."""
    row = message_row(db, mailbox, message_id)
    unknown = {*add, *remove} - known_label_ids(db, mailbox)
    if unknown:
        raise invalid_argument(f"Invalid label: {sorted(unknown)[0]}")
    present = set(labels_of(db, mailbox, message_id))
    added, removed = set(add) - present, set(remove) & present
    for label in added:
        db.execute("insert into message_label values (?, ?, ?)", (mailbox, message_id, label))
    for label in removed:
        db.execute(
            "delete from message_label where mailbox = ? and message_id = ? and label_id = ?",
            (mailbox, message_id, label),
        )
    if added:
        record_change(db, mailbox, "labelsAdded", message_id, row["thread_id"], added)
    if removed:
        record_change(db, mailbox, "labelsRemoved", message_id, row["thread_id"], removed)


def record_change(
    db: Connection, mailbox: str, kind: str, message_id: str, thread_id: str, labels: Iterable[str]
) -> None:
    (history_id,) = db.execute(
        "update account set history_id = history_id + 1 where email = ? returning history_id", (mailbox,)
    ).fetchone()
    db.execute(
        "insert into change values (?, ?, ?, ?, ?, ?)",
        (mailbox, history_id, kind, message_id, thread_id, json.dumps(sorted(labels))),
    )
    db.execute("update message set history_id = ? where mailbox = ? and id = ?", (history_id, mailbox, message_id))


def thread_for(db: Connection, mailbox: str, mail: MailText, *, asked_thread_id: str | None = None) -> str | None:
    """The thread that this message joins: its references and its subject must both match one there.

    A thread that was asked for is joined on no easier terms; None means a new thread.
    Source: Message.threadId in the discovery document of gmail.v1. Raises 404 for an asked thread that is not there.
    """
    if asked_thread_id is not None and not thread_rows(db, mailbox, asked_thread_id):
        raise not_found()
    for referenced in reversed(mail.referenced_ids):
        rows = db.execute(
            "select thread_id from message where mailbox = ? and rfc_message_id = ? and subject = ?",
            (mailbox, referenced, mail.thread_subject),
        ).fetchall()
        for row in rows:
            if asked_thread_id in (None, row["thread_id"]):
                return str(row["thread_id"])
    return None
