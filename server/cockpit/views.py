"""Saved views: filters, order and layout under a name. A shared one is for all to use, for its owner to change."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from server.auth.models import User
from server.cockpit.models import CockpitView
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.messages.clean import one_line

LONGEST_NAME = 60
MOST = 50


def offered(session: Session, user_id: uuid.UUID) -> Sequence[tuple[CockpitView, User]]:
    """Their own and those that others share, by name, with who made them."""
    statement = (
        select(CockpitView, User)
        .join(User, User.id == CockpitView.owner_id)
        .where(or_(CockpitView.owner_id == user_id, CockpitView.is_shared.is_(True)))
        .order_by(func.lower(CockpitView.name), CockpitView.id)
    )
    return [(row.CockpitView, row.User) for row in session.execute(statement)]


def default(session: Session, user_id: uuid.UUID) -> CockpitView | None:
    """The one that the Cockpit opens with."""
    mine = select(CockpitView).where(CockpitView.owner_id == user_id, CockpitView.is_default.is_(True))
    return session.scalars(mine.limit(1)).first()


def by_id(session: Session, view_id: uuid.UUID, user_id: uuid.UUID) -> CockpitView:
    """One that they may use. Raises NotFound, also for one that its owner does not share."""
    found = session.get(CockpitView, view_id)
    if found is None or (found.owner_id != user_id and not found.is_shared):
        raise NotFound("There is no such view.", cure="Its owner may have deleted it, or shares it no more.")
    return found


def save(
    session: Session, *, user_id: uuid.UUID, name: str, asked: Mapping[str, str], is_shared: bool, now: datetime
) -> CockpitView:
    """A new one. Raises Invalid for a name that is empty, too long or taken, or when there are too many."""
    name = _name(name)
    _demand_free(session, user_id, name)
    mine = session.scalar(select(func.count(CockpitView.id)).where(CockpitView.owner_id == user_id)) or 0
    if mine >= MOST:
        raise Invalid(f"You have {MOST} views.", cure="Delete one that you no longer use.")
    view = CockpitView(
        owner_id=user_id,
        name=name,
        asked=dict(asked),
        is_shared=is_shared,
        is_default=False,
        row_version=1,
        saved_at=now,
    )
    session.add(view)
    session.flush()
    return view


def change(
    session: Session,
    view: CockpitView,
    *,
    user_id: uuid.UUID,
    row_version: int,
    name: str,
    is_shared: bool,
    asked: Mapping[str, str] | None,
    now: datetime,
) -> None:
    """Name, sharing and, when given, what it asks for. Raises Forbidden, Conflict when it was changed meanwhile."""
    _demand_own(view, user_id)
    _demand_version(view, row_version)
    name = _name(name)
    if name != view.name:
        _demand_free(session, user_id, name)
    view.name, view.is_shared, view.saved_at = name, is_shared, now
    if asked is not None:
        view.asked = dict(asked)
    view.row_version += 1
    session.flush()


def open_with(session: Session, view: CockpitView | None, *, user_id: uuid.UUID) -> None:
    """The Cockpit opens with this one of theirs; with None as at first. Raises Forbidden."""
    if view is not None:
        _demand_own(view, user_id)
    session.execute(update(CockpitView).where(CockpitView.owner_id == user_id).values(is_default=False))
    if view is not None:
        view.is_default = True
    session.flush()


def delete(session: Session, view: CockpitView, *, user_id: uuid.UUID, row_version: int) -> None:
    """Raises Forbidden, Conflict when it was changed meanwhile."""
    _demand_own(view, user_id)
    _demand_version(view, row_version)
    session.delete(view)
    session.flush()


def _name(name: str) -> str:
    clean = one_line(name, LONGEST_NAME + 1).strip()
    if not 1 <= len(clean) <= LONGEST_NAME:
        what = f"A view needs a name of at most {LONGEST_NAME} characters."
        raise Invalid(what, cure="Say in a word or two what it shows.", fields={"name": what})
    return clean


def _demand_free(session: Session, user_id: uuid.UUID, name: str) -> None:
    taken = select(CockpitView.id).where(CockpitView.owner_id == user_id, CockpitView.name == name)
    if session.scalars(taken).first() is not None:
        what = f"You have a view “{name}” already."
        raise Invalid(what, cure="Choose another name, or update that one.", fields={"name": what})


def _demand_own(view: CockpitView, user_id: uuid.UUID) -> None:
    if view.owner_id != user_id:
        raise Forbidden("This view is somebody else’s.", cure="Save it as your own, then change that.")


def _demand_version(view: CockpitView, row_version: int) -> None:
    if view.row_version != row_version:
        what = f"“{view.name}” was changed meanwhile, in another window of yours."
        raise Conflict(what, cure="Load the page anew, look at it, then decide again. Nothing of yours was written.")
