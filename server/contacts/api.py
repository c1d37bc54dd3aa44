"""/api/v1/accounts/<id>/contacts"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask.views import MethodView
from marshmallow import fields

from server.accounts import queries as accounts
from server.contacts import queries
from server.contacts.queries import ContactView
from server.web.api import OutputSchema, api_blueprint
from server.web.frame import runtime

blueprint = api_blueprint("contacts", "People at accounts")


class ContactSchema(OutputSchema):
    id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    title = fields.String(allow_none=True, required=True)
    role = fields.String(allow_none=True, required=True)
    language = fields.String(allow_none=True, required=True)
    time_zone = fields.String(allow_none=True, required=True, metadata={"description": "An IANA name."})
    email = fields.String(allow_none=True, required=True)
    alternate_emails = fields.List(fields.String(), required=True)
    opted_out_at = fields.AwareDateTime(allow_none=True, required=True)


@blueprint.route("/accounts/<uuid:account_id>/contacts")
class ContactsOfAccount(MethodView):
    @blueprint.response(200, ContactSchema(many=True))
    @blueprint.alt_response(404, description="There is no such account.")
    def get(self, account_id: uuid.UUID) -> Sequence[ContactView]:
        """The contacts of an account"""
        with runtime().db.reading() as session:
            accounts.by_id(session, account_id)
            # A list: flask-smorest takes a tuple for (body, status, headers).
            return list(queries.of_account(session, account_id))
