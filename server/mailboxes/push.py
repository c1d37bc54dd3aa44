"""POST /hooks/gmail: Cloud Pub/Sub says that a watched mailbox changed.

A push is only a nudge: what it says of the history is not believed, and one that is lost costs a poll's time.
"""

from __future__ import annotations

import base64
import binascii
import json

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from server.logs import logger
from server.mailboxes import reading
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused
from server.web.frame import runtime

blueprint = Blueprint("mailbox_push", __name__)
log = logger(__name__)

_LARGEST_PUSH = 64 * 1024


@blueprint.post("/hooks/gmail")
def gmail() -> Response:
    """204 for every push that is ours, whatever it names: Pub/Sub repeats all else for days."""
    request.max_content_length = _LARGEST_PUSH
    here = runtime()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return _plain("A push bears the token of its subscription.", 401)
    try:
        here.push_tokens.check(token.strip())
    except SignInRefused as error:
        log.warning("push_refused", reason=error.reason)
        return _plain("This token is not that of our subscription.", 403)
    except OutcomeUnknown as error:
        log.warning("push_not_checked", reason=error.reason)
        return _plain("Google's keys cannot be had right now: push again.", 503)
    email = _mailbox_address()
    if email is None:
        return _plain("This is no notification of Gmail's.", 400)
    with here.db.transaction() as session:
        mailbox_id = reading.look_now(session, email=email, now=here.clock.now())
    if mailbox_id is not None:
        here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox_id))
    return Response(status=204)


def _mailbox_address() -> str | None:
    """`emailAddress` of the notification; None when the body is none of Gmail's."""
    try:
        data = json.loads(request.get_data())["message"]["data"]
        email = json.loads(base64.b64decode(data, validate=True))["emailAddress"]
    except (HTTPException, ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        return None
    return email.lower() if isinstance(email, str) and "@" in email else None


def _plain(text: str, status: int) -> Response:
    return Response(f"{text}\n", status=status, mimetype="text/plain")
