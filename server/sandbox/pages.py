"""Mailboxes in the browser: what a customer would see, and a way to reply as that person."""

from __future__ import annotations

from datetime import UTC, datetime
from sqlite3 import Connection, Row
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.sandbox import deliver
from server.sandbox import mailbox as boxes
from server.sandbox.google_errors import GoogleError
from server.sandbox.mail_text import MailText
from server.sandbox.replies import new_mail_raw, reply_raw
from server.sandbox.state import current_state
from server.sandbox.style import STYLE

pages = Blueprint("pages", __name__)
FOLDERS = {"inbox": "INBOX", "sent": "SENT", "drafts": "DRAFT"}


@pages.get("/sandbox.css")
def stylesheet() -> Response:
    return Response(STYLE, mimetype="text/css")


@pages.get("/favicon.ico")
def no_icon() -> Response:
    return Response(status=204)


@pages.get("/")
def mailboxes() -> str:
    with current_state().store.transaction() as db:
        accounts = db.execute(
            "select account.*, (select count(*) from message_label where mailbox = email and label_id = 'INBOX')"
            " as inbox, (select count(*) from message_label a join message_label b using (mailbox, message_id)"
            " where a.mailbox = email and a.label_id = 'INBOX' and b.label_id = 'UNREAD') as unread"
            " from account order by kind desc, email"
        ).fetchall()
    return render_template("mailboxes.html", accounts=accounts)


@pages.get("/mail/<address>/")
@pages.get("/mail/<address>/<any(inbox, sent, drafts):folder>/")
def folder(address: str, folder: str = "inbox") -> str:
    with current_state().store.transaction() as db:
        account = _account(db, address)
        rows = db.execute(
            "select message.* from message join message_label on message_label.mailbox = message.mailbox"
            " and message_id = message.id where message.mailbox = ? and label_id = ?"
            " order by internal_ms desc, sequence desc limit 500",
            (account["email"], FOLDERS[folder]),
        ).fetchall()
        lines = [_line(db, row) for row in rows]
    return render_template("folder.html", account=account, folder=folder, folders=FOLDERS, lines=lines)


@pages.get("/mail/<address>/message/<message_id>")
def message(address: str, message_id: str) -> str:
    with current_state().store.transaction() as db:
        account, row = _message(db, address, message_id)
        boxes.change_labels(db, account["email"], message_id, remove=["UNREAD"])
        thread = [_line(db, other) for other in boxes.thread_rows(db, account["email"], row["thread_id"])]
        current_state().push.announce(db, now=current_state().now())
    mail = MailText(row["raw"])
    return render_template(
        "message.html",
        account=account,
        folders=FOLDERS,
        line=next(line for line in thread if line["id"] == message_id),
        thread=thread,
        headers=mail.headers,
        has_html=mail.body("html") is not None,
        text=mail.body("plain"),
    )


@pages.get("/mail/<address>/message/<message_id>/body")
def message_body(address: str, message_id: str) -> Response:
    """The HTML body as it came, boxed in: no script, no form, nothing from elsewhere but Rapport's own pictures."""
    with current_state().store.transaction() as db:
        _, row = _message(db, address, message_id)
    body = MailText(row["raw"]).body("html") or ""
    response = Response('<base target="_blank">' + body, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        f"img-src data: {current_state().config.redirect_uris_prefix}; frame-ancestors 'self'"
    )
    return response


@pages.post("/mail/<address>/message/<message_id>/reply")
def reply(address: str, message_id: str) -> BaseResponse:
    """Answer as this person: `text` is what they write."""
    state = current_state()
    with state.store.transaction() as db:
        account, row = _message(db, address, message_id)
        raw = reply_raw(account, MailText(row["raw"]), request.form.get("text", ""), now=state.now())
        sent = _send(db, account, raw, thread_id=row["thread_id"])
    return redirect(url_for("pages.message", address=account["email"], message_id=sent["id"]), code=303)


@pages.post("/mail/<address>/write")
def write(address: str) -> BaseResponse:
    """A new mail as this person: `to`, `subject`, `text`."""
    state = current_state()
    with state.store.transaction() as db:
        account = _account(db, address)
        raw = new_mail_raw(
            account,
            to=request.form.get("to", ""),
            subject=request.form.get("subject", ""),
            text=request.form.get("text", ""),
            now=state.now(),
        )
        sent = _send(db, account, raw, thread_id=None)
    return redirect(url_for("pages.message", address=account["email"], message_id=sent["id"]), code=303)


def _send(db: Connection, account: Row, raw: bytes, *, thread_id: str | None) -> Row:
    state = current_state()
    try:
        sent = deliver.send_in_thread(db, account, MailText(raw), thread_id=thread_id, now=state.now())
    except GoogleError as error:
        abort(400, error.message)
    state.push.announce(db, now=state.now())
    return sent


def _account(db: Connection, address: str) -> Row:
    row = boxes.account_row(db, address)
    if row is None:
        abort(404, "No mail has come for this address yet.")
    return row


def _message(db: Connection, address: str, message_id: str) -> tuple[Row, Row]:
    account = _account(db, address)
    try:
        return account, boxes.message_row(db, account["email"], message_id)
    except GoogleError:
        abort(404, "This message is not here any more.")


def _line(db: Connection, row: Row) -> dict[str, Any]:
    """One line of a list of messages."""
    mail = MailText(row["raw"])
    return {
        "id": row["id"],
        "from": mail.header("From"),
        "to": mail.header("To"),
        "subject": mail.header("Subject") or "(no subject)",
        "snippet": " ".join(mail.text.split())[:140],
        "at": datetime.fromtimestamp(row["internal_ms"] / 1000, UTC),
        "unread": "UNREAD" in boxes.labels_of(db, row["mailbox"], row["id"]),
    }
