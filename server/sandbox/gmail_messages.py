"""users.messages and users.threads."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from sqlite3 import Row
from typing import Any

from server.sandbox import deliver
from server.sandbox import mailbox as boxes
from server.sandbox.calls import Call, gmail_call
from server.sandbox.found import asked_page, found_rows, message_page
from server.sandbox.google_errors import invalid_argument, not_found
from server.sandbox.message_json import asked_format, message_json, reference, sent_reference


def raw_of(message: object) -> tuple[bytes, str | None]:
    """The bytes and threadId of a Message resource. Raises a 400 GoogleError when raw is not base64url."""
    if not isinstance(message, dict) or not isinstance(message.get("raw"), str) or not message["raw"]:
        raise invalid_argument("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
    text = message["raw"]
    try:
        if "+" in text or "/" in text:
            raise ValueError("standard base64 is not base64url")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise invalid_argument("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed") from None
    return raw, message.get("threadId")


@gmail_call("messages.send", "POST", "/messages/send")
def send_message(call: Call) -> dict[str, Any]:
    raw, thread_id = raw_of(call.json())
    sent = deliver.send(call.db, call.account, raw, asked_thread_id=thread_id, now=call.now)
    return sent_reference(call.db, sent)


@gmail_call("messages.get", "GET", "/messages/<message_id>")
def get_message(call: Call, message_id: str) -> dict[str, Any]:
    wanted, headers = asked_format(call)
    return message_json(call.db, boxes.message_row(call.db, call.mailbox, message_id), wanted, headers)


@gmail_call("messages.list", "GET", "/messages")
def list_messages(call: Call) -> dict[str, Any]:
    page, next_token = message_page(call)
    body: dict[str, Any] = {"resultSizeEstimate": len(page)}
    if page:
        body["messages"] = [reference(row) for row in page]
    if next_token:
        body["nextPageToken"] = next_token
    return body


@gmail_call("messages.modify", "POST", "/messages/<message_id>/modify")
def modify_message(call: Call, message_id: str) -> dict[str, Any]:
    _modify(call, [message_id])
    return sent_reference(call.db, boxes.message_row(call.db, call.mailbox, message_id))


@gmail_call("messages.batchModify", "POST", "/messages/batchModify")
def batch_modify(call: Call) -> None:
    ids = call.json().get("ids", [])
    if not isinstance(ids, list) or not 0 < len(ids) <= 1000:
        raise invalid_argument("Invalid value at 'ids': give 1 to 1000")
    _modify(call, ids)


@gmail_call("messages.trash", "POST", "/messages/<message_id>/trash")
def trash_message(call: Call, message_id: str) -> dict[str, Any]:
    boxes.change_labels(call.db, call.mailbox, message_id, add=["TRASH"], remove=["INBOX"])
    return sent_reference(call.db, boxes.message_row(call.db, call.mailbox, message_id))


@gmail_call("messages.untrash", "POST", "/messages/<message_id>/untrash")
def untrash_message(call: Call, message_id: str) -> dict[str, Any]:
    boxes.change_labels(call.db, call.mailbox, message_id, remove=["TRASH"])
    return sent_reference(call.db, boxes.message_row(call.db, call.mailbox, message_id))


@gmail_call("messages.delete", "DELETE", "/messages/<message_id>")
def delete_message(call: Call, message_id: str) -> None:
    boxes.remove_message(call.db, call.mailbox, message_id)


@gmail_call("threads.get", "GET", "/threads/<thread_id>")
def get_thread(call: Call, thread_id: str) -> dict[str, Any]:
    wanted, headers = asked_format(call)
    rows = boxes.thread_rows(call.db, call.mailbox, thread_id)
    if not rows:
        raise not_found()
    messages = [message_json(call.db, row, wanted, headers) for row in rows]
    return {"id": thread_id, "historyId": str(max(row["history_id"] for row in rows)), "messages": messages}


@gmail_call("threads.list", "GET", "/threads")
def list_threads(call: Call) -> dict[str, Any]:
    newest_of_each = {row["thread_id"]: row for row in reversed(list(found_rows(call)))}
    page, next_token = page_of(reversed(newest_of_each.values()))
    body: dict[str, Any] = {"resultSizeEstimate": len(page)}
    if page:
        body["threads"] = [{"id": row["thread_id"], "historyId": str(row["history_id"])} for row in page]
    if next_token:
        body["nextPageToken"] = next_token
    return body


@gmail_call("threads.modify", "POST", "/threads/<thread_id>/modify")
def modify_thread(call: Call, thread_id: str) -> dict[str, Any]:
    rows = boxes.thread_rows(call.db, call.mailbox, thread_id)
    if not rows:
        raise not_found()
    _modify(call, [row["id"] for row in rows])
    return {"id": thread_id, "messages": [sent_reference(call.db, row) for row in rows]}


def _modify(call: Call, ids: list[str]) -> None:
    body = call.json()
    add, remove = body.get("addLabelIds", []), body.get("removeLabelIds", [])
    if {"SENT", "DRAFT"} & {*add, *remove}:
        raise invalid_argument("Invalid label: SENT and DRAFT cannot be changed")
    for message_id in ids:
        boxes.change_labels(call.db, call.mailbox, message_id, add=add, remove=remove)


def page_of(rows: Iterable[Row]) -> tuple[list[Row], str | None]:
    """The page that maxResults (1 to 500) and pageToken ask for, and the token of the next one."""
    listed = list(rows)
    size, token = asked_page()
    start = int(token)
    return listed[start : start + size], str(start + size) if len(listed) > start + size else None
