"""What the editor sends: checked shapes, nothing more."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from server.email_templates.drafts import Document
from server.email_templates.filters import UNSENDABLE
from server.errors import Invalid

_LONGEST = 310_000  # a little over what the compiler takes, so that it is the one to say so
_WRITTEN = {field.name for field in dataclasses.fields(Document)}
_RELOAD = "Reload the page; your last saved draft is kept."


def _text(label: str, longest: int = 1_000, **options: Any) -> fields.String:
    """Its messages are sentences with their cure, so that they can be shown as they are."""

    def demand_sendable(text: str) -> None:
        """Line breaks and tabs are fine; what neither a database nor an email can hold is not."""
        found = UNSENDABLE.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            raise ValidationError(
                f"The {label} has a character that no email can have (U+{ord(found[0]):04X}, in line {line}). "
                "Delete it, or type the text around it again."
            )

    too_long = f"The {label} is longer than {longest:,} characters. Make it shorter."
    return fields.String(
        validate=[validate.Length(max=longest, error=too_long), demand_sendable],
        error_messages=dict.fromkeys(("required", "null", "invalid"), f"The {label} was not sent as text. {_RELOAD}"),
        **options,
    )


def _line(label: str, longest: int = 1_000) -> fields.String:
    return _text(label, longest, load_default="")


class Mode(StrEnum):
    HTML = "html"
    TEXT = "text"
    GMAIL = "gmail"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The form of the editor as it was sent. `revision` and `based_on` are the draft that the person has seen.

    `revision` is None where it does not matter.
    """

    document: Document
    contact_id: uuid.UUID | None
    revision: int | None
    based_on: uuid.UUID | None


class _DocumentSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    mjml = _text("MJML", _LONGEST, required=True)
    name = _line("name")
    subject = _line("subject")
    category = _line("category")
    purpose = _line("purpose")
    description = _line("description", 4_000)
    for_roles = fields.List(_text("key of a role", 80), load_default=list)
    max_age = _line("list of ages", 2_000)
    contact_id = fields.UUID(load_default=None, allow_none=True)
    revision = fields.Integer(load_default=None, allow_none=True, strict=True)
    based_on = fields.String(load_default="", allow_none=True, validate=validate.Length(max=40))

    @post_load
    def together(self, data: dict[str, Any], **_: Any) -> Sent:
        contact_id, revision, based_on = data.pop("contact_id"), data.pop("revision"), data.pop("based_on")
        data["for_roles"] = tuple(data["for_roles"])
        return Sent(
            document=Document(**data),
            contact_id=contact_id,
            revision=revision,
            based_on=uuid.UUID(based_on) if based_on else None,
        )


def read_sent(body: object) -> Sent:
    """A decoded JSON body, or its text. Raises Invalid."""
    try:
        decoded = json.loads(body) if isinstance(body, str) else body
        sent: Sent = _DocumentSchema().load(decoded if isinstance(decoded, dict) else {})
        return sent
    except ValidationError as error:
        raise _refused(error.messages_dict) from error
    except ValueError as error:
        raise Invalid("The editor's form could not be read.", cure="Reload the page.") from error


def _refused(messages: Mapping[str, Any]) -> Invalid:
    """What a person wrote is told as it is; for what only a script can have sent, the page is loaded again."""
    wrong = {str(name): _first(words) for name, words in messages.items()}
    if wrong.keys() <= _WRITTEN:
        return Invalid(" ".join(wrong.values()), fields=wrong)
    return Invalid("The editor's form could not be read.", cure=_RELOAD, fields=wrong)


def _first(words: Any) -> str:
    """The first sentence for a field; a list has its sentences by entry."""
    while isinstance(words, dict | list):
        words = next(iter(words.values() if isinstance(words, dict) else words))
    return str(words)
