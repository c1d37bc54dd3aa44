"""/api/v1/accounts/<id>/timeline"""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from marshmallow import fields

from server.accounts import queries as accounts
from server.timeline import queries
from server.timeline.queries import EntryWithPeople
from server.web.api import CursorArgs, OutputSchema, api_blueprint
from server.web.frame import runtime

blueprint = api_blueprint("timeline", "What happened with an account")


class PersonSchema(OutputSchema):
    name = fields.String(required=True)
    email = fields.String(required=True)
    contact_id = fields.UUID(allow_none=True, required=True)


class TimelineEntrySchema(OutputSchema):
    id = fields.UUID(required=True)
    activity_type = fields.String(required=True)
    subject = fields.String(required=True)
    body_text = fields.String(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    template_label = fields.String(allow_none=True, required=True)
    gmail_thread_id = fields.String(allow_none=True, required=True)
    sender = fields.Nested(PersonSchema, allow_none=True, required=True)
    recipients = fields.List(fields.Nested(PersonSchema), required=True)


class TimelineSchema(OutputSchema):
    items = fields.List(fields.Nested(TimelineEntrySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


@blueprint.route("/accounts/<uuid:account_id>/timeline")
class TimelineOfAccount(MethodView):
    @blueprint.arguments(CursorArgs, location="query")
    @blueprint.response(200, TimelineSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    def get(self, args: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
        """The timeline of an account, newest first"""
        with runtime().db.reading() as session:
            accounts.by_id(session, account_id)
            found = queries.of_account(session, account_id, limit=args["limit"], cursor=args["cursor"])
        return {"items": [_flat(one) for one in found.entries], "next_cursor": found.next_cursor}


def _flat(one: EntryWithPeople) -> dict[str, Any]:
    entry = one.entry
    names = ("id", "activity_type", "subject", "body_text", "occurred_at", "template_label", "gmail_thread_id")
    return {**{name: getattr(entry, name) for name in names}, "sender": one.sender, "recipients": one.recipients}
