"""The triggers: their list, the form of each with a preview of whom it would hit, what they opened, and files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.auth import people, policy
from server.auth.policy import Deed
from server.errors import Conflict, Invalid, RapportError
from server.playbooks.definition import OwnerRule
from server.triggers import queries, save
from server.triggers.form import kind_of, read_form, shown
from server.triggers.jobs import LOOK
from server.triggers.kinds import KINDS
from server.triggers.models import FiringOutcome, Trigger, TriggerKind
from server.triggers.present import firing, in_words, previewed
from server.triggers.preview import preview as preview_of
from server.triggers.save import By
from server.triggers.uploaded import LONGEST_LABEL, promise, read_file
from server.triggers.watch import Watch, watch_of
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("triggers", __name__)

_LARGEST_FILE = 1024 * 1024
_PROBLEMS_SHOWN = 20


def _is_admin() -> bool:
    return policy.may(require_visitor(), Deed.CHANGE_PLAYBOOKS)


def _by() -> By:
    return By(user_id=require_visitor().user_id, now=runtime().clock.now())


@blueprint.get("/triggers")
def trigger_list() -> str:
    now = runtime().clock.now()
    with runtime().db.reading() as session:
        looks = queries.last_looks(session)
        counts = queries.outcomes_since(session, now - queries.COUNTED)
        rows = [
            {
                "name": one.name,
                "href": url_for(".trigger", slug=one.slug),
                "icon": KINDS[TriggerKind(one.kind)].icon,
                "words": in_words(one.kind, one.params),
                "is_on": one.is_on,
                "looked": show.moment(looks.get(one.id)),
                "opened": counts.get((one.id, FiringOutcome.OPENED), 0),
                "failed": counts.get((one.id, FiringOutcome.FAILED), 0),
            }
            for one in queries.all_triggers(session)
        ]
    return page(
        "triggers/list.html",
        active="triggers",
        crumbs=[Crumb(label="Triggers")],
        triggers=rows,
        is_admin=_is_admin(),
        kinds=[
            {"label": kind.label, "icon": kind.icon, "href": url_for(".new", kind=key.value)}
            for key, kind in KINDS.items()
        ],
    )


@blueprint.get("/triggers/new")
def new() -> str:
    kind = kind_of(request.args.get("kind", TriggerKind.BEFORE_RENEWAL.value))
    first = Watch(
        slug="",
        name="",
        kind=kind,
        cta_name="{account}: ",
        cta_type="lifecycle",
        priority="medium",
        owner_rule=OwnerRule.TAM.value,
    )
    with runtime().db.reading() as session:
        return _new_page(session, first)


@blueprint.post("/triggers")
def create() -> BaseResponse:
    watch = read_form(request.form)
    try:
        with runtime().db.transaction() as session:
            slug = save.create(session, watch, _by()).slug
            name = watch.name
    except Invalid as error:
        with runtime().db.reading() as session:
            return Response(_new_page(session, watch, error), status=422)
    tell(f"{name} is kept. It is off: look at whom it would hit, then turn it on.")
    return redirect(url_for(".trigger", slug=slug), code=303)


@blueprint.get("/triggers/<slug>")
def trigger(slug: str) -> str:
    with runtime().db.reading() as session:
        row = queries.by_slug(session, slug)
        return _page(session, row, watch_of(row))


@blueprint.post("/triggers/<slug>")
def change(slug: str) -> BaseResponse:
    watch = read_form(request.form)
    try:
        with runtime().db.transaction() as session:
            save.change(session, queries.by_slug(session, slug), watch, _by(), seen_version=_seen())
    except (Invalid, Conflict) as error:
        with runtime().db.reading() as session:
            status = 409 if isinstance(error, Conflict) else 422
            return Response(_page(session, queries.by_slug(session, slug), watch, error), status=status)
    tell("Saved.")
    return redirect(url_for(".trigger", slug=slug), code=303)


@blueprint.post("/triggers/<slug>/turn")
def turn(slug: str) -> BaseResponse:
    is_on = request.form.get("on") == "yes"
    also_held = request.form.get("also_held") == "yes"
    here = runtime()
    try:
        with here.db.transaction() as session:
            row = queries.by_slug(session, slug)
            save.turn(session, row, on=is_on, also_held=also_held, by=_by(), seen_version=_seen())
            name = row.name
    except Conflict as error:
        with here.db.reading() as session:
            row = queries.by_slug(session, slug)
            return Response(_page(session, row, watch_of(row), error), status=409)
    if is_on:
        here.jobs.wake(LOOK)
    tell(f"{name} is on: CTAs open from now on." if is_on else f"{name} is off. What it opened stays.")
    return redirect(url_for(".trigger", slug=slug), code=303)


@blueprint.post("/triggers/preview")
def preview() -> str:
    """Of what stands in the form, saved or not; asked for by the page."""
    here, watch = runtime(), read_form(request.form)
    try:
        with here.db.reading() as session:
            row = queries.find_slug(session, request.form.get("slug", ""))
            asked = replace(save.checked(session, watch), trigger_id=row.id if row else None)
            found = previewed(preview_of(session, asked, now=here.clock.now()))
    except Invalid as error:
        return render_template("triggers/_preview.html", preview=None, problem=_problem(error))
    return render_template("triggers/_preview.html", preview=found, problem=None)


@blueprint.post("/triggers/<slug>/file")
def upload(slug: str) -> BaseResponse:
    """First what the file names; then, with "yes", the CTAs for it."""
    here = runtime()
    sent = request.files.get("file")
    content = sent.read(_LARGEST_FILE + 1) if sent else b""
    if not content or len(content) > _LARGEST_FILE:
        what = "The file is larger than 1 MB." if content else "Choose a file first."
        raise Invalid(what, cure="Upload a CSV file with a column Account ID, Account Name or Domain.")
    label = request.form.get("label", "").replace("\0", "")
    is_meant = request.form.get("open") == "yes"
    opened = here.db.transaction if is_meant else here.db.reading
    with opened() as session:
        row = queries.by_slug(session, slug)
        read = read_file(session, content)
        if is_meant and not read.problems:
            if not row.is_on:
                raise Conflict(f"{row.name} is off.", cure="Turn it on first, then upload the file again.")
            count = promise(session, watch_of(row), read, label=label, now=here.clock.now())
        else:
            told = _told(read.rows, len(read.account_ids), [vars(one) for one in read.problems])
            return Response(_page(session, row, watch_of(row), file=told), status=422 if read.problems else 200)
    here.jobs.wake(LOOK)
    again = " The rest had one for this file before." if count < len(read.account_ids) else ""
    tell(f"{count} account{'' if count == 1 else 's'} will have a CTA in a moment.{again}")
    return redirect(url_for(".trigger", slug=slug), code=303)


def _told(rows: int, accounts: int, problems: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "rows": rows,
        "accounts": accounts,
        "bad": len(problems),
        "problems": problems[:_PROBLEMS_SHOWN],
        "more": max(0, len(problems) - _PROBLEMS_SHOWN),
    }


def _seen() -> int:
    text = request.form.get("row_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _problem(error: RapportError) -> dict[str, str]:
    return {"text": error.detail, "cure": error.cure}


def _new_page(session: Session, watch: Watch, error: Invalid | None = None) -> str:
    return page(
        "triggers/new.html",
        active="triggers",
        crumbs=[Crumb(label="Triggers", href=url_for(".trigger_list")), Crumb(label="New trigger")],
        form=shown(session, watch, error.fields if error else None),
        problem=_problem(error) if error else None,
        urls={"save": url_for(".create"), "preview": url_for(".preview"), "back": url_for(".trigger_list")},
    )


def _page(
    session: Session,
    row: Trigger,
    watch: Watch,
    error: RapportError | None = None,
    file: dict[str, Any] | None = None,
) -> str:
    saved_by = people.by_ids(session, {row.saved_by_id}) if row.saved_by_id else {}
    looked = queries.last_looks(session).get(row.id)
    return page(
        "triggers/trigger.html",
        active="triggers",
        crumbs=[Crumb(label="Triggers", href=url_for(".trigger_list")), Crumb(label=row.name)],
        is_admin=_is_admin(),
        trigger={
            "name": row.name,
            "slug": row.slug,
            "words": in_words(row.kind, row.params),
            "is_on": row.is_on,
            "is_state": KINDS[TriggerKind(row.kind)].is_state,
            "takes_file": row.kind == TriggerKind.FILE_IMPORTED,
            "row_version": row.row_version,
            "on_since": show.moment(row.watches_from) if row.is_on else None,
            "looked": show.moment(looked),
            "saved_at": show.moment(row.saved_at),
            "saved_by": saved_by[row.saved_by_id].name if row.saved_by_id in saved_by else "",
        },
        form=shown(session, watch, error.fields if isinstance(error, Invalid) else None),
        problem=_problem(error) if error else None,
        firings=[firing(one) for one in queries.firings(session, row.id)],
        file=file,
        longest_label=LONGEST_LABEL,
        urls={
            "save": url_for(".change", slug=row.slug),
            "preview": url_for(".preview"),
            "turn": url_for(".turn", slug=row.slug),
            "file": url_for(".upload", slug=row.slug),
            "rehearse": url_for("rehearsal.of_trigger", slug=row.slug),
            "back": url_for(".trigger_list"),
        },
    )
