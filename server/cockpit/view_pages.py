"""Saved views: opened, saved, changed, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.cockpit import asked, views
from server.cockpit.models import CockpitView
from server.errors import Invalid
from server.playbooks import choices
from server.web.frame import runtime, tell
from server.web.identity import require_visitor

blueprint = Blueprint("views", __name__)

_LONGEST_ADDRESS = 4_000


@blueprint.get("/cockpit/views/<uuid:view_id>")
def open_view(view_id: uuid.UUID) -> BaseResponse:
    with runtime().db.reading() as session:
        return redirect(href(views.by_id(session, view_id, require_visitor().user_id)))


@blueprint.post("/cockpit/views")
def save() -> BaseResponse:
    """A new view of one's own of what stands in the address."""
    here, form = runtime(), request.form
    with here.db.transaction() as session:
        view = views.save(
            session,
            user_id=require_visitor().user_id,
            name=form.get("name", ""),
            asked=_words(session),
            is_shared=form.get("is_shared") == "1",
            now=here.clock.now(),
        )
    tell(f"Saved as “{view.name}”.")
    return redirect(href(view), code=303)


@blueprint.post("/cockpit/views/<uuid:view_id>")
def change(view_id: uuid.UUID) -> BaseResponse:
    here, form, user_id = runtime(), request.form, require_visitor().user_id
    with here.db.transaction() as session:
        view = views.by_id(session, view_id, user_id)
        views.change(
            session,
            view,
            user_id=user_id,
            row_version=_version(),
            name=form.get("name", view.name),
            is_shared=form.get("is_shared") == "1",
            asked=_words(session) if form.get("what") == "1" else None,
            now=here.clock.now(),
        )
        if "is_default" in form or view.is_default:
            views.open_with(session, view if form.get("is_default") == "1" else None, user_id=user_id)
    tell(f"“{view.name}” is saved.")
    return redirect(href(view), code=303)


@blueprint.post("/cockpit/views/<uuid:view_id>/delete")
def delete(view_id: uuid.UUID) -> BaseResponse:
    user_id = require_visitor().user_id
    with runtime().db.transaction() as session:
        view = views.by_id(session, view_id, user_id)
        views.delete(session, view, user_id=user_id, row_version=_version())
    tell(f"“{view.name}” is deleted.")
    return redirect(url_for("cockpit.cockpit", view="mine"), code=303)


def href(view: CockpitView) -> str:
    words = {name: view.asked[name] for name in asked.NAMES if name in view.asked}
    return f"{url_for('cockpit.cockpit')}?{urlencode({**words, 'saved': str(view.id)})}"


def menu(session: Session, user_id: uuid.UUID) -> list[dict[str, Any]]:
    """What the menu of views offers: one's own first."""
    found = [
        {
            "name": view.name,
            "href": href(view),
            "by": "" if view.owner_id == user_id else owner.name,
            "is_shared": view.is_shared,
            "is_default": view.is_default and view.owner_id == user_id,
        }
        for view, owner in views.offered(session, user_id)
    ]
    return sorted(found, key=lambda one: bool(one["by"]))


def used(session: Session, given: str | None, user_id: uuid.UUID, words: Mapping[str, str]) -> dict[str, Any] | None:
    """The view that the address names, and whether what is shown is still what it asks for."""
    try:
        view = session.get(CockpitView, uuid.UUID(given or ""))
    except ValueError:
        return None
    if view is None or (view.owner_id != user_id and not view.is_shared):
        return None
    return {
        "name": view.name,
        "is_own": view.owner_id == user_id,
        "is_shared": view.is_shared,
        "is_default": view.is_default,
        "is_changed": dict(view.asked) != dict(words),
        "row_version": view.row_version,
        "href": url_for("cockpit.views.change", view_id=view.id),
        "delete_href": url_for("cockpit.views.delete", view_id=view.id),
    }


def _words(session: Session) -> Mapping[str, str]:
    """What the address asked for that the form carries; it must be one that the Cockpit understands."""
    given = request.form.get("asked", "")
    if len(given) > _LONGEST_ADDRESS:
        raise Invalid("This asks for too much.", cure="Take some filters away.")
    return asked.read(dict(parse_qsl(given)), choices.of(session)).words


def _version() -> int:
    given = request.form.get("row_version", "")
    if not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise Invalid("The form does not say which state of the view it is about.", cure="Load the page anew.")
    return int(given)
