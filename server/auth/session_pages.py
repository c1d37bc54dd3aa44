"""Where you are signed in: each browser of the person, and the way to end it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import devices, sessions, token_scopes
from server.auth.models import Device, UserSession
from server.auth.user_agents import browser_of
from server.web import show
from server.web.frame import page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("sessions", __name__, url_prefix="/settings/sessions")


@blueprint.get("")
def where() -> str:
    here, visitor = runtime(), require_visitor()
    with here.db.reading() as session:
        found = sessions.of_user(session, user_id=visitor.user_id, now=here.clock.now())
        extensions = devices.of_user(session, user_id=visitor.user_id, now=here.clock.now())
    # This browser first, whatever was seen last.
    rows = sorted((_row(one, here=visitor.session_id) for one in found), key=lambda row: not row["is_here"])
    return page(
        "auth/sessions.html",
        rows=rows,
        devices=[_device_row(one) for one in extensions],
        urls={
            "end_others": url_for("sessions.end_others"),
            "sign_out": url_for("auth.sign_out"),
            "tokens": url_for("tokens.mine"),
        },
    )


def _row(found: UserSession, *, here: uuid.UUID) -> dict[str, Any]:
    browser = browser_of(found.user_agent)
    return {
        "browser": browser.words,
        "icon": "device-mobile" if browser.is_handheld else "device-desktop",
        "is_here": found.id == here,
        "ip": found.ip,
        "opened": show.moment(found.created_at),
        "seen": show.moment(found.last_seen_at),
        "end_href": url_for("sessions.end", session_id=found.id),
    }


def _device_row(found: Device) -> dict[str, Any]:
    return {
        "words": devices.words_of(found),
        "scopes": [token_scopes.SCOPES[name].words for name in found.scopes.split() if name in token_scopes.SCOPES],
        "ip": found.ip,
        "opened": show.moment(found.created_at),
        "seen": show.moment(found.last_seen_at),
        "end_href": url_for("sessions.end_device", device_id=found.id),
    }


@blueprint.post("/<uuid:session_id>/end")
def end(session_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        sessions.close_one_of(session, user_id=visitor.user_id, session_id=session_id)
    tell("That browser is signed out.")
    return redirect(url_for("sessions.where"), code=303)


@blueprint.post("/end-others")
def end_others() -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        ended = sessions.close_all(session, user_id=visitor.user_id, but=visitor.session_id)
    tell(f"Signed out of {ended} other {'browser' if ended == 1 else 'browsers'}.")
    return redirect(url_for("sessions.where"), code=303)


@blueprint.post("/devices/<uuid:device_id>/end")
def end_device(device_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        devices.close_one_of(session, user_id=visitor.user_id, device_id=device_id)
    tell("That Gmail extension is signed out.")
    return redirect(url_for("sessions.where"), code=303)
