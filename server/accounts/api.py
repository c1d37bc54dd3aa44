"""/api/v1/accounts"""

from __future__ import annotations

import uuid
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.accounts import queries
from server.accounts.models import LifecycleStage
from server.accounts.queries import AccountCursor
from server.web.api import AmountField, CursorArgs, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor

blueprint = api_blueprint("accounts", "Customer companies")


class AccountListArgs(CursorArgs):
    q = fields.String(load_default="", validate=validate.Length(max=100))
    mine = fields.Boolean(load_default=False, metadata={"description": "Only accounts whose TAM is the caller."})


class AccountSchema(OutputSchema):
    id = fields.UUID(required=True)
    salesforce_id = fields.String(allow_none=True, required=True)
    name = fields.String(required=True)
    website = fields.String(allow_none=True, required=True)
    parent_id = fields.UUID(allow_none=True, required=True)
    owner_name = fields.String(allow_none=True, required=True)
    tam_name = fields.String(allow_none=True, required=True)
    tam_id = fields.UUID(allow_none=True, required=True)
    arr = AmountField(allow_none=True, required=True, metadata={"description": "In the reporting currency."})
    renewal_on = fields.Date(allow_none=True, required=True)
    lifecycle_stage = fields.String(
        allow_none=True, required=True, validate=validate.OneOf([None, *(str(stage) for stage in LifecycleStage)])
    )


class AccountListSchema(OutputSchema):
    items = fields.List(fields.Nested(AccountSchema), required=True)
    next_cursor = fields.String(allow_none=True, required=True)


@blueprint.route("/accounts")
class AccountList(MethodView):
    @blueprint.arguments(AccountListArgs, location="query")
    @blueprint.response(200, AccountListSchema)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """Accounts by name"""
        after = AccountCursor.decode(args["cursor"]) if args["cursor"] is not None else None
        tam_id = require_visitor().user_id if args["mine"] else None
        with runtime().db.reading() as session:
            found = queries.page(session, limit=args["limit"], after=after, tam_id=tam_id, search=args["q"])
        return {
            "items": found.accounts,
            "next_cursor": found.next_cursor.encode() if found.next_cursor else None,
        }


@blueprint.route("/accounts/<uuid:account_id>")
class AccountDetail(MethodView):
    @blueprint.response(200, AccountSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    def get(self, account_id: uuid.UUID) -> queries.AccountView:
        """One account"""
        with runtime().db.reading() as session:
            return queries.view_of(queries.by_id(session, account_id))
