"""What becomes of a mail that leaves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask.views import MethodView

from server.accounts import queries as accounts
from server.accounts.queries import AccountView
from server.auth import people
from server.errors import Invalid
from server.mail.holders import holder
from server.mailboxes import connection, reading
from server.panel.api.frame import blueprint, draft_of, filing_of, home
from server.panel.choose import Addressed, addressed, bind, choose
from server.panel.foresee import Draft, foresee, is_read_now
from server.panel.left import NOT_READ, Fate, Left, Sent, became_of
from server.panel.schemas import ChoiceArgs, FateSchema, FilingSchema, SentArgs
from server.timeline.models import Level
from server.timeline.present import viewer_of
from server.web.frame import runtime
from server.web.identity import require_visitor


@blueprint.route("/panel/choice")
class PanelChoice(MethodView):
    @blueprint.arguments(ChoiceArgs)
    @blueprint.response(200, FilingSchema)
    @blueprint.alt_response(409, description="Your mailbox is not read, so there is nothing to choose.")
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Choose who may read the mail that leaves next to these people

        It holds for one mail that leaves within 24 hours. "nothing" keeps that mail out of Rapport; null takes the
        choice back. Colleagues who hold the mail, too, may still show less of it.
        """
        here, visitor = runtime(), require_visitor()
        draft, now = draft_of(args), here.clock.now()
        level = Level(args["level"]) if args["level"] is not None else None
        with here.db.transaction() as session:
            user = people.by_id(session, visitor.user_id)
            choose(session, draft, level, user=user, now=now)
            filing = foresee(session, draft, user=user, now=now)
        return filing_of(filing)


@blueprint.route("/panel/sent")
class PanelSent(MethodView):
    @blueprint.arguments(SentArgs)
    @blueprint.response(200, FateSchema)
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """A mail left your mailbox: have it read now, and say what became of it

        Nothing is logged by this call: it is a hint to look, and the mailbox itself is asked. Ask again until it is
        no longer "coming". With `choice`, what you chose for a mail to these people is this mail's from now on.
        """
        here, visitor, now = runtime(), require_visitor(), runtime().clock.now()
        with here.db.reading() as session:
            mine = holder(session, people.by_id(session, visitor.user_id))
            if mine.mailbox_id is None or not is_read_now(session, mine):
                return _fate(NOT_READ, {})
            mailbox = connection.by_id(session, mine.mailbox_id)
            sent = _sent(args, addressed(session, mailbox.id, _draft(args, mailbox.email), mine, now), mailbox.id)
        if sent.has_choice and sent.gmail_message_id is not None and sent.to.people_key is not None:
            with here.db.transaction() as session:
                bind(session, mine, sent.to.people_key, sent.gmail_message_id, now=now)
        with here.db.reading() as session:
            fate = became_of(session, viewer_of(visitor), sent, now=now)
            names = accounts.by_ids(session, [one.account_id for one in fate.entries])
        if fate.state in (Left.COMING, Left.UNSEEN):
            with here.db.transaction() as session:
                reading.look_now(session, email=mailbox.email, now=now)
            here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox.id))
        return _fate(fate, names)


def _draft(args: Mapping[str, Any], written_from: str) -> Draft:
    return Draft(written_from=written_from, to=tuple(args["to"]), cc=tuple(args["cc"]), bcc=tuple(args["bcc"]))


def _sent(args: Mapping[str, Any], to: Addressed, mailbox_id: uuid.UUID) -> Sent:
    """Raises Invalid where nothing says which mail is meant."""
    if args["gmail_message_id"] is None and not to.keys:
        what = "Nothing says which mail is meant."
        raise Invalid(what, cure="Give its id in Gmail, or all to whom it went.", fields={"to": what})
    return Sent(
        mailbox_id=mailbox_id,
        gmail_message_id=args["gmail_message_id"],
        to=to,
        left_at=args["left_at"],
        has_choice=args["choice"],
    )


def _fate(fate: Fate, names: Mapping[uuid.UUID, AccountView]) -> dict[str, Any]:
    return {
        "state": str(fate.state),
        "words": fate.words,
        "stands": [
            {
                "entry_id": one.id,
                "account_id": one.account_id,
                "account_name": names[one.account_id].name,
                "href": home() + url_for("customer_360.account_timeline", account_id=one.account_id),
            }
            for one in fate.entries
            if one.account_id in names
        ],
    }
