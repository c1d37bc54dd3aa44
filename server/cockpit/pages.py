"""The Cockpit: everybody's CTAs as a list, a board or a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.auth import policy
from server.auth.policy import Deed
from server.cockpit import asked, choices_shown, present, queries, spread, view_pages, views
from server.cockpit.asked import Asked, Layout, View
from server.cockpit.change_pages import blueprint as changes
from server.cockpit.queries import MOST_COUNTED, Counts, Who
from server.mailboxes import connection
from server.mailboxes.pages import banner
from server.playbooks import choices
from server.playbooks.choices import Choices
from server.web import show
from server.web.frame import Crumb, page, runtime, set_badge, wants_partial
from server.web.identity import require_visitor
from server.web.paging import row_marker

blueprint = Blueprint("cockpit", __name__)
blueprint.register_blueprint(view_pages.blueprint)
blueprint.register_blueprint(changes)

ROWS = 30
_EMPTY = {
    View.MINE: ("Nothing waits for you", "When a playbook opens a CTA for one of your accounts, it shows up here."),
    View.ALL: ("No CTAs yet", "CTAs open by playbooks, by triggers and by hand on the page of an account."),
    View.TEAM: ("Nothing waits for your team", "When a CTA opens for one of your team’s accounts, it shows up here."),
    View.RECOMMENDED: (
        "Nothing stands out",
        "No CTA of yours is late, no renewal is near, no customer is unhappy or has answered.",
    ),
}
_LAYOUTS = (
    (Layout.LIST, "List", "list-check"),
    (Layout.BOARD, "Board", "columns-2"),
    (Layout.CALENDAR, "Calendar", "calendar"),
)


@blueprint.get("/")
def home() -> BaseResponse:
    return redirect(url_for(".cockpit"))


@blueprint.get("/cockpit")
def cockpit() -> BaseResponse | str:
    visitor, here = require_visitor(), runtime()
    who = Who(user_id=visitor.user_id, today=show.today(), now=here.clock.now())
    with here.db.reading() as session:
        if not request.args:
            start = views.default(session, visitor.user_id)
            if start is not None:
                return redirect(view_pages.href(start))
        lists = choices.of(session)
        wanted = asked.read(request.args, lists)
        context = _content(session, wanted, who, lists)
        is_fresh = "fresh" in request.args
        if wants_partial() and not is_fresh:
            return render_template("cockpit/_content.html", **context)
        counts = queries.counts(session, who)
        set_badge("cockpit", counts.mine)
        context |= {"tabs": _tabs(wanted, counts), "kpis": _kpis(counts)}
        if wants_partial():
            return render_template("cockpit/_content.html", is_fresh=True, **context)
        owners = choices_shown.owners(session)
        filters = choices_shown.filters(session, wanted, lists, owners)
        saved = view_pages.menu(session, visitor.user_id)
        mailbox_banner = banner(connection.of_user(session, visitor.user_id))
    return page(
        "cockpit/cockpit.html",
        active="cockpit",
        crumbs=[Crumb(label="Cockpit")],
        filters=filters,
        saved=saved,
        change=choices_shown.changes(lists, owners),
        mailbox_banner=mailbox_banner,
        **context,
    )


def _content(session: Session, wanted: Asked, who: Who, lists: Choices) -> dict[str, Any]:
    """What changes with the filters: cockpit/_content.html."""
    title, text = _EMPTY[wanted.view]
    context: dict[str, Any] = {
        "view": wanted.view.value,
        "layout": wanted.layout.value,
        "is_filtered": bool(wanted.filters),
        "clear_href": _href({"view": wanted.view.value, "layout": wanted.layout.value}),
        "here": _href(wanted.words),
        "layouts": [
            {
                "key": one.value,
                "label": label,
                "icon": icon,
                "href": _href({**wanted.words, "layout": one.value}),
                "current": one is wanted.layout,
            }
            for one, label, icon in _LAYOUTS
        ],
        "words": wanted.words,
        "view_used": view_pages.used(session, request.args.get("saved"), who.user_id, wanted.words),
        "empty": {"title": title, "text": text},
        "may_change": policy.may(require_visitor(), Deed.WORK_TASKS),
        "next_href": None,
    }
    if wanted.layout is Layout.BOARD:
        board = spread.board(session, wanted, who)
        others = {"status": "priority", "priority": "status"}[wanted.columns.value]
        return context | {
            "columns": present.columns(board, wanted, lists),
            "columns_by": wanted.columns.value,
            "columns_href": _href({**wanted.words, "columns": others}),
            "columns_other": others,
        }
    if wanted.layout is Layout.CALENDAR:
        month = present.month(spread.calendar(session, wanted, who), wanted, lists)
        return context | {"month": month | {at: _href(month[at]) for at in ("earlier", "later", "now")}}
    found = queries.listed(session, wanted, who, limit=ROWS, after=row_marker(request.args.get("after")))
    group = asked.GroupBy.NONE if wanted.view is View.RECOMMENDED else wanted.group
    return context | {
        "groups": present.groups(found.rows, lists, group, found.reasons),
        "next_href": _href({**wanted.words, "after": str(found.next_after)}) if found.next_after else None,
    }


def _href(words: Mapping[str, str]) -> str:
    given = {**words, **({"saved": request.args["saved"]} if request.args.get("saved") else {})}
    return f"{url_for('cockpit.cockpit')}?{urlencode(given)}"


def _tabs(wanted: Asked, counts: Counts) -> list[dict[str, Any]]:
    shown = (
        (View.MINE, "My CTAs", present.counted(counts.mine, MOST_COUNTED), "m"),
        (View.ALL, "All CTAs", present.counted(counts.everybody, MOST_COUNTED), "a"),
        (View.TEAM, "My team’s", present.counted(counts.team, MOST_COUNTED), "t"),
        (View.RECOMMENDED, "Recommended", None, "r"),
    )
    layout = {"layout": wanted.layout.value} if wanted.layout is not Layout.LIST else {}
    return [
        {
            "label": label,
            "href": f"{url_for('.cockpit')}?{urlencode({'view': view.value, **layout})}",
            "count": count,
            "current": wanted.view is view,
            "key": key,
        }
        for view, label, count, key in shown
    ]


def _kpis(counts: Counts) -> list[dict[str, Any]]:
    mine = f"{url_for('.cockpit')}?view=mine"
    return [
        {"label": "Open", "value": counts.mine, "href": mine, "icon": "checklist", "tone": "accent"},
        {
            "label": "Overdue",
            "value": counts.overdue,
            "href": f"{mine}&due=overdue",
            "icon": "alert-triangle",
            "tone": "danger",
        },
        {
            "label": "Due in 7 days",
            "value": counts.due_soon,
            "href": f"{mine}&due=week",
            "icon": "calendar-event",
            "tone": "warning",
        },
        {
            "label": "Emails to send",
            "value": counts.emails_to_send,
            "href": f"{mine}&next=email",
            "icon": "mail",
            "tone": "success",
        },
    ]
