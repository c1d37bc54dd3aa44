"""The composer of an email task: form, live preview, send."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.ctas import compose, queries, waiting, work
from server.ctas.compose import Composition, Edits, Prepared, Wording
from server.ctas.models import ComposePreview
from server.ctas.pages import task as task_page
from server.email_templates.conditions import label_of
from server.errors import Conflict, Invalid, NotFound
from server.mailboxes.pages import banner
from server.sends import jobs as send_jobs
from server.timeline import queries as timeline
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.guard import mail_frame
from server.web.identity import require_visitor

blueprint = Blueprint("compose", __name__)

_PREVIEW_LIFE = timedelta(hours=1)
_MOST_AT_ONCE = 25


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the composer's form holds, and what became of it."""

    chosen: Sequence[uuid.UUID]
    edits: Mapping[str, Edits]
    current: str = ""
    prepared: Sequence[Prepared] = ()
    field_errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@blueprint.get("/tasks/<uuid:task_id>/email")
def compose_email(task_id: uuid.UUID) -> str:
    here = runtime()
    with here.db.transaction() as session:
        composition = _load(session, task_id)
        draft = _worked_out(composition, Draft(chosen=composition.suggested(), edits={}), here.clock.now())
        return _page(session, composition, draft)


@blueprint.post("/tasks/<uuid:task_id>/email/preview")
def preview_email(task_id: uuid.UUID) -> str:
    here = runtime()
    with here.db.transaction() as session:
        composition = _load(session, task_id)
        draft = _worked_out(composition, _from_form(composition), here.clock.now())
        shown = _preview(session, composition, draft)
    return render_template("ctas/_preview.html", is_swap=True, **shown)


@blueprint.post("/tasks/<uuid:task_id>/email/send")
def send_email(task_id: uuid.UUID) -> BaseResponse:
    """Into the outbox and back to the CTA; or the form again, with what is wrong and nothing lost."""
    here = runtime()
    now = here.clock.now()
    with here.db.reading() as session:
        composition = _load(session, task_id)
    draft = _worked_out(composition, _from_form(composition), now)
    try:
        if draft.problem or draft.field_errors:
            raise Invalid(draft.problem or "Put right what is marked.", fields=draft.field_errors)
        with here.db.transaction() as session:
            rows = compose.send(session, composition, draft.prepared, seen=_seen(), now=now)
    except (Invalid, Conflict) as error:
        return _again(composition, draft, error)
    for mailbox_id in {row.mailbox_id for row in rows}:
        send_jobs.wake(here, mailbox_id)
    names = ", ".join(row.to_name for row in rows)
    tell(f"On its way to {names}. It stands on the timeline as soon as Gmail has sent it.", "info")
    return redirect(url_for("cta_pages.cta", cta_id=composition.cta.id, _anchor=f"task-{task_id}"), code=303)


def _again(composition: Composition, draft: Draft, error: Invalid | Conflict) -> Response:
    words = f"{error.detail} {error.cure}".strip()
    here = runtime()
    with here.db.transaction() as session:
        html = _page(
            session,
            composition,
            Draft(
                chosen=draft.chosen,
                edits=draft.edits,
                current=draft.current,
                prepared=draft.prepared,
                field_errors=draft.field_errors,
                problem=words,
            ),
        )
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
    return compose.load(session, task_id=task_id, user_id=require_visitor().user_id)


def _from_form(composition: Composition) -> Draft:
    try:
        chosen = [uuid.UUID(value) for value in request.form.getlist("contact")]
    except ValueError as error:
        raise Invalid("A chosen contact is not one of ours.", cure="Choose from the list.") from error
    edits = {wording.slug: _edits(composition, wording) for wording in composition.wordings()}
    return Draft(chosen=chosen, edits=edits, current=request.form.get("preview_contact", ""))


def _edits(composition: Composition, wording: Wording) -> Edits:
    fields = {block.name: compose.field_name(composition, wording, block.name) for block in wording.original.blocks}
    return Edits(
        subject=request.form.get(compose.field_name(composition, wording, "subject")),
        blocks={name: request.form[field] for name, field in fields.items() if field in request.form},
    )


def _worked_out(composition: Composition, draft: Draft, now: datetime) -> Draft:
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
    return Draft(
        chosen=draft.chosen,
        edits=draft.edits,
        current=draft.current,
        prepared=prepared,
        field_errors=errors,
        problem="" if errors else problem,
    )


def _seen() -> dict[str, str]:
    """What the person saw: "contact id:digest", one for each contact."""
    pairs = (value.partition(":") for value in request.form.getlist("seen"))
    return {contact_id: digest for contact_id, _, digest in pairs}


def _page(session: Session, composition: Composition, draft: Draft) -> str:
    task, cta, account = composition.task, composition.cta, composition.account
    return page(
        "ctas/compose.html",
        active="cockpit",
        crumbs=[
            Crumb(label="Cockpit", href="/cockpit"),
            Crumb(label=cta.name, href=url_for("cta_pages.cta", cta_id=cta.id)),
            Crumb(label="Write email"),
        ],
        task={"title": task.title},
        cta={"name": cta.name, "href": url_for("cta_pages.cta", cta_id=cta.id)},
        account={"name": account.name, "href": f"/accounts/{account.id}"},
        template={"name": composition.default.version.name, "version": composition.default.version.number},
        mailbox_banner=banner(composition.mailbox),
        contacts=_contacts(session, composition, draft),
        contacts_error=None,
        texts=[_text(composition, draft, wording) for wording in composition.wordings()],
        **_preview(session, composition, draft),
    )


def _contacts(session: Session, composition: Composition, draft: Draft) -> list[dict[str, Any]]:
    written = timeline.last_emailed(session, [contact.id for contact in composition.contacts])
    return [
        {
            "id": contact.id,
            "name": contact.full_name,
            "title": contact.title or "",
            "roles": [contact.role_label] if contact.role else [],
            "email": contact.email or "no address",
            "note": compose.why_not(contact) or _written_to(written.get(contact.id)),
            "note_tone": "warning" if compose.why_not(contact) else "info",
            "is_disabled": bool(compose.why_not(contact)),
            "is_chosen": contact.id in draft.chosen,
        }
        for contact in composition.contacts
    ]


def _written_to(at: datetime | None) -> str:
    moment = show.moment(at)
    return f"Emailed {moment.text}" if moment else ""


def _text(composition: Composition, draft: Draft, wording: Wording) -> dict[str, Any]:
    """The fields of one wording, and who gets it."""
    edits = draft.edits.get(wording.slug, Edits())
    name = compose.field_name(composition, wording, "subject")
    return {
        "when": label_of(wording.when) or "Everybody else",
        "names": [
            contact.full_name
            for contact in composition.contacts
            if not compose.why_not(contact) and composition.wording_for(contact).slug == wording.slug
        ],
        "subject": {
            "name": name,
            "value": edits.subject if edits.subject is not None else wording.source.subject,
            "original": wording.source.subject,
            "error": draft.field_errors.get(name),
        },
        "blocks": _blocks(composition, draft, wording, edits),
        "merge_fields": list(wording.original.merge_fields),
    }


def _blocks(composition: Composition, draft: Draft, wording: Wording, edits: Edits) -> list[dict[str, Any]]:
    blocks = wording.original.blocks
    return [
        {
            "name": compose.field_name(composition, wording, block.name),
            "label": "Text" if len(blocks) == 1 else block.name.replace("-", " ").capitalize(),
            "value": edits.blocks.get(block.name, block.markup),
            "original": block.markup,
            "rows": min(16, max(3, sum(1 + len(line) // 70 for line in block.markup.split("\n")))),
            "error": draft.field_errors.get(compose.field_name(composition, wording, block.name)),
        }
        for block in blocks
    ]


def _preview(session: Session, composition: Composition, draft: Draft) -> dict[str, Any]:
    """The preview and the send bar, as their templates take them. Keeps the frame's HTML for an hour."""
    current = _current(draft)
    broken = [one for one in draft.prepared if one.email is None]
    errors = [{"contact": "", "text": draft.problem, "cure": "", "field_id": None}] if draft.problem else []
    errors += [
        {"contact": "", "text": text, "cure": "", "field_id": f"text-{name}"}
        for name, text in draft.field_errors.items()
    ]
    errors += [
        {"contact": one.contact.full_name, "text": one.problem, "cure": one.cure, "field_id": None} for one in broken
    ]
    return {
        "preview": {
            "contacts": [
                {
                    "id": one.contact.id,
                    "name": one.contact.full_name,
                    "is_current": one is current,
                    "has_error": one.email is None,
                }
                for one in draft.prepared
            ],
            "errors": errors,
            "current": _shown(session, composition, current) if current is not None and current.email else None,
            "seen": [f"{one.contact.id}:{one.digest}" for one in draft.prepared if one.email],
        },
        "send_bar": _send_bar(composition, draft),
        "urls": {
            "send": url_for("compose.send_email", task_id=composition.task.id),
            "preview": url_for("compose.preview_email", task_id=composition.task.id),
            "cancel": url_for("cta_pages.cta", cta_id=composition.cta.id),
        },
    }


def _current(draft: Draft) -> Prepared | None:
    chosen = [one for one in draft.prepared if str(one.contact.id) == draft.current]
    return chosen[0] if chosen else next(iter(draft.prepared), None)


def _shown(session: Session, composition: Composition, one: Prepared) -> dict[str, str]:
    here, email = runtime(), one.email
    assert email is not None
    now = here.clock.now()
    session.execute(delete(ComposePreview).where(ComposePreview.created_at < now - _PREVIEW_LIFE))
    kept = ComposePreview(user_id=composition.sender.id, html=email.html, created_at=now)
    session.add(kept)
    sender = composition.mailbox.email if composition.mailbox else composition.sender.email
    return {
        "from_": f"{composition.sender.name} <{sender}>",
        "to": f"{one.contact.full_name} <{one.contact.email}>",
        "subject": email.subject,
        "html_src": url_for("compose.compose_preview", preview_id=kept.id),
        "text": email.text,
    }


def _send_bar(composition: Composition, draft: Draft) -> dict[str, Any]:
    count = len(draft.prepared)
    if not composition.can_send:
        why = "Connect Gmail first."
    elif draft.problem or draft.field_errors:
        why = "Put right what is named in the preview."
    elif any(one.email is None for one in draft.prepared):
        why = "One contact cannot be written to like this: see the preview."
    else:
        why = "" if count else "Choose somebody under To."
    return {
        "label": f"Send {count} emails" if count > 1 else "Send email",
        "is_disabled": bool(why),
        "why": why,
        "from_address": composition.mailbox.email if composition.mailbox else composition.sender.email,
        "account_name": composition.account.name,
    }
