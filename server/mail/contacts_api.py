"""/api/v1/accounts/<id>/contacts: somebody of a mail becomes a contact, and their waiting mail goes to the account."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.contacts import queries as contacts
from server.contacts.add import LONGEST_NAME, add_contact
from server.contacts.addresses import address_of
from server.contacts.api import ContactSchema
from server.contacts.queries import ContactView
from server.mail import rematch, waiting
from server.web.api import InputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor

blueprint = api_blueprint("new_contacts", "People who become contacts")

_LONGEST_ADDRESS = 320


def _name() -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=LONGEST_NAME))


class NewContactSchema(InputSchema):
    first_name = _name()
    last_name = _name()
    email = fields.String(required=True, validate=validate.Length(min=1, max=_LONGEST_ADDRESS))
    title = _name()


@blueprint.route("/accounts/<uuid:account_id>/contacts")
class AddContact(MethodView):
    @blueprint.arguments(NewContactSchema)
    @blueprint.response(201, ContactSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    @blueprint.alt_response(409, description="The address is somebody's already: the detail says whose.")
    def post(self, args: Mapping[str, Any], account_id: uuid.UUID) -> ContactView:
        """Add a contact; the caller's mail that waits because of this address goes to the account at once"""
        here, user_id = runtime(), require_visitor().user_id
        with here.db.transaction() as session:
            made = add_contact(session, account_id=account_id, now=here.clock.now(), **args)
            asked = waiting.messages_with(session, user_id, address_of(args["email"]).norm)
            rematch.place_anew(session, asked, here.clock.now())
            return contacts.by_id(session, made)
