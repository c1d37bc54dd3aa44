"""The queue of the unmatched: the viewer's own mail that belongs to nobody yet, and one click each to place it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.accounts.add_domain import add_domain
from server.accounts.domains import registrable_domain
from server.auth import policy
from server.auth.policy import Deed
from server.contacts import queries as contacts
from server.contacts.add import add_contact
from server.errors import Invalid, NotFound
from server.mail import correct, cures, exclusions, rematch, waiting
from server.mail.access import demand_all_held
from server.mail.in_place import in_place
from server.mail.models import ExclusionKind
from server.mail.rules import Rules, load_rules
from server.mail.waiting import Stranger, Tie, WaitingMail
from server.mailboxes import connection
from server.web import show
from server.web.frame import Crumb, page, runtime, tell, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("queue", __name__)

HERE = "mail.queue.unmatched"


@blueprint.get("/mail/unmatched")
def unmatched() -> str:
    user_id, number = require_visitor().user_id, _page_number()
    with runtime().db.reading() as session:
        found, has_more = waiting.strangers(session, user_id, page=number)
        rules = load_rules(session)
        groups = [_group(session, one, rules) for one in found]
        ties = [_tie(session, tie) for tie in waiting.ties(session, user_id)] if number == 0 else []
        questions = waiting.count_questions(session, user_id)
        is_connected = connection.of_user(session, user_id) is not None
    context = {
        "groups": groups,
        "ties": ties,
        "next_href": url_for(HERE, page=number + 1) if has_more else None,
        "may_act": policy.may(require_visitor(), Deed.SORT_MAIL),
        "urls": _urls(),
    }
    if wants_partial():
        return render_template("mail/_groups.html", **context)
    return page(
        "mail/unmatched.html",
        active="unmatched",
        crumbs=[Crumb(label="Unmatched mail")],
        questions=questions,
        is_connected=is_connected,
        **context,
    )


def _page_number() -> int:
    text = request.args.get("page", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _urls() -> dict[str, str]:
    names = ("contact", "domain", "link", "exclude", "dismiss", "choose")
    return {name: url_for(f"mail.queue.{name}") for name in names} | {
        "accounts": url_for("mail.account_choices"),
        "rules": url_for("mail.rules.rules"),
    }


def _group(session: Session, one: Stranger, rules: Rules) -> dict[str, Any]:
    first, last = cures.name_parts(one.name, one.email)
    host = one.norm.rpartition("@")[2]
    domain = one.registrable or host
    why_no_domain = rules.why_nothing(host, one.registrable)
    owners = cures.accounts_with(session, domain) if not why_no_domain else []
    if owners:
        why_no_domain = f"{domain} belongs to {' and '.join(owners[:2])}."
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_URL, one.norm).hex[:12],
        "norm": one.norm,
        "name": one.name,
        "email": one.email,
        "first_name": first,
        "last_name": last,
        "count": one.count,
        "mails": [_mail(mail) for mail in one.latest],
        "domain": domain,
        "why_no_domain": why_no_domain,
        "suggestions": [
            {"id": each.account_id, "name": each.account, "because": each.because} for each in one.suggestions
        ],
    }


def _mail(mail: WaitingMail) -> dict[str, Any]:
    return {"subject": mail.subject, "at": show.moment(mail.sent_at)}


def _tie(session: Session, tie: Tie) -> dict[str, Any]:
    names = accounts.by_ids(session, list(tie.account_ids))
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{tie.norm} {tie.account_ids}").hex[:12],
        "norm": tie.norm,
        "count": len(tie.messages),
        "mails": [_mail(mail) for mail in tie.messages[:3]],
        "message_ids": [mail.id for mail in tie.messages],
        "accounts": [{"id": each, "name": names[each].name} for each in tie.account_ids if each in names],
    }


@blueprint.post("/mail/unmatched/contact")
@in_place
def contact() -> BaseResponse | str:
    """A stranger becomes a contact, and their mail goes to the account."""
    here, norm = runtime(), _norm()
    with here.db.transaction() as session:
        name_and_email = _asked_about(session, norm)
        contact_id = add_contact(
            session,
            account_id=_account(),
            first_name=request.form.get("first_name", ""),
            last_name=request.form.get("last_name", ""),
            email=name_and_email[1],
            now=here.clock.now(),
        )
        made = contacts.by_id(session, contact_id)
        account = accounts.by_id(session, made.account_id).name
        linked = _place_anew(session, norm)
    return _done(f"{made.full_name} is a contact of {account} now. {_mails(linked)} on its timeline.")


@blueprint.post("/mail/unmatched/domain")
@in_place
def domain() -> BaseResponse | str:
    here, norm = runtime(), _norm()
    with here.db.transaction() as session:
        _asked_about(session, norm)
        account = accounts.by_id(session, _account())
        rules = load_rules(session)
        kept = add_domain(
            session,
            account_id=account.id,
            domain=request.form.get("domain", ""),
            says_nothing=lambda host: rules.why_nothing(host, registrable_domain(host)),
            now=here.clock.now(),
        ).domain
        linked = _place_anew(session, norm)
    return _done(f"{kept} is a domain of {account.name} now. {_mails(linked)} on its timeline; the rest follows.")


@blueprint.post("/mail/unmatched/link")
@in_place
def link() -> BaseResponse | str:
    """These mails only; who wrote them stays unknown."""
    here, norm = runtime(), _norm()
    with here.db.transaction() as session:
        account = accounts.by_id(session, _account())
        ids = _own_mails(session, norm)
        for message_id in ids:
            correct.link(
                session,
                mail_message_id=message_id,
                account_id=account.id,
                by=require_visitor().user_id,
                now=here.clock.now(),
            )
    return _done(f"{_mails(len(ids))} on the timeline of {account.name}.")


@blueprint.post("/mail/unmatched/exclude")
@in_place
def exclude() -> BaseResponse | str:
    """Never keep mail of this address or domain from the viewer's own mailbox."""
    here, visitor, norm = runtime(), require_visitor(), _norm()
    is_domain = request.form.get("kind") == ExclusionKind.DOMAIN
    value = norm.rpartition("@")[2] if is_domain else norm
    with here.db.transaction() as session:
        demand_all_held(session, waiting.messages_with(session, visitor.user_id, norm))
        mailbox = connection.of_user(session, visitor.user_id)
        if mailbox is None:
            raise NotFound("You have no mailbox here, so nothing can be left out of it.", cure="Connect Gmail first.")
        excluded = exclusions.exclude(
            session,
            kind=ExclusionKind.DOMAIN if is_domain else ExclusionKind.ADDRESS,
            value=value,
            label=value,
            mailbox_id=mailbox.id,
            by=visitor.user_id,
            now=here.clock.now(),
        )
    return _done(f"Mail of {value} is left out of your mailbox from now on; {excluded.removed:,} taken away.")


@blueprint.post("/mail/unmatched/dismiss")
@in_place
def dismiss() -> BaseResponse | str:
    """Not customer mail: their content goes, and they do not come back."""
    here, norm = runtime(), _norm()
    with here.db.transaction() as session:
        ids = _own_mails(session, norm)
        gone = correct.dismiss(session, mail_message_ids=ids, by=require_visitor().user_id, now=here.clock.now())
    return _done(f"{_mails(gone)} taken away: not customer mail.")


@blueprint.post("/mail/unmatched/choose")
@in_place
def choose() -> BaseResponse | str:
    """Which account, where several claim an address."""
    here, visitor = runtime(), require_visitor()
    account_id, norm = _account(), _norm()
    with here.db.transaction() as session:
        asked = [tie for tie in waiting.ties(session, visitor.user_id) if tie.norm == norm]
        ids = [mail.id for tie in asked if account_id in tie.account_ids for mail in tie.messages]
        if not ids:
            raise NotFound("This question is answered already.", cure="Load the page anew.")
        demand_all_held(session, ids)
        account = accounts.by_id(session, account_id)
        for message_id in ids:
            correct.link(
                session, mail_message_id=message_id, account_id=account_id, by=visitor.user_id, now=here.clock.now()
            )
    return _done(f"{_mails(len(ids))} on the timeline of {account.name}.")


def _place_anew(session: Session, norm: str) -> int:
    return rematch.place_anew(
        session, waiting.messages_with(session, require_visitor().user_id, norm), runtime().clock.now()
    )


def _own_mails(session: Session, norm: str) -> list[uuid.UUID]:
    """The viewer's waiting mails with this address. Raises NotFound when none waits any more, Forbidden for viewers."""
    ids = waiting.messages_with(session, require_visitor().user_id, norm)
    if not ids:
        raise NotFound("No mail of this address waits any more.", cure="Load the page anew.")
    demand_all_held(session, ids)
    return ids


def _asked_about(session: Session, norm: str) -> tuple[str, str]:
    """Raises NotFound and Forbidden as `_own_mails`."""
    _own_mails(session, norm)
    found = waiting.stranger_of(session, require_visitor().user_id, norm)
    assert found is not None  # some of their mail waits
    return found


def _norm() -> str:
    return request.form.get("norm", "").replace("\0", "")[:320]


def _account() -> uuid.UUID:
    """From the list of suggestions, or found by name. Raises Invalid."""
    try:
        return uuid.UUID(request.form.get("to_account_id", ""))
    except ValueError:
        raise Invalid("Which account?", cure="Choose one of those suggested, or type a part of its name.") from None


def _mails(count: int) -> str:
    return "1 mail is" if count == 1 else f"{count:,} mails are"


def _done(text: str) -> BaseResponse | str:
    """In the place of the question for htmx; else the page again, which says it."""
    if wants_partial():
        return render_template("mail/_settled.html", text=text)
    tell(text)
    return redirect(url_for(HERE), code=303)
