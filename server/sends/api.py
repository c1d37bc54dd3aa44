"""/api/v1/outbound-emails"""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.sends import decide, jobs, queries
from server.sends.models import OutboundEmail, OutboundState
from server.sends.queries import OutboxGroup
from server.web.api import CursorArgs, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor
from server.web.paging import row_marker

blueprint = api_blueprint("outbound_emails", "The caller's outbox")


class OutboxArgs(CursorArgs):
    group = fields.String(load_default="all", validate=validate.OneOf([str(group) for group in OutboxGroup]))


class OutboundEmailSchema(OutputSchema):
    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf([str(state) for state in OutboundState]))
    account_id = fields.UUID(required=True)
    contact_id = fields.UUID(required=True)
    to_name = fields.String(required=True)
    to_email = fields.String(required=True)
    from_email = fields.String(required=True)
    subject = fields.String(required=True)
    template_label = fields.String(required=True)
    problem = fields.String(allow_none=True, required=True)
    cure = fields.String(allow_none=True, required=True)
    queued_at = fields.AwareDateTime(required=True)
    sent_at = fields.AwareDateTime(allow_none=True, required=True)
    gmail_message_id = fields.String(allow_none=True, required=True)
    gmail_thread_id = fields.String(allow_none=True, required=True)


class OutboxSchema(OutputSchema):
    items = fields.List(fields.Nested(OutboundEmailSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


@blueprint.route("/outbound-emails")
class Outbox(MethodView):
    @blueprint.arguments(OutboxArgs, location="query")
    @blueprint.response(200, OutboxSchema)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """The caller's outbound emails, newest first"""
        with runtime().db.reading() as session:
            found = queries.outbox(
                session,
                user_id=require_visitor().user_id,
                group=OutboxGroup(args["group"]),
                limit=args["limit"],
                before=row_marker(args["cursor"]),
            )
        return {"items": found.emails, "next_cursor": str(found.next_before) if found.next_before else None}


@blueprint.route("/outbound-emails/<uuid:email_id>")
class OutboundEmailDetail(MethodView):
    @blueprint.response(200, OutboundEmailSchema)
    @blueprint.alt_response(404, description="There is no such email.")
    def get(self, email_id: uuid.UUID) -> OutboundEmail:
        """One outbound email of the caller"""
        with runtime().db.reading() as session:
            return queries.email(session, email_id=email_id, user_id=require_visitor().user_id)


@blueprint.route("/outbound-emails/<uuid:email_id>/cancel")
class CancelOutboundEmail(MethodView):
    @blueprint.response(200, OutboundEmailSchema)
    @blueprint.alt_response(404, description="There is no such email.")
    @blueprint.alt_response(409, description="It is too late.")
    def post(self, email_id: uuid.UUID) -> OutboundEmail:
        """Take an email back before it is handed to Gmail"""
        here = runtime()
        with here.db.transaction() as session:
            found = decide.own(session, email_id=email_id, user_id=require_visitor().user_id)
            decide.cancel(session, found, now=here.clock.now())
        jobs.wake(here, found.mailbox_id)
        return found
