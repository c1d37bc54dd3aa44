"""The rest of users.*: profile, history, labels, watch, sendAs."""

from __future__ import annotations

import json
from datetime import timedelta
from sqlite3 import Row
from typing import Any

from flask import request

from server.sandbox import mailbox as boxes
from server.sandbox.calls import Call, gmail_call
from server.sandbox.gmail_messages import page_of
from server.sandbox.google_errors import GoogleError, invalid_argument, not_found
from server.sandbox.mailbox import new_gmail_id

_KINDS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
WATCH_LIVES = timedelta(days=7)


@gmail_call("getProfile", "GET", "/profile")
def profile(call: Call) -> dict[str, Any]:
    messages, threads = call.db.execute(
        "select count(*), count(distinct thread_id) from message where mailbox = ?", (call.mailbox,)
    ).fetchone()
    return {
        "emailAddress": call.mailbox,
        "messagesTotal": messages,
        "threadsTotal": threads,
        "historyId": str(call.account["history_id"]),
    }


@gmail_call("history.list", "GET", "/history")
def history(call: Call) -> dict[str, Any]:
    start = request.args.get("startHistoryId", "")
    if not start.isdigit():
        raise invalid_argument("Missing or invalid startHistoryId")
    if not call.account["history_floor"] <= int(start) <= call.account["history_id"]:
        raise not_found()
    asked = request.args.getlist("historyTypes")
    if not set(asked) <= set(_KINDS):
        raise invalid_argument("Invalid value at 'history_types'")
    kinds = {_KINDS[kind] for kind in asked} or set(_KINDS.values())
    label_id = request.args.get("labelId")
    rows = call.db.execute(
        "select * from change where mailbox = ? and history_id > ? order by history_id", (call.mailbox, int(start))
    ).fetchall()
    chosen = [
        row for row in rows if row["kind"] in kinds and (not label_id or label_id in json.loads(row["label_ids"]))
    ]
    page, next_token = page_of(chosen)
    body: dict[str, Any] = {"historyId": str(call.account["history_id"])}
    if page:
        body["history"] = [_change_json(call, row) for row in page]
    if next_token:
        body["nextPageToken"] = next_token
    return body


def _change_json(call: Call, row: Row) -> dict[str, Any]:
    """`labelIds` inside `message` are those at the time of the change for added and deleted messages."""
    changed = json.loads(row["label_ids"])
    about_labels = row["kind"].startswith("labels")
    present = boxes.labels_of(call.db, call.mailbox, row["message_id"]) if about_labels else changed
    reference = {"id": row["message_id"], "threadId": row["thread_id"]}
    entry: dict[str, Any] = {"message": {**reference, "labelIds": present}}
    if about_labels:
        entry["labelIds"] = changed
    return {"id": str(row["history_id"]), "messages": [reference], row["kind"]: [entry]}


@gmail_call("labels.list", "GET", "/labels")
def list_labels(call: Call) -> dict[str, Any]:
    system = [{"id": name, "name": name, "type": "system"} for name in boxes.SYSTEM_LABELS]
    rows = call.db.execute("select * from label where mailbox = ? order by name", (call.mailbox,))
    return {"labels": [*system, *({"id": row["id"], "name": row["name"], "type": "user"} for row in rows)]}


@gmail_call("labels.get", "GET", "/labels/<label_id>")
def get_label(call: Call, label_id: str) -> dict[str, Any]:
    for label in list_labels(call)["labels"]:
        if label["id"] == label_id:
            return {**label, **_label_counts(call, label_id)}
    raise not_found()


def _label_counts(call: Call, label_id: str) -> dict[str, int]:
    (total,) = call.db.execute(
        "select count(*) from message_label where mailbox = ? and label_id = ?", (call.mailbox, label_id)
    ).fetchone()
    (unread,) = call.db.execute(
        "select count(*) from message_label a join message_label b using (mailbox, message_id)"
        " where a.mailbox = ? and a.label_id = ? and b.label_id = 'UNREAD'",
        (call.mailbox, label_id),
    ).fetchone()
    return {"messagesTotal": total, "messagesUnread": unread}


@gmail_call("labels.create", "POST", "/labels")
def create_label(call: Call) -> dict[str, Any]:
    name = str(call.json().get("name", "")).strip()
    if not name:
        raise invalid_argument("Invalid label name")
    taken = {label["name"].lower() for label in list_labels(call)["labels"]}
    if name.lower() in taken:
        raise GoogleError(409, "aborted", "Label name exists or conflicts")
    label_id = f"Label_{new_gmail_id()}"
    call.db.execute("insert into label values (?, ?, ?)", (call.mailbox, label_id, name))
    return {"id": label_id, "name": name, "type": "user"}


@gmail_call("labels.delete", "DELETE", "/labels/<label_id>")
def delete_label(call: Call, label_id: str) -> None:
    if label_id in boxes.SYSTEM_LABELS:
        raise invalid_argument("Cannot delete a system label")
    get_label(call, label_id)
    rows = call.db.execute(
        "select message_id from message_label where mailbox = ? and label_id = ?", (call.mailbox, label_id)
    ).fetchall()
    for row in rows:
        boxes.change_labels(call.db, call.mailbox, row["message_id"], remove=[label_id])
    call.db.execute("delete from label where mailbox = ? and id = ?", (call.mailbox, label_id))


@gmail_call("watch", "POST", "/watch")
def watch(call: Call) -> dict[str, Any]:
    body = call.json()
    topic = str(body.get("topicName", ""))
    if not topic.startswith("projects/") or "/topics/" not in topic:
        raise invalid_argument("Invalid topicName does not match projects/*/topics/*")
    expires_ms = int((call.now + WATCH_LIVES).timestamp() * 1000)
    call.db.execute(
        "insert or replace into watch values (?, ?, ?, ?, ?)",
        (call.mailbox, topic, json.dumps(body.get("labelIds", [])), expires_ms, call.account["history_id"]),
    )
    return {"historyId": str(call.account["history_id"]), "expiration": str(expires_ms)}


@gmail_call("stop", "POST", "/stop")
def stop(call: Call) -> None:
    call.db.execute("delete from watch where mailbox = ?", (call.mailbox,))


@gmail_call("settings.sendAs.list", "GET", "/settings/sendAs")
def send_as(call: Call) -> dict[str, Any]:
    primary, *others = boxes.sending_addresses(call.db, call.mailbox)
    name = call.account["name"]
    first = {"sendAsEmail": primary, "displayName": name, "isPrimary": True, "isDefault": True}
    rest = [{"sendAsEmail": address, "displayName": name, "verificationStatus": "accepted"} for address in others]
    return {"sendAs": [first, *rest]}
