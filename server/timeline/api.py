"""/api/v1/timeline, and the timelines of an account and of a contact."""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.accounts import queries as accounts
from server.accounts.queries import AccountCursor
from server.audit import note
from server.auth import people
from server.contacts import queries as contacts
from server.timeline import queries, record
from server.timeline.cut import SeenEntry
from server.timeline.models import ActivityType, Level
from server.timeline.present import viewer_of
from server.timeline.record import Told
from server.timeline.scopes import Scope
from server.web.api import CursorArgs, InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor

blueprint = api_blueprint("timeline", "What happened with an account")

_TYPES = [str(one) for one in ActivityType]
_DIRECTIONS = ["in", "out"]
_TOLD = [one for one in _TYPES if one != ActivityType.EMAIL]


class PersonSchema(OutputSchema):
    part = fields.String(
        required=True, metadata={"description": "from, to, cc; bcc for its sender only; with: took part in a call."}
    )
    name = fields.String(required=True)
    email = fields.String(required=True)
    contact_id = fields.UUID(allow_none=True, required=True)


class TimelineEntrySchema(OutputSchema):
    id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    activity_type = fields.String(required=True, validate=validate.OneOf(_TYPES))
    level = fields.String(
        required=True,
        validate=validate.OneOf([Level.FULL.value, Level.SUBJECT.value, Level.METADATA.value]),
        metadata={"description": "How much of it the caller may see."},
    )
    hidden_reason = fields.String(required=True, metadata={"description": "Who can see the rest; empty if all is."})
    subject = fields.String(required=True)
    body_text = fields.String(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    direction = fields.String(allow_none=True, required=True, validate=validate.OneOf([None, *_DIRECTIONS]))
    thread_key = fields.UUID(required=True, metadata={"description": "The same for all mails of a conversation."})
    fold_reason = fields.String(
        allow_none=True, required=True, metadata={"description": "The rule by which it is shown small."}
    )
    others = fields.Integer(
        required=True, metadata={"description": "People of other companies in it, who are not listed."}
    )
    template_label = fields.String(allow_none=True, required=True)
    gmail_thread_id = fields.String(allow_none=True, required=True)
    sender = fields.Nested(PersonSchema, allow_none=True, required=True)
    recipients = fields.List(fields.Nested(PersonSchema), required=True)


class TimelineSchema(OutputSchema):
    items = fields.List(fields.Nested(TimelineEntrySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class TimelineArgs(CursorArgs):
    q = fields.String(load_default="", validate=validate.Length(max=100))
    mine = fields.Boolean(load_default=False, metadata={"description": "Only accounts whose TAM is the caller."})
    activity_type = fields.String(load_default=None, validate=validate.OneOf(_TYPES))
    direction = fields.String(load_default=None, validate=validate.OneOf(_DIRECTIONS))
    account_id = fields.UUID(load_default=None)


class ActivityArgs(CursorArgs):
    mine = fields.Boolean(load_default=False, metadata={"description": "Only accounts whose TAM is the caller."})


class AccountActivitySchema(OutputSchema):
    account_id = fields.UUID(required=True)
    name = fields.String(required=True)
    last_activity_at = fields.AwareDateTime(
        allow_none=True, required=True, metadata={"description": "The last call or meeting; email never counts."}
    )
    last_timeline_activity_at = fields.AwareDateTime(
        allow_none=True, required=True, metadata={"description": "The last of anything, email included."}
    )


class AccountActivityListSchema(OutputSchema):
    items = fields.List(fields.Nested(AccountActivitySchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


class ToldSchema(InputSchema):
    key = fields.UUID(
        required=True,
        metadata={"description": "Made by the client, once for each thing it logs: a repeated call writes it once."},
    )
    activity_type = fields.String(required=True, validate=validate.OneOf(_TOLD))
    subject = fields.String(required=True, validate=validate.Length(min=1, max=record.LONGEST_SUBJECT))
    text = fields.String(load_default="", validate=validate.Length(max=record.LONGEST_TEXT))
    occurred_at = fields.AwareDateTime(required=True)
    contact_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=record.MOST_CONTACTS))


@blueprint.route("/timeline")
class TimelineOfEverything(MethodView):
    @blueprint.arguments(TimelineArgs, location="query")
    @blueprint.response(200, TimelineSchema)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """The timeline of all accounts, newest first, as far as the caller may see it"""
        scope = Scope(
            account_id=args["account_id"],
            tam_id=require_visitor().user_id if args["mine"] else None,
            activity_type=args["activity_type"],
            direction=args["direction"],
            words=args["q"].replace("\0", ""),
        )
        return _answer(scope, args)


@blueprint.route("/accounts/<uuid:account_id>/timeline")
class TimelineOfAccount(MethodView):
    @blueprint.arguments(CursorArgs, location="query")
    @blueprint.response(200, TimelineSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    def get(self, args: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
        """The timeline of an account, newest first, as far as the caller may see it"""
        with runtime().db.reading() as session:
            accounts.by_id(session, account_id)
        return _answer(Scope(account_id=account_id), args)


@blueprint.route("/accounts/<uuid:account_id>/activities")
class LogActivity(MethodView):
    @blueprint.arguments(ToldSchema)
    @blueprint.response(201, TimelineEntrySchema)
    @blueprint.alt_response(404, description="There is no such account.")
    @blueprint.alt_response(409, description="This key was used for another account.")
    def post(self, args: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
        """Log a call, a meeting or a note; calls and meetings move the account's last activity"""
        here, visitor = runtime(), require_visitor()
        with here.db.transaction() as session:
            entry = record.log_activity(
                session,
                Told(**args),
                account_id=account_id,
                by=people.by_id(session, visitor.user_id),
                now=here.clock.now(),
            )
            return _flat(queries.one(session, viewer_of(visitor), entry.id))


@blueprint.route("/contacts/<uuid:contact_id>/timeline")
class TimelineOfContact(MethodView):
    @blueprint.arguments(CursorArgs, location="query")
    @blueprint.response(200, TimelineSchema)
    @blueprint.alt_response(404, description="There is no such contact.")
    def get(self, args: dict[str, Any], contact_id: uuid.UUID) -> dict[str, Any]:
        """What a person took part in, newest first, as far as the caller may see it"""
        with runtime().db.reading() as session:
            contacts.by_id(session, contact_id)
        return _answer(Scope(contact_id=contact_id), args)


@blueprint.route("/accounts/activity")
class ActivityOfAccounts(MethodView):
    @blueprint.arguments(ActivityArgs, location="query")
    @blueprint.response(200, AccountActivityListSchema)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """When something last happened with each account, by name"""
        after = AccountCursor.decode(args["cursor"]) if args["cursor"] is not None else None
        tam_id = require_visitor().user_id if args["mine"] else None
        with runtime().db.reading() as session:
            found = accounts.page(session, limit=args["limit"], after=after, tam_id=tam_id)
            ids = [account.id for account in found.accounts]
            last = queries.activity(session, ids)
        return {
            "items": [
                {
                    "account_id": account.id,
                    "name": account.name,
                    "last_activity_at": last[account.id].spoken_at if account.id in last else None,
                    "last_timeline_activity_at": last[account.id].anything_at if account.id in last else None,
                }
                for account in found.accounts
            ],
            "next_cursor": found.next_cursor.encode() if found.next_cursor else None,
        }


def _answer(scope: Scope, args: dict[str, Any]) -> dict[str, Any]:
    viewer = viewer_of(require_visitor())
    with runtime().db.reading() as session:
        found = queries.entries(session, viewer, scope, limit=args["limit"], cursor=args["cursor"])
    note.reading([one.id for one in found.entries if one.body_text and not one.seen.is_holder])
    return {"items": [_flat(one) for one in found.entries], "next_cursor": found.next_cursor}


def _flat(one: SeenEntry) -> dict[str, Any]:
    names = (
        "id", "account_id", "activity_type", "subject", "body_text", "occurred_at", "direction", "thread_key",
        "fold_reason", "others", "template_label", "gmail_thread_id", "sender", "recipients",
    )  # fmt: skip
    return {
        **{name: getattr(one, name) for name in names},
        "level": one.seen.level.value,
        "hidden_reason": one.seen.reason,
    }
