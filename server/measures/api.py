"""/api/v1/accounts/<id>/measures"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.accounts import queries as accounts
from server.auth import policy
from server.auth.policy import Deed
from server.measures import queries, record
from server.measures.access import demand_may_report
from server.measures.models import Measure, MeasureName, Sentiment
from server.web.api import InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor

blueprint = api_blueprint("measures", "What is reported of an account: sentiment, licence use, answers to surveys")

_NAMES = [one.value for one in MeasureName]
_WORDS = [one.value for one in Sentiment]
_TEXT = validate.Regexp(r"[^\x00]*\Z", error="This is not valid text.")


class MeasureSchema(OutputSchema):
    id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    name = fields.String(required=True, validate=validate.OneOf(_NAMES))
    word = fields.String(allow_none=True, required=True, validate=validate.OneOf([None, *_WORDS]))
    number = fields.Float(allow_none=True, required=True)
    note = fields.String(allow_none=True, required=True, metadata={"description": "Only for those who may read mail."})
    contact_id = fields.UUID(allow_none=True, required=True)
    by_user_id = fields.UUID(allow_none=True, required=True)
    measured_at = fields.AwareDateTime(required=True)


class MeasureListSchema(OutputSchema):
    items = fields.List(fields.Nested(MeasureSchema), required=True)


class ReportedSchema(InputSchema):
    name = fields.String(required=True, validate=validate.OneOf(_NAMES))
    word = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf([None, *_WORDS]),
        metadata={"description": "For the sentiment."},
    )
    number = fields.Float(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=1_000),
        metadata={"description": "Licence use in percent of what was bought; an answer (nps) from 0 to 10."},
    )
    note = fields.String(load_default="", validate=[validate.Length(max=record.LONGEST_NOTE), _TEXT])
    contact_id = fields.UUID(load_default=None, allow_none=True)
    measured_at = fields.AwareDateTime(load_default=None, allow_none=True)
    source_key = fields.String(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(min=1, max=record.LONGEST_KEY), _TEXT],
        metadata={"description": "Names the report where it comes from: told again, it stands once."},
    )


@blueprint.route("/accounts/<uuid:account_id>/measures")
class MeasuresOfAccount(MethodView):
    @blueprint.response(200, MeasureListSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    def get(self, account_id: uuid.UUID) -> dict[str, Sequence[Any]]:
        """The newest hundred measures of an account"""
        with runtime().db.reading() as session:
            accounts.by_id(session, account_id)
            reads = policy.may(require_visitor(), Deed.READ_MAIL)
            return {"items": [_shown(one, reads_words=reads) for one in queries.of_account(session, account_id)]}


@blueprint.route("/accounts/<uuid:account_id>/measures")
class ReportMeasure(MethodView):
    @blueprint.arguments(ReportedSchema)
    @blueprint.response(201, MeasureSchema)
    @blueprint.alt_response(403, description="The account is somebody else's.")
    @blueprint.alt_response(404, description="There is no such account.")
    def post(self, args: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
        """Report a measure; the same source_key again answers with the first"""
        here, visitor = runtime(), require_visitor()
        now = here.clock.now()
        with here.db.transaction() as session:
            demand_may_report(session, accounts.by_id(session, account_id), visitor)
            told = record.Reported(
                account_id=account_id,
                name=MeasureName(args["name"]),
                measured_at=args["measured_at"] or now,
                word=args["word"],
                number=args["number"],
                note=args["note"],
                contact_id=args["contact_id"],
                # Of one account: the key of another's report must not answer here.
                source_key=f"api:{account_id}:{args['source_key']}" if args["source_key"] else None,
            )
            return _shown(record.record(session, told, by_user_id=visitor.user_id, now=now), reads_words=True)


def _shown(one: Measure, *, reads_words: bool) -> dict[str, Any]:
    fields_shown = ("id", "account_id", "name", "word", "number", "note", "contact_id", "by_user_id", "measured_at")
    return {field: getattr(one, field) for field in fields_shown} | ({} if reads_words else {"note": None})
