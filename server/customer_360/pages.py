"""The accounts and the page of one account."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.models import Account, LifecycleStage
from server.accounts.queries import AccountCursor, AccountView
from server.auth import people, policy
from server.auth.policy import Deed
from server.contacts import queries as contacts
from server.ctas import present as cta_words
from server.ctas import queries as ctas
from server.customer_360 import around, log_pages, sentiment_pages, timeline_pages
from server.playbooks import choices
from server.sends import queries as sends
from server.timeline import present as timeline_words
from server.timeline import queries as timeline
from server.timeline.queries import LastActivity
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("customer_360", __name__)

_STAGE_TONES = {
    LifecycleStage.ONBOARDING: "info",
    LifecycleStage.IMPLEMENTATION: "info",
    LifecycleStage.ADOPTION: "success",
    LifecycleStage.OPTIMIZE_AND_GROW: "accent",
    LifecycleStage.WILL_CHURN: "danger",
}


@blueprint.get("/accounts")
def account_list() -> str:
    visitor = require_visitor()
    view = "all" if request.args.get("view") == "all" else "mine"
    q = request.args.get("q", "").replace("\0", "").strip()[:100]
    after = AccountCursor.decode(request.args["after"]) if "after" in request.args else None
    tam_id = visitor.user_id if view == "mine" else None
    with runtime().db.reading() as session:
        found = accounts.page(session, after=after, tam_id=tam_id, search=q)
        rows = _rows(session, found.accounts)
        mine = accounts.count(session, tam_id=visitor.user_id)
        everybody = accounts.count(session)
    next_cursor = found.next_cursor.encode() if found.next_cursor else None
    context: dict[str, Any] = {
        "accounts": rows,
        "next_href": url_for(".account_list", view=view, q=q, after=next_cursor) if next_cursor else None,
        "is_filtered": bool(q),
        "clear_href": url_for(".account_list", view=view),
        "view": view,
        "q": q,
    }
    if wants_partial():
        return render_template("accounts/_rows.html" if after else "accounts/_table.html", **context)
    return page(
        "accounts/list.html",
        active="accounts",
        crumbs=[Crumb(label="Accounts")],
        tabs=[
            {"label": "My book", "href": url_for(".account_list"), "count": mine, "current": view == "mine"},
            {
                "label": "All accounts",
                "href": url_for(".account_list", view="all"),
                "count": everybody,
                "current": view == "all",
            },
        ],
        action=url_for(".account_list"),
        **context,
    )


def _rows(session: Session, found: Sequence[AccountView]) -> list[dict[str, Any]]:
    last = timeline.activity(session, [account.id for account in found])
    domains = accounts.first_domains(session, [account.id for account in found])
    return [
        {
            "name": account.name,
            "href": url_for(".account", account_id=account.id),
            "domain": domains.get(account.id, ""),
            "stage": _stage(account.lifecycle_stage, account.stage_label),
            "arr": show.amount(account.arr),
            "renews": show.day(account.renewal_on),
            "tam": {"name": account.tam_name} if account.tam_name else None,
            **_last_moments(last.get(account.id)),
        }
        for account in found
    ]


def _stage(stage: str | None, label: str) -> dict[str, str] | None:
    return {"label": label, "tone": _STAGE_TONES[LifecycleStage(stage)]} if stage else None


@blueprint.get("/accounts/<uuid:account_id>")
def account(account_id: uuid.UUID) -> str:
    with runtime().db.reading() as session:
        found = accounts.by_id(session, account_id)
        open_ctas = ctas.open_of_account(session, account_id)
        its_contacts = contacts.of_account(session, account_id)
        lists = choices.of(session)
        return page(
            "accounts/account.html",
            active="accounts",
            crumbs=[Crumb(label="Accounts", href=url_for(".account_list")), Crumb(label=found.name)],
            account=_facts(session, found),
            contacts=[
                cta_words.contact_row(contact) | {"href": url_for(".people.contact", contact_id=contact.id)}
                for contact in its_contacts
            ],
            log=log_pages.form(account_id, its_contacts),
            sentiment=sentiment_pages.shown(session, found),
            ctas=[
                {
                    "name": cta.name,
                    "href": url_for("cta_pages.cta", cta_id=cta.id),
                    "type": cta_words.cta_type(cta, lists),
                    "due": show.day(cta.due_on),
                    "is_overdue": cta_words.is_overdue(cta.due_on),
                    "snoozed": show.day(cta.snoozed_through) if cta.is_snoozed(show.today()) else None,
                }
                for cta in open_ctas
            ],
            new_cta_href=url_for("new_cta.new", account=account_id)
            if policy.may(require_visitor(), Deed.WORK_TASKS)
            else None,
            **_timeline(session, account_id),
        )


def _facts(session: Session, found: Account) -> dict[str, Any]:
    users = people.by_ids(session, {user_id for user_id in (found.tam_id, found.owner_id) if user_id})
    tam, owner = cta_words.named(users, found.tam_id), cta_words.named(users, found.owner_id)
    tam_name, owner_name = (tam.name if tam else found.tam_name), (owner.name if owner else found.owner_name)
    parents = accounts.parents_of(session, found.id)
    return {
        "name": found.name,
        "initials": _initials(found.name),
        "stage": found.stage_label,
        "arr": show.amount(found.arr),
        "renews": show.day(found.renewal_on),
        "tam": {"name": tam_name} if tam_name else None,
        "owner": {"name": owner_name} if owner_name else None,
        "domains": list(accounts.domains_of(session, found.id)),
        "parent": _link(parents[0]) if parents else None,
        "children": [_link(child) for child in accounts.children_of(session, found.id)],
        **_last_moments(timeline.activity(session, [found.id]).get(found.id)),
        "salesforce_id": found.salesforce_id,
        "salesforce_href": None,
    }


def _last_moments(found: LastActivity | None) -> dict[str, Any]:
    return {
        "last_activity": show.moment(found.spoken_at if found else None),
        "last_timeline_activity": show.moment(found.anything_at if found else None),
    }


def _link(found: AccountView) -> dict[str, str]:
    return {"name": found.name, "href": url_for(".account", account_id=found.id)}


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or ["?"]
    return (words[0][0] + (words[1][0] if len(words) > 1 else "")).upper()


@blueprint.get("/accounts/<uuid:account_id>/timeline")
def account_timeline(account_id: uuid.UUID) -> str | Response:
    """Asked for by the account's page: the next page of entries, or the first one again while mail is on its way."""
    cursor = request.args.get("cursor")
    with runtime().db.reading() as session:
        accounts.by_id(session, account_id)
        shown = _timeline(session, account_id, cursor)
    if cursor is not None:
        return render_template("timeline/_entries.html", **shown)
    if shown["has_moving"] and request.args.get("since", "") == shown["newest"]:
        return Response(status=204)
    return render_template("timeline/_timeline.html", **shown)


def _timeline(session: Session, account_id: uuid.UUID, cursor: str | None = None) -> dict[str, Any]:
    viewer = timeline_words.viewer_of(require_visitor())
    found = timeline.of_account(session, viewer, account_id, cursor=cursor)
    here = url_for(".account_timeline", account_id=account_id)
    shown = around.timeline(session, found, here=here, is_of_one_account=True)
    return shown | {"has_moving": sends.moving_of_account(session, account_id) > 0, "empty": _NOTHING_YET}


_NOTHING_YET = {
    "icon": "timeline-event",
    "title": "Nothing has happened yet",
    "text": "Emails with this account’s people show up here by themselves, and so do those you send from a CTA.",
}

for _part in (timeline_pages, log_pages, sentiment_pages):
    blueprint.register_blueprint(_part.blueprint)
