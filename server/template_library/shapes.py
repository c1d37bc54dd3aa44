"""What the editor sends: checked shapes, nothing more."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from server.email_templates.drafts import Document
from server.errors import Invalid

_LONGEST = 310_000  # a little over what the compiler takes, so that it is the one to say so


def _line(longest: int = 1_000) -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=longest))


class Mode(StrEnum):
    HTML = "html"
    TEXT = "text"
    GMAIL = "gmail"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The form of the editor as it was sent. `revision` is what the person has seen, None where it does not matter."""

    document: Document
    contact_id: uuid.UUID | None
    revision: int | None


class _DocumentSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    mjml = fields.String(required=True, validate=validate.Length(max=_LONGEST))
    name = _line()
    subject = _line()
    category = _line()
    purpose = _line()
    description = _line(4_000)
    for_roles = fields.List(fields.String(validate=validate.Length(max=80)), load_default=list)
    max_age = _line(2_000)
    contact_id = fields.UUID(load_default=None, allow_none=True)
    revision = fields.Integer(load_default=None, allow_none=True, strict=True)

    @post_load
    def together(self, data: dict[str, Any], **_: Any) -> Sent:
        contact_id, revision = data.pop("contact_id"), data.pop("revision")
        data["for_roles"] = tuple(data["for_roles"])
        return Sent(document=Document(**data), contact_id=contact_id, revision=revision)


def read_sent(body: object) -> Sent:
    """A decoded JSON body, or its text. Raises Invalid."""
    try:
        decoded = json.loads(body) if isinstance(body, str) else body
        sent: Sent = _DocumentSchema().load(decoded if isinstance(decoded, dict) else {})
        return sent
    except ValidationError as error:
        messages = error.messages_dict
        raise Invalid(
            "The editor's form could not be read.",
            cure="Reload the page; your last saved draft is kept.",
            fields={str(name): str(words) for name, words in messages.items()},
        ) from error
    except ValueError as error:
        raise Invalid("The editor's form could not be read.", cure="Reload the page.") from error
