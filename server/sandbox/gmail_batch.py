"""POST /batch/gmail/v1: several calls in one multipart/mixed body, each answered as a part."""

from __future__ import annotations

import secrets
from email import message_from_bytes, policy
from email.message import Message

from flask import Blueprint, Response, current_app, request
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response as BaseResponse

from server.sandbox import oauth_grants as grants
from server.sandbox.calls import bearer, break_after, break_before
from server.sandbox.google_errors import invalid_argument
from server.sandbox.state import current_state

BATCH_LIMIT = 100

gmail_batch = Blueprint("gmail_batch", __name__)


@gmail_batch.post("/batch/gmail/v1")
def batch() -> Response:
    """Faults of the call `batch` break the whole; those of the calls inside break their part alone."""
    fault = break_before("batch", _caller())
    parts = _parts()
    boundary = f"batch_{secrets.token_urlsafe(16)}"
    answers = [_answer_part(part, boundary) for part in parts]
    body = b"".join(answers) + f"--{boundary}--\r\n".encode()
    break_after(fault)
    return Response(body, content_type=f"multipart/mixed; boundary={boundary}")


def _caller() -> str:
    state = current_state()
    with state.store.transaction() as db:
        row = grants.live_token(db, bearer(), "access", now=state.now())
    return str(row["email"]) if row else "unknown"


def _parts() -> list[Message]:
    head = f"Content-Type: {request.headers.get('Content-Type', '')}\r\n\r\n".encode()
    envelope = message_from_bytes(head + request.get_data(), policy=policy.compat32)
    parts = envelope.get_payload()
    if not envelope.is_multipart() or not isinstance(parts, list):
        raise invalid_argument("Failed to parse batch request: multipart/mixed is expected.")
    if len(parts) > BATCH_LIMIT:
        raise invalid_argument(f"The batch request exceeds the limit of {BATCH_LIMIT} calls.")
    return [part for part in parts if isinstance(part, Message)]


def _answer_part(part: Message, boundary: str) -> bytes:
    response = _run(part)
    content_id = str(part.get("Content-ID", "")).replace("<", "<response-", 1)
    lines = [
        f"--{boundary}",
        "Content-Type: application/http",
        f"Content-ID: {content_id}",
        "",
        f"HTTP/1.1 {response.status}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + response.get_data() + b"\r\n"


def _run(part: Message) -> BaseResponse:
    """Run one call inside this application. The outer Authorization holds unless the part has its own."""
    payload = part.get_payload(decode=True)
    head, _, body = (payload if isinstance(payload, bytes) else b"").replace(b"\r\n", b"\n").partition(b"\n\n")
    request_line, _, header_text = head.partition(b"\n")
    words = request_line.decode("latin-1").split()
    if len(words) != 3 or not words[1].startswith("/gmail/"):
        raise invalid_argument("Failed to parse batch request: a part must be a call of the Gmail API.")
    headers = dict(message_from_bytes(header_text + b"\n\n", policy=policy.compat32).items())
    headers.setdefault("Authorization", request.headers.get("Authorization", ""))
    headers.pop("Content-Length", None)
    builder = EnvironBuilder(method=words[0], path=words[1], headers=list(headers.items()), data=body)
    try:
        return BaseResponse.from_app(current_app.wsgi_app, builder.get_environ())
    finally:
        builder.close()
