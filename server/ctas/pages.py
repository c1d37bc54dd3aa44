"""A CTA and its tasks."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from server.ctas import cta_view, present, queries, work
from server.web.frame import Crumb, runtime, wants_partial
from server.web.identity import require_visitor

blueprint = Blueprint("cta_pages", __name__)

COCKPIT = Crumb(label="Cockpit", href="/cockpit")


@blueprint.get("/ctas/<uuid:cta_id>")
def cta(cta_id: uuid.UUID) -> str:
    cta_view.seen_by(cta_id)
    with runtime().db.reading() as session:
        return cta_view.cta_page(session, cta_id)


@blueprint.get("/tasks/<uuid:task_id>")
def task(task_id: uuid.UUID) -> BaseResponse | str:
    """One task of a CTA, asked for while its emails move; as a page it leads to its CTA.

    Those that come after it are shown anew with it, and how far the CTA is.
    """
    with runtime().db.reading() as session:
        found = queries.task(session, task_id)
        if not wants_partial():
            return redirect(url_for("cta_pages.cta", cta_id=found.cta_id, _anchor=f"task-{task_id}"))
        siblings = queries.tasks_of(session, [found.cta_id]).get(found.cta_id, [])
        after_it = [one for one in siblings if found.key and found.key in one.needs.split()]
        shown, *beside = cta_view.shown_tasks(session, [found, *after_it], queries.cta(session, found.cta_id))
    if shown["is_moving"]:
        return render_template("ctas/_task.html", task=shown)
    return render_template("ctas/_task_settled.html", task=shown, beside=beside, cta=present.progress(siblings))


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
