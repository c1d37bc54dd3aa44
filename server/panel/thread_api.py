"""/api/v1/panel/thread: what the Gmail extension shows beside a conversation that is read. It reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask.views import MethodView
from marshmallow import fields, validate

from server.auth import people
from server.mail.placing_api import PlaceSchema, placed
from server.messages.clean import one_line
from server.messages.model import Person
from server.panel.api import EntryBesideSchema, MailboxSchema
from server.panel.conversation import Conversation, Standing
from server.panel.situation import AccountBeside, OpenCta, OpenTask
from server.panel.thread import Question, ThreadBeside, beside
from server.timeline.cut import SeenEntry
from server.web.api import InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import require_visitor

blueprint = api_blueprint("panel_thread", "What stands beside a conversation in Gmail")

_LONGEST_ADDRESS, _LONGEST_NAME = 320, 500
_MOST_PEOPLE = 100
_GMAIL_ID = validate.Regexp(r"\A[0-9a-f]{1,20}\Z")


class PersonHereSchema(InputSchema):
    email = fields.String(required=True, validate=validate.Length(min=1, max=_LONGEST_ADDRESS))
    name = fields.String(load_default="", validate=validate.Length(max=_LONGEST_NAME))


class ThreadArgs(InputSchema):
    written_from = fields.String(
        required=True,
        validate=validate.Length(min=1, max=_LONGEST_ADDRESS),
        metadata={"description": "The address of the Gmail that is open."},
    )
    gmail_thread_id = fields.String(required=True, validate=_GMAIL_ID)
    gmail_message_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=_GMAIL_ID,
        metadata={"description": "The mail that is open; state, words and places are of it where it is known."},
    )
    people = fields.List(fields.Nested(PersonHereSchema), load_default=list, validate=validate.Length(max=_MOST_PEOPLE))


class OpenTaskSchema(OutputSchema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    snoozed_through = fields.Date(
        required=True, allow_none=True, metadata={"description": "The last day of a snooze that is over."}
    )
    is_mine = fields.Boolean(required=True, metadata={"description": "Whether the caller may work on it."})
    template_slug = fields.String(required=True, allow_none=True)
    template_name = fields.String(required=True, allow_none=True)


class CtaOfThreadSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    priority = fields.String(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    href = fields.String(required=True)
    tasks = fields.List(fields.Nested(OpenTaskSchema), required=True)


class AccountOfThreadSchema(OutputSchema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    lifecycle_stage = fields.String(required=True)
    why = fields.String(required=True)
    href = fields.String(required=True)
    ctas = fields.List(fields.Nested(CtaOfThreadSchema), required=True)
    entries = fields.List(fields.Nested(EntryBesideSchema), required=True)


class StrangerSchema(OutputSchema):
    email = fields.String(required=True)
    first_name = fields.String(required=True)
    last_name = fields.String(required=True)
    account_id = fields.UUID(required=True, allow_none=True, metadata={"description": "The account to suggest."})
    account_name = fields.String(required=True, attribute="account")


class ChoiceOfAccountSchema(OutputSchema):
    account_id = fields.UUID(required=True)
    account_name = fields.String(required=True, attribute="account")
    because = fields.String(required=True, metadata={"description": "Goes on after the account's name."})


class QuestionSchema(OutputSchema):
    """POST /mails/{mail_message_id}/link with the account answers it."""

    mail_message_id = fields.UUID(required=True)
    email = fields.String(required=True, metadata={"description": "Whose account is asked for; may be empty."})
    words = fields.String(required=True)
    accounts = fields.List(fields.Nested(ChoiceOfAccountSchema), required=True)


class ThreadSchema(OutputSchema):
    mailbox = fields.Nested(MailboxSchema, required=True)
    state = fields.String(required=True, validate=validate.OneOf([one.value for one in Standing]))
    words = fields.String(required=True, metadata={"description": "What became of the mail, as a sentence."})
    logged = fields.Integer(required=True, metadata={"description": "How many mails of it are on a timeline."})
    places = fields.List(fields.Nested(PlaceSchema), required=True)
    accounts = fields.List(fields.Nested(AccountOfThreadSchema), required=True)
    strangers = fields.List(fields.Nested(StrangerSchema), required=True)
    questions = fields.List(fields.Nested(QuestionSchema), required=True)


@blueprint.route("/panel/thread")
class PanelThread(MethodView):
    @blueprint.arguments(ThreadArgs)
    @blueprint.response(200, ThreadSchema)
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Where a conversation of one's own mailbox stands, what is open with its people, and what is asked"""
        here, visitor = runtime(), require_visitor()
        conversation = Conversation(
            written_from=args["written_from"],
            gmail_thread_id=args["gmail_thread_id"],
            open_message_id=args["gmail_message_id"],
            people=tuple(
                Person(name=one_line(one["name"], _LONGEST_NAME), email=one_line(one["email"], _LONGEST_ADDRESS))
                for one in args["people"]
            ),
        )
        with here.db.reading() as session:
            user = people.by_id(session, visitor.user_id)
            found = beside(session, conversation, user=user, visitor=visitor, now=here.clock.now())
        return _thread(conversation, found)


def _thread(conversation: Conversation, found: ThreadBeside) -> dict[str, Any]:
    return {
        "mailbox": {
            "email": conversation.written_from,
            "is_yours": found.is_own_mailbox,
            "is_connected": found.is_connected,
            "is_read": found.is_read,
        },
        "state": found.standing,
        "words": found.words,
        "logged": found.logged,
        "places": [placed(one) for one in found.places],
        "accounts": [_account(one) for one in found.accounts],
        "strangers": list(found.strangers),
        "questions": [_question(one) for one in found.questions],
    }


def _question(one: Question) -> dict[str, Any]:
    return {
        "mail_message_id": one.mail_message_id,
        "email": one.email,
        "words": one.words,
        "accounts": list(one.accounts),
    }


def _account(one: AccountBeside) -> dict[str, Any]:
    return {
        "id": one.account.id,
        "name": one.account.name,
        "lifecycle_stage": one.account.stage_label,
        "why": one.why,
        "href": _home() + url_for("customer_360.account", account_id=one.account.id),
        "ctas": [_cta(each) for each in one.ctas],
        "entries": [_entry(each) for each in one.entries],
    }


def _cta(one: OpenCta) -> dict[str, Any]:
    cta = one.cta
    return {
        "id": cta.id,
        "name": cta.name,
        "type": cta.cta_type,
        "priority": cta.priority,
        "due_on": cta.due_on,
        "href": _home() + url_for("playbooks.cta", cta_id=cta.id),
        "tasks": [_task(each) for each in one.tasks],
    }


def _task(one: OpenTask) -> dict[str, Any]:
    task = one.task
    return {
        "id": task.id,
        "kind": task.kind,
        "title": task.title,
        "due_on": task.due_on,
        "snoozed_through": task.snoozed_through,
        "is_mine": one.is_mine,
        "template_slug": one.template_slug or None,
        "template_name": one.template_name or None,
    }


def _entry(one: SeenEntry) -> dict[str, Any]:
    return {
        "id": one.id,
        "activity": one.activity_label,
        "occurred_at": one.occurred_at,
        "direction": one.direction,
        "subject": one.seen.subject,
    }


def _home() -> str:
    return runtime().settings.base_url
