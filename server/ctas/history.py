"""What was done on CTAs: kept with what stood before, told in order, and undone as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.ctas import queries
from server.ctas.field_values import from_json, to_json
from server.ctas.models import Cta, CtaChange, CtaDeed, CtaTask
from server.errors import Conflict, Forbidden, NotFound

# Not a field: a change of this name says that the task came with the deed, and goes when it is undone.
ADDED = "added"


def set_field(thing: Cta | CtaTask, field: str, value: Any) -> CtaChange | None:
    """Set it and tell what was changed; None when it stood so. The row belongs to no deed yet."""
    before = getattr(thing, field)
    if before == value:
        return None
    setattr(thing, field, value)
    return _change(thing, field, to_json(before), to_json(value))


def set_fields(thing: Cta | CtaTask, **values: Any) -> list[CtaChange]:
    return [one for field, value in values.items() if (one := set_field(thing, field, value)) is not None]


def added(task: CtaTask) -> CtaChange:
    """That this task, which is new, came with a deed."""
    return _change(task, ADDED, None, to_json(True))


def _change(thing: Cta | CtaTask, field: str, before: str | None, after: str | None) -> CtaChange:
    if isinstance(thing, CtaTask):
        return CtaChange(cta_id=thing.cta_id, cta_task_id=thing.id, field=field, before=before, after=after)
    return CtaChange(cta_id=thing.id, cta_task_id=None, field=field, before=before, after=after)


def keep(
    session: Session,
    ctas: Sequence[Cta],
    label: str,
    changes: Iterable[CtaChange],
    *,
    by_id: uuid.UUID | None,
    now: datetime,
) -> CtaDeed:
    """One act of one person, with what it changed. Without changes it can be told, and not undone."""
    done = CtaDeed(cta_id=ctas[0].id if len(ctas) == 1 else None, by_user_id=by_id, label=label, done_at=now)
    session.add(done)
    session.flush()
    for one in changes:
        one.cta_deed_id = done.id
        session.add(one)
    session.flush()
    return done


def undo(session: Session, deed: CtaDeed, *, asker: Asker, now: datetime) -> int:
    """Put back what a deed changed; how many CTAs. All of it or, when something was changed since, nothing.

    Who did it may undo it, also when what they handed over is somebody else's by now. Raises Conflict for what was
    changed or undone since, Forbidden for another person's deed.
    """
    if deed.by_user_id != asker.user_id:
        raise Forbidden("Somebody else did this.", cure="Ask them to undo it, or change it by hand.")
    if deed.undone_at is not None:
        raise Conflict("This was undone already.", cure="Load the page anew to see how it stands.")
    rows = session.scalars(select(CtaChange).where(CtaChange.cta_deed_id == deed.id)).all()
    if not rows:
        raise Conflict("There is nothing in this to undo.", cure="Change it by hand.")
    ctas = {one.id: one for one in queries.hold(session, {row.cta_id for row in rows})}
    for cta in ctas.values():
        _demand_untouched(session, cta, [row for row in rows if row.cta_id == cta.id])
    for row in rows:
        thing = _thing(session, row)
        if row.field != ADDED:
            setattr(thing, row.field, from_json(row.field, row.before))
        elif isinstance(thing, CtaTask):
            session.delete(thing)
    deed.undone_at = now
    session.flush()
    return len(ctas)


def _demand_untouched(session: Session, cta: Cta, rows: Sequence[CtaChange]) -> None:
    closes = any(row.field == "closed_at" and row.cta_task_id is None for row in rows)
    if not cta.is_open and not closes:
        raise Conflict(f"{cta.name} was closed since.", cure="Nothing was undone. Reopen it first.")
    for row in rows:
        thing = _thing(session, row)
        if row.field == ADDED:
            if isinstance(thing, CtaTask) and (thing.done_at or queries.sends_of(session, [thing.id])):
                raise Conflict(f"“{thing.title}” was worked on since.", cure="Nothing was undone. Change it by hand.")
        elif to_json(getattr(thing, row.field)) != row.after:
            raise Conflict(f"{cta.name} was changed since.", cure="Nothing was undone. Change it by hand.")
        elif row.field == "open_key" and row.before is not None:
            demand_free(session, cta, from_json("open_key", row.before))


def demand_free(session: Session, cta: Cta, key: str) -> None:
    """Raises Conflict when another CTA that is open was opened for the same."""
    other = session.scalars(select(Cta).where(Cta.open_key == key, Cta.id != cta.id)).first()
    if other is not None:
        raise Conflict(
            f"“{other.name}” was opened for the same meanwhile.", cure="Work on that one, or close it before."
        )


def deed(session: Session, deed_id: uuid.UUID) -> CtaDeed:
    """Raises NotFound."""
    found = session.get(CtaDeed, deed_id)
    if found is None:
        raise NotFound("There is no such change.", cure="Load the page anew.")
    return found


def of_cta(session: Session, cta_id: uuid.UUID, *, limit: int = 50) -> Sequence[CtaDeed]:
    """Newest first; also those on many CTAs at once."""
    touched = select(CtaChange.cta_deed_id).where(CtaChange.cta_id == cta_id)
    statement = (
        select(CtaDeed)
        .where(or_(CtaDeed.cta_id == cta_id, CtaDeed.id.in_(touched)))
        .order_by(CtaDeed.done_at.desc(), CtaDeed.id.desc())
        .limit(limit)
    )
    return session.scalars(statement).all()


def with_changes(session: Session, deed_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these deeds in which there is something to undo."""
    statement = select(CtaChange.cta_deed_id).where(CtaChange.cta_deed_id.in_(list(deed_ids))).distinct()
    return set(session.scalars(statement))


def who_changed(session: Session, cta_id: uuid.UUID, field: str) -> uuid.UUID | None:
    """Who last changed this field of a CTA, as far as its history says."""
    statement = (
        select(CtaDeed.by_user_id)
        .join(CtaChange, CtaChange.cta_deed_id == CtaDeed.id)
        .where(CtaChange.cta_id == cta_id, CtaChange.cta_task_id.is_(None), CtaChange.field == field)
        .order_by(CtaDeed.done_at.desc(), CtaDeed.id.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def _thing(session: Session, row: CtaChange) -> Cta | CtaTask:
    found: Cta | CtaTask | None
    found = session.get(CtaTask, row.cta_task_id) if row.cta_task_id else session.get(Cta, row.cta_id)
    if found is None:
        raise Conflict("A task of this change is gone.", cure="Nothing was undone. Change it by hand.")
    return found
