"""The outbox and its emails."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.errors import Invalid
from server.sends import decide, hold, jobs, present, queries
from server.sends.models import OutboundEmail, OutboundState
from server.sends.queries import OutboxGroup
from server.web import show
from server.web.frame import Crumb, page, runtime, tell, wants_partial
from server.web.guard import mail_frame
from server.web.identity import require_visitor
from server.web.paging import row_marker

blueprint = Blueprint("sends", __name__)

_TABS = {
    OutboxGroup.ALL: "All",
    OutboxGroup.WAITING: "Waiting",
    OutboxGroup.SENT: "Sent",
    OutboxGroup.NEEDS_YOU: "Needs you",
}


@blueprint.get("/outbox")
def outbox() -> str:
    visitor = require_visitor()
    group = _group(request.args.get("group", "all"))
    with runtime().db.reading() as session:
        found = queries.outbox(
            session, user_id=visitor.user_id, group=group, before=row_marker(request.args.get("before"))
        )
        counts = queries.outbox_counts(session, user_id=visitor.user_id)
        emails = _rows(session, found.emails)
    return page(
        "sends/outbox.html",
        active="outbox",
        crumbs=[Crumb(label="Outbox")],
        tabs=[
            {"label": label, "href": url_for(".outbox", group=key.value), "count": counts[key], "current": key is group}
            for key, label in _TABS.items()
        ],
        emails=emails,
        next_href=url_for(".outbox", group=group.value, before=found.next_before) if found.next_before else None,
        state_group=group.value,
        cockpit_href="/cockpit",
    )


@blueprint.get("/emails/<uuid:email_id>")
def email(email_id: uuid.UUID) -> str:
    visitor = require_visitor()
    with runtime().db.reading() as session:
        found = queries.email(session, email_id=email_id, user_id=visitor.user_id)
        content = queries.content(session, found)
        steps = queries.steps(session, email_id)
        shown = _rows(session, [found])[0]
    is_sent = found.state == OutboundState.SENT
    shown |= {
        "from_": found.from_email,
        "cta": None,
        "timeline_href": f"/accounts/{found.account_id}#timeline" if is_sent else None,
        "html_src": url_for(".email_body", email_id=email_id),
        "text": content.text,
    }
    return page(
        "sends/email.html",
        active="outbox",
        crumbs=[Crumb(label="Outbox", href=url_for(".outbox")), Crumb(label=shown["subject"])],
        email=shown,
        steps=[
            {
                "at": show.moment(step.at),
                "label": present.STATE_WORDS[OutboundState(step.state)][0],
                "detail": step.detail,
            }
            for step in steps
        ],
    )


@blueprint.get("/emails/<uuid:email_id>/body")
def email_body(email_id: uuid.UUID) -> Response:
    """The HTML as it was sent, for a sandboxed frame."""
    with runtime().db.reading() as session:
        found = queries.email(session, email_id=email_id, user_id=require_visitor().user_id)
        return mail_frame(queries.content(session, found).html)


@blueprint.get("/emails/<uuid:email_id>/row")
def email_row(email_id: uuid.UUID) -> str:
    """One row of the outbox, asked for while it moves."""
    with runtime().db.reading() as session:
        found = queries.email(session, email_id=email_id, user_id=require_visitor().user_id)
        return render_template("sends/_email_row.html", email=_rows(session, [found])[0])


@blueprint.post("/emails/<uuid:email_id>/cancel")
def cancel(email_id: uuid.UUID) -> BaseResponse | str:
    return _decide(email_id, decide.cancel, "Cancelled: it will not be sent.")


@blueprint.post("/emails/<uuid:email_id>/send-now")
def send_now(email_id: uuid.UUID) -> BaseResponse | str:
    return _decide(email_id, hold.send_now, "It leaves now.")


@blueprint.post("/emails/<uuid:email_id>/leave-at")
def leave_at(email_id: uuid.UUID) -> BaseResponse | str:
    """Another time for one that leaves later, by the clock of who gets it."""
    wall_time = show.wall_time(request.form.get("day", ""), request.form.get("time", ""))
    return _decide(email_id, partial(hold.change, wall_time=wall_time), "Put off.")


@blueprint.post("/emails/<uuid:email_id>/send-again")
def send_again(email_id: uuid.UUID) -> BaseResponse | str:
    return _decide(email_id, decide.send_again, "Put back into the outbox.")


@blueprint.post("/emails/<uuid:email_id>/it-was-sent")
def it_was_sent(email_id: uuid.UUID) -> BaseResponse | str:
    return _decide(email_id, decide.it_was_sent, "Recorded as sent; it stands on the timeline.")


@blueprint.post("/emails/<uuid:email_id>/it-was-not-sent")
def it_was_not_sent(email_id: uuid.UUID) -> BaseResponse | str:
    return _decide(email_id, decide.it_was_not_sent, "Recorded as not sent. You can send it again.")


def _decide(email_id: uuid.UUID, deed: Callable[..., None], words: str) -> BaseResponse | str:
    here, visitor = runtime(), require_visitor()
    now: datetime = here.clock.now()
    with here.db.transaction() as session:
        found = decide.own(session, email_id=email_id, user_id=visitor.user_id)
        deed(session, found, now=now)
    jobs.wake(here, found.mailbox_id)
    if wants_partial():
        return email_row(email_id)
    tell(words)
    return redirect(url_for(".email", email_id=email_id), code=303)


def _rows(session: Session, emails: Sequence[OutboundEmail]) -> list[dict[str, Any]]:
    viewer = require_visitor().email
    names = accounts.by_ids(session, list({email.account_id for email in emails}))
    return [present.row(email, names[email.account_id].name, viewer_email=viewer) for email in emails]


def _group(value: str) -> OutboxGroup:
    try:
        return OutboxGroup(value)
    except ValueError as error:
        raise Invalid("There is no such list in the outbox.", cure="Use the tabs of the outbox.") from error
