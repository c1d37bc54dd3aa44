"""Sending: the sender's copy under SENT, and a copy in the INBOX of everybody it is addressed to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Row

from server.errors import Invalid
from server.sandbox import mailbox as boxes
from server.sandbox import smtp
from server.sandbox.mail_text import MailText, stamp_for_sending
from server.sandbox.state import SandboxState, current_state


def send(db: Connection, account: Row, raw: bytes, *, asked_thread_id: str | None = None, now: datetime) -> Row:
    """Send as this account. Returns the sender's message; raises a 400 or 404 GoogleError."""
    mail = MailText(raw)
    thread_id = boxes.thread_for(db, account["email"], mail, asked_thread_id=asked_thread_id)
    return send_in_thread(db, account, mail, thread_id=thread_id, now=now)


def send_in_thread(db: Connection, account: Row, mail: MailText, *, thread_id: str | None, now: datetime) -> Row:
    sender = account["email"]
    allowed = set(boxes.sending_addresses(db, sender))
    stamped = stamp_for_sending(mail, sender=sender, sender_name=account["name"], allowed_from=allowed, now=now)
    recipients = {address.addr_spec.lower(): address.display_name for address in mail.addresses("To", "Cc", "Bcc")}
    labels = {"SENT"} | ({"INBOX", "UNREAD"} if sender in recipients else set())
    sent = boxes.add_message(db, sender, stamped, labels=labels, thread_id=thread_id, now=now)
    for address, name in recipients.items():
        if address == sender:
            _note_delivery(db, sender, address, sent, stamped, now)
        elif not smtp.hand_over(current_state().config.smtp_routes, address, stamped, sender=sender):
            boxes.ensure_customer(db, address, name)
            receive(db, address, stamped, sender=sender, now=now)
    return sent


def receive(db: Connection, address: str, mail: MailText, *, sender: str, now: datetime) -> Row:
    """Put a copy into the INBOX of an account that exists. Bcc never reaches a recipient."""
    copy = mail.without("Bcc").with_header("Delivered-To", address)
    thread_id = boxes.thread_for(db, address, copy)
    received = boxes.add_message(db, address, copy, labels={"INBOX", "UNREAD"}, thread_id=thread_id, now=now)
    _note_delivery(db, sender, address, received, copy, now)
    return received


@dataclass(frozen=True, kw_only=True)
class PlacedMail:
    """A mail as it stands in a mailbox: nothing is added to `raw`."""

    raw: bytes
    labels: tuple[str, ...] = ("INBOX", "UNREAD")
    at: datetime


def place(state: SandboxState, mailbox: str, mails: Sequence[PlacedMail]) -> list[str]:
    """All of it in one transaction, told of in history and by push; the Gmail ids. Labels must be known there."""
    ids: list[str] = []
    with state.store.transaction() as db:
        if boxes.account_row(db, mailbox) is None:
            boxes.ensure_customer(db, mailbox, "")
        known = boxes.known_label_ids(db, mailbox)
        for mail in mails:
            unknown = set(mail.labels) - known
            if unknown:
                raise Invalid(f"There is no label {sorted(unknown)[0]} in this mailbox.")
            text = MailText(mail.raw)
            thread_id = boxes.thread_for(db, mailbox, text)
            row = boxes.add_message(db, mailbox, text, labels=mail.labels, thread_id=thread_id, now=mail.at)
            ids.append(str(row["id"]))
        state.push.announce(db, now=state.now())
    return ids


def _note_delivery(db: Connection, sender: str, to: str, message: Row, mail: MailText, now: datetime) -> None:
    headers = {name.lower(): value for name, value in reversed(mail.headers)}
    db.execute(
        "insert into delivery (at, from_address, to_address, gmail_message_id, subject, headers)"
        " values (?, ?, ?, ?, ?, ?)",
        (now.isoformat(), sender, to, message["id"], mail.header("Subject"), json.dumps(headers)),
    )
