"""One mail of a timeline: its text, why it is there, and a click each to put it right."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.audit import note
from server.errors import Forbidden, Invalid, NotFound
from server.mail import correct, inbound_pages, places, present, queries, queue_pages, rules_pages, words
from server.mail.access import demand_holder, demand_may_correct, only_held_by, why_not_correct
from server.mail.in_place import in_place
from server.mail.models import LinkState
from server.mail.queries import Why
from server.mail.words import excluded_words
from server.messages.safe_html import safe_html
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.present import gmail_href, gmail_link, viewer_of
from server.web.frame import Crumb, page, runtime, tell, wants_partial
from server.web.guard import mail_frame
from server.web.identity import require_visitor

blueprint = Blueprint("mail", __name__)
blueprint.add_app_template_global(excluded_words, "excluded_words")


@blueprint.get("/mail/<uuid:entry_id>/body")
@in_place
def body(entry_id: uuid.UUID) -> str:
    visitor = require_visitor()
    with runtime().db.reading() as session:
        one = timeline.one(session, viewer_of(visitor), entry_id)
        shown = _text(session, one)
        account = accounts.by_id(session, one.account_id)
    _note_reading(one)
    if wants_partial():
        return render_template("mail/_body.html", mail=shown)
    return page(
        "mail/body.html",
        active="timeline",
        crumbs=[
            Crumb(label=account.name, href=url_for("customer_360.account", account_id=account.id)),
            Crumb(label=one.subject),
        ],
        subject=one.subject,
        mail=shown,
    )


@blueprint.get("/mail/<uuid:entry_id>/html")
def html(entry_id: uuid.UUID) -> Response:
    """The mail as it was laid out, for a frame that runs nothing and loads nothing from the web."""
    visitor = require_visitor()
    with runtime().db.reading() as session:
        one = timeline.one(session, viewer_of(visitor), entry_id)
        kept = queries.content(session, one.mail_message_id) if one.mail_message_id and one.seen.has_text else None
    if kept is None or kept.html is None:
        raise NotFound("There is no such text.", cure=one.seen.reason or "This mail came as plain text only.")
    _note_reading(one)
    return mail_frame(safe_html(kept.html))


def _note_reading(one: SeenEntry) -> None:
    if not one.seen.is_holder:
        note.reading([one.id])


def _text(session: Session, one: SeenEntry) -> dict[str, Any]:
    """Raises Forbidden for whoever may not read it."""
    if not one.seen.has_text:
        raise Forbidden("The text of this mail is not for everybody.", cure=one.seen.reason)
    kept = queries.content(session, one.mail_message_id) if one.mail_message_id else None
    text = kept.text if kept else one.body_text
    new_text = kept.new_text if kept and kept.text.startswith(kept.new_text) else text
    return {
        "text": new_text.strip("\n"),
        "quoted": text[len(new_text) :].strip("\n"),
        "html_src": url_for("mail.html", entry_id=one.id) if kept and kept.html else None,
        "is_cut": bool(kept and kept.is_cut),
        "attachments": [
            {"name": str(each.get("name") or "Without a name"), "size": _size(each.get("size"))}
            for each in (kept.attachments if kept else [])
        ],
        "is_envelope_only": not text and kept is None,
        "gmail_href": _own_gmail(session, one),
    }


def _own_gmail(session: Session, one: SeenEntry) -> str | None:
    if one.mail_message_id is None or one.is_own_mailbox:
        return gmail_link(one)
    visitor = require_visitor()
    own = queries.in_gmail(session, one.mail_message_id, visitor.user_id)
    return gmail_href(own[0], own[1], visitor.email) if own else None


def _size(size: object) -> str:
    """ "420 KB"; "" when it is not known."""
    if not isinstance(size, int):
        return ""
    return f"{size:,} bytes" if size < 1_000 else f"{size / 1e3:,.0f} KB" if size < 1e6 else f"{size / 1e6:,.1f} MB"


@blueprint.get("/mail/<uuid:entry_id>/why")
@in_place
def why(entry_id: uuid.UUID) -> str:
    visitor = require_visitor()
    with runtime().db.reading() as session:
        one = timeline.one(session, viewer_of(visitor), entry_id)
        found = queries.why(session, [one]).get(entry_id)
        if found is None:
            raise NotFound("Nothing is known of why this stands here.", cure="It did not come from a mailbox.")
        card = _card(session, one, found)
    if wants_partial():
        return render_template("mail/_why.html", card=card)
    return page(
        "mail/why.html",
        active="timeline",
        crumbs=[
            Crumb(label=found.account, href=url_for("customer_360.account", account_id=found.account_id)),
            Crumb(label="Why is it here?"),
        ],
        subject=one.subject,
        card=card,
    )


def _card(session: Session, one: SeenEntry, found: Why) -> dict[str, Any]:
    visitor = require_visitor()
    message = queries.message(session, found.mail_message_id)
    why_not = why_not_correct(session, visitor, message_id=message.id, account_id=found.account_id)
    links = {name: url_for(f"mail.{name}", entry_id=one.id) for name in ("move", "unlink", "never", "level")}
    return {
        "id": one.id,
        "account": found.account,
        "reason": present.reason(found, one),
        "lost": [present.lost(candidate, one) for candidate in found.candidates],
        "holders": present.holders(queries.held_by(session, message.id)),
        "decided": present.decided(found),
        "why_not": why_not,
        "in_thread": queries.linked_in_thread(
            session,
            message.mail_thread_id,
            found.account_id,
            only_held_by=only_held_by(session, require_visitor(), found.account_id),
        ),
        "never_address": places.address_to_refuse(one, found),
        "levels": _levels(session, message.id) if one.seen.is_holder else [],
        "own_thread": queries.own_gmail_thread(session, message.id, visitor.user_id),
        "subject": one.subject,
        "urls": links | {"accounts": url_for("mail.account_choices"), "exclude": url_for("mail.rules.exclude")},
    }


def _levels(session: Session, message_id: uuid.UUID) -> list[dict[str, Any]]:
    return [
        {"value": one.level.value, "label": one.label, "is_chosen": one.is_chosen, "is_usual": one.is_usual}
        for one in places.level_choices(session, message_id, require_visitor().user_id)
    ]


@blueprint.get("/mail/accounts")
def account_choices() -> str:
    """The accounts to move a mail to, as buttons of the form that asks."""
    q = request.args.get("q", "").replace("\0", "").strip()[:100]
    with runtime().db.reading() as session:
        found = accounts.suggest(session, q, 6)
    return render_template("mail/_account_choices.html", q=q, accounts=found)


@blueprint.post("/mail/<uuid:entry_id>/move")
@in_place
def move(entry_id: uuid.UUID) -> BaseResponse | str:
    here, whole = runtime(), _whole_thread()
    to_id = _account_given("to_account_id")
    with here.db.transaction() as session:
        found = _entry_to_correct(session, entry_id)
        to = accounts.by_id(session, to_id)
        correct.move(
            session,
            mail_message_id=found.mail_message_id,
            from_account_id=found.account_id,
            to_account_id=to_id,
            whole_thread=whole,
            by=require_visitor().user_id,
            only_held_by=only_held_by(session, require_visitor(), found.account_id),
            now=here.clock.now(),
        )
    undo = _undo("move", found, from_account_id=to_id, to_account_id=found.account_id, whole=whole)
    return _done(words.moved(to.name, whole_thread=whole), found.account_id, undo)


@blueprint.post("/mail/<uuid:entry_id>/unlink")
@in_place
def unlink(entry_id: uuid.UUID) -> BaseResponse | str:
    here, whole = runtime(), _whole_thread()
    with here.db.transaction() as session:
        found = _entry_to_correct(session, entry_id)
        correct.unlink(
            session,
            mail_message_id=found.mail_message_id,
            account_id=found.account_id,
            whole_thread=whole,
            by=require_visitor().user_id,
            only_held_by=only_held_by(session, require_visitor(), found.account_id),
            now=here.clock.now(),
        )
    # A whole conversation is many deeds: the first of its mails that comes back would not bring the others.
    undo = None if whole else _undo("link", found, to_account_id=found.account_id)
    return _done(words.taken_off(found.account, whole_thread=whole), found.account_id, undo)


@blueprint.post("/mail/<uuid:entry_id>/never")
@in_place
def never(entry_id: uuid.UUID) -> BaseResponse | str:
    here = runtime()
    with here.db.transaction() as session:
        found = _entry_to_correct(session, entry_id)
        one = timeline.one(session, viewer_of(require_visitor()), entry_id)
        address = places.address_to_refuse(one, found)
        if not address or request.form.get("address") != address:
            raise Invalid("This address is not why the mail stands here.", cure="Load the page anew and try again.")
        correct.never_pair(
            session,
            mail_message_id=found.mail_message_id,
            account_id=found.account_id,
            email_norm=address,
            by=require_visitor().user_id,
            only_held_by=only_held_by(session, require_visitor(), found.account_id),
            now=here.clock.now(),
        )
    return _done(words.never_again(address, found.account), found.account_id, None)


@blueprint.post("/mail/<uuid:entry_id>/level")
@in_place
def level(entry_id: uuid.UUID) -> BaseResponse | str:
    """What colleagues see of a mail: a holder's word on this one alone."""
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        one = timeline.one(session, viewer_of(visitor), entry_id)
        if one.mail_message_id is None:
            raise NotFound("This did not come from a mailbox.", cure="Everybody sees what is written here by hand.")
        demand_holder(session, one.mail_message_id)
        allowed = places.level_choices(session, one.mail_message_id, visitor.user_id)
        chosen, told = places.level_chosen(allowed, request.form.get("level", ""))
        correct.restrict(
            session, mail_message_id=one.mail_message_id, level=chosen, by=visitor.user_id, now=here.clock.now()
        )
    return _done(told, one.account_id, None)


@blueprint.post("/mail/undo")
@in_place
def undo() -> BaseResponse | str:
    """Take back a move or an unlinking of a moment ago."""
    here = runtime()
    message_id, to_id = _id_given("mail_message_id"), _account_given("to_account_id")
    with here.db.transaction() as session:
        account = accounts.by_id(session, to_id)
        visitor = demand_may_correct(session, message_id=message_id, account_id=to_id)
        if request.form.get("deed") == "move":
            correct.move(
                session,
                mail_message_id=message_id,
                from_account_id=_account_given("from_account_id"),
                to_account_id=to_id,
                whole_thread=_whole_thread(),
                by=visitor.user_id,
                only_held_by=only_held_by(session, require_visitor(), to_id),
                now=here.clock.now(),
            )
        elif queries.link_state(session, message_id, to_id) == LinkState.UNLINKED:
            correct.link(
                session, mail_message_id=message_id, account_id=to_id, by=visitor.user_id, now=here.clock.now()
            )
    return _done(f"Back on the timeline of {account.name}.", to_id, None)


def _entry_to_correct(session: Session, entry_id: uuid.UUID) -> Why:
    """Why it stands there, for whoever may change that. Raises NotFound and Forbidden."""
    one = timeline.one(session, viewer_of(require_visitor()), entry_id)
    found = queries.why(session, [one]).get(entry_id)
    if found is None:
        raise NotFound("This mail does not stand there any more.", cure="Load the page anew.")
    demand_may_correct(session, message_id=found.mail_message_id, account_id=found.account_id)
    return found


def _undo(deed: str, found: Why, *, to_account_id: uuid.UUID, whole: bool = False, **more: Any) -> dict[str, Any]:
    values = {"deed": deed, "mail_message_id": found.mail_message_id, "to_account_id": to_account_id, **more}
    return values | ({"scope": "thread"} if whole else {})


def _whole_thread() -> bool:
    return request.form.get("scope") == "thread"


def _id_given(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        raise Invalid("Something of this form is missing.", cure="Load the page anew and try again.") from None


def _account_given(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        raise Invalid(
            "No account was chosen.",
            cure="Type a part of its name and choose it from the list.",
            fields={name: "Choose."},
        ) from None


def _done(text: str, account_id: uuid.UUID, undo: dict[str, Any] | None) -> BaseResponse | str:
    """In the place of the mail for htmx; else a message on the account's page."""
    if wants_partial():
        return render_template("mail/_done.html", text=text, undo=undo, undo_href=url_for("mail.undo"))
    tell(text)
    return redirect(url_for("customer_360.account", account_id=account_id), code=303)


for _part in (queue_pages, rules_pages, inbound_pages):
    blueprint.register_blueprint(_part.blueprint)
