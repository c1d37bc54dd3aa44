"""/api/v1/panel/thread: what the Gmail extension shows beside a conversation that is read. It reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from server.auth import people
from server.mail.placing_api import PlaceSchema, placed
from server.messages.clean import one_line
from server.messages.model import Person
from server.panel.api.accounts import account_of
from server.panel.api.frame import blueprint
from server.panel.conversation import Conversation, Standing
from server.panel.schemas import AccountBesideSchema, MailboxSchema
from server.panel.thread import Question, ThreadBeside, beside
from server.web.api import InputSchema, OutputSchema
from server.web.frame import runtime
from server.web.identity import require_visitor

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
    accounts = fields.List(fields.Nested(AccountBesideSchema), required=True)
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
        "accounts": [account_of(one) for one in found.accounts],
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
