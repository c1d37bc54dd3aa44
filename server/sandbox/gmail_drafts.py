"""users.drafts. A draft's id stays; the id of its message changes with every update and with sending."""

from __future__ import annotations

import secrets
from sqlite3 import Row
from typing import Any

from flask import request

from server.sandbox import deliver, search
from server.sandbox import mailbox as boxes
from server.sandbox.calls import Call, gmail_call
from server.sandbox.gmail_messages import page_of, raw_of
from server.sandbox.google_errors import invalid_argument, not_found
from server.sandbox.mail_text import MailText
from server.sandbox.message_json import message_json, reference, sent_reference

_FORMATS = ("minimal", "metadata", "full", "raw")


def _draft_row(call: Call, draft_id: object) -> Row:
    row: Row | None = call.db.execute(
        "select * from draft where mailbox = ? and id = ?", (call.mailbox, draft_id)
    ).fetchone()
    if row is None:
        raise not_found()
    return row


def _write(call: Call, body: dict[str, Any], *, thread_id: str | None = None) -> Row:
    """Keep the content as a message under DRAFT. Recipients may still be missing, but not be nonsense."""
    raw, asked_thread_id = raw_of(body.get("message"))
    mail = MailText(raw)
    mail.addresses("To", "Cc", "Bcc")
    if asked_thread_id is not None or thread_id is None:
        thread_id = boxes.thread_for(call.db, call.mailbox, mail, asked_thread_id=asked_thread_id)
    return boxes.add_message(call.db, call.mailbox, mail, labels={"DRAFT"}, thread_id=thread_id, now=call.now)


def _json(call: Call, draft_id: str, message: Row) -> dict[str, Any]:
    return {"id": draft_id, "message": sent_reference(call.db, message)}


@gmail_call("drafts.create", "POST", "/drafts")
def create_draft(call: Call) -> dict[str, Any]:
    message = _write(call, call.json())
    draft_id = f"r{secrets.randbelow(9 * 10**18) + 10**17}"
    call.db.execute(
        "insert into draft (mailbox, id, message_id) values (?, ?, ?)", (call.mailbox, draft_id, message["id"])
    )
    return _json(call, draft_id, message)


@gmail_call("drafts.update", "PUT", "/drafts/<draft_id>")
def update_draft(call: Call, draft_id: str) -> dict[str, Any]:
    draft = _draft_row(call, draft_id)
    old = boxes.message_row(call.db, call.mailbox, draft["message_id"])
    message = _write(call, call.json(), thread_id=old["thread_id"])
    boxes.remove_message(call.db, call.mailbox, old["id"])
    call.db.execute(
        "update draft set message_id = ? where mailbox = ? and id = ?", (message["id"], call.mailbox, draft_id)
    )
    return _json(call, draft_id, message)


@gmail_call("drafts.get", "GET", "/drafts/<draft_id>")
def get_draft(call: Call, draft_id: str) -> dict[str, Any]:
    draft = _draft_row(call, draft_id)
    wanted = request.args.get("format", "full").lower()
    if wanted not in _FORMATS:
        raise invalid_argument(f"Invalid value at 'format': {wanted}")
    message = boxes.message_row(call.db, call.mailbox, draft["message_id"])
    return {"id": draft_id, "message": message_json(call.db, message, wanted)}


@gmail_call("drafts.list", "GET", "/drafts")
def list_drafts(call: Call) -> dict[str, Any]:
    if request.args.get("q"):
        search.compile_query(request.args["q"], now=call.now)
        raise invalid_argument("The sandbox does not search drafts: leave q out.")
    rows = call.db.execute("select * from draft where mailbox = ? order by sequence desc", (call.mailbox,))
    page, next_token = page_of(rows)
    body: dict[str, Any] = {"resultSizeEstimate": len(page)}
    if page:
        body["drafts"] = [
            {"id": row["id"], "message": reference(boxes.message_row(call.db, call.mailbox, row["message_id"]))}
            for row in page
        ]
    if next_token:
        body["nextPageToken"] = next_token
    return body


@gmail_call("drafts.delete", "DELETE", "/drafts/<draft_id>")
def delete_draft(call: Call, draft_id: str) -> None:
    _remove(call, _draft_row(call, draft_id))


@gmail_call("drafts.send", "POST", "/drafts/send")
def send_draft(call: Call) -> dict[str, Any]:
    """The draft is used up; the sent message has a new id, in the draft's thread."""
    draft = _draft_row(call, call.json().get("id"))
    old = boxes.message_row(call.db, call.mailbox, draft["message_id"])
    sent = deliver.send_in_thread(call.db, call.account, MailText(old["raw"]), thread_id=old["thread_id"], now=call.now)
    _remove(call, draft)
    return sent_reference(call.db, sent)


def _remove(call: Call, draft: Row) -> None:
    call.db.execute("delete from draft where mailbox = ? and id = ?", (call.mailbox, draft["id"]))
    boxes.remove_message(call.db, call.mailbox, draft["message_id"])
