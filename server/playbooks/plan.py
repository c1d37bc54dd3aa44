"""From a playbook to dated tasks with owners. Knows no database and no clock, so rehearsal uses it as well."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from server.playbooks.definition import Anchor, Definition, Direction, Due, OwnerRule, Step, Unit
from server.workdays import Calendar, add_months

CalendarOf = Callable[[uuid.UUID], Calendar]


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """The days that due dates count from; None for what is not known (yet). `opened_on` is where the owner is."""

    opened_on: date
    renewal_on: date | None = None
    ebr_on: date | None = None
    contract_start_on: date | None = None

    def get(self, anchor: Anchor) -> date | None:
        return {
            Anchor.OPENED: self.opened_on,
            Anchor.RENEWAL: self.renewal_on,
            Anchor.EBR: self.ebr_on,
            Anchor.CONTRACT_START: self.contract_start_on,
        }[anchor]


@dataclass(frozen=True, kw_only=True)
class PlannedTask:
    """A step with its day and its owner. `due_on` is None when there is none, or its anchor is not known."""

    step: Step
    owner_id: uuid.UUID
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    owner_id: uuid.UUID
    due_on: date | None
    tasks: tuple[PlannedTask, ...]


def plan(
    definition: Definition,
    anchors: Anchors,
    owners: Mapping[OwnerRule, uuid.UUID],
    calendar_of: CalendarOf,
) -> Plan:
    """`owners` has a person for every rule. What would be due before the opening is due on its day."""
    owner_id = owners[definition.owner]
    return Plan(
        owner_id=owner_id,
        due_on=due_day(definition.due, anchors, calendar_of(owner_id)),
        tasks=tuple(
            PlannedTask(
                step=step,
                owner_id=owners[step.owner],
                due_on=due_day(step.due, anchors, calendar_of(owners[step.owner])),
            )
            for step in definition.steps
        ),
    )


def due_day(due: Due | None, anchors: Anchors, calendar: Calendar) -> date | None:
    """The day of a due date on its owner's calendar, never before the opening."""
    start = anchors.get(due.anchor) if due else None
    if due is None or start is None:
        return None
    return max(shifted(start, due, calendar), anchors.opened_on)


def shifted(start: date, due: Due, calendar: Calendar) -> date:
    amount = -due.amount if due.direction is Direction.BEFORE else due.amount
    if due.unit is Unit.MONTHS:
        return add_months(start, amount)
    if due.unit is Unit.BUSINESS_DAYS:
        return calendar.shift(start, amount)
    return start + timedelta(days=amount * (7 if due.unit is Unit.WEEKS else 1))
