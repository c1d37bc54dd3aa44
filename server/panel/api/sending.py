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
from server.mailboxes import connection, reading
from server.panel.api.frame import blueprint, draft_of, filing_of, home
from server.panel.choose import choose
from server.panel.foresee import foresee
from server.panel.left import NOT_READ, Fate, Left, fate_of
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
        no longer "coming".
        """
        here, visitor = runtime(), require_visitor()
        with here.db.reading() as session:
            mailbox = connection.of_user(session, visitor.user_id)
            is_read = mailbox is not None and reading.of(session, mailbox.id) is not None
            if mailbox is None or not is_read:
                return _fate(NOT_READ, {})
            fate = fate_of(
                session, viewer_of(visitor), mailbox_id=mailbox.id, gmail_message_id=args["gmail_message_id"]
            )
            names = accounts.by_ids(session, [one.account_id for one in fate.entries])
        if fate.state is Left.COMING:
            with here.db.transaction() as session:
                reading.look_now(session, email=mailbox.email, now=here.clock.now())
            here.jobs.wake(reading.READ_JOB, mailbox_id=str(mailbox.id))
        return _fate(fate, names)


def _fate(fate: Fate, names: Mapping[uuid.UUID, AccountView]) -> dict[str, Any]:
    return {
        "state": str(fate.state),
        "words": fate.words,
        "stands": [
            {
                "account_id": one.account_id,
                "account_name": names[one.account_id].name,
                "href": home() + url_for("customer_360.account_timeline", account_id=one.account_id),
            }
            for one in fate.entries
            if one.account_id in names
        ],
    }
