"""The library of templates, the page of one, and how a new one begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.accounts.names import fold
from server.contacts.models import role_label
from server.email_templates import queries
from server.email_templates.models import EmailTemplate, EmailTemplateDraft, EmailTemplateVersion, Kind
from server.email_templates.source import CATEGORY_LABELS
from server.errors import Invalid
from server.template_library import beginning, present, usage
from server.template_library.access import demand_admin, may_change
from server.template_library.preview import example_text
from server.template_library.usage import Sent, UsedIn
from server.web import show
from server.web.frame import Crumb, page, runtime, tell, wants_partial

blueprint = Blueprint("template_library", __name__)
CRUMB = "Email templates"
_ALL, _BLOCKS, _ARCHIVED = "all", "blocks", "archived"


@blueprint.get("/templates")
def library() -> str:
    q = request.args.get("q", "").replace("\0", "").strip()[:100]
    folder = request.args.get("folder", _ALL)
    with runtime().db.reading() as session:
        shelf = _Shelf(session)
        context = {
            "folders": shelf.folders(folder, q),
            "q": q,
            "folder": folder,
            "action": url_for(".library"),
            "templates": shelf.rows(folder, q),
            "is_admin": may_change(),
            "urls": {
                "new_template": url_for(".new", kind=Kind.TEMPLATE.value),
                "new_block": url_for(".new", kind=Kind.BLOCK.value),
            },
            "is_filtered": bool(q),
            "clear_href": url_for(".library", folder=folder),
        }
    if wants_partial():
        return render_template("email_templates/_list.html", **context)
    return page("email_templates/library.html", active="templates", crumbs=[Crumb(label=CRUMB)], **context)


class _Shelf:
    """Everything that the list shows, read once. Variants stand with their defaults."""

    def __init__(self, session: Session) -> None:
        self._session = session
        found = queries.list_all(session, archived=True)
        self._templates = [one for one in found if one.variant_of_id is None]
        self._variants: dict[Any, list[EmailTemplate]] = {}
        for one in found:
            if one.variant_of_id is not None and one.archived_at is None:
                self._variants.setdefault(one.variant_of_id, []).append(one)
        self._versions = {version.id: version for version in queries.current_versions(session)}
        self._drafts = {draft.email_template_id: draft for draft in queries.drafts(session)}
        ids = [one.id for one in found]
        self._sent = usage.sent(session, ids)
        self._used = usage.used_in(session, ids)
        self._block_users = queries.count_users_of_blocks(session)

    def folders(self, current: str, q: str) -> list[dict[str, Any]]:
        named = {_ALL: "All", **{key.value: label for key, label in CATEGORY_LABELS.items()}}
        named |= {_BLOCKS: "Shared blocks", _ARCHIVED: "Archived"}
        return [
            {
                "key": key,
                "label": label,
                "count": len(self._in(key)),
                "href": url_for("template_library.library", folder=key, q=q or None),
                "is_current": key == current,
            }
            for key, label in named.items()
        ]

    def rows(self, folder: str, q: str) -> list[dict[str, Any]]:
        words = fold(q).split()
        return [self._row(one) for one in self._in(folder) if all(word in self._text(one) for word in words)]

    def _in(self, folder: str) -> list[EmailTemplate]:
        if folder == _ARCHIVED:
            return [one for one in self._templates if one.archived_at is not None]
        here = [one for one in self._templates if one.archived_at is None]
        if folder == _BLOCKS:
            return [one for one in here if one.kind == Kind.BLOCK]
        templates = [one for one in here if one.kind == Kind.TEMPLATE]
        return templates if folder == _ALL else [one for one in templates if one.category == folder]

    def _text(self, template: EmailTemplate) -> str:
        """What the search looks into: also the names and subjects of the variants."""
        family = [template, *self._variants.get(template.id, [])]
        texts = [part for one in family for part in (one.name, one.slug, one.purpose, one.description)]
        versions = [self._version(one) for one in family]
        return fold(" ".join([*texts, *(version.subject_source for version in versions if version)]))

    def _version(self, template: EmailTemplate) -> EmailTemplateVersion | None:
        return self._versions.get(template.current_version_id) if template.current_version_id else None

    def _row(self, template: EmailTemplate) -> dict[str, Any]:
        version, draft = self._version(template), self._drafts.get(template.id)
        variants = self._variants.get(template.id, [])
        family = [template, *variants]
        sent = _together([self._sent[one.id] for one in family if one.id in self._sent])
        return {
            "href": url_for("template_library.template", slug=template.slug),
            "name": template.name or template.slug,
            "slug": template.slug,
            "purpose": template.purpose or template.description,
            "kind": template.kind,
            "folder_label": present.folder_label(template),
            "state_chips": present.state_chips(template, version, draft),
            "version": version.number if version else None,
            "languages": present.languages(variants),
            "variants_count": len(variants),
            "changed": self._changed(version, draft),
            "sent": sent.sent,
            "answered": sent.answered,
            "answered_share": sent.share,
            "used_in": [{"label": use.playbook, "href": None} for use in self._uses(family)],
            "blocks_used_by": self._block_users.get(template.id, 0),
        }

    def _uses(self, family: Sequence[EmailTemplate]) -> list[UsedIn]:
        return [use for one in family for use in self._used.get(one.id, [])]

    def _changed(self, version: EmailTemplateVersion | None, draft: EmailTemplateDraft | None) -> dict[str, Any] | None:
        if draft is not None and (version is None or draft.saved_at > version.created_at):
            return {
                "moment": show.moment(draft.saved_at),
                "by": present.author(self._session, draft.saved_by_id, ""),
            }
        if version is None:
            return None
        return {
            "moment": show.moment(version.created_at),
            "by": present.author(self._session, version.author_id, version.origin),
        }


def _together(found: Sequence[Sent]) -> Sent:
    return Sent(
        sent=sum(one.sent for one in found),
        answered=sum(one.answered for one in found),
        last_at=max((one.last_at for one in found if one.last_at), default=None),
    )


@blueprint.get("/templates/<slug>")
def template(slug: str) -> str:
    with runtime().db.reading() as session:
        found = queries.by_slug(session, slug)
        version = queries.version(session, found.current_version_id) if found.current_version_id else None
        draft = queries.draft_of(session, found.id)
        source = queries.written_source(found, version) if version else None
        return page(
            "email_templates/template.html",
            active="templates",
            crumbs=[Crumb(label=CRUMB, href=url_for(".library")), Crumb(label=found.name or slug)],
            template={
                "name": found.name or slug,
                "slug": slug,
                "purpose": found.purpose,
                "description": found.description,
                "folder_label": present.folder_label(found),
                "kind": found.kind,
                "version": version.number if version else None,
                "state_chips": present.state_chips(found, version, draft),
                "for_roles": [role_label(role) for role in source.for_roles] if source else [],
                "max_ages": present.max_ages(source) if source else [],
                "is_archived": found.archived_at is not None,
            },
            **_picture(session, found, version),
            stats=present.stats(usage.sent(session, [found.id]).get(found.id, Sent())),
            used_in=present.uses(usage.used_in(session, [found.id]).get(found.id, [])),
            blocks=[
                {"name": block.name, "href": url_for(".template", slug=block.slug), "version": its.number}
                for block, its in (queries.blocks_in(session, version.id) if version else ())
            ],
            touched=_touched(session, found) if found.kind == Kind.BLOCK else [],
            variants=present.variants(session, found),
            versions=present.versions(session, found),
            urls=_urls(found),
            is_admin=may_change(),
            has_draft=draft is not None,
        )


def _picture(session: Session, found: EmailTemplate, version: EmailTemplateVersion | None) -> dict[str, Any]:
    if version is None:
        return {"preview_src": None, "preview_contact_label": "", "text": ""}
    return {
        "preview_src": url_for("template_versions.picture", slug=found.slug, number=version.number),
        "preview_contact_label": "an example contact",
        "text": example_text(queries.compiled(session, version), queries.source_of(found, version)),
    }


def _touched(session: Session, block: EmailTemplate) -> list[dict[str, Any]]:
    using = {source.slug for source in queries.using_blocks(session, [block.slug])}
    numbers = {version.id: version.number for version in queries.current_versions(session)}
    return [
        {
            "name": one.name,
            "href": url_for(".template", slug=one.slug),
            "version": numbers.get(one.current_version_id) if one.current_version_id else None,
        }
        for one in queries.list_all(session)
        if one.slug in using
    ]


def _urls(found: EmailTemplate) -> dict[str, str | None]:
    is_archived = found.archived_at is not None
    is_template = found.kind == Kind.TEMPLATE
    parent = found.slug if not found.variant_of_id else ""
    return {
        "edit": url_for("template_editor.edit", slug=found.slug),
        "new_variant": url_for(".new", kind="template", variant_of=parent) if is_template and parent else None,
        "archive": None if is_archived else url_for(".archive", slug=found.slug),
        "unarchive": url_for(".unarchive", slug=found.slug) if is_archived else None,
        "test_email": url_for("template_editor.test_email", slug=found.slug)
        if is_template and found.current_version_id
        else None,
        "compare": url_for("template_versions.compare", slug=found.slug),
    }


@blueprint.post("/templates/<slug>/archive")
def archive(slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        beginning.archive(session, queries.by_slug(session, slug), runtime().clock.now())
    tell("Archived. Its versions stay, and it can be taken out again.")
    return redirect(url_for(".template", slug=slug), code=303)


@blueprint.post("/templates/<slug>/unarchive")
def unarchive(slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        beginning.unarchive(session, queries.by_slug(session, slug))
    tell("Back in the library.")
    return redirect(url_for(".template", slug=slug), code=303)


@blueprint.get("/templates/new")
def new() -> str:
    demand_admin()
    values = {name: request.args.get(name, "") for name in beginning.FORM}
    values["kind"] = Kind.BLOCK.value if values["kind"] == Kind.BLOCK else Kind.TEMPLATE.value
    values["start_from"] = values["start_from"] or values["variant_of"]
    with runtime().db.reading() as session:
        return _new_page(session, values, {})


@blueprint.post("/templates/new")
def create() -> BaseResponse:
    visitor = demand_admin()
    here = runtime()
    values = {name: request.form.get(name, "").strip()[:1_000] for name in beginning.FORM}
    try:
        with here.db.transaction() as session:
            slug = beginning.begin(session, values, user_id=visitor.user_id, now=here.clock.now()).slug
    except Invalid as error:
        with here.db.reading() as session:
            return Response(_new_page(session, values, dict(error.fields) or {"name": error.detail}), status=422)
    return redirect(url_for("template_editor.edit", slug=slug), code=303)


def _new_page(session: Session, values: dict[str, str], errors: dict[str, str]) -> str:
    return page(
        "email_templates/new.html",
        active="templates",
        crumbs=[Crumb(label=CRUMB, href=url_for(".library")), Crumb(label="New")],
        values=values,
        errors=errors,
        categories=present.categories(),
        **beginning.choices(session),
        urls={"create": url_for(".create"), "cancel": url_for(".library")},
    )
