"""/_sandbox/: how tests and the demonstration steer the sandbox. JSON only, so that a web page cannot post to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, jsonify, request

from server.errors import Invalid
from server.sandbox import deliver
from server.sandbox import mailbox as boxes
from server.sandbox.deliver import PlacedMail
from server.sandbox.faults import Fault, FaultKind
from server.sandbox.mail_text import MailText
from server.sandbox.mailbox import account_row, ensure_customer
from server.sandbox.push import PushTarget
from server.sandbox.state import current_state

control = Blueprint("control", __name__, url_prefix="/_sandbox")


@control.errorhandler(Invalid)
def show_invalid(error: Invalid) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 422


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise Invalid("A JSON object is expected.")
    return body


@control.get("/health")
def health() -> Response:
    return jsonify({"ok": True})


@control.get("/faults")
def list_faults() -> Response:
    return jsonify(current_state().faults.waiting())


@control.post("/faults")
def add_fault() -> tuple[Response, int]:
    body = _body()
    try:
        fault = Fault(**{**body, "fault": FaultKind(body.get("fault", ""))})
    except (TypeError, ValueError):
        kinds = ", ".join(FaultKind)
        raise Invalid(
            f"Give match and fault (one of {kinds}), and if wanted mailbox, about, skip, times, retry_after_s, slow_s."
        ) from None
    current_state().faults.add(fault)
    return jsonify(current_state().faults.waiting()), 201


@control.delete("/faults")
def clear_faults() -> Response:
    current_state().faults.clear()
    return Response(status=204)


@control.get("/log")
def call_log() -> Response:
    return jsonify(current_state().calls.counts())


@control.get("/deliveries")
def deliveries() -> Response:
    return jsonify(deliveries_to(request.args.get("to")))


def deliveries_to(address: str | None) -> list[dict[str, Any]]:
    """Delivered copies, oldest first; `headers` has lower-case names, the first value of each."""
    with current_state().store.transaction() as db:
        rows = db.execute(
            "select * from delivery where ? is null or to_address = ? order by sequence",
            (address, (address or "").lower()),
        ).fetchall()
    return [
        {
            "id": row["gmail_message_id"],
            "at": row["at"],
            "from": row["from_address"],
            "to": row["to_address"],
            "subject": row["subject"],
            "headers": json.loads(row["headers"]),
        }
        for row in rows
    ]


@control.post("/mail")
def inject_mail() -> tuple[Response, int]:
    """{"raw": base64url of a message, "to": address, "from": address}: put it into that INBOX exactly as it is."""
    body = _body()
    state = current_state()
    try:
        raw = base64.urlsafe_b64decode(str(body["raw"]) + "==")
        to, sender = str(body["to"]).lower(), str(body["from"]).lower()
    except (KeyError, ValueError):
        raise Invalid("Give raw (base64url), to and from.") from None
    with state.store.transaction() as db:
        if account_row(db, to) is None:
            ensure_customer(db, to, "")
        row = deliver.receive(db, to, MailText(raw), sender=sender, now=state.now())
        state.push.announce(db, now=state.now())
    return jsonify({"id": row["id"], "threadId": row["thread_id"]}), 201


@control.post("/mail/bulk")
def add_mail() -> tuple[Response, int]:
    """{"mailbox": address, "messages": [{"raw": base64url, "labels"?: […], "at"?: Unix milliseconds}]}.

    Puts all of it into that mailbox at once, as it is: INBOX and UNREAD, and now, if not told otherwise.
    """
    body = _body()
    state = current_state()
    try:
        mails = [
            PlacedMail(
                raw=base64.urlsafe_b64decode(str(one["raw"]) + "=="),
                labels=tuple(one.get("labels", ("INBOX", "UNREAD"))),
                at=datetime.fromtimestamp(int(one["at"]) / 1000, UTC) if "at" in one else state.now(),
            )
            for one in body["messages"]
        ]
        mailbox = str(body["mailbox"]).lower()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Invalid("Give mailbox, and messages with raw (base64url), and if wanted labels and at.") from None
    ids = deliver.place(state, mailbox, mails)
    return jsonify({"ids": ids}), 201


@control.post("/labels")
def change_labels() -> Response:
    """{"mailbox": address, "id": Gmail id, "add"?: […], "remove"?: […]}: as the owner would, in Gmail."""
    body = _body()
    with _owners_change() as db:
        boxes.change_labels(
            db, _mailbox(body), str(body.get("id")), add=body.get("add", []), remove=body.get("remove", [])
        )
    return Response(status=204)


@control.post("/delete")
def delete_mail() -> Response:
    """{"mailbox": address, "id": Gmail id}: for good, past the trash."""
    body = _body()
    with _owners_change() as db:
        boxes.remove_message(db, _mailbox(body), str(body.get("id")))
    return Response(status=204)


def _mailbox(body: dict[str, Any]) -> str:
    return str(body.get("mailbox", "")).lower()


@contextmanager
def _owners_change() -> Iterator[Connection]:
    state = current_state()
    with state.store.transaction() as db:
        yield db
        state.push.announce(db, now=state.now())


@control.post("/push")
def aim_push() -> Response:
    """{"url": …, "audience"?: …, "service_account"?: …}, or {"url": null} to stop."""
    body = _body()
    try:
        target = PushTarget(**body) if body.get("url") else None
    except TypeError:
        raise Invalid("Give url, and if wanted audience and service_account.") from None
    current_state().push.aim(target)
    return Response(status=204)


@control.post("/expire-history")
def expire_history() -> Response:
    """{"mailbox": address}: every cursor handed out so far becomes too old."""
    with current_state().store.transaction() as db:
        db.execute(
            "update account set history_id = history_id + 1, history_floor = history_id + 1 where email = ?",
            (str(_body().get("mailbox", "")).lower(),),
        )
    return Response(status=204)


@control.post("/reset")
def reset() -> Response:
    """Forget all mail, faults and counts."""
    _body()
    state = current_state()
    state.faults.clear()
    state.calls.clear()
    state.store.clear_mail()
    return Response(status=204)
