"""Versions: one of them, two of them side by side, and back to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.email_templates import drafts, front_matter, queries
from server.email_templates.compile import CompiledTemplate
from server.email_templates.findings import examine
from server.email_templates.models import EmailTemplate, EmailTemplateVersion, Kind
from server.email_templates.source import TemplateSource
from server.errors import Conflict, NotFound
from server.template_library import present
from server.template_library.access import demand_admin, may_change
from server.template_library.compare import side_by_side
from server.template_library.preview import example_text, fill_in_for, not_filled_in
from server.template_library.preview import picture as picture_of
from server.template_library.shapes import Mode
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.guard import mail_frame
from server.web.identity import require_visitor

blueprint = Blueprint("template_versions", __name__)
_DRAFT = "draft"


@blueprint.get("/templates/<slug>/versions/<int:number>")
def version(slug: str, number: int) -> str:
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        found = queries.by_number(session, template, number)
        is_current = found.id == template.current_version_id
        return page(
            "email_templates/version.html",
            active="templates",
            crumbs=_crumbs(template, f"Version {number}"),
            template=_named(template),
            version={
                **_about(session, found),
                "is_current": is_current,
                "subject": found.subject_source,
                "source": found.source_text,
            },
            preview_src=url_for(".picture", slug=slug, number=number),
            text=example_text(queries.compiled(session, found), queries.source_of(template, found)),
            restore_url=None if is_current else url_for(".restore", slug=slug, number=number),
            compare_href=present.compare_href(template, number - 1, number) if number > 1 else None,
            is_admin=may_change(),
        )


@blueprint.get("/templates/<slug>/versions/<int:number>/picture")
def picture(slug: str, number: int) -> Response:
    """The version filled in with examples, for a frame."""
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        found = queries.by_number(session, template, number)
        source = queries.source_of(template, found)
        return _filled_in(session, queries.compiled(session, found), source)


@blueprint.get("/templates/<slug>/draft/picture")
def draft_picture(slug: str) -> Response:
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        text, _ = drafts.current_text(session, template)
        examined = examine(text, slug, Kind(template.kind), queries.shared_blocks(session))
        if examined.source is None or examined.compilation is None:
            raise NotFound("This draft has errors, so there is no picture of it.", cure="Open it in the editor.")
        return _filled_in(session, examined.compilation.compiled, examined.source)


def _filled_in(session: Session, compiled: CompiledTemplate, source: TemplateSource) -> Response:
    visitor, now = require_visitor(), runtime().clock.now()
    shown = fill_in_for(session, compiled, source, None, visitor_id=visitor.user_id, now=now)
    html = picture_of(shown.email, Mode.HTML, is_dark=False) if shown.email else not_filled_in(shown.missing)
    return mail_frame(html, images=True)


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One side of a comparison: a version, or the draft."""

    about: dict[str, Any]
    text: str
    preview_src: str | None


@blueprint.get("/templates/<slug>/compare")
def compare(slug: str) -> str:
    with runtime().db.reading() as session:
        template = queries.by_slug(session, slug)
        current = present.number_of(session, template) or 0
        left = _side(session, template, request.args.get("from", str(max(current - 1, 1))))
        right = _side(session, template, request.args.get("to", str(current)))
        before, after = front_matter.split(left.text), front_matter.split(right.text)
        restorable = left.about["number"] if left.about["number"] != current else None
        return page(
            "email_templates/compare.html",
            active="templates",
            crumbs=_crumbs(template, "Compare"),
            template=_named(template),
            left={**left.about, "preview_src": left.preview_src},
            right={**right.about, "preview_src": right.preview_src},
            source_rows=side_by_side(before.body, after.body),
            front_rows=side_by_side(before.front, after.front),
            urls={"restore_left": url_for(".restore", slug=slug, number=restorable) if restorable else None},
            conflict=_conflict(session, template),
            is_admin=may_change(),
        )


def _side(session: Session, template: EmailTemplate, which: str) -> _Side:
    if which == _DRAFT:
        text, draft = drafts.current_text(session, template)
        about = {
            "number": None,
            "label": "Draft",
            "author": present.author(session, draft.saved_by_id, "") if draft else "",
            "moment": show.moment(draft.saved_at) if draft else None,
            "note": "",
            "origin": None,
        }
        examined = examine(text, template.slug, Kind(template.kind), queries.shared_blocks(session))
        src = url_for(".draft_picture", slug=template.slug) if examined.compilation else None
        return _Side(about=about, text=text, preview_src=src)
    if not which.isdecimal() or len(which) > 9:
        raise NotFound(f"There is no version {which[:20]!r}.", cure="Choose two of the list.")
    found = queries.by_number(session, template, int(which))
    src = url_for(".picture", slug=template.slug, number=found.number)
    return _Side(about=_about(session, found), text=found.source_text, preview_src=src)


def _conflict(session: Session, template: EmailTemplate) -> dict[str, Any] | None:
    draft = queries.draft_of(session, template.id)
    if not drafts.is_behind(template, draft) or not may_change():
        return None
    return {
        "text": "A version was published while the draft was being written.",
        "urls": {
            "keep_mine": url_for(".keep_draft", slug=template.slug),
            "take_theirs": url_for(".take_published", slug=template.slug),
        },
    }


@blueprint.post("/templates/<slug>/draft/keep")
def keep_draft(slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        is_there = drafts.build_on_current(session, queries.by_slug(session, slug))
    if not is_there:
        raise Conflict("There is no draft any more.", cure="Open the editor to begin a new one.")
    tell("The draft stands on the newest version now. Publishing it replaces that version.", "info")
    return redirect(url_for("template_editor.edit", slug=slug), code=303)


@blueprint.post("/templates/<slug>/draft/take-published")
def take_published(slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        drafts.discard(session, queries.by_slug(session, slug))
    tell("The draft is gone; this is the published version.", "info")
    return redirect(url_for("template_library.template", slug=slug), code=303)


@blueprint.post("/templates/<slug>/versions/<int:number>/restore")
def restore(slug: str, number: int) -> BaseResponse:
    """Into the draft, from which it is published like everything else. Refused while another draft is there."""
    visitor = demand_admin()
    here = runtime()
    with here.db.transaction() as session:
        template = queries.by_slug(session, slug)
        found = queries.by_number(session, template, number)
        text, draft = drafts.current_text(session, template)
        if draft is None and text == found.source_text:
            raise Conflict(
                f"The text of version {number} is the text in use.",
                cure="What differs is a shared block in it: restore that block instead.",
            )
        if draft is not None and text != found.source_text:
            raise Conflict(
                "There is a draft that would be lost.", cure="Publish or discard it first, then restore the version."
            )
        drafts.save(
            session,
            template,
            text=found.source_text,
            seen=drafts.standing(session, template),
            user_id=visitor.user_id,
            now=here.clock.now(),
        )
    tell(f"The draft is what version {number} was. Publish it when it is right.", "info")
    return redirect(url_for("template_editor.edit", slug=slug), code=303)


def _about(session: Session, found: EmailTemplateVersion) -> dict[str, Any]:
    return {
        "number": found.number,
        "author": present.author(session, found.author_id, found.origin),
        "moment": show.moment(found.created_at),
        "note": found.note,
        "origin": present.ORIGIN_LABELS[found.origin],
    }


def _named(template: EmailTemplate) -> dict[str, str]:
    return {
        "name": template.name or template.slug,
        "slug": template.slug,
        "href": url_for("template_library.template", slug=template.slug),
    }


def _crumbs(template: EmailTemplate, last: str) -> list[Crumb]:
    return [
        Crumb(label="Email templates", href=url_for("template_library.library")),
        Crumb(label=template.name or template.slug, href=url_for("template_library.template", slug=template.slug)),
        Crumb(label=last),
    ]
