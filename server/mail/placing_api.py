"""/api/v1/mails: putting right where a mail stands, by the same rules as its card on the timeline."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask.views import MethodView
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.audit import note
from server.errors import Invalid
from server.mail import correct, places, queries, words
from server.mail.access import demand_holder, demand_may_correct, demand_may_link, demand_may_move, only_held_by
from server.mail.models import MailMessage, MailState
from server.mail.places import Place
from server.timeline.models import Level
from server.web.api import InputSchema, OutputSchema, api_blueprint
from server.web.frame import runtime
from server.web.identity import Visitor, require_visitor

blueprint = api_blueprint("placing", "Where a mail stands")

_LEVELS = [level.value for level in Level]
_GONE = "There is no such mail, or it does not stand there any more."


class LevelChoiceSchema(OutputSchema):
    level = fields.String(required=True, validate=validate.OneOf(_LEVELS))
    label = fields.String(required=True)
    is_chosen = fields.Boolean(required=True)
    is_usual = fields.Boolean(required=True, metadata={"description": "As the caller chose for their mailbox."})


class PlaceSchema(OutputSchema):
    account_id = fields.UUID(required=True)
    account_name = fields.String(required=True)
    href = fields.String(required=True)
    entry_id = fields.UUID(required=True)
    mail_message_id = fields.UUID(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    why = fields.String(required=True, metadata={"description": "Why it is here, as a sentence."})
    level = fields.String(required=True, validate=validate.OneOf(_LEVELS))
    level_words = fields.String(required=True, metadata={"description": "Who may read it, as a sentence."})
    can_correct = fields.Boolean(required=True)
    why_not = fields.String(required=True, metadata={"description": "Why the caller cannot, and whom to ask."})
    can_set_level = fields.Boolean(required=True)
    levels = fields.List(
        fields.Nested(LevelChoiceSchema),
        required=True,
        metadata={"description": "What a holder may choose for colleagues; beside them there is always nothing."},
    )
    never_addresses = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Addresses of which can be said that their mail never goes to this account."},
    )
    in_thread = fields.Integer(
        required=True, metadata={"description": "How many mails a deed on the whole conversation reaches here."}
    )


class UndoSchema(OutputSchema):
    """POST /mails/{id}/{deed} with those of the other fields that are not null takes the deed back."""

    deed = fields.String(required=True, validate=validate.OneOf(["move", "link"]))
    from_account_id = fields.UUID(required=True, allow_none=True)
    to_account_id = fields.UUID(required=True, allow_none=True)
    account_id = fields.UUID(required=True, allow_none=True)
    whole_thread = fields.Boolean(required=True)


class PlacedSchema(OutputSchema):
    state = fields.String(
        required=True,
        validate=validate.OneOf(["linked", "waiting", "removed", "coming"]),
        metadata={
            "description": "removed: taken off for good. coming: it is read again, and placed as if it were new."
        },
    )
    words = fields.String(required=True, metadata={"description": "What was done, as a sentence."})
    places = fields.List(fields.Nested(PlaceSchema), required=True)
    undo = fields.Nested(UndoSchema, required=True, allow_none=True)


class MoveSchema(InputSchema):
    from_account_id = fields.UUID(required=True)
    to_account_id = fields.UUID(required=True)
    whole_thread = fields.Boolean(load_default=False)


class AtAccountSchema(InputSchema):
    account_id = fields.UUID(required=True)
    whole_thread = fields.Boolean(load_default=False)


class NeverSchema(InputSchema):
    account_id = fields.UUID(required=True)
    email = fields.String(required=True, validate=validate.Length(min=1, max=320))


class MailLevelSchema(InputSchema):
    level = fields.String(required=True, validate=validate.OneOf(_LEVELS))


def placed(place: Place) -> dict[str, Any]:
    """A place as PlaceSchema takes it."""
    href = runtime().settings.base_url + url_for("customer_360.account", account_id=place.account_id)
    return {
        **{name: getattr(place, name) for name in _AS_THEY_ARE},
        "account_name": place.account,
        "href": f"{href}#entry-{place.entry_id}",
        "can_correct": not place.why_not,
        "can_set_level": bool(place.levels),
    }


_AS_THEY_ARE = (
    "account_id", "entry_id", "mail_message_id", "occurred_at", "why", "level", "level_words", "why_not", "levels",
    "never_addresses", "in_thread",
)  # fmt: skip


def _answer(
    session: Session, visitor: Visitor, mail_id: uuid.UUID, told: str, undo: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    session.flush()
    message = session.get(MailMessage, mail_id)
    nothing = {"from_account_id": None, "to_account_id": None, "account_id": None, "whole_thread": False}
    return {
        "state": MailState(message.state).value if message is not None else "coming",
        "words": told,
        "places": [placed(one) for one in places.of_mail(session, visitor, mail_id)],
        "undo": nothing | dict(undo) if undo else None,
    }


@blueprint.route("/mails/<uuid:mail_id>/move")
class MoveMail(MethodView):
    @blueprint.arguments(MoveSchema)
    @blueprint.response(200, PlacedSchema)
    @blueprint.alt_response(404, description="There is no such mail or account.")
    @blueprint.alt_response(409, description=_GONE)
    def post(self, args: Mapping[str, Any], mail_id: uuid.UUID) -> dict[str, Any]:
        """Move a mail, or its whole conversation, from one account's timeline to another's"""
        here, source, target = runtime(), args["from_account_id"], args["to_account_id"]
        note.about(from_account_id=str(source), to_account_id=str(target))
        with here.db.transaction() as session:
            queries.message(session, mail_id)
            visitor, by_right_at = demand_may_move(
                session, message_id=mail_id, from_account_id=source, to_account_id=target
            )
            to = accounts.by_id(session, target)
            correct.move(
                session,
                mail_message_id=mail_id,
                from_account_id=source,
                to_account_id=target,
                whole_thread=args["whole_thread"],
                by=visitor.user_id,
                only_held_by=only_held_by(session, visitor, by_right_at),
                now=here.clock.now(),
            )
            undo = {
                "deed": "move",
                "from_account_id": target,
                "to_account_id": source,
                "whole_thread": args["whole_thread"],
            }
            told = words.moved(to.name, whole_thread=args["whole_thread"])
            return _answer(session, visitor, mail_id, told, undo)


@blueprint.route("/mails/<uuid:mail_id>/unlink")
class UnlinkMail(MethodView):
    @blueprint.arguments(AtAccountSchema)
    @blueprint.response(200, PlacedSchema)
    @blueprint.alt_response(404, description="There is no such mail or account.")
    @blueprint.alt_response(409, description=_GONE)
    def post(self, args: Mapping[str, Any], mail_id: uuid.UUID) -> dict[str, Any]:
        """Take a mail, or its whole conversation, off an account's timeline"""
        here, account_id, whole = runtime(), args["account_id"], args["whole_thread"]
        note.about(account_id=str(account_id))
        with here.db.transaction() as session:
            queries.message(session, mail_id)
            visitor = demand_may_correct(session, message_id=mail_id, account_id=account_id)
            account = accounts.by_id(session, account_id)
            correct.unlink(
                session,
                mail_message_id=mail_id,
                account_id=account_id,
                whole_thread=whole,
                by=visitor.user_id,
                only_held_by=only_held_by(session, visitor, account_id),
                now=here.clock.now(),
            )
            # As on the page: of a whole conversation, the first mail that comes back would not bring the others.
            undo = None if whole else {"deed": "link", "account_id": account_id}
            return _answer(session, visitor, mail_id, words.taken_off(account.name, whole_thread=whole), undo)


@blueprint.route("/mails/<uuid:mail_id>/link")
class LinkMail(MethodView):
    @blueprint.arguments(AtAccountSchema)
    @blueprint.response(200, PlacedSchema)
    @blueprint.alt_response(404, description="There is no such mail or account.")
    @blueprint.alt_response(409, description="It was taken off, and no mailbox has it any more.")
    def post(self, args: Mapping[str, Any], mail_id: uuid.UUID) -> dict[str, Any]:
        """Put one's own mail, or its whole conversation, onto an account's timeline; also what was taken off"""
        here, account_id, whole = runtime(), args["account_id"], args["whole_thread"]
        note.about(account_id=str(account_id))
        with here.db.transaction() as session:
            queries.message(session, mail_id)
            account = accounts.by_id(session, account_id)
            visitor = demand_may_link(session, message_id=mail_id, account_id=account_id, whole_thread=whole)
            correct.link(
                session,
                mail_message_id=mail_id,
                account_id=account_id,
                whole_thread=whole,
                by=visitor.user_id,
                only_held_by=visitor.user_id,
                now=here.clock.now(),
            )
            session.flush()
            is_back = session.get(MailMessage, mail_id) is None
            told = words.READ_AGAIN if is_back else words.moved(account.name, whole_thread=whole)
            return _answer(session, visitor, mail_id, told)


@blueprint.route("/mails/<uuid:mail_id>/never")
class NeverPairMail(MethodView):
    @blueprint.arguments(NeverSchema)
    @blueprint.response(200, PlacedSchema)
    @blueprint.alt_response(404, description="There is no such mail or account.")
    def post(self, args: Mapping[str, Any], mail_id: uuid.UUID) -> dict[str, Any]:
        """Say that mail of the address by which this mail stands there never goes to that account"""
        here, account_id, email = runtime(), args["account_id"], args["email"]
        note.about(account_id=str(account_id))
        with here.db.transaction() as session:
            queries.message(session, mail_id)
            visitor = demand_may_correct(session, message_id=mail_id, account_id=account_id)
            account = accounts.by_id(session, account_id)
            there = [one for one in places.of_mail(session, visitor, mail_id) if one.account_id == account_id]
            if not any(email in one.never_addresses for one in there):
                raise Invalid(
                    "This address is not why the mail stands there.",
                    cure="Look again where it stands.",
                    fields={"email": "Not why the mail stands there."},
                )
            correct.never_pair(
                session,
                mail_message_id=mail_id,
                account_id=account_id,
                email_norm=email,
                by=visitor.user_id,
                only_held_by=only_held_by(session, visitor, account_id),
                now=here.clock.now(),
            )
            return _answer(session, visitor, mail_id, words.never_again(email, account.name))


@blueprint.route("/mails/<uuid:mail_id>/level")
class LevelOfMail(MethodView):
    @blueprint.arguments(MailLevelSchema)
    @blueprint.response(200, PlacedSchema)
    @blueprint.alt_response(404, description="There is no such mail.")
    @blueprint.alt_response(409, description="It was taken off meanwhile.")
    def post(self, args: Mapping[str, Any], mail_id: uuid.UUID) -> dict[str, Any]:
        """Say what colleagues see of one's own mail; nothing takes one's copy away"""
        here, visitor = runtime(), require_visitor()
        with here.db.transaction() as session:
            queries.message(session, mail_id)
            demand_holder(session, mail_id)
            allowed = places.level_choices(session, mail_id, visitor.user_id)
            level, told = places.level_chosen(allowed, args["level"])
            correct.restrict(session, mail_message_id=mail_id, level=level, by=visitor.user_id, now=here.clock.now())
            return _answer(session, visitor, mail_id, told)
