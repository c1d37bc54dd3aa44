"""What stands beside a mail: who, what is open, templates and one filled in. It reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView

from server.auth import people
from server.email_templates import queries as email_templates
from server.mailboxes import connection
from server.panel import fill as filling
from server.panel import used
from server.panel.api.accounts import account_of
from server.panel.api.frame import blueprint, draft_of, filing_of
from server.panel.fill import Filled
from server.panel.schemas import (
    DraftSchema,
    FillArgs,
    FilledSchema,
    SituationSchema,
    SuggestArgs,
    SuggestionsSchema,
)
from server.panel.situation import Recipient, situation
from server.panel.suggest import Around, Suggestion, suggest
from server.timeline.present import viewer_of
from server.web.frame import runtime
from server.web.identity import require_visitor


@blueprint.route("/panel/situation")
class PanelSituation(MethodView):
    @blueprint.arguments(DraftSchema)
    @blueprint.response(200, SituationSchema)
    def post(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Who is written to, what is open with them, and where the mail would go"""
        here, visitor = runtime(), require_visitor()
        with here.db.reading() as session:
            user = people.by_id(session, visitor.user_id)
            found = situation(
                session,
                draft_of(draft),
                user=user,
                asker=visitor,
                viewer=viewer_of(visitor),
                now=here.clock.now(),
            )
            mailbox = connection.of_user(session, visitor.user_id)
        filing = found.filing
        return {
            "mailbox": {
                "email": draft["written_from"],
                "is_yours": filing.is_own_mailbox,
                "is_connected": mailbox is not None and mailbox.state == "connected",
                "is_read": filing.is_read,
            },
            "filing": filing_of(filing),
            "recipients": [_recipient(one) for one in found.recipients],
            "accounts": [account_of(one) for one in found.accounts],
        }


def _recipient(one: Recipient) -> dict[str, Any]:
    return {"email": one.email, "is_ours": one.is_ours, "contacts": list(one.contacts)}


@blueprint.route("/panel/templates")
class PanelTemplates(MethodView):
    @blueprint.arguments(SuggestArgs)
    @blueprint.response(200, SuggestionsSchema)
    @blueprint.alt_response(404, description="There is no such account.")
    def post(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Email templates for this contact and these accounts, the likeliest first"""
        here, visitor = runtime(), require_visitor()
        around = Around(
            user_id=visitor.user_id,
            contact_id=args["contact_id"],
            account_ids=tuple(dict.fromkeys(args["account_ids"])),
        )
        with here.db.reading() as session:
            found = suggest(session, around, text=args["q"], limit=args["limit"], now=here.clock.now())
        return {"items": [_suggestion(one) for one in found]}


def _suggestion(one: Suggestion) -> dict[str, Any]:
    template = one.template
    return {
        "slug": template.slug,
        "name": template.name,
        "description": template.description,
        "category": one.category_label,
        "why": one.why,
    }


@blueprint.route("/panel/templates/<string(maxlength=200):slug>/fill")
class PanelFill(MethodView):
    @blueprint.arguments(FillArgs)
    @blueprint.response(200, FilledSchema)
    @blueprint.alt_response(404, description="There is no such template or contact.")
    def post(self, args: Mapping[str, Any], slug: str) -> dict[str, Any]:
        """The template for one contact, for Gmail's compose window, or what is missing"""
        here, visitor = runtime(), require_visitor()
        now = here.clock.now()
        with here.db.reading() as session:
            found = filling.fill(
                session,
                slug=slug,
                contact_id=args["contact_id"],
                user=people.by_id(session, visitor.user_id),
                given=args["values"],
                now=now,
            )
        if found.email is not None:
            with here.db.transaction() as session:
                used.note(session, visitor.user_id, email_templates.by_slug(session, slug).id, now=now)
        return _filled(found)


def _filled(found: Filled) -> dict[str, Any]:
    email = found.email
    return {
        "slug": found.template.slug,
        "label": f"{found.version.name} v{found.version.number}",
        "version_id": found.version.id,
        "is_variant": found.is_variant,
        "subject": email.subject if email else "",
        "html": email.html if email else "",
        "text": email.text if email else "",
        "gaps": found.gaps,
        "missing": list(found.missing),
    }
