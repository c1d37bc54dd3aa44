"""The REST API's frame: OpenAPI 3.1 out of marshmallow schemas, problem details also in the specification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import flask
from flask import Flask
from flask_smorest import Api, Blueprint
from flask_smorest.arguments import FlaskParser
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load, validate
from werkzeug.exceptions import HTTPException

from server import __version__
from server.web.frame import Crumb, page

__all__ = ["AmountField", "CursorArgs", "InputSchema", "OutputSchema", "api_blueprint", "install"]


class InputSchema(Schema):
    """What comes in: an unknown field is an error, not a silence. Halves of surrogate pairs are not text."""

    class Meta:
        unknown = RAISE

    @pre_load
    def refuse_half_letters(self, data: Any, **_: Any) -> Any:
        # JSON may spell them (RFC 8259, 8.2); no database keeps them and no mail can carry them.
        if isinstance(data, Mapping):
            wrong = [str(name) for name, value in data.items() if not (_is_whole(str(name)) and _is_whole(value))]
            if wrong:
                raise ValidationError({ascii(name).strip("'"): ["This is not valid text."] for name in wrong})
        return data


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, Mapping):
        return all(_is_whole(key) and _is_whole(one) for key, one in value.items())
    return all(_is_whole(one) for one in value) if isinstance(value, list) else True


class _Parser(FlaskParser):  # type: ignore[misc]
    def _raw_load_json(self, req: Any) -> Any:
        try:
            return super()._raw_load_json(req)
        except RecursionError as error:
            raise json.JSONDecodeError("nested too deeply", "", 0) from error


class ApiBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint whose other answers are problem details, also in the specification."""

    ARGUMENTS_PARSER = _Parser()
    PAGINATION_HEADER_NAME = None

    def alt_response(self, status_code: int, **options: Any) -> Any:
        problem = {"schema": ProblemSchema, "content_type": "application/problem+json"}
        return super().alt_response(status_code, **(problem | options))


class OutputSchema(Schema):
    class Meta:
        unknown = EXCLUDE


class AmountField(fields.Decimal):
    """An amount of money, spelled out: a number of JSON would lose digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(as_string=True, **options)


class CursorArgs(Schema):
    """Paging by an opaque cursor: take `next_cursor` of one page as `cursor` of the next."""

    class Meta:
        unknown = EXCLUDE

    # A cursor may hold a name of 255 letters, and one beyond ASCII takes eight characters in it.
    cursor = fields.String(load_default=None, validate=validate.Length(max=3000))
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


def api_blueprint(name: str, description: str) -> ApiBlueprint:
    return ApiBlueprint(name, __name__, url_prefix="/api/v1", description=description)


_DESCRIPTION = (
    "Accounts, timelines, calls to action and email, on your own server. Programs send a token that was made at "
    "/settings/tokens as Authorization: Bearer. A call by a browser's session that changes something carries the "
    "session's own token in X-CSRF-Token and comes from Rapport's own origin."
)

docs = flask.Blueprint("api_docs", __name__)


@docs.get("/api/docs")
def api_docs() -> str:
    return page("api/docs.html", crumbs=[Crumb(label="REST API")], spec_url="/api/openapi.json")


def install(app: Flask, *, session_cookie: str) -> RapportApi:
    app.config.update(
        API_TITLE="Rapport",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": _DESCRIPTION},
            "components": {
                "securitySchemes": {
                    "session": {"type": "apiKey", "in": "cookie", "name": session_cookie},
                    "token": {"type": "http", "scheme": "bearer"},
                }
            },
            "security": [{"session": []}, {"token": []}],
        },
    )
    rest = RapportApi(app)
    rest.register_field(AmountField, "string", None)
    return rest
