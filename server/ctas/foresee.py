"""What opening a CTA would do, without doing it: for previews and rehearsal."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from server.accounts.models import Account
from server.ctas.open import Wanted, anchors_of
from server.playbooks.definition import OwnerRule
from server.playbooks.plan import CalendarOf, PlannedTask, plan


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """`tasks` as they would be planned; without a playbook there are none."""

    owner_id: uuid.UUID
    due_on: date | None
    tasks: tuple[PlannedTask, ...]


def foresee(
    account: Account,
    wanted: Wanted,
    owners: Mapping[OwnerRule, uuid.UUID],
    *,
    opened_on: date,
    calendar_of: CalendarOf,
) -> Foreseen:
    """As `open.open_cta` would make it on that day. `owners` is not empty; of `owners.owners_of`."""
    definition = wanted.playbook.definition if wanted.playbook else None
    rule = wanted.owner_rule or (definition.owner if definition else OwnerRule.TAM)
    owner_id = wanted.owner_id or owners[rule]
    if definition is None:
        return Foreseen(owner_id=owner_id, due_on=wanted.due_on, tasks=())
    planned = plan(definition, anchors_of(account, opened_on=opened_on, ebr_on=wanted.ebr_on), owners, calendar_of)
    return Foreseen(owner_id=owner_id, due_on=wanted.due_on or planned.due_on, tasks=planned.tasks)
