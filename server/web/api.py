"""The REST API's frame: OpenAPI 3.1 out of marshmallow schemas, problem details also in the specification."""

from __future__ import annotations

from typing import Any

import flask
from flask import Flask
from flask_smorest import Api, Blueprint
from marshmallow import EXCLUDE, RAISE, Schema, fields, validate
from werkzeug.exceptions import HTTPException

from server import __version__
from server.web.frame import Crumb, page

__all__ = ["CursorArgs", "InputSchema", "OutputSchema", "api_blueprint", "install"]


class InputSchema(Schema):
    """What comes in: an unknown field is an error, not a silence."""

    class Meta:
        unknown = RAISE


class OutputSchema(Schema):
    class Meta:
        unknown = EXCLUDE


class CursorArgs(Schema):
    """Paging by an opaque cursor: take `next_cursor` of one page as `cursor` of the next."""

    class Meta:
        unknown = EXCLUDE

    cursor = fields.String(load_default=None, validate=validate.Length(max=300))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class ProblemSchema(Schema):
    """RFC 9457 problem details."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    cure = fields.String(metadata={"description": "What the person can do about it."})
    errors = fields.Dict(metadata={"description": "What is wrong, by field."})
    request_id = fields.String()


class RapportApi(Api):  # type: ignore[misc]
    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Any:
        """Left to web.problems, so that there is one table only."""
        return None

    def _register_error_handlers(self) -> None:
        return None

    def _register_responses(self) -> None:
        super()._register_responses()
        components = self.spec.components
        for responses in (components.responses, components.responses_lazy):
            for response in responses.values():
                content = response.get("content", {})
                if "application/json" in content:
                    content["application/problem+json"] = content.pop("application/json")


def api_blueprint(name: str, description: str) -> Blueprint:
    blueprint = Blueprint(name, __name__, url_prefix="/api/v1", description=description)
    blueprint.PAGINATION_HEADER_NAME = None
    return blueprint


docs = flask.Blueprint("api_docs", __name__)


@docs.get("/api/docs")
def api_docs() -> str:
    return page("api/docs.html", crumbs=[Crumb(label="REST API")], spec_url="/api/openapi.json")


def install(app: Flask) -> RapportApi:
    app.config.update(
        API_TITLE="Rapport",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": "Accounts, timelines, calls to action and email, on your own server."},
            "components": {
                "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "rapport_session"}}
            },
            "security": [{"session": []}],
        },
    )
    return RapportApi(app)
