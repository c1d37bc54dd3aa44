"""The timeline of everything and of a person, and the rest of a conversation."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.accounts.languages import language_label
from server.accounts.models import Account
from server.auth import policy
from server.auth.policy import Deed
from server.contacts import queries as contacts
from server.contacts.models import ContactAddress, FormerAccount
from server.contacts.queries import ContactView
from server.customer_360 import around
from server.errors import Invalid
from server.timeline import present as timeline_words
from server.timeline import queries as timeline
from server.timeline.models import ACTIVITY_LABELS, ActivityType
from server.timeline.scopes import Scope
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("people", __name__)

_DIRECTIONS = {"in": "From customers", "out": "From us"}


@blueprint.get("/timeline")
def everything() -> str:
    visitor = require_visitor()
    viewer = timeline_words.viewer_of(visitor)
    asked = _Asked()
    with runtime().db.reading() as session:
        found = timeline.threads(session, viewer, asked.scope(visitor.user_id), cursor=request.args.get("cursor"))
        shown = around.timeline(session, found, here=asked.href(), is_of_one_account=False)
        account = accounts.by_ids(session, [asked.account_id]).get(asked.account_id) if asked.account_id else None
    shown["empty"] = asked.empty()
    if wants_partial():
        return render_template(
            "timeline/_entries.html" if "cursor" in request.args else "timeline/_timeline.html", **shown
        )
    return page(
        "timeline/timeline.html",
        active="timeline",
        crumbs=[Crumb(label="Timeline")],
        tabs=[
            {"label": "My accounts", "href": url_for(".everything"), "count": None, "current": asked.view == "mine"},
            {
                "label": "All accounts",
                "href": url_for(".everything", view="all"),
                "count": None,
                "current": asked.view == "all",
            },
        ],
        action=url_for(".everything"),
        view=asked.view,
        q=asked.words,
        filters={
            "type": asked.activity_type or "",
            "types": [
                {"value": "", "label": "Everything"},
                *({"value": key.value, "label": label} for key, label in ACTIVITY_LABELS.items()),
            ],
            "direction": asked.direction or "",
            "directions": [
                {"value": "", "label": "Both"},
                *({"value": key, "label": label} for key, label in _DIRECTIONS.items()),
            ],
            "account": {"id": account.id, "name": account.name} if account else None,
            "account_href": asked.href(account=None),
        },
        is_filtered=asked.is_filtered,
        clear_href=url_for(".everything", view=asked.view),
        **shown,
    )


class _Asked:
    """What the filters say; what is not one of their values counts as not chosen."""

    def __init__(self) -> None:
        given = request.args
        self.view = "all" if given.get("view") == "all" else "mine"
        self.words = given.get("q", "").replace("\0", "").strip()[:100]
        self.activity_type = given.get("type") if given.get("type") in tuple(ActivityType) else None
        self.direction = given.get("direction") if given.get("direction") in _DIRECTIONS else None
        self.account_id = _id_or_none(given.get("account"))

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.activity_type or self.direction or self.account_id)

    def scope(self, user_id: uuid.UUID) -> Scope:
        return Scope(
            account_id=self.account_id,
            tam_id=user_id if self.view == "mine" else None,
            activity_type=self.activity_type,
            direction=self.direction,
            words=self.words,
        )

    def href(self, **changes: Any) -> str:
        values = {
            "view": self.view,
            "q": self.words or None,
            "type": self.activity_type,
            "direction": self.direction,
            "account": self.account_id,
        }
        return url_for("customer_360.people.everything", **(values | changes))

    def empty(self) -> dict[str, str]:
        if self.is_filtered:
            return {
                "icon": "search",
                "title": "Nothing matches",
                "text": "Try another word, or fewer filters. What colleagues keep to themselves is not searched.",
            }
        if self.view == "mine":
            return {
                "icon": "timeline-event",
                "title": "Nothing has happened yet",
                "text": "What happens with accounts where you are the TAM stands here. “All accounts” shows the rest.",
            }
        return {
            "icon": "timeline-event",
            "title": "Nothing has happened yet",
            "text": "Connect your Gmail, and mail with your customers shows up here by itself.",
        }


def _id_or_none(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


@blueprint.get("/timeline/<uuid:entry_id>/rest")
def rest_of_thread(entry_id: uuid.UUID) -> str:
    """The other mails of the conversation that this entry leads; `contact`: only those the person took part in."""
    viewer = timeline_words.viewer_of(require_visitor())
    contact_id = _id_or_none(request.args.get("contact"))
    with runtime().db.reading() as session:
        head = timeline.one(session, viewer, entry_id)
        found = timeline.rest_of_thread(session, viewer, Scope(contact_id=contact_id), head_id=entry_id)
        about = around.around(session, found, is_of_one_account=True, rest_values={})
        account = accounts.by_id(session, head.account_id)
    entries = timeline_words.rest(found, about)
    if wants_partial():
        return render_template("timeline/_rest.html", entries=entries)
    return page(
        "timeline/conversation.html",
        active="timeline",
        crumbs=[
            Crumb(label=account.name, href=url_for("customer_360.account", account_id=account.id)),
            Crumb(label="Conversation"),
        ],
        head=timeline_words.rest([head], about)[0],
        entries=entries,
    )


@blueprint.get("/contacts/<uuid:contact_id>")
def contact(contact_id: uuid.UUID) -> str:
    with runtime().db.reading() as session:
        found = contacts.by_id(session, contact_id)
        account = accounts.by_id(session, found.account_id)
        return page(
            "contacts/contact.html",
            active="accounts",
            crumbs=[
                Crumb(label="Accounts", href=url_for("customer_360.account_list")),
                Crumb(label=account.name, href=url_for("customer_360.account", account_id=account.id)),
                Crumb(label=found.full_name or "Contact"),
            ],
            contact=_facts(session, found, account),
            addresses=_addresses(session, contact_id),
            personal_data_href=_personal_data_href(contact_id),
            **_timeline(session, found, None),
        )


def _personal_data_href(contact_id: uuid.UUID) -> str | None:
    """For those who may look it up."""
    may = policy.may(require_visitor(), Deed.SEE_PERSONAL_DATA)
    return url_for("personal_data.of_contact", contact_id=contact_id) if may else None


@blueprint.get("/contacts/<uuid:contact_id>/timeline")
def contact_timeline(contact_id: uuid.UUID) -> str | Response:
    """The next page of entries."""
    cursor = request.args.get("cursor")
    if cursor is None:
        raise Invalid("This part of the timeline has no page marker.", cure="Open the person's page.")
    with runtime().db.reading() as session:
        shown = _timeline(session, contacts.by_id(session, contact_id), cursor)
    return render_template("timeline/_entries.html", **shown)


def _timeline(session: Session, found: ContactView, cursor: str | None) -> dict[str, Any]:
    viewer = timeline_words.viewer_of(require_visitor())
    threads = timeline.of_contact(session, viewer, found.id, cursor=cursor)
    here = url_for("customer_360.people.contact_timeline", contact_id=found.id)
    shown = around.timeline(session, threads, here=here, is_of_one_account=False, contact=found.id)
    name = found.first_name or found.full_name or "this person"
    return shown | {
        "empty": {
            "icon": "timeline-event",
            "title": "No mail yet",
            "text": f"Email that {name} writes or gets shows up here by itself, and so do those you send from a CTA.",
        }
    }


def _facts(session: Session, found: ContactView, account: Account) -> dict[str, Any]:
    return {
        "name": found.full_name or found.email or "No name",
        "title": found.title or "",
        "roles": [found.role_label] if found.role else [],
        "opted_out": found.opted_out_at is not None,
        "language": language_label(found.language) if found.language else "",
        "account": {"name": account.name, "href": url_for("customer_360.account", account_id=account.id)},
        "former": _former(session, found.id),
        "last_emailed": show.moment(timeline.last_emailed(session, [found.id]).get(found.id)),
    }


def _former(session: Session, contact_id: uuid.UUID) -> list[dict[str, Any]]:
    statement = (
        select(Account.id, Account.name, FormerAccount.until)
        .join(FormerAccount, FormerAccount.account_id == Account.id)
        .where(FormerAccount.contact_id == contact_id)
        .order_by(FormerAccount.until.desc())
    )
    return [
        {"name": name, "href": url_for("customer_360.account", account_id=account_id), "until": show.moment(until)}
        for account_id, name, until in session.execute(statement)
    ]


def _addresses(session: Session, contact_id: uuid.UUID) -> list[dict[str, Any]]:
    statement = (
        select(ContactAddress)
        .where(ContactAddress.contact_id == contact_id)
        .order_by(ContactAddress.is_primary.desc(), ContactAddress.email_norm)
    )
    return [
        {
            "email": address.email,
            "is_primary": address.is_primary,
            "bounced": show.moment(address.bounced_at),
            "is_permanent": bool(address.bounce_is_permanent),
            "detail": (address.bounce_detail or "").strip().rstrip(".")[:200],
        }
        for address in session.scalars(statement)
    ]
