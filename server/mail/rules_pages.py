"""The rules of mail: what is left out, whose domains are whose, what changed when, and the past under present rules."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts.domains import domain_of
from server.auth.models import LOOKS_ONLY
from server.contacts.addresses import address_of
from server.errors import Forbidden, Invalid, NotFound
from server.mail import correct, exclusions, queries, replay, rule_lists
from server.mail.access import demand_admin, is_admin
from server.mail.jobs import REPLAY
from server.mail.models import ExclusionKind, MailExclusion, MailReplay
from server.mail.rule_lists import LeftOut, Pair
from server.mailboxes import connection
from server.mailboxes.halt import heed
from server.mailboxes.opening import open_mailbox
from server.mailboxes.pause import is_paused
from server.ports.errors import PortError
from server.timeline.present import viewer_of
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import Visitor, require_visitor

blueprint = Blueprint("rules", __name__)

HERE = "mail.rules.rules"
_DAYS = (30, 90, 365)
_MOST_DAYS = 3650
_KINDS = {
    ExclusionKind.ADDRESS: ("Address", "at"),
    ExclusionKind.DOMAIN: ("Domain", "world"),
    ExclusionKind.LABEL: ("Gmail label", "tag"),
    ExclusionKind.THREAD: ("Conversation", "messages"),
}
_CHANGES = {
    "link": ("linked anew", "success"),
    "unlink": ("taken off a timeline", "warning"),
    "exclude": ("left out", "danger"),
    "unchanged": ("stay as they are", "neutral"),
    "by_person": ("stay as a person said", "neutral"),
}


@blueprint.get("/mail/rules")
def rules() -> str:
    visitor = require_visitor()
    with runtime().db.reading() as session:
        mailbox = connection.of_user(session, visitor.user_id)
        latest = rule_lists.latest_replay(session)
        return page(
            "mail/rules.html",
            active="mailbox",
            crumbs=[Crumb(label="Mailbox", href=url_for("mailboxes.mailbox")), Crumb(label="Mail rules")],
            is_admin=is_admin(visitor),
            has_mailbox=mailbox is not None,
            own=[_left_out(one) for one in rule_lists.left_out(session, mailbox_id=mailbox.id)] if mailbox else [],
            everybody=[_left_out(one) for one in rule_lists.left_out(session, mailbox_id=None)],
            own_domains=[vars(one) for one in rule_lists.own_domains(session)],
            shared_domains=[vars(one) for one in rule_lists.shared_domains(session)],
            pairs=[_pair(one, visitor) for one in rule_lists.never_pairs(session)],
            version=rule_lists.version(session),
            changes=[
                {"number": one.number, "what": one.what, "by": one.by, "at": show.moment(one.at)}
                for one in rule_lists.changes(session)
            ],
            replay=_replay(session, latest) if latest else None,
            days=_DAYS,
            urls={
                name: url_for(f"mail.rules.{name}")
                for name in ("exclude", "labels", "add_own_domain", "add_shared_domain", "try_on_the_past")
            },
        )


def _left_out(one: LeftOut) -> dict[str, Any]:
    kind, icon = _KINDS[one.kind]
    return {
        "label": one.label,
        "kind": kind,
        "icon": icon,
        "by": one.by,
        "at": show.moment(one.created_at),
        "undo_href": url_for("mail.rules.include_again", exclusion_id=one.id),
    }


def _pair(one: Pair, visitor: Visitor) -> dict[str, Any]:
    may_undo = is_admin(visitor) or one.by_person_id == visitor.user_id
    return {
        "address": one.email_norm,
        "account": {"name": one.account, "href": url_for("customer_360.account", account_id=one.account_id)},
        "by": one.by,
        "at": show.moment(one.created_at),
        "undo_href": url_for("mail.rules.pair_again", pair_id=one.id) if may_undo else None,
    }


@blueprint.post("/mail/rules/exclude")
def exclude() -> BaseResponse:
    """For the viewer's own mailbox, or by an admin for everybody."""
    here, form = runtime(), request.form
    visitor = demand_admin() if form.get("whose") == "everybody" else _demand_no_viewer()
    kind, value, label = _what_to_leave_out(form.get("kind", ""), form.get("value", ""), form.get("label", ""))
    with here.db.transaction() as session:
        mailbox = connection.of_user(session, visitor.user_id)
        if form.get("whose") != "everybody" and mailbox is None:
            raise NotFound("You have no mailbox here, so nothing can be left out of it.", cure="Connect Gmail first.")
        done = exclusions.exclude(
            session,
            kind=kind,
            value=value,
            label=label,
            mailbox_id=None if form.get("whose") == "everybody" or mailbox is None else mailbox.id,
            by=visitor.user_id,
            now=here.clock.now(),
        )
    text = f"{label} is left out from now on. {_taken(done.removed)}"
    tell(f"{text} {done.warning}".strip(), "warning" if done.warning else "success")
    return redirect(url_for(HERE), code=303)


def _what_to_leave_out(kind: str, value: str, label: str) -> tuple[ExclusionKind, str, str]:
    """Raises Invalid."""
    value = value.replace("\0", "").strip()[:320]
    if kind in (ExclusionKind.LABEL, ExclusionKind.THREAD) and value:
        return ExclusionKind(kind), value, label.replace("\0", "").strip()[:200] or value
    if "@" in value:
        try:
            norm = address_of(value).norm
        except Invalid as error:
            raise Invalid(f"{value} {error.detail}", cure="Write an address, or a domain without @.") from error
        return ExclusionKind.ADDRESS, norm, norm
    host = domain_of(value)
    if host is None:
        raise Invalid(f"“{value}” is neither an address nor a domain.", cure="Write ann@example.com, or example.com.")
    return ExclusionKind.DOMAIN, host, host


def _taken(count: int) -> str:
    return "Nothing had to be taken away." if not count else f"{count:,} mail{'s' if count > 1 else ''} taken away."


@blueprint.post("/mail/rules/exclusions/<uuid:exclusion_id>/include-again")
def include_again(exclusion_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), _demand_no_viewer()
    with here.db.transaction() as session:
        found = session.get(MailExclusion, exclusion_id)
        if found is None:
            raise NotFound("This is not left out any more.", cure="Load the page anew.")
        if found.mailbox_id is None:
            demand_admin()
        elif connection.by_id(session, found.mailbox_id).user_id != visitor.user_id:
            raise Forbidden("This is somebody else’s list.", cure="Ask them to take it off.")
        label = found.label or found.value
        exclusions.include_again(session, exclusion_id=exclusion_id, by=visitor.user_id, now=here.clock.now())
    tell(f"{label} is read again. What was left out meanwhile comes in with the next look into the mailbox.")
    return redirect(url_for(HERE), code=303)


@blueprint.get("/mail/rules/labels")
def labels() -> str:
    """The labels of the viewer's Gmail, to choose one from; asked for when they open the list."""
    with runtime().db.reading() as session:
        mailbox = connection.of_user(session, require_visitor().user_id)
    here = runtime()
    if mailbox is not None and is_paused(mailbox, here.clock.now()):
        return render_template("mail/_labels.html", labels=[], problem="Gmail asked for rest. Try again later.")
    try:
        gmail = open_mailbox(here, mailbox.id) if mailbox else None
        found = [label for label in gmail.labels() if not label.is_system] if gmail else []
    except PortError as error:
        if mailbox is not None:
            heed(here.db, here.clock, mailbox.id, error)
        return render_template("mail/_labels.html", labels=[], problem="Gmail did not answer. Try again in a minute.")
    shown = sorted(({"id": label.label_id, "name": label.name} for label in found), key=lambda one: one["name"].lower())
    return render_template("mail/_labels.html", labels=shown, problem="")


@blueprint.post("/mail/rules/own-domains")
def add_own_domain() -> BaseResponse:
    return _with_domain(exclusions.own_domain_add, "{} is our own now: mail among colleagues only is never kept.")


@blueprint.post("/mail/rules/own-domains/remove")
def remove_own_domain() -> BaseResponse:
    return _with_domain(exclusions.own_domain_remove, "{} is not our own any more.")


@blueprint.post("/mail/rules/shared-domains")
def add_shared_domain() -> BaseResponse:
    return _with_domain(exclusions.shared_domain_add, "Mail is not matched by the domain {} any more.")


@blueprint.post("/mail/rules/shared-domains/remove")
def remove_shared_domain() -> BaseResponse:
    return _with_domain(exclusions.shared_domain_remove, "Mail may be matched by the domain {} again.")


def _with_domain(deed: Any, text: str) -> BaseResponse:
    here, visitor = runtime(), demand_admin()
    value = request.form.get("domain", "").replace("\0", "").strip()[:253]
    host = domain_of(value)
    if host is None:
        raise Invalid(f"“{value}” is not a domain.", cure="Write it like example.com.")
    with here.db.transaction() as session:
        deed(session, domain=host, by=visitor.user_id, now=here.clock.now())
    tell(text.format(host))
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mail/rules/pairs/<uuid:pair_id>/again")
def pair_again(pair_id: uuid.UUID) -> BaseResponse:
    """An address may go to an account again: by whoever forbade it, or an admin."""
    here, visitor = runtime(), _demand_no_viewer()
    with here.db.transaction() as session:
        found = next((one for one in rule_lists.never_pairs(session) if one.id == pair_id), None)
        if found is None:
            raise NotFound("This pair is allowed already.", cure="Load the page anew.")
        if found.by_person_id != visitor.user_id:
            demand_admin()
        correct.allow_pair(session, never_pair_id=pair_id, by=visitor.user_id, now=here.clock.now())
    tell(f"Mail of {found.email_norm} may go to {found.account} again.")
    return redirect(url_for(HERE), code=303)


@blueprint.post("/mail/rules/replay")
def try_on_the_past() -> BaseResponse:
    """A preview: nothing changes until somebody says so."""
    here, visitor = runtime(), demand_admin()
    text = request.form.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= days <= _MOST_DAYS:
        raise Invalid("How many days back?", cure=f"Write a number from 1 to {_MOST_DAYS}.")
    now = here.clock.now()
    with here.db.transaction() as session:
        begun = replay.begin(session, since=now - timedelta(days=days), by=visitor.user_id, now=now)
    here.jobs.wake(REPLAY, replay_id=str(begun.id))
    return redirect(url_for(HERE) + "#replay", code=303)


@blueprint.post("/mail/rules/replay/<uuid:replay_id>/apply")
def apply(replay_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), demand_admin()
    with here.db.transaction() as session:
        replay.apply(session, replay_id, by=visitor.user_id, now=here.clock.now())
    here.jobs.wake(REPLAY, replay_id=str(replay_id))
    return redirect(url_for(HERE) + "#replay", code=303)


@blueprint.get("/mail/rules/replay/<uuid:replay_id>")
def progress(replay_id: uuid.UUID) -> str:
    """How far it is, asked for while it runs."""
    with runtime().db.reading() as session:
        found = session.get(MailReplay, replay_id)
        if found is None:
            raise NotFound("There is no such trial.", cure="Begin a new one.")
        shown = _replay(session, found)
    return render_template("mail/_replay.html", replay=shown, is_admin=is_admin(require_visitor()))


def _replay(session: Session, found: MailReplay) -> dict[str, Any]:
    is_running = found.state in ("previewing", "applying")
    is_current = found.rule_version == rule_lists.version(session)
    counts = [(key, int(found.counts.get(key, 0))) for key in _CHANGES]
    return {
        "state": found.state,
        "is_running": is_running,
        "done": found.done,
        "total": found.total,
        "since": show.day(found.since.astimezone(show.zone()).date()),
        "version": found.rule_version,
        "counts": [
            {"count": count, "label": _CHANGES[key][0], "tone": _CHANGES[key][1]} for key, count in counts if count
        ],
        "changes": sum(count for key, count in counts if key in ("link", "unlink", "exclude")),
        "sample": _sample(session, found),
        "poll_href": url_for("mail.rules.progress", replay_id=found.id) if is_running else None,
        "apply_href": url_for("mail.rules.apply", replay_id=found.id)
        if found.state == "previewed" and is_current
        else None,
        "is_outdated": found.state == "previewed" and not is_current,
    }


def _sample(session: Session, found: MailReplay) -> list[dict[str, Any]]:
    """The first changes. A subject is shown to whoever may see it on the timeline, or holds the mail."""
    ids = [uuid.UUID(str(one["mail_message_id"])) for one in found.sample]
    subjects = queries.subjects_open_to(session, viewer_of(require_visitor()), ids)
    return [
        {
            "subject": subjects.get(message_id, ""),
            "account": str(one.get("account") or ""),
            "change": _CHANGES.get(str(one.get("change")), (str(one.get("change")), "neutral")),
            "reason": str(one.get("reason") or ""),
        }
        for message_id, one in zip(ids, found.sample, strict=True)
    ]


def _demand_no_viewer() -> Visitor:
    visitor = require_visitor()
    if visitor.role in LOOKS_ONLY:
        raise Forbidden("You can look at everything here.", cure="Rules of mail are for TAMs and admins.")
    return visitor
