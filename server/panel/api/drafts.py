"""The way round a page of Gmail that the panel does not understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView

from server.auth import people
from server.email_templates.message import Recipients
from server.errors import Conflict
from server.mailboxes import connection
from server.mailboxes.halt import heed
from server.mailboxes.opening import lose_access, open_mailbox
from server.panel import draft
from server.panel.api.frame import blueprint
from server.panel.schemas import NewDraftArgs, NewDraftSchema
from server.ports.errors import AccessLost, PortError
from server.timeline.present import draft_href
from server.web.frame import runtime
from server.web.identity import require_visitor


@blueprint.route("/panel/draft")
class PanelDraft(MethodView):
    @blueprint.arguments(NewDraftArgs)
    @blueprint.response(200, NewDraftSchema)
    @blueprint.alt_response(409, description="Your Gmail is not connected, or it refuses the draft.")
    @blueprint.alt_response(503, description="Gmail does not answer, or asks to wait.")
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Make a draft in your Gmail, to go on with there

        Nothing is sent. Rapport forgets the draft at once; what you send from it is read as any other mail of yours.
        """
        here, visitor = runtime(), require_visitor()
        with here.db.reading() as session:
            user, mailbox = people.by_id(session, visitor.user_id), connection.of_user(session, visitor.user_id)
        if mailbox is None:
            raise _not_connected()
        recipients = Recipients(to=args["to"], cc=args["cc"], bcc=args["bcc"])
        raw = draft.raw_of(user, mailbox, recipients, subject=args["subject"], html=args["html"], text=args["text"])
        draft.demand_rested(mailbox, here.clock.now())
        gmail = open_mailbox(here, mailbox.id)
        if gmail is None:
            raise _not_connected()
        with here.db.transaction() as session:
            # Its line in the audit log is there before Gmail is asked: no draft without one.
            connection.by_id(session, mailbox.id)
        try:
            made = draft.put(gmail, raw)
        except PortError as error:
            heed(here.db, here.clock, mailbox.id, error)
            if isinstance(error, AccessLost):
                lose_access(here, mailbox.id, mailbox.connected_at)
            raise draft.in_words(error) from error
        return {"href": draft_href(mailbox.email, made.gmail_message_id)}


def _not_connected() -> Conflict:
    return Conflict("Your Gmail is not connected.", cure="Connect it under Mailbox, then try again.")
