"""A CTA and its tasks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts import queries as accounts
from server.auth import people
from server.contacts import queries as contacts
from server.ctas import answers, present, present_email, queries, work
from server.ctas.models import Cta, CtaTask
from server.email_templates import queries as email_templates
from server.mailboxes import connection
from server.mailboxes.pages import banner
from server.playbooks import choices
from server.timeline import present as timeline_words
from server.timeline import queries as timeline
from server.web import show
from server.web.frame import Crumb, page, runtime, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("cta_pages", __name__)

COCKPIT = Crumb(label="Cockpit", href="/cockpit")


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
            return redirect(url_for("cta_pages.cta", cta_id=found.cta_id, _anchor=f"task-{task_id}"))
        [shown] = _tasks(session, [found], queries.cta(session, found.cta_id))
    return render_template("ctas/_task.html", task=shown)


@blueprint.post("/tasks/<uuid:task_id>/complete")
def complete(task_id: uuid.UUID) -> BaseResponse | str:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        work.complete(session, queries.held_task(session, task_id), asker=visitor, now=here.clock.now())
    return task(task_id)


@blueprint.post("/tasks/<uuid:task_id>/reopen")
def reopen(task_id: uuid.UUID) -> BaseResponse | str:
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        work.reopen(session, queries.held_task(session, task_id), asker=visitor, now=here.clock.now())
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
    waits = answers.of_tasks(session, found, timeline_words.viewer_of(visitor), show.today())
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
            waiting=present_email.waiting(
                task,
                waits[task.id],
                may_work=task.id in workable,
                may_write=visitor.user_id in (task.owner_id, its_cta.owner_id),
            )
            if task.id in waits
            else None,
        )
        for task in found
    ]
