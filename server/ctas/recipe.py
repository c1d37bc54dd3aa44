"""The playbook of an open CTA: given to one that has none, and moved to another version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.auth import people
from server.auth.policy import Asker
from server.ctas import queries
from server.ctas.change import demand_may
from server.ctas.field_values import label_of
from server.ctas.history import added, keep, set_fields
from server.ctas.models import Cta, CtaChange, CtaDeed, CtaTask
from server.ctas.open import anchors_of, task_rows
from server.ctas.owners import owners_of
from server.errors import Conflict
from server.playbooks import queries as playbooks
from server.playbooks.calendars import calendar_of
from server.playbooks.definition import Definition, OwnerRule
from server.playbooks.models import Playbook, PlaybookVersion
from server.playbooks.plan import Plan, plan
from server.playbooks.queries import PlaybookInUse

# What a step says of its task, in words; due date and owner only where nobody chose another by hand.
_OF_STEP = {
    "title": "what to do",
    "kind": "kind of task",
    "instructions": "instructions",
    "needs": "what comes first",
    "is_required": "required or not",
    "minutes": "minutes",
    "email_template_id": "email template",
    "contact_role": "for whom",
    "waits_days": "days to wait for an answer",
    "silent_template_id": "email when nobody answers",
}
_BY_HAND = {"due_on": "due date", "owner_id": "owner"}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a version would do to one task: "added", "dropped" or "changed", and what of it."""

    what: str
    title: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One task of the plan against what stands."""

    task: CtaTask
    values: dict[str, Any]
    is_new: bool = False
    is_dropped: bool = False


def apply(session: Session, cta: Cta, playbook: PlaybookInUse, *, asker: Asker, now: datetime) -> CtaDeed:
    """Give an open CTA without a playbook the tasks of one; nothing is due before today.

    Raises Forbidden, Conflict when it is closed or has one.
    """
    demand_may(session, [cta], asker)
    if not cta.is_open:
        raise Conflict(f"{cta.name} is closed.", cure="Reopen it first.")
    if cta.playbook_version_id is not None:
        raise Conflict(f"{cta.name} has a playbook.", cure="Open another CTA for the other one.")
    today = people.today_of(people.by_id(session, cta.owner_id), now)
    tasks = queries.tasks_of(session, [cta.id]).get(cta.id, [])
    rows = task_rows(
        session,
        cta.id,
        _planned(session, cta, playbook.definition).tasks,
        first=max((one.position for one in tasks), default=-1) + 1,
    )
    for row in rows:
        row.due_on = max(row.due_on, today) if row.due_on else None
    session.add_all(rows)
    session.flush()
    changes = set_fields(cta, playbook_name=playbook.definition.name, playbook_version_id=playbook.version_id)
    label = f"Playbook: {playbook.definition.name}, with {len(rows)} tasks"
    changes += [added(row) for row in rows]
    return keep(session, [cta], label, changes, by_id=asker.user_id, now=now)


def not_on(session: Session, playbook: Playbook) -> Sequence[tuple[Cta, PlaybookVersion]]:
    """Open CTAs of a playbook that are on another version than the live one, by due date."""
    statement = (
        select(Cta, PlaybookVersion)
        .join(PlaybookVersion, PlaybookVersion.id == Cta.playbook_version_id)
        .where(
            PlaybookVersion.playbook_id == playbook.id,
            PlaybookVersion.id != playbook.live_version_id,
            Cta.closed_at.is_(None),
        )
        .order_by(Cta.due_on, Cta.id)
        .limit(500)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def differences(session: Session, cta: Cta, target: PlaybookInUse) -> list[Difference]:
    """What moving it would do. Done tasks are in none of it."""
    found = []
    for step in _steps(session, cta, target):
        if step.is_new or step.task.dropped_at is not None:
            found.append(Difference(what="added", title=step.values.get("title", step.task.title)))
        elif step.is_dropped:
            found.append(Difference(what="dropped", title=step.task.title))
        elif step.values:
            found.append(Difference(what="changed", title=step.task.title, words=_words(session, step)))
    return found


def move(session: Session, cta: Cta, target: PlaybookInUse, *, asker: Asker, now: datetime) -> CtaDeed:
    """To another version of its playbook. What is done stays as it was done; open tasks that the version has no more
    are dropped. Raises Forbidden, Conflict when it is closed, has no playbook or another one, or is there already."""
    demand_may(session, [cta], asker)
    if not cta.is_open:
        raise Conflict(f"{cta.name} is closed.", cure="It stays on the version that it was worked with.")
    if cta.playbook_version_id is None or cta.playbook_version_id == target.version_id:
        raise Conflict(f"{cta.name} is on this version.", cure="There is nothing to move.")
    version = playbooks.version(session, target.version_id)
    if playbooks.version(session, cta.playbook_version_id).playbook_id != version.playbook_id:
        raise Conflict(f"{cta.name} has another playbook.", cure="Choose a version of its own.")
    steps, changes = _steps(session, cta, target), list[CtaChange]()
    counts = {"added": 0, "dropped": 0, "changed": 0}
    for step in steps:
        if step.is_new:
            session.add(step.task)
            session.flush()
            changes.append(added(step.task))
        elif step.is_dropped:
            changes += set_fields(step.task, dropped_at=now)
        else:
            comes_back = step.task.dropped_at is not None
            changes += set_fields(step.task, dropped_at=None, **step.values)
            counts["added" if comes_back else "changed"] += 1 if comes_back or step.values else 0
        counts["added" if step.is_new else "dropped"] += 1 if step.is_new or step.is_dropped else 0
    changes += set_fields(cta, playbook_version_id=target.version_id, playbook_name=target.definition.name)
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no task is different"
    label = f"Moved to version {version.number} of {version.name}: {said}"
    return keep(session, [cta], label, changes, by_id=asker.user_id, now=now)


def _steps(session: Session, cta: Cta, target: PlaybookInUse) -> list[_Step]:
    assert cta.playbook_version_id is not None
    before = playbooks.of_version(session, cta.playbook_version_id).definition
    tasks = queries.tasks_of(session, [cta.id]).get(cta.id, [])
    standing = {task.key: task for task in tasks if task.key}
    first = max((task.position for task in tasks), default=-1) + 1
    wanted = task_rows(session, cta.id, _planned(session, cta, target.definition).tasks, first=first)
    was = {row.key: row for row in task_rows(session, cta.id, _planned(session, cta, before).tasks, first=0)}
    written = queries.sends_of(session, [task.id for task in tasks])
    steps = [_against(row, standing[row.key], was.get(row.key)) for row in wanted if row.key in standing]
    new = [row for row in wanted if row.key not in standing]
    for position, row in enumerate(new, start=first):
        row.position = position
    keys = {row.key for row in wanted}
    steps += [_Step(task=row, values={"title": row.title}, is_new=True) for row in new]
    # What was begun stays: an email of it is on its way, or waits for an answer.
    steps += [
        _Step(task=task, values={}, is_dropped=True)
        for key, task in standing.items()
        if key not in keys and task.is_open and task.id not in written
    ]
    return [step for step in steps if step.task.done_at is None]


def _against(wanted: CtaTask, task: CtaTask, was: CtaTask | None) -> _Step:
    values = {field: getattr(wanted, field) for field in _OF_STEP if getattr(wanted, field) != getattr(task, field)}
    for field in _BY_HAND:
        is_as_planned = was is not None and getattr(task, field) == getattr(was, field)
        if is_as_planned and getattr(wanted, field) != getattr(task, field):
            values[field] = getattr(wanted, field)
    return _Step(task=task, values=values)


def _planned(session: Session, cta: Cta, definition: Definition) -> Plan:
    account = accounts.by_id(session, cta.account_id)
    opened_on: date = cta.opened_on or cta.opened_at.date()
    owners = owners_of(session, account, otherwise=cta.owner_id) or dict.fromkeys(OwnerRule, cta.owner_id)
    return plan(definition, anchors_of(account, opened_on=opened_on, ebr_on=cta.ebr_on), owners, calendar_of(session))


def _words(session: Session, step: _Step) -> tuple[str, ...]:
    found = []
    for field, value in step.values.items():
        if field in _BY_HAND:
            before = label_of(session, field, getattr(step.task, field))
            found.append(f"{_BY_HAND[field]}: {before} → {label_of(session, field, value)}")
        elif field == "title":
            found.append(f"{_OF_STEP[field]}: {value}")
        else:
            found.append(_OF_STEP[field])
    return tuple(found)
