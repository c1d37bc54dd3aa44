"""Who the API takes one for."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import fields

from server.auth import token_scopes
from server.web.api import OutputSchema, api_blueprint
from server.web.identity import require_visitor

blueprint = api_blueprint("me", "The person that a session or a token stands for.")


class MeSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    time_zone = fields.String(required=True)
    scopes = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "What the token may do; null for a browser's session, which may do all."},
    )


@blueprint.route("/me")
class Me(MethodView):
    @blueprint.response(200, MeSchema)
    def get(self) -> dict[str, Any]:
        """Who is asking."""
        visitor = require_visitor()
        return {
            "id": visitor.user_id,
            "name": visitor.name,
            "email": visitor.email,
            "role": visitor.role,
            "time_zone": visitor.time_zone,
            "scopes": token_scopes.names_of(visitor.deeds) if visitor.deeds is not None else None,
        }
