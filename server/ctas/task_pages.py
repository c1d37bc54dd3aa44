"""What is done with single tasks on the page of a CTA."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.ctas import queries, tasks, work
from server.ctas.field_values import TASK_FIELDS
from server.ctas.forms import seen_of, to_cta, value_of, values_of
from server.ctas.models import TaskKind
from server.ctas.tasks import NewTask, TaskChange
from server.errors import Invalid
from server.web import show
from server.web.frame import runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("cta_tasks", __name__)


@blueprint.post("/ctas/<uuid:cta_id>/tasks")
def add(cta_id: uuid.UUID) -> BaseResponse:
    here, given = runtime(), request.form
    wanted = NewTask(
        title=given.get("title", ""),
        owner_id=value_of("owner_id", given.get("owner_id", "")),
        due_on=value_of("due_on", given.get("due_on", "")),
        instructions=given.get("instructions", ""),
    )
    with here.db.transaction() as session:
        cta = queries.held(session, cta_id)
        task = tasks.add(session, cta, wanted, asker=require_visitor(), now=here.clock.now())
    return to_cta(cta_id, anchor=f"task-{task.id}")


@blueprint.post("/tasks/<uuid:task_id>/change")
def change(task_id: uuid.UUID) -> BaseResponse:
    """Who, and by when; with a reason that stands in the history."""
    here, given = runtime(), request.form
    wanted = TaskChange(values=values_of(given, TASK_FIELDS), seen=seen_of(TASK_FIELDS), reason=given.get("why", ""))
    with here.db.transaction() as session:
        task = queries.held_task(session, task_id)
        done = tasks.edit(session, task, wanted, asker=require_visitor(), now=here.clock.now())
    return to_cta(task.cta_id, done)


@blueprint.post("/tasks/<uuid:task_id>/snooze")
def snooze(task_id: uuid.UUID) -> BaseResponse:
    given = request.form
    through = value_of("through", given.get("through", ""))
    if through is None:
        raise Invalid("Choose a day.", fields={"through": "Choose a day."})
    with runtime().db.transaction() as session:
        task = queries.held_task(session, task_id)
        work.snooze(
            session,
            task,
            through=through,
            reason=given.get("why", ""),
            asker=require_visitor(),
            today=show.today(),
        )
    return to_cta(task.cta_id, anchor=f"task-{task_id}")


@blueprint.post("/tasks/<uuid:task_id>/remove")
def remove(task_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        task = queries.held_task(session, task_id)
        done = tasks.remove(session, task, asker=require_visitor(), now=here.clock.now())
    return to_cta(task.cta_id, done)


@blueprint.post("/tasks/<uuid:task_id>/done-and-log")
def done_and_log(task_id: uuid.UUID) -> BaseResponse:
    """A call or a meeting is done; what was said is written on the account's timeline next."""
    here = runtime()
    with here.db.transaction() as session:
        task = queries.held_task(session, task_id)
        work.complete(session, task, asker=require_visitor(), now=here.clock.now())
        account_id = queries.cta(session, task.cta_id).account_id
    tell("The task is done. Say in a few words what was said, so that it stands on the timeline.")
    kind = "in_person_meeting" if task.kind == TaskKind.MEETING else "customer_call"
    return redirect(
        url_for("customer_360.account", account_id=account_id, log=kind, subject=task.title, _anchor="timeline"),
        code=303,
    )
