"""The editor of a playbook: a form and its YAML, the same thing twice. Nothing is saved before Save is pressed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts.models import STAGE_LABELS
from server.contacts.models import ROLE_LABELS
from server.errors import Conflict, Invalid, RapportError
from server.playbooks import choices, drafts, editor_form, present, queries
from server.playbooks.check import known
from server.playbooks.definition import Anchor, Unit
from server.playbooks.drafts import DraftConflict, mark_of
from server.playbooks.edit import WantedStep, changed
from server.playbooks.models import ChoiceList, Playbook
from server.playbooks.pages import CRUMB, demand_admin
from server.playbooks.problems import PlaybookInvalid, PlaybookProblem
from server.playbooks.source import LARGEST, demand_text
from server.web import show
from server.web.frame import Crumb, page, runtime, tell

blueprint = Blueprint("playbook_editor", __name__)
_BEGINNING = """\
# yaml-language-server: $schema=./playbook.schema.json
playbook: {slug}
name: {name}
type: lifecycle
steps:
  - key: step-1
    title: New step
"""


@blueprint.get("/playbooks/new")
def new() -> str:
    demand_admin()
    of = request.args.get("of", "")
    with runtime().db.reading() as session:
        return _new_page(session, of=of if queries.find_slug(session, of) else "")


def _new_page(session: Session, **given: Any) -> str:
    live = queries.all_live(session)
    options = [{"value": "", "label": "An empty one"}]
    options += [{"value": slug, "label": one.definition.name} for slug, one in live.items()]
    said = {"of": "", "slug": "", "name": "", "errors": {}} | given
    return page(
        "playbooks/new.html",
        active="playbooks",
        crumbs=[Crumb(label=CRUMB, href=url_for("playbooks.library")), Crumb(label="New playbook")],
        options=options,
        given=said,
        action=url_for(".create"),
    )


@blueprint.post("/playbooks/new")
def create() -> BaseResponse:
    visitor = demand_admin()
    here, form = runtime(), request.form
    given = {key: form.get(key, "").replace("\0", "").strip()[:100] for key in ("of", "slug", "name")}
    try:
        with here.db.transaction() as session:
            wanted = {"playbook": given["slug"] or "?", "name": given["name"]}
            if given["of"]:
                live = queries.live(session, given["of"])
                source = queries.version(session, live.version_id).source
                steps = [WantedStep(origin=at, values={}) for at in range(len(live.definition.steps))]
            else:
                source, steps = _BEGINNING, [WantedStep(origin=0, values={})]
                source = source.format(slug="new", name="New")
            drafts.begin(session, changed(source, wanted, steps), by_id=visitor.user_id, now=here.clock.now())
    except PlaybookInvalid as invalid:
        names = {"playbook": "slug"}
        wrong = {names.get(one.path, one.path): one.text for one in invalid.problems}
        with here.db.reading() as session:
            return make_response(_new_page(session, **given, errors=wrong), 422)
    except Invalid as invalid:
        with here.db.reading() as session:
            return make_response(_new_page(session, **given, errors=invalid.fields or {"name": invalid.detail}), 422)
    return redirect(url_for(".edit", playbook_slug=given["slug"]), code=303)


@blueprint.get("/playbooks/<playbook_slug>/edit")
def edit(playbook_slug: str) -> str:
    demand_admin()
    with runtime().db.reading() as session:
        playbook = queries.by_slug(session, playbook_slug)
        draft = queries.draft_of(session, playbook)
        source = draft.source if draft else ""
        if draft is None and playbook.live_version_id:
            source = queries.version(session, playbook.live_version_id).source
        view = "yaml" if request.args.get("view") == "yaml" else "form"
        return _page(session, playbook, source, view=view, seen=mark_of(playbook, draft))


@blueprint.post("/playbooks/<playbook_slug>/edit")
def change(playbook_slug: str) -> BaseResponse:
    """One door for all buttons of the editor: those that save, and those that only change what is shown."""
    visitor = demand_admin()
    here, form = runtime(), request.form
    act, seen = form.get("act", "save"), form.get("seen", "")
    shown = "yaml" if form.get("view") == "yaml" else "form"
    source = form.get("source", "")
    try:
        demand_text(source.replace("\r\n", "\n"), "")
        if editor_form.is_filled(form):
            source = editor_form.written(source, form)
    except PlaybookInvalid as invalid:
        with here.db.reading() as session:
            playbook = queries.by_slug(session, playbook_slug)
            text = source if len(source) <= LARGEST else source[:LARGEST]
            return make_response(
                _page(session, playbook, text, view="yaml", seen=seen, problems=invalid.problems, is_unsaved=True), 422
            )
    if act not in ("save", "publish", "over", "rehearse"):
        view = act if act in ("yaml", "form") else shown
        with here.db.reading() as session:
            playbook = queries.by_slug(session, playbook_slug)
            return make_response(_page(session, playbook, source, view=view, seen=seen, is_unsaved=True))
    try:
        with here.db.transaction() as session:
            playbook = queries.by_slug(session, playbook_slug)
            if act == "over":
                seen = form.get("theirs", "")
            draft = drafts.save(session, playbook, source, seen=seen, by_id=visitor.user_id, now=here.clock.now())
            seen = mark_of(playbook, draft)
            if act == "over":
                drafts.look_again(session, playbook, seen=seen)
    except DraftConflict as conflict:
        return _conflict(playbook_slug, source, shown, seen, conflict)
    if act == "rehearse":
        return _rehearse(playbook_slug, shown)
    if act != "publish":
        tell("Saved as a draft. CTAs get it when you publish it.")
        return redirect(url_for(".edit", playbook_slug=playbook_slug, view=shown), code=303)
    return _publish(playbook_slug, shown, seen)


def _rehearse(slug: str, view: str) -> BaseResponse:
    """What is saved now, unless it has problems: those come first."""
    with runtime().db.reading() as session:
        draft = queries.draft_of(session, queries.by_slug(session, slug))
        invalid = drafts.problems_of(session, draft.source, "") if draft else None
    if invalid:
        return _again(slug, view, 422, problems=invalid.problems)
    return redirect(url_for("rehearsal.of_playbook", slug=slug), code=303)


def _publish(slug: str, view: str, seen: str) -> BaseResponse:
    visitor, here = demand_admin(), runtime()
    note = " ".join(request.form.get("note", "").replace("\0", "").split())[:300]
    try:
        with here.db.transaction() as session:
            playbook = queries.by_slug(session, slug)
            version = drafts.publish_draft(
                session, playbook, seen=seen, note=note, by_id=visitor.user_id, now=here.clock.now()
            )
    except PlaybookInvalid as invalid:
        return _again(slug, view, 422, problems=invalid.problems)
    except Conflict as conflict:
        return _again(slug, view, 409, refusal=conflict)
    tell(f"Version {version.number} is live. New CTAs get it; open ones stay on theirs.")
    return redirect(url_for("playbooks.playbook", playbook_slug=slug), code=303)


def _again(slug: str, view: str, status: int, **more: Any) -> BaseResponse:
    """The editor with the saved draft, which could not be published."""
    with runtime().db.reading() as session:
        playbook = queries.by_slug(session, slug)
        draft = queries.draft_of(session, playbook)
        source = draft.source if draft else ""
        return make_response(_page(session, playbook, source, view=view, seen=mark_of(playbook, draft), **more), status)


def _conflict(slug: str, source: str, view: str, seen: str, conflict: DraftConflict) -> BaseResponse:
    with runtime().db.reading() as session:
        playbook = queries.by_slug(session, slug)
        draft = queries.draft_of(session, playbook)
        live = queries.version(session, playbook.live_version_id) if playbook.live_version_id else None
        by_id, at = (draft.saved_by_id, draft.saved_at) if draft else (None, None)
        if draft is None and live is not None:
            by_id, at = live.published_by_id, live.published_at
        theirs = draft.source if draft else live.source if live else ""
        said = {
            "text": conflict.detail,
            "by": present.author(session, by_id),
            "moment": show.moment(at),
            "theirs": mark_of(playbook, draft),
            "rows": present.diff_rows(theirs, source),
        }
        html = _page(session, playbook, source, view=view, seen=seen, conflict=said, is_unsaved=True)
    return make_response(html, 409)


@blueprint.post("/playbooks/<playbook_slug>/discard")
def discard(playbook_slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        playbook = queries.by_slug(session, playbook_slug)
        is_new = playbook.live_version_id is None
        drafts.discard(session, playbook, seen=request.form.get("seen", ""))
    tell("The draft is thrown away.")
    where = url_for("playbooks.library") if is_new else url_for("playbooks.playbook", playbook_slug=playbook_slug)
    return redirect(where, code=303)


def _page(
    session: Session,
    playbook: Playbook,
    source: str,
    *,
    view: str,
    seen: str,
    problems: tuple[PlaybookProblem, ...] | None = None,
    conflict: dict[str, Any] | None = None,
    refusal: RapportError | None = None,
    is_unsaved: bool = False,
) -> str:
    if problems is None:
        invalid = drafts.problems_of(session, source, "")
        problems = invalid.problems if invalid else ()
    fields = editor_form.fields(source)
    draft = queries.draft_of(session, playbook)
    name = (fields or {}).get("name") or playbook.slug
    return page(
        "playbooks/edit.html",
        active="playbooks",
        crumbs=[
            Crumb(label=CRUMB, href=url_for("playbooks.library")),
            Crumb(label=name, href=url_for("playbooks.playbook", playbook_slug=playbook.slug)),
            Crumb(label="Edit"),
        ],
        name=name,
        source=source,
        view=view if fields else "yaml",
        seen=seen,
        fields=fields,
        errors=editor_form.errors(problems),
        problems=[{"line": one.line, "column": one.column, "path": one.path, "text": one.text} for one in problems],
        conflict=conflict,
        refusal={"text": refusal.detail, "cure": refusal.cure} if refusal else None,
        is_unsaved=is_unsaved,
        draft={"by": present.author(session, draft.saved_by_id), "moment": show.moment(draft.saved_at)}
        if draft
        else None,
        options=_options(session, fields),
        urls={
            "change": url_for(".change", playbook_slug=playbook.slug),
            "discard": url_for(".discard", playbook_slug=playbook.slug),
            "edit": url_for(".edit", playbook_slug=playbook.slug),
        },
    )


def _options(session: Session, fields: dict[str, Any] | None) -> dict[str, list[dict[str, str]]]:
    lists = choices.of(session)

    def offered(name: ChoiceList, cta_type: str | None = None) -> list[dict[str, str]]:
        return [{"value": one.key, "label": one.label} for one in lists.offered(name, cta_type)]

    types = offered(ChoiceList.TYPE)
    cta_type = (fields or {}).get("type")
    fitting = cta_type if cta_type in {one["value"] for one in types} else None
    return {
        "types": types,
        "reasons": [{"value": "", "label": "None"}, *offered(ChoiceList.REASON, fitting)],
        "priorities": offered(ChoiceList.PRIORITY),
        "owners": [{"value": rule.value, "label": label} for rule, label in present.OWNERS.items()],
        "tasks": [{"value": task.value, "label": label} for task, (label, _) in present.TASKS.items()],
        "units": [{"value": unit.value, "label": present.UNITS[unit][1]} for unit in Unit],
        "sides": [
            *({"value": f"after:{anchor}", "label": f"after {present.ANCHORS[anchor]}"} for anchor in Anchor),
            *(
                {"value": f"before:{anchor}", "label": f"before {present.ANCHORS[anchor]}"}
                for anchor in Anchor
                if anchor is not Anchor.OPENED
            ),
        ],
        "roles": [{"value": "", "label": "Anybody"}, *({"value": k, "label": v} for k, v in ROLE_LABELS.items())],
        "stages": [{"value": stage.value, "label": label} for stage, label in STAGE_LABELS.items()],
        "templates": [{"value": slug, "label": slug} for slug in sorted(known(session).templates or ())],
    }
