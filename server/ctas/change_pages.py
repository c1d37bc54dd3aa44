"""What is done on the page of a CTA: its fields, closing, snoozing, persons, links, its playbook, and undoing."""

from __future__ import annotations

import uuid

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from server.ctas import around_it, change, close, cta_view, history, queries, recipe, snooze
from server.ctas.change import Change, ChangedMeanwhile, TasksToo
from server.ctas.forms import id_of, seen_of, to_cta, value_of, values_of
from server.errors import Invalid
from server.playbooks import queries as playbooks
from server.timeline import present as timeline_words
from server.web import show
from server.web.frame import runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("cta_change", __name__)


@blueprint.post("/ctas/<uuid:cta_id>/change")
def change_it(cta_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    here, given = runtime(), request.form
    wanted = Change(
        values=values_of(given, cta_view.FORM_FIELDS),
        seen=seen_of(cta_view.FORM_FIELDS),
        tasks_too=_too(given.get("owner_too", "")),
        dates_too=_too(given.get("dates_too", "")),
    )
    try:
        with here.db.transaction() as session:
            cta = queries.held(session, cta_id)
            done = change.change(session, [cta], wanted, asker=require_visitor(), now=here.clock.now())
    except ChangedMeanwhile as clash:
        # Both values are shown, with what this person had filled in, and they decide.
        with here.db.reading() as session:
            return cta_view.cta_page(session, cta_id, clash=clash, given=given.to_dict()), 409
    return to_cta(cta_id, done)


@blueprint.post("/ctas/<uuid:cta_id>/flag")
def flag(cta_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        wanted = Change(values={"is_flagged": request.form.get("is_flagged") == "yes"})
        cta = queries.held(session, cta_id)
        change.change(session, [cta], wanted, asker=require_visitor(), now=here.clock.now())
    return to_cta(cta_id)


@blueprint.post("/ctas/<uuid:cta_id>/close")
def close_it(cta_id: uuid.UUID) -> BaseResponse:
    here, given = runtime(), request.form
    with here.db.transaction() as session:
        done = close.close(
            session,
            [queries.held(session, cta_id)],
            status=given.get("status", ""),
            note=given.get("note", ""),
            asker=require_visitor(),
            now=here.clock.now(),
        )
    return to_cta(cta_id, done)


@blueprint.post("/ctas/<uuid:cta_id>/reopen")
def reopen(cta_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        done = close.reopen(session, queries.held(session, cta_id), asker=require_visitor(), now=here.clock.now())
    return to_cta(cta_id, done)


@blueprint.post("/ctas/<uuid:cta_id>/snooze")
def snooze_it(cta_id: uuid.UUID) -> BaseResponse:
    here, given = runtime(), request.form
    through = value_of("through", given.get("through", ""))
    if through is None:
        raise Invalid("Choose a day.", fields={"through": "Choose a day."})
    with here.db.transaction() as session:
        done = snooze.snooze(
            session,
            queries.held(session, cta_id),
            through=through,
            reason=given.get("reason", ""),
            asker=require_visitor(),
            today=show.today(),
            now=here.clock.now(),
        )
    return to_cta(cta_id, done)


@blueprint.post("/ctas/<uuid:cta_id>/wake")
def wake(cta_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        done = snooze.wake(session, queries.held(session, cta_id), asker=require_visitor(), now=here.clock.now())
    return to_cta(cta_id, done)


@blueprint.post("/ctas/<uuid:cta_id>/undo/<uuid:deed_id>")
def undo(cta_id: uuid.UUID, deed_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        deed = history.deed(session, deed_id)
        count = history.undo(session, deed, asker=require_visitor(), now=here.clock.now())
        label = deed.label
    tell(f"Undone: {label}" + (f" ({count} CTAs)" if count > 1 else ""))
    return to_cta(cta_id)


@blueprint.post("/ctas/<uuid:cta_id>/persons")
def persons(cta_id: uuid.UUID) -> BaseResponse:
    chosen = [id_of(one, "contact_ids") for one in request.form.getlist("contact_ids")]
    with runtime().db.transaction() as session:
        around_it.set_persons(session, queries.cta(session, cta_id), chosen, asker=require_visitor())
    return to_cta(cta_id, anchor="persons")


@blueprint.post("/ctas/<uuid:cta_id>/links")
def link(cta_id: uuid.UUID) -> BaseResponse:
    here, visitor = runtime(), require_visitor()
    entry_id = id_of(request.form.get("entry_id", ""), "entry_id")
    with here.db.transaction() as session:
        viewer = timeline_words.viewer_of(visitor)
        cta = queries.held(session, cta_id)
        around_it.link(session, cta, entry_id, viewer=viewer, asker=visitor, now=here.clock.now())
    return to_cta(cta_id, anchor="links")


@blueprint.post("/ctas/<uuid:cta_id>/links/<uuid:entry_id>/remove")
def unlink(cta_id: uuid.UUID, entry_id: uuid.UUID) -> BaseResponse:
    with runtime().db.transaction() as session:
        around_it.unlink(session, queries.cta(session, cta_id), entry_id, asker=require_visitor())
    return to_cta(cta_id, anchor="links")


@blueprint.post("/ctas/<uuid:cta_id>/playbook")
def apply(cta_id: uuid.UUID) -> BaseResponse:
    here = runtime()
    with here.db.transaction() as session:
        playbook = playbooks.live(session, request.form.get("playbook", ""))
        cta = queries.held(session, cta_id)
        done = recipe.apply(session, cta, playbook, asker=require_visitor(), now=here.clock.now())
    return to_cta(cta_id, done)


def _too(said: str) -> TasksToo:
    return TasksToo(said) if said in tuple(TasksToo) else TasksToo.NONE
