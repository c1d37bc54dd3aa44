"""Changing CTAs: one or many at once, with their open tasks when asked, and undone as a whole.

Every change is kept with what stood before. Who changes a field names what they saw there: when it is something else by
now, the change is refused with both values, and nothing of it is done.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth import policy
from server.auth.policy import Asker, Deed
from server.ctas import queries
from server.ctas.field_values import FIELDS, from_json, label_of, to_json
from server.ctas.models import Cta, CtaChange, CtaDeed, CtaTask
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.playbooks import choices
from server.playbooks.models import ChoiceList


class TasksToo(StrEnum):
    """Whether the open tasks go with a change of due date or owner. `OF_OWNER`: those of the CTA's owner before."""

    NONE = "none"
    OF_OWNER = "of_owner"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Change:
    """`values` by field (`field_values.FIELDS`); `seen` what the person saw there, for those fields that they saw."""

    values: Mapping[str, Any]
    seen: Mapping[str, Any] | None = None
    tasks_too: TasksToo = TasksToo.NONE


def change(session: Session, ctas: Sequence[Cta], wanted: Change, *, asker: Asker, now: datetime) -> CtaDeed | None:
    """Change all of these CTAs or none. None when nothing is different then.

    Raises Forbidden for somebody else's, Conflict when what was seen is no longer so, or a CTA is closed, and Invalid
    for a value that cannot be chosen, with all that is wrong with it.
    """
    _demand_may(session, ctas, asker)
    for cta in ctas:
        _demand_seen(session, cta, wanted)
        _demand_values(session, cta, wanted.values)
    changes = [one for cta in ctas for one in _changes(session, cta, wanted)]
    if not changes:
        return None
    deed = CtaDeed(
        cta_id=ctas[0].id if len(ctas) == 1 else None,
        by_user_id=asker.user_id,
        label=_label(session, ctas, wanted, changes),
        done_at=now,
    )
    session.add(deed)
    for one in changes:
        one.cta_deed_id = deed.id
    session.flush()
    session.add_all(changes)
    session.flush()
    return deed


def undo(session: Session, deed: CtaDeed, *, asker: Asker, now: datetime) -> int:
    """Put back what a deed changed; how many CTAs. All of it or, when something was changed since, nothing.

    Raises Conflict for what was changed or undone since, Forbidden for another person's deed.
    """
    if deed.by_user_id != asker.user_id:
        raise Forbidden("Somebody else did this.", cure="Ask them to undo it, or change it by hand.")
    if deed.undone_at is not None:
        raise Conflict("This was undone already.", cure="Load the page anew to see how it stands.")
    rows = session.scalars(select(CtaChange).where(CtaChange.cta_deed_id == deed.id)).all()
    ctas = {one.id: one for one in queries.by_ids(session, {row.cta_id for row in rows})}
    _demand_may(session, list(ctas.values()), asker)
    for row in rows:
        thing = _thing(session, row)
        if to_json(getattr(thing, row.field)) != row.after:
            name = ctas[row.cta_id].name
            raise Conflict(f"{name} was changed since.", cure="Nothing was undone. Change it by hand.")
    for row in rows:
        thing = _thing(session, row)
        setattr(thing, row.field, from_json(row.field, row.before))
    deed.undone_at = now
    session.flush()
    return len(ctas)


def deed(session: Session, deed_id: uuid.UUID) -> CtaDeed:
    """Raises NotFound."""
    found = session.get(CtaDeed, deed_id)
    if found is None:
        raise NotFound("There is no such change.", cure="Load the page anew.")
    return found


def _thing(session: Session, row: CtaChange) -> Cta | CtaTask:
    found: Cta | CtaTask | None
    found = session.get(CtaTask, row.cta_task_id) if row.cta_task_id else session.get(Cta, row.cta_id)
    if found is None:
        raise Conflict("A task of this change is gone.", cure="Nothing was undone. Change it by hand.")
    return found


def _demand_may(session: Session, ctas: Iterable[Cta], asker: Asker) -> None:
    found = list(ctas)
    owners = policy.covered(session, asker, Deed.WORK_TASKS, {cta.owner_id for cta in found})
    others = [cta for cta in found if cta.owner_id not in owners]
    if others:
        names = ", ".join(cta.name for cta in others[:3]) + (" …" if len(others) > 3 else "")
        raise Forbidden(f"Somebody else owns this: {names}.", cure="Ask its owner, their manager or an admin.")


def _demand_seen(session: Session, cta: Cta, wanted: Change) -> None:
    for field, seen in (wanted.seen or {}).items():
        stands = getattr(cta, field)
        if field in wanted.values and stands != seen and stands != wanted.values[field]:
            what = label_of(session, field, stands)
            raise Conflict(
                f"{cta.name}: {FIELDS[field].label} was changed meanwhile to {what}.",
                cure="Look at it, then decide again. Nothing of yours was written.",
            )


def _demand_values(session: Session, cta: Cta, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))}: no such field.", cure=f"Use {', '.join(FIELDS)}.")
    if not cta.is_open and set(values) - {"is_flagged"}:
        raise Conflict(f"{cta.name} is closed.", cure="Reopen it first.")
    lists, kind = choices.of(session), values.get("cta_type", cta.cta_type)
    for field, name in (("cta_type", ChoiceList.TYPE), ("priority", ChoiceList.PRIORITY)):
        if field in values and values[field] != getattr(cta, field):
            lists.demand(name, values[field])
    if values.get("reason") and (values["reason"], kind) != (cta.reason, cta.cta_type):
        lists.demand(ChoiceList.REASON, values["reason"], kind)
    if "status" in values and lists.demand(ChoiceList.STATUS, values["status"], kind).is_closed:
        raise Invalid("A CTA is closed by closing it.", cure="Use Close, which asks for what its type demands.")
    if "owner_id" in values:
        queries.working_user(session, values["owner_id"])


def _changes(session: Session, cta: Cta, wanted: Change) -> list[CtaChange]:
    """Carry it out on one CTA; what was changed, with the tasks that went along."""
    before = {field: getattr(cta, field) for field in ("due_on", "owner_id")}
    changes = [one for field, value in wanted.values.items() if (one := set_field(cta, field, value)) is not None]
    if wanted.tasks_too is TasksToo.NONE:
        return changes
    for task in queries.tasks_of(session, [cta.id]).get(cta.id, []):
        if not task.is_open or (wanted.tasks_too is TasksToo.OF_OWNER and task.owner_id != before["owner_id"]):
            continue
        changes += _with_its_cta(task, cta, before)
    return changes


def _with_its_cta(task: CtaTask, cta: Cta, before: Mapping[str, Any]) -> list[CtaChange]:
    moved: list[CtaChange | None] = []
    was_due: date | None = before["due_on"]
    if cta.owner_id != before["owner_id"]:
        moved.append(set_field(task, "owner_id", cta.owner_id))
    if cta.due_on and was_due and cta.due_on != was_due and task.due_on:
        moved.append(set_field(task, "due_on", task.due_on + (cta.due_on - was_due)))
    return [one for one in moved if one is not None]


def set_field(thing: Cta | CtaTask, field: str, value: Any) -> CtaChange | None:
    """Set it and tell what was changed; None when it stood so. The row belongs to no deed yet."""
    before = getattr(thing, field)
    if before == value:
        return None
    setattr(thing, field, value)
    is_task = isinstance(thing, CtaTask)
    return CtaChange(
        cta_id=thing.cta_id if isinstance(thing, CtaTask) else thing.id,
        cta_task_id=thing.id if is_task else None,
        field=field,
        before=to_json(before),
        after=to_json(value),
    )


def _label(session: Session, ctas: Sequence[Cta], wanted: Change, changes: Sequence[CtaChange]) -> str:
    said = [f"{FIELDS[field].label}: {label_of(session, field, value)}" for field, value in wanted.values.items()]
    tasks = len({one.cta_task_id for one in changes if one.cta_task_id})
    along = f", with {tasks} open {'task' if tasks == 1 else 'tasks'}" if tasks else ""
    many = f" on {len(ctas)} CTAs" if len(ctas) > 1 else ""
    return "; ".join(said) + many + along
