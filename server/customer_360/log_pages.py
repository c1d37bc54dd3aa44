"""Logging a call, a meeting or a note on the page of an account."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people, policy
from server.auth.policy import Deed
from server.contacts.queries import ContactView
from server.errors import Invalid
from server.ids import new_id
from server.messages.clean import one_line
from server.timeline import record
from server.timeline.models import ActivityType
from server.timeline.record import Told
from server.web import show
from server.web.frame import runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("log", __name__)

_TOLD = {
    ActivityType.CUSTOMER_CALL: "Customer call",
    ActivityType.IN_PERSON_MEETING: "In-person meeting",
    ActivityType.UPDATE: "Update or note",
    ActivityType.WORKSHOP: "Workshop",
    ActivityType.AT_RISK: "At-risk update",
}


def form(account_id: uuid.UUID, contacts: Sequence[ContactView]) -> dict[str, Any] | None:
    """As accounts/_log.html takes it; None for whoever may not log."""
    if not policy.may(require_visitor(), Deed.LOG_ACTIVITY):
        return None
    now = runtime().clock.now().astimezone(show.zone())
    asked = request.args.get("log", "")
    return {
        # A task that is done leads here: what it was and what it was called stand in the form already.
        "is_open": asked in tuple(_TOLD),
        "type": asked if asked in tuple(_TOLD) else ActivityType.CUSTOMER_CALL.value,
        "subject": one_line(request.args.get("subject", ""), record.LONGEST_SUBJECT),
        "action": url_for("customer_360.log.log_activity", account_id=account_id),
        "key": new_id(),
        "types": [{"value": key.value, "label": label} for key, label in _TOLD.items()],
        "at": now.strftime("%Y-%m-%dT%H:%M"),
        "zone": show.zone().key,
        "contacts": [{"id": one.id, "name": one.full_name} for one in contacts[: record.MOST_CONTACTS]],
    }


@blueprint.post("/accounts/<uuid:account_id>/activities")
def log_activity(account_id: uuid.UUID) -> BaseResponse:
    here, told = runtime(), _told()
    with here.db.transaction() as session:
        by = people.by_id(session, require_visitor().user_id)
        record.log_activity(session, told, account_id=account_id, by=by, now=here.clock.now())
    tell(f"{_TOLD[told.activity_type]} logged: it stands on the timeline.")
    return redirect(url_for("customer_360.account", account_id=account_id, _anchor="timeline"), code=303)


def _told() -> Told:
    """Raises Invalid for what the form cannot have sent."""
    given = request.form
    try:
        # A year before 1000 and one after 9998 have no place in every zone.
        at = datetime.fromisoformat(given.get("occurred_at", ""))
        if at.tzinfo is not None or not 1000 <= at.year <= 9998:
            raise ValueError("no local time of our days")
        return Told(
            key=uuid.UUID(given.get("key", "")),
            activity_type=ActivityType(given.get("activity_type", "")),
            subject=given.get("subject", "")[: record.LONGEST_SUBJECT],
            text=given.get("text", "")[: record.LONGEST_TEXT],
            occurred_at=at.replace(tzinfo=show.zone()),
            contact_ids=[uuid.UUID(one) for one in given.getlist("contact_ids")[: record.MOST_CONTACTS]],
        )
    except ValueError:
        raise Invalid("Something of this form is missing.", cure="Go back, fill it in and save it again.") from None
