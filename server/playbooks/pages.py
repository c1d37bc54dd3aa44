"""The list of playbooks, the page of one, its versions, and what differs between two of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.auth import policy
from server.auth.policy import Deed
from server.errors import Invalid, NotFound
from server.playbooks import choices, drafts, present, queries
from server.playbooks.models import Playbook, PlaybookDraft, PlaybookVersion
from server.web import show
from server.web.frame import Crumb, page, runtime, tell
from server.web.identity import Visitor, require_visitor

blueprint = Blueprint("playbooks", __name__)
CRUMB = "Playbooks"


def is_admin() -> bool:
    return policy.may(require_visitor(), Deed.CHANGE_PLAYBOOKS)


def demand_admin() -> Visitor:
    """Raises Forbidden."""
    visitor = require_visitor()
    policy.demand(visitor, Deed.CHANGE_PLAYBOOKS)
    return visitor


@blueprint.get("/playbooks")
def library() -> str:
    is_archive = request.args.get("show") == "archived"
    with runtime().db.reading() as session:
        drafts_by = {one.playbook_id: one for one in session.scalars(select(PlaybookDraft))}
        versions = {
            one.id: one
            for one in session.scalars(
                select(PlaybookVersion).join(Playbook, Playbook.live_version_id == PlaybookVersion.id)
            )
        }
        playbooks = session.scalars(select(Playbook)).all()
        rows = [
            _row(
                session, one, versions.get(one.live_version_id) if one.live_version_id else None, drafts_by.get(one.id)
            )
            for one in playbooks
            if (one.archived_at is not None) == is_archive
        ]
        return page(
            "playbooks/library.html",
            active="playbooks",
            crumbs=[Crumb(label=CRUMB)],
            playbooks=sorted(rows, key=lambda row: (row["type"]["label"] if row["type"] else "", row["name"])),
            tabs=[
                {
                    "label": "In use",
                    "href": url_for(".library"),
                    "count": sum(one.archived_at is None for one in playbooks),
                    "current": not is_archive,
                },
                {
                    "label": "Archived",
                    "href": url_for(".library", show="archived"),
                    "count": sum(one.archived_at is not None for one in playbooks),
                    "current": is_archive,
                },
            ],
            is_admin=is_admin(),
            urls={"new": url_for("playbook_editor.new"), "lists": url_for("cta_lists.lists")},
        )


def _row(
    session: Session, playbook: Playbook, version: PlaybookVersion | None, draft: PlaybookDraft | None
) -> dict[str, Any]:
    definition = queries.definition_of(version) if version else None
    chosen = choices.of(session).type(definition.cta_type) if definition else None
    return {
        "href": url_for(".playbook", playbook_slug=playbook.slug),
        "name": definition.name if definition else playbook.slug,
        "description": definition.description if definition else "",
        "type": {"label": chosen.label, "icon": chosen.icon or "checklist"} if chosen else None,
        "version": version.number if version else None,
        "steps": len(definition.steps) if definition else 0,
        "minutes": present.duration(sum(step.minutes for step in definition.steps)) if definition else "",
        "has_draft": draft is not None,
        "changed": show.moment(draft.saved_at if draft else version.published_at if version else None),
    }


@blueprint.get("/playbooks/<playbook_slug>")
def playbook(playbook_slug: str) -> str:
    with runtime().db.reading() as session:
        found = queries.by_slug(session, playbook_slug)
        version = queries.version(session, found.live_version_id) if found.live_version_id else None
        return _page(session, found, version)


@blueprint.get("/playbooks/<playbook_slug>/versions/<int:number>")
def version(playbook_slug: str, number: int) -> str:
    with runtime().db.reading() as session:
        found = queries.by_slug(session, playbook_slug)
        return _page(session, found, queries.version_numbered(session, found, number))


def _page(session: Session, found: Playbook, version: PlaybookVersion | None) -> str:
    draft = queries.draft_of(session, found)
    slug = found.slug
    said = present.of_definition(session, queries.definition_of(version)) if version else None
    name = said["name"] if said else slug
    versions = queries.versions_of(session, found)
    return page(
        "playbooks/playbook.html",
        active="playbooks",
        crumbs=[Crumb(label=CRUMB, href=url_for(".library")), Crumb(label=name)],
        name=name,
        slug=slug,
        playbook=said,
        number=version.number if version else None,
        is_live=version is not None and version.id == found.live_version_id,
        is_archived=found.archived_at is not None,
        versions=[
            {
                "number": one.number,
                "author": present.author(session, one.published_by_id),
                "moment": show.moment(one.published_at),
                "note": one.note,
                "is_live": one.id == found.live_version_id,
                "href": url_for(".version", playbook_slug=slug, number=one.number),
                "compare_href": _compare(slug, one.number - 1, one.number) if one.number > 1 else None,
            }
            for one in versions
        ],
        draft={
            "by": present.author(session, draft.saved_by_id),
            "moment": show.moment(draft.saved_at),
            "compare_href": _compare(slug, version.number, "draft") if version else None,
        }
        if draft
        else None,
        is_admin=is_admin(),
        urls={
            "edit": url_for("playbook_editor.edit", playbook_slug=slug),
            "copy": url_for("playbook_editor.new", of=slug),
            "archive": url_for(".archive", playbook_slug=slug),
            "unarchive": url_for(".unarchive", playbook_slug=slug),
            "live": url_for(".playbook", playbook_slug=slug),
            # Pages of features above this one; what is archived has neither.
            "rehearse": url_for("rehearsal.of_playbook", slug=slug) if found.archived_at is None else None,
            "open_ctas": url_for("open_ctas.of_playbook", slug=slug)
            if len(versions) > 1 and found.archived_at is None
            else None,
        },
    )


def _compare(slug: str, left: int, right: int | str) -> str:
    return url_for("playbooks.compare", playbook_slug=slug, left=left, right=right)


@blueprint.get("/playbooks/<playbook_slug>/compare")
def compare(playbook_slug: str) -> str:
    """`left` and `right` are numbers of versions, or "draft"; without them the draft, or the last two."""
    with runtime().db.reading() as session:
        found = queries.by_slug(session, playbook_slug)
        newest = next(iter(queries.versions_of(session, found)), None)
        last = newest.number if newest else 0
        left = _side(session, found, request.args.get("left") or str(max(last - 1, 1)))
        right = _side(session, found, request.args.get("right") or str(last))
        return page(
            "playbooks/compare.html",
            active="playbooks",
            crumbs=[
                Crumb(label=CRUMB, href=url_for(".library")),
                Crumb(label=playbook_slug, href=url_for(".playbook", playbook_slug=playbook_slug)),
                Crumb(label="Changes"),
            ],
            name=newest.name if newest else playbook_slug,
            left=left[0],
            right=right[0],
            rows=present.diff_rows(left[1], right[1]),
        )


def _side(session: Session, found: Playbook, word: str) -> tuple[str, str]:
    """What it is called, and its source."""
    if word == "draft":
        draft = queries.draft_of(session, found)
        if draft is None:
            raise NotFound("There is no draft of this playbook.", cure="It was published or thrown away.")
        return "Draft", draft.source
    if not word.isdecimal() or len(word) > 9:
        raise Invalid("A version is a number, or draft.", cure="Open it from the list of versions.")
    version = queries.version_numbered(session, found, int(word))
    return f"Version {version.number}", version.source


@blueprint.post("/playbooks/<playbook_slug>/archive")
def archive(playbook_slug: str) -> BaseResponse:
    demand_admin()
    here = runtime()
    with here.db.transaction() as session:
        drafts.archive(queries.by_slug(session, playbook_slug), here.clock.now())
    tell("Archived. It is offered no more; open CTAs keep their tasks.")
    return redirect(url_for(".playbook", playbook_slug=playbook_slug), code=303)


@blueprint.post("/playbooks/<playbook_slug>/unarchive")
def unarchive(playbook_slug: str) -> BaseResponse:
    demand_admin()
    with runtime().db.transaction() as session:
        drafts.take_back(queries.by_slug(session, playbook_slug))
    tell("It can be used again.")
    return redirect(url_for(".playbook", playbook_slug=playbook_slug), code=303)
