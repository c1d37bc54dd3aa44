"""The Cockpit."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.cockpit import present
from server.ctas import present as cta_words
from server.ctas import queries
from server.ctas.queries import CockpitFilter
from server.errors import Invalid
from server.mailboxes import connection
from server.mailboxes.pages import banner
from server.playbooks import choices
from server.playbooks.choices import Choices
from server.playbooks.models import ChoiceList
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial
from server.web.identity import require_visitor
from server.web.paging import row_marker

blueprint = Blueprint("cockpit", __name__)


@blueprint.get("/")
def home() -> BaseResponse:
    return redirect(url_for(".cockpit"))


@blueprint.get("/cockpit")
def cockpit() -> str:
    visitor = require_visitor()
    view = "all" if request.args.get("view") == "all" else "mine"
    with runtime().db.reading() as session:
        lists = choices.of(session)
        wanted = _filter(visitor.user_id if view == "mine" else None, lists)
        found = queries.cockpit(session, wanted, today=show.today(), after=row_marker(request.args.get("after")))
        context = {
            "groups": present.groups(found.rows, lists),
            "is_filtered": bool(wanted.cta_type or wanted.status or wanted.text),
            "clear_href": url_for(".cockpit", view=view),
            "view": view,
            "next_href": _next_href(found.next_after),
        }
        if wants_partial():
            return render_template("cockpit/_cta_list.html", **context)
        counts = queries.cockpit_counts(session, owner_id=visitor.user_id, today=show.today())
        everybody = queries.count_open(session, owner_id=None)
        mailbox_banner = banner(connection.of_user(session, visitor.user_id))
    mine = url_for(".cockpit")
    return page(
        "cockpit/cockpit.html",
        active="cockpit",
        crumbs=[Crumb(label="Cockpit")],
        tabs=[
            {"label": "My CTAs", "href": mine, "count": counts.open, "current": view == "mine"},
            {
                "label": "All CTAs",
                "href": url_for(".cockpit", view="all"),
                "count": everybody,
                "current": view == "all",
            },
        ],
        kpis=[
            {"label": "Open", "value": counts.open, "href": mine, "icon": "checklist", "tone": "accent"},
            {
                "label": "Overdue",
                "value": counts.overdue,
                "href": f"{mine}#group-overdue",
                "icon": "alert-triangle",
                "tone": "danger",
            },
            {
                "label": "Due in 7 days",
                "value": counts.due_soon,
                "href": f"{mine}#group-soon",
                "icon": "calendar-event",
                "tone": "warning",
            },
            {
                "label": "Emails to send",
                "value": counts.emails_to_send,
                "href": mine,
                "icon": "mail",
                "tone": "success",
            },
        ],
        filters={
            "action": url_for(".cockpit"),
            "type": wanted.cta_type,
            "status": wanted.status,
            "q": wanted.text,
            "types": cta_words.type_choices(lists),
            "statuses": cta_words.status_choices(lists),
        },
        mailbox_banner=mailbox_banner,
        **context,
    )


def _filter(owner_id: uuid.UUID | None, lists: Choices) -> CockpitFilter:
    kind, status = request.args.get("type", ""), request.args.get("status", "")
    if kind and kind not in lists.lists[ChoiceList.TYPE]:
        raise Invalid(f"{kind[:40]!r} is not a type of CTA.", cure="Choose from the list.")
    if status and status not in lists.lists[ChoiceList.STATUS]:
        raise Invalid(f"{status[:40]!r} is not a status of a CTA.", cure="Choose from the list.")
    text = request.args.get("q", "").replace("\0", "").strip()[:100]
    return CockpitFilter(owner_id=owner_id, cta_type=kind, status=status, text=text)


def _next_href(after: uuid.UUID | None) -> str | None:
    if after is None:
        return None
    return f"{url_for('.cockpit')}?{urlencode({**request.args.to_dict(), 'after': str(after)})}"
