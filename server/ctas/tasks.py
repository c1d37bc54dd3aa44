"""Changing single tasks: owner, due date, words; adding one by hand and taking it away again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.ctas import queries, work
from server.ctas.change import ChangedMeanwhile, Clash
from server.ctas.field_values import TASK_FIELDS, demand_near, label_of
from server.ctas.history import added, keep, set_fields
from server.ctas.models import Cta, CtaDeed, CtaTask, TaskKind
from server.errors import Conflict, Invalid
from server.messages.clean import block_text, one_line

LONGEST_TITLE = 200
LONGEST_INSTRUCTIONS = 5_000
LONGEST_REASON = 500
MOST_TASKS = 200


@dataclass(frozen=True, kw_only=True)
class TaskChange:
    """As `change.Change`, of `field_values.TASK_FIELDS`. `reason` stands in the history: why it was handed over."""

    values: Mapping[str, Any]
    seen: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NewTask:
    title: str
    owner_id: uuid.UUID
    due_on: date | None = None
    instructions: str = ""


def edit(session: Session, task: CtaTask, wanted: TaskChange, *, asker: Asker, now: datetime) -> CtaDeed | None:
    """None when nothing is different then. Raises Forbidden, Conflict for what is done, closed or changed meanwhile,
    Invalid for what cannot be chosen."""
    cta = _open_cta(session, task, asker)
    seen = wanted.seen or {}
    values = {field: value for field, value in wanted.values.items() if field not in seen or seen[field] != value}
    _demand_seen(session, task, values, seen)
    demand_near(due_on=values.get("due_on"))
    if "owner_id" in values:
        queries.working_user(session, values["owner_id"])
    if "title" in values:
        values["title"] = _title(values["title"])
    changes = set_fields(task, **values)
    if not changes:
        return None
    said = ", ".join(
        f"{TASK_FIELDS[one.field].label}: {label_of(session, one.field, values[one.field])}" for one in changes
    )
    reason = one_line(wanted.reason, LONGEST_REASON)
    label = f"“{task.title}”: {said}" + (f" ({reason})" if reason else "")
    return keep(session, [cta], label, changes, by_id=asker.user_id, now=now)


def add(session: Session, cta: Cta, wanted: NewTask, *, asker: Asker, now: datetime) -> CtaTask:
    """A to-do at the end. Who may work on the CTA or one of its tasks may. Raises Forbidden, Conflict, Invalid."""
    tasks = queries.tasks_of(session, [cta.id]).get(cta.id, [])
    work.demand_part(session, cta, tasks, asker)
    demand_near(due_on=wanted.due_on)
    if not cta.is_open:
        raise Conflict(f"{cta.name} is closed.", cure="Reopen it first.")
    if len(tasks) >= MOST_TASKS:
        raise Conflict(f"{cta.name} has {MOST_TASKS} tasks.", cure="Open another CTA for the rest.")
    task = CtaTask(
        cta_id=cta.id,
        position=max((one.position for one in tasks), default=-1) + 1,
        kind=TaskKind.TO_DO.value,
        title=_title(wanted.title),
        instructions=block_text(wanted.instructions)[:LONGEST_INSTRUCTIONS],
        owner_id=queries.working_user(session, wanted.owner_id).id,
        due_on=wanted.due_on,
    )
    session.add(task)
    session.flush()
    keep(session, [cta], f"Task added: {task.title}", [added(task)], by_id=asker.user_id, now=now)
    return task


def remove(session: Session, task: CtaTask, *, asker: Asker, now: datetime) -> CtaDeed:
    """Take a task away that was added by hand. Raises Conflict for a step of a playbook and for what is done."""
    cta = _open_cta(session, task, asker)
    if task.key:
        raise Conflict("This task comes from the playbook.", cure="Leave it open, or tick it off with a comment.")
    changes = set_fields(task, dropped_at=now)
    return keep(session, [cta], f"Task taken away: {task.title}", changes, by_id=asker.user_id, now=now)


def needed_first(task: CtaTask, tasks: Sequence[CtaTask]) -> list[CtaTask]:
    """Open tasks of the same CTA that come before this one."""
    keys = set(task.needs.split())
    return [one for one in tasks if one.key in keys and one.is_open] if task.is_open else []


def _open_cta(session: Session, task: CtaTask, asker: Asker) -> Cta:
    cta = queries.cta(session, task.cta_id)
    work.demand_may_work(session, task, cta, asker)
    if task.done_at is not None:
        raise Conflict("This task is done.", cure="Reopen it first.")
    if task.dropped_at is not None:
        raise Conflict("This task was taken away.", cure="Undo that in the history of the CTA.")
    if not cta.is_open:
        raise Conflict(f"{cta.name} is closed.", cure="Reopen it first.")
    return cta


def _demand_seen(session: Session, task: CtaTask, values: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    clashes = [
        Clash(
            field=field,
            label=TASK_FIELDS[field].label,
            theirs=label_of(session, field, getattr(task, field)),
            yours=label_of(session, field, values[field]),
            by="",
        )
        for field in values
        if field in seen and getattr(task, field) not in (seen[field], values[field])
    ]
    if clashes:
        raise ChangedMeanwhile(task.title, clashes)


def _title(given: str) -> str:
    title = one_line(given, LONGEST_TITLE)
    if not title:
        what = "A task needs a few words that say what to do."
        raise Invalid(what, fields={"title": what})
    return title
