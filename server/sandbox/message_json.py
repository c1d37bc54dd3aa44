"""A message as the Gmail API shows it."""

from __future__ import annotations

import base64
import html
import re
from email.message import EmailMessage
from sqlite3 import Connection, Row
from typing import Any

from flask import request

from server.sandbox import mailbox as boxes
from server.sandbox import scopes as scope_names
from server.sandbox.calls import Call
from server.sandbox.google_errors import GoogleError, invalid_argument
from server.sandbox.mail_text import MailText

_FORMATS = ("minimal", "metadata", "full", "raw")


def asked_format(call: Call) -> tuple[str, frozenset[str]]:
    """The format and the wanted headers (lower case; empty for all). Raises 400 or, for the metadata scope, 403.

    The metadata scope takes away full and raw also where a wider scope was granted beside it.
    """
    wanted = request.args.get("format", "full").lower()
    if wanted not in _FORMATS:
        raise invalid_argument(f"Invalid value at 'format': {wanted}")
    if scope_names.METADATA in call.scopes and wanted in ("full", "raw"):
        raise GoogleError(403, "forbidden", f"Metadata scope doesn't allow format {wanted.upper()}")
    return wanted, frozenset(name.lower() for name in request.args.getlist("metadataHeaders"))


def reference(row: Row) -> dict[str, Any]:
    return {"id": row["id"], "threadId": row["thread_id"]}


def sent_reference(db: Connection, row: Row) -> dict[str, Any]:
    return {**reference(row), "labelIds": boxes.labels_of(db, row["mailbox"], row["id"])}


def message_json(db: Connection, row: Row, wanted: str, headers: frozenset[str] = frozenset()) -> dict[str, Any]:
    mail = MailText(row["raw"])
    body: dict[str, Any] = {
        **sent_reference(db, row),
        "snippet": html.escape(" ".join(re.sub(r"\s+", " ", mail.text).split())[:200], quote=True),
        "historyId": str(row["history_id"]),
        "internalDate": str(row["internal_ms"]),
        "sizeEstimate": len(row["raw"]),
    }
    if wanted == "raw":
        body["raw"] = base64.urlsafe_b64encode(row["raw"]).decode()
    elif wanted == "metadata":
        chosen = [(name, value) for name, value in mail.headers if not headers or name.lower() in headers]
        body["payload"] = {"mimeType": mail.message.get_content_type(), "headers": _headers(chosen)}
    elif wanted == "full":
        body["payload"] = _part(mail.message, "")
    return body


def _headers(headers: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _part(part: EmailMessage, part_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "partId": part_id,
        "mimeType": part.get_content_type(),
        "filename": part.get_filename() or "",
        "headers": _headers([(name, str(value)) for name, value in part.items()]),
    }
    if part.is_multipart():
        prefix = f"{part_id}." if part_id else ""
        body["body"] = {"size": 0}
        body["parts"] = [
            _part(child, f"{prefix}{number}")
            for number, child in enumerate(part.iter_parts())
            if isinstance(child, EmailMessage)
        ]
    else:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        body["body"] = {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}
    return body
