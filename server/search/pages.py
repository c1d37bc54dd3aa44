"""The search field's suggestions and the page of results."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.contacts import queries as contacts
from server.ctas import present as cta_words
from server.ctas import queries as ctas
from server.playbooks import choices
from server.web.frame import Crumb, page, runtime

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
def results() -> str:
    q = _asked()
    groups = _found(q, limit=50)
    total = sum(len(group["items"]) for group in groups)
    return page("search/results.html", crumbs=[Crumb(label="Search")], q=q, groups=groups, total=total)


@blueprint.get("/search/suggest")
def suggest() -> str:
    q = _asked()
    if not q:
        return ""
    groups = _found(q, limit=4)
    total = sum(len(group["items"]) for group in groups)
    return render_template(
        "search/_suggest.html", q=q, groups=groups, total=total, results_href=url_for(".results", q=q)
    )


def _asked() -> str:
    return request.args.get("q", "").replace("\0", "").strip()[:100]


def _found(q: str, limit: int) -> list[dict[str, Any]]:
    if not q:
        return []
    with runtime().db.reading() as session:
        return [
            {"key": "accounts", "label": "Accounts", "items": _accounts(session, q, limit)},
            {"key": "contacts", "label": "Contacts", "items": _contacts(session, q, limit)},
            {"key": "ctas", "label": "CTAs", "items": _ctas(session, q, limit)},
        ]


def _accounts(session: Session, q: str, limit: int) -> list[dict[str, str]]:
    return [
        {"label": found.name, "href": f"/accounts/{found.id}", "note": "", "icon": "building-skyscraper"}
        for found in accounts.suggest(session, q, limit)
    ]


def _contacts(session: Session, q: str, limit: int) -> list[dict[str, str]]:
    found = contacts.suggest(session, q, limit)
    names = accounts.by_ids(session, list({contact.account_id for contact in found}))
    return [
        {
            "label": contact.full_name or contact.email or "No name",
            "href": f"/accounts/{contact.account_id}",
            "note": f"{names[contact.account_id].name} · {contact.email or 'no address'}",
            "icon": "user",
        }
        for contact in found
    ]


def _ctas(session: Session, q: str, limit: int) -> list[dict[str, str]]:
    lists = choices.of(session)
    return [
        {
            "label": cta.name,
            "href": url_for("cta_pages.cta", cta_id=cta.id),
            "note": account.name,
            "icon": cta_words.cta_type(cta, lists)["icon"],
        }
        for cta, account in ctas.suggest(session, q, limit=limit)
    ]
