"""The composer of an email task: form, live preview, send."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.audit.note import about
from server.ctas import compose, compose_present, compose_send, queries, waiting, work
from server.ctas.compose import Composition, Edits, Prepared, Wording
from server.ctas.compose_present import Draft, LeaveForm
from server.ctas.leave import CHOSEN, NOW, TOMORROW, LeaveAt
from server.ctas.models import ComposePreview
from server.ctas.pages import task as task_page
from server.errors import Conflict, Invalid, NotFound
from server.sends import jobs as send_jobs
from server.web import show
from server.web.frame import runtime, tell
from server.web.guard import mail_frame
from server.web.identity import require_visitor

blueprint = Blueprint("compose", __name__)

_MOST_AT_ONCE = 25


@blueprint.get("/tasks/<uuid:task_id>/email")
def compose_email(task_id: uuid.UUID) -> str:
    here = runtime()
    with here.db.transaction() as session:
        composition = _load(session, task_id)
        empty = Draft(chosen=composition.suggested(), edits={})
        draft = _worked_out(session, composition, empty, here.clock.now())
        return compose_present.page_of(session, composition, draft)


@blueprint.post("/tasks/<uuid:task_id>/email/preview")
def preview_email(task_id: uuid.UUID) -> str:
    here = runtime()
    with here.db.transaction() as session:
        composition = _load(session, task_id)
        draft = _worked_out(session, composition, _from_form(composition), here.clock.now())
        shown = compose_present.preview(session, composition, draft)
    return render_template("ctas/_preview.html", is_swap=True, **shown)


@blueprint.post("/tasks/<uuid:task_id>/email/send")
def send_email(task_id: uuid.UUID) -> BaseResponse:
    """Into the outbox and back to the CTA; or the form again, with what is wrong and nothing lost."""
    here = runtime()
    now = here.clock.now()
    with here.db.reading() as session:
        composition = _load(session, task_id)
        draft = _worked_out(session, composition, _from_form(composition), now)
    try:
        if draft.problem or draft.field_errors:
            raise Invalid(draft.problem or "Put right what is marked.", fields=draft.field_errors)
        with here.db.transaction() as session:
            rows = compose_send.send(session, composition, draft.prepared, _word(draft), now=now)
    except (Invalid, Conflict) as error:
        return _again(composition, draft, error)
    for mailbox_id in {row.mailbox_id for row in rows}:
        send_jobs.wake(here, mailbox_id)
    if composition.cc is not None:
        about(cta_task_id=str(task_id), in_place_of_user_id=str(composition.cc.id))
    names = ", ".join(row.to_name for row in rows)
    if draft.leave.when == NOW:
        tell(f"On its way to {names}. It stands on the timeline as soon as Gmail has sent it.", "info")
    else:
        tell(f"Scheduled to {names}. Until it leaves you can change or cancel it in the outbox.", "info")
    return redirect(url_for("cta_pages.cta", cta_id=composition.cta.id, _anchor=f"task-{task_id}"), code=303)


def _again(composition: Composition, draft: Draft, error: Invalid | Conflict) -> Response:
    words = f"{error.detail} {error.cure}".strip()
    is_asked = isinstance(error, compose_send.Cautioned)
    leave_error = error.fields.get("leave_at", "") if isinstance(error, Invalid) else ""
    again = replace(
        draft,
        problem="" if is_asked or leave_error else words,
        leave=replace(draft.leave, error=leave_error),
        is_asked=is_asked,
    )
    here = runtime()
    with here.db.transaction() as session:
        if is_asked:
            chosen = {one.contact.id for one in draft.prepared}
            again = replace(again, cautions=compose_send.cautions(session, composition, chosen, here.clock.now()))
        html = compose_present.page_of(session, composition, again)
    return Response(html, status=409 if isinstance(error, Conflict) else 422)


@blueprint.post("/tasks/<uuid:task_id>/wait-longer")
def wait_longer(task_id: uuid.UUID) -> BaseResponse | str:
    """Another few working days before silence is something to do."""
    here, visitor = runtime(), require_visitor()
    with here.db.transaction() as session:
        found = queries.task(session, task_id)
        work.demand_task(session, found, visitor)
        waiting.wait_longer(session, found, days=_days(request.form.get("days", "")), now=here.clock.now())
    return task_page(task_id)


def _days(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0


@blueprint.get("/compose-previews/<uuid:preview_id>")
def compose_preview(preview_id: uuid.UUID) -> Response:
    """The HTML of a preview, for the sandboxed frame of the person who writes."""
    with runtime().db.reading() as session:
        found = session.get(ComposePreview, preview_id)
        if found is None or found.user_id != require_visitor().user_id:
            raise NotFound("This preview is gone.", cure="Change something in the form to make a new one.")
        return mail_frame(found.html)


def _load(session: Session, task_id: uuid.UUID) -> Composition:
    visitor = require_visitor()
    uses_next = request.values.get("next") == "1"
    return compose.load(session, task_id=task_id, user_id=visitor.user_id, asker=visitor, uses_next=uses_next)


def _from_form(composition: Composition) -> Draft:
    try:
        chosen = [uuid.UUID(value) for value in request.form.getlist("contact")]
    except ValueError as error:
        raise Invalid("A chosen contact is not one of ours.", cure="Choose from the list.") from error
    edits = {wording.slug: _edits(composition, wording) for wording in composition.wordings()}
    when = request.form.get("when", NOW)
    leave = LeaveForm(
        when=when if when in (TOMORROW, CHOSEN) else NOW,
        day=request.form.get("leave_day", "")[:10],
        time=request.form.get("leave_time", "")[:5],
    )
    return Draft(chosen=chosen, edits=edits, current=request.form.get("preview_contact", ""), leave=leave)


def _edits(composition: Composition, wording: Wording) -> Edits:
    fields = {block.name: compose.field_name(composition, wording, block.name) for block in wording.original.blocks}
    return Edits(
        subject=request.form.get(compose.field_name(composition, wording, "subject")),
        blocks={name: request.form[field] for name, field in fields.items() if field in request.form},
    )


def _worked_out(session: Session, composition: Composition, draft: Draft, now: datetime) -> Draft:
    prepared: Sequence[Prepared] = ()
    errors: Mapping[str, str] = {}
    problem = ""
    try:
        if len(draft.chosen) > _MOST_AT_ONCE:
            raise Invalid(
                f"{len(draft.chosen)} contacts are too many for one task.",
                cure=f"Choose at most {_MOST_AT_ONCE}.",
            )
        compiled = compose.edited(composition, draft.edits, draft.chosen)
        prepared = compose.prepare(composition, compiled, draft.chosen, now=now)
    except Invalid as error:
        errors, problem = error.fields, f"{error.detail} {error.cure}".strip()
    return replace(
        draft,
        prepared=prepared,
        field_errors=errors,
        problem="" if errors else problem,
        cautions=compose_send.cautions(session, composition, draft.chosen, now),
    )


def _word(draft: Draft) -> compose_send.Word:
    """What was said at Send. Raises Invalid with the field `leave_at` for a time that is none."""
    form = draft.leave
    wall = show.wall_time(form.day, form.time) if form.when == CHOSEN else None
    despite = request.form.getlist("despite")
    return compose_send.Word(seen=_seen(), despite=despite, leave_at=LeaveAt(when=form.when, wall=wall))


def _seen() -> dict[str, str]:
    """What the person saw: "contact id:digest", one for each contact."""
    pairs = (value.partition(":") for value in request.form.getlist("seen"))
    return {contact_id: digest for contact_id, _, digest in pairs}
