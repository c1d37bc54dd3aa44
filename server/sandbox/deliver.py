"""Sending: the sender's copy under SENT, and a copy in the INBOX of everybody it is addressed to."""

from __future__ import annotations

import json
from datetime import datetime
from sqlite3 import Connection, Row

from server.sandbox import mailbox as boxes
from server.sandbox.mail_text import MailText, stamp_for_sending


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
        else:
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


def _note_delivery(db: Connection, sender: str, to: str, message: Row, mail: MailText, now: datetime) -> None:
    headers = {name.lower(): value for name, value in reversed(mail.headers)}
    db.execute(
        "insert into delivery (at, from_address, to_address, gmail_message_id, subject, headers)"
        " values (?, ?, ?, ?, ?, ?)",
        (now.isoformat(), sender, to, message["id"], mail.header("Subject"), json.dumps(headers)),
    )
