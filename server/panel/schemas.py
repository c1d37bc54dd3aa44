"""What goes into the panel's API and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from server.panel.fill import LONGEST_VALUE
from server.panel.left import Left
from server.timeline.models import Level
from server.web.api import InputSchema, OutputSchema

_LONGEST_ADDRESS = 320
_MOST_PEOPLE = 100
_LONGEST_SUBJECT = 500
_LONGEST_TEXT = 500_000


def _address() -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=_LONGEST_ADDRESS))


def _people() -> fields.List[str]:
    return fields.List(_address(), load_default=list, validate=validate.Length(max=_MOST_PEOPLE))


class DraftSchema(InputSchema):
    written_from = fields.String(required=True, validate=validate.Length(min=1, max=_LONGEST_ADDRESS))
    to = _people()
    cc = _people()
    bcc = _people()
    gmail_thread_id = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"\A[0-9a-f]{1,20}\Z"))


class MailboxSchema(OutputSchema):
    email = fields.String(required=True)
    is_yours = fields.Boolean(required=True)
    is_connected = fields.Boolean(required=True)
    is_read = fields.Boolean(required=True)


class ContactBesideSchema(OutputSchema):
    id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    full_name = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    role_label = fields.String(required=True)
    opted_out_at = fields.AwareDateTime(required=True, allow_none=True)


class RecipientSchema(OutputSchema):
    email = fields.String(required=True)
    is_ours = fields.Boolean(required=True)
    contacts = fields.List(fields.Nested(ContactBesideSchema), required=True)


class TaskReplySchema(OutputSchema):
    who = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "As far as the caller may read it; may be empty."})
    is_bounce = fields.Boolean(required=True, metadata={"description": "No answer: the mail came back."})


class OpenTaskSchema(OutputSchema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    snoozed_through = fields.Date(
        required=True, allow_none=True, metadata={"description": "The last day of a snooze that is over."}
    )
    is_mine = fields.Boolean(required=True, metadata={"description": "Whether the caller may work on it."})
    state = fields.String(
        required=True,
        validate=validate.OneOf(["open", "waiting", "replied", "silent"]),
        metadata={"description": "waiting: for the customer; replied: they answered; silent: they did not."},
    )
    silent_on = fields.Date(
        required=True, allow_none=True, metadata={"description": "From this day on silence is something to do."}
    )
    waits_days = fields.Integer(required=True, allow_none=True)
    reply = fields.Nested(TaskReplySchema, required=True, allow_none=True)
    template_slug = fields.String(required=True, allow_none=True)
    template_name = fields.String(required=True, allow_none=True)


class OpenCtaSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    priority = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    href = fields.String(required=True)
    tasks = fields.List(fields.Nested(OpenTaskSchema), required=True)


class EntryBesideSchema(OutputSchema):
    id = fields.UUID(required=True)
    activity = fields.String(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    direction = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True)


class AccountBesideSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    lifecycle_stage = fields.String(required=True)
    why = fields.String(required=True, metadata={"description": "The rule that leads from the mail to this account."})
    href = fields.String(required=True)
    ctas = fields.List(fields.Nested(OpenCtaSchema), required=True)
    entries = fields.List(fields.Nested(EntryBesideSchema), required=True)


class LevelToChooseSchema(OutputSchema):
    level = fields.String(required=True, validate=validate.OneOf([str(one) for one in Level]))
    words = fields.String(required=True, metadata={"description": "Who may read it then, as a sentence."})


class ChosenSchema(OutputSchema):
    level = fields.String(required=True, validate=validate.OneOf([str(one) for one in Level]))


class FilingSchema(OutputSchema):
    outcome = fields.String(required=True, validate=validate.OneOf(["linked", "waiting", "excluded"]))
    words = fields.String(required=True, metadata={"description": "Where it goes, as a sentence."})
    level = fields.String(required=True, metadata={"description": "full, subject, metadata; empty if it is not kept."})
    level_words = fields.String(required=True, metadata={"description": "Who may read it, as a sentence."})
    choice = fields.Nested(
        ChosenSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What you chose for this mail in the place of what holds for all of yours."},
    )
    usual_level = fields.String(
        required=True, metadata={"description": "What holds for all of your mail; empty where nothing can be chosen."}
    )
    levels = fields.List(
        fields.Nested(LevelToChooseSchema),
        required=True,
        metadata={"description": "What can be chosen; nothing where the mailbox is not read or is not yours."},
    )


class ChoiceArgs(DraftSchema):
    level = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([str(one) for one in Level]),
        metadata={"description": "null takes the choice back."},
    )


class SituationSchema(OutputSchema):
    mailbox = fields.Nested(MailboxSchema, required=True)
    filing = fields.Nested(FilingSchema, required=True)
    recipients = fields.List(fields.Nested(RecipientSchema), required=True)
    accounts = fields.List(fields.Nested(AccountBesideSchema), required=True)


class SuggestArgs(InputSchema):
    q = fields.String(load_default="", validate=validate.Length(max=100))
    contact_id = fields.UUID(load_default=None, allow_none=True)
    account_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(max=5))
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=50))


class SuggestionSchema(OutputSchema):
    slug = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    category = fields.String(required=True)
    why = fields.String(required=True, metadata={"description": "Why it stands where it stands; may be empty."})


class SuggestionsSchema(OutputSchema):
    items = fields.List(fields.Nested(SuggestionSchema), required=True)


class FillArgs(InputSchema):
    contact_id = fields.UUID(required=True)
    values = fields.Dict(
        keys=fields.String(validate=validate.Length(max=80)),
        values=fields.String(validate=validate.Length(max=LONGEST_VALUE)),
        load_default=dict,
        validate=validate.Length(max=30),
        metadata={"description": "Values of merge fields that were missing, by path."},
    )


class MissingSchema(OutputSchema):
    path = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.String(required=True)


class FilledSchema(OutputSchema):
    slug = fields.String(required=True)
    label = fields.String(required=True, metadata={"description": "Name and version of the wording that was chosen."})
    version_id = fields.UUID(required=True)
    is_variant = fields.Boolean(required=True)
    subject = fields.String(required=True)
    html = fields.String(required=True, metadata={"description": "For the compose window; empty while values miss."})
    text = fields.String(required=True)
    gaps = fields.Integer(required=True, metadata={"description": "How many texts hold a … that is to be filled in."})
    missing = fields.List(fields.Nested(MissingSchema), required=True)


class _Flag(fields.Boolean):
    """true or false: a number or a word is neither."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class SentArgs(InputSchema):
    gmail_message_id = fields.String(
        required=True,
        allow_none=True,
        validate=validate.Regexp(r"\A[0-9a-f]{1,20}\Z"),
        metadata={"description": "null where the page did not tell: then it is found by all to whom it went."},
    )
    to = _people()
    cc = _people()
    bcc = _people()
    left_at = fields.AwareDateTime(load_default=None, allow_none=True)
    choice = _Flag(load_default=False, metadata={"description": "Whether its writer saw a choice of theirs beside it."})


class StandsSchema(OutputSchema):
    entry_id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    account_name = fields.String(required=True)
    href = fields.String(required=True)


class FateSchema(OutputSchema):
    state = fields.String(required=True, validate=validate.OneOf([str(one) for one in Left]))
    words = fields.String(required=True, metadata={"description": "What became of it, as a sentence."})
    stands = fields.List(fields.Nested(StandsSchema), required=True)


class NewDraftArgs(InputSchema):
    to = fields.List(_address(), required=True, validate=validate.Length(max=_MOST_PEOPLE))
    cc = _people()
    bcc = _people()
    subject = fields.String(required=True, validate=validate.Length(max=_LONGEST_SUBJECT))
    html = fields.String(required=True, validate=validate.Length(max=_LONGEST_TEXT))
    text = fields.String(required=True, validate=validate.Length(max=_LONGEST_TEXT))


class NewDraftSchema(OutputSchema):
    href = fields.String(required=True, metadata={"description": "Opens the draft in your Gmail."})


class _Count(fields.Integer):
    """A whole number, also as JSON may write it: 12.0. A text is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise self.make_error("invalid", input=value)
        return int(value)


class MissSchema(InputSchema):
    part = fields.String(required=True, validate=validate.Regexp(r"\A[a-z_]{1,40}\Z"))
    count = _Count(required=True, validate=validate.Range(min=1, max=1_000_000))


class MissesArgs(InputSchema):
    extension_version = fields.String(required=True, validate=validate.Regexp(r"\A[0-9]{1,5}(\.[0-9]{1,5}){0,3}\Z"))
    table_date = fields.Date(required=True, metadata={"description": "Of the extension's table of selectors."})
    misses = fields.List(fields.Nested(MissSchema), required=True, validate=validate.Length(max=40))


class MissesTakenSchema(OutputSchema):
    taken = fields.Integer(required=True, metadata={"description": "How many parts were counted."})
