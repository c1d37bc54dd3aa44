"""The Cockpit, a CTA, and its tasks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.auth import people
from server.contacts import queries as contacts
from server.ctas import present, queries, work
from server.ctas.models import Cta, CtaTask
from server.ctas.queries import CockpitFilter
from server.email_templates import queries as email_templates
from server.errors import Invalid
from server.mailboxes import connection
from server.mailboxes.pages import banner
from server.playbooks import choices
from server.playbooks.choices import Choices
from server.playbooks.models import ChoiceList
from server.timeline import present as timeline_words
from server.timeline import queries as timeline
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial
from server.web.identity import require_visitor
from server.web.paging import row_marker

blueprint = Blueprint("cta_pages", __name__)

COCKPIT = Crumb(label="Cockpit", href="/cockpit")


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
            return render_template("ctas/_cta_list.html", **context)
        counts = queries.cockpit_counts(session, owner_id=visitor.user_id, today=show.today())
        everybody = queries.count_open(session, owner_id=None)
        mailbox_banner = banner(connection.of_user(session, visitor.user_id))
    mine = url_for(".cockpit")
    return page(
        "ctas/cockpit.html",
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
            "types": present.type_choices(lists),
            "statuses": present.status_choices(lists),
        },
        mailbox_banner=mailbox_banner,
        **context,
    )


@blueprint.get("/ctas/<uuid:cta_id>")
def cta(cta_id: uuid.UUID) -> str:
    visitor = require_visitor()
    with runtime().db.reading() as session:
        found, lists = queries.cta(session, cta_id), choices.of(session)
        account = accounts.by_id(session, found.account_id)
        tasks = queries.tasks_of(session, [cta_id]).get(cta_id, [])
        owners = {found.owner_id, *(task.owner_id for task in tasks), *([account.tam_id] if account.tam_id else [])}
        users = people.by_ids(session, owners)
        shown_tasks = _tasks(session, tasks, found)
        its_contacts = contacts.of_account(session, account.id)
        last = timeline.of_account(session, timeline_words.viewer_of(visitor), account.id, limit=5)
        mailbox_banner = banner(connection.of_user(session, visitor.user_id))
    owner = users[found.owner_id]
    return page(
        "ctas/cta.html",
        active="cockpit",
        crumbs=[COCKPIT, Crumb(label=found.name)],
        cta={
            "id": found.id,
            "name": found.name,
            "type": present.cta_type(found, lists),
            "priority": present.priority(found, lists),
            "status": present.status(found, lists),
            "due": show.day(found.due_on),
            "is_overdue": found.is_open and present.is_overdue(found.due_on),
            "opened": show.moment(found.opened_at),
            "reason": present.reason(found, lists),
            "owner": {"name": owner.name},
            "playbook": found.playbook_name or "",
            "account": present.account_card(account, present.named(users, account.tam_id)),
            "tasks_done": sum(task.done_at is not None for task in tasks),
            "tasks_total": len(tasks),
        },
        tasks=shown_tasks,
        contacts=[present.contact_row(contact) for contact in its_contacts],
        entries=[
            {**timeline_words.brief(thread.head), "href": f"/accounts/{account.id}#entry-{thread.head.id}"}
            for thread in last.threads
        ],
        timeline_href=f"/accounts/{account.id}#timeline",
        mailbox_banner=mailbox_banner,
    )


@blueprint.get("/tasks/<uuid:task_id>")
def task(task_id: uuid.UUID) -> BaseResponse | str:
    """One task of a CTA, asked for while its emails move; as a page it leads to its CTA."""
    with runtime().db.reading() as session:
        found = queries.task(session, task_id)
        if not wants_partial():
            return redirect(url_for(".cta", cta_id=found.cta_id, _anchor=f"task-{task_id}"))
        [shown] = _tasks(session, [found], queries.cta(session, found.cta_id))
    return render_template("ctas/_task.html", task=shown)


@blueprint.post("/tasks/<uuid:task_id>/complete")
def complete(task_id: uuid.UUID) -> BaseResponse | str:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        work.complete(session, queries.task(session, task_id), asker=visitor, now=here.clock.now())
    return task(task_id)


@blueprint.post("/tasks/<uuid:task_id>/reopen")
def reopen(task_id: uuid.UUID) -> BaseResponse | str:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        work.reopen(session, queries.task(session, task_id), asker=visitor)
    return task(task_id)


@blueprint.post("/tasks/<uuid:task_id>/wake")
def wake(task_id: uuid.UUID) -> BaseResponse | str:
    """Take a snooze back."""
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        work.wake(session, queries.task(session, task_id), asker=visitor)
    return task(task_id)


def _tasks(session: Session, found: Sequence[CtaTask], its_cta: Cta) -> list[dict[str, Any]]:
    visitor = require_visitor()
    owners = people.by_ids(session, {task.owner_id for task in found})
    emails = queries.sends_of(session, [task.id for task in found])
    template_ids = {task.email_template_id for task in found if task.email_template_id is not None}
    names = {template_id: email_templates.by_id(session, template_id).name for template_id in template_ids}
    workable = work.may_work(session, found, its_cta, visitor)
    return [
        present.task(
            task,
            owner=owners.get(task.owner_id),
            template_name=names[task.email_template_id] if task.email_template_id else "",
            emails=emails.get(task.id, []),
            may_work=task.id in workable,
            may_write=visitor.user_id in (task.owner_id, its_cta.owner_id),
            account_id=its_cta.account_id,
            viewer_id=visitor.user_id,
        )
        for task in found
    ]


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
