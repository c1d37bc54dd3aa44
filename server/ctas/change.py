"""Changing CTAs: one or many at once, with their open tasks when asked, and undone as a whole (`history.py`).

Every change is kept with what stood before. Who changes a field names what they saw there: when it is something else by
now, the change is refused with both values, and nothing of it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.names import fold
from server.auth import people, policy
from server.auth.policy import Asker, Deed
from server.ctas import queries, replan
from server.ctas.field_values import FIELDS, demand_near, label_of
from server.ctas.history import deed, demand_free, keep, set_fields, undo, who_changed
from server.ctas.models import LONGEST_NAME, Cta, CtaChange, CtaDeed, CtaTask
from server.errors import Conflict, Forbidden, Invalid
from server.playbooks import choices
from server.playbooks.models import ChoiceList

__all__ = ["Change", "ChangedMeanwhile", "Clash", "TasksToo", "change", "deed", "demand_may", "undo"]


class TasksToo(StrEnum):
    """Whether the open tasks go with a change of due date or owner. `OF_OWNER`: those of the CTA's owner before."""

    NONE = "none"
    OF_OWNER = "of_owner"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Change:
    """`values` by field (`field_values.FIELDS`); `seen` what the person saw there, for those fields that they saw.

    `dates_too`: whose tasks move with the due date, when it is not as `tasks_too` says for the owner.
    """

    values: Mapping[str, Any]
    seen: Mapping[str, Any] | None = None
    tasks_too: TasksToo = TasksToo.NONE
    dates_too: TasksToo | None = None


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A field that somebody else changed meanwhile, in words."""

    field: str
    label: str
    theirs: str
    yours: str
    by: str


class ChangedMeanwhile(Conflict):
    """`clashes` are the fields that are not as they were seen; nothing was written."""

    def __init__(self, name: str, clashes: Sequence[Clash]) -> None:
        self.clashes = tuple(clashes)
        said = "; ".join(
            f"{one.label} was changed meanwhile to {one.theirs}{one.by and f' by {one.by}'}, you chose {one.yours}"
            for one in clashes
        )
        super().__init__(f"{name}: {said}.", cure="Look at it, then decide again. Nothing of yours was written.")


def change(session: Session, ctas: Sequence[Cta], wanted: Change, *, asker: Asker, now: datetime) -> CtaDeed | None:
    """Change all of these CTAs or none. None when nothing is different then.

    Raises Forbidden for somebody else's, Conflict when what was seen is no longer so, or a CTA is closed, and Invalid
    for a value that cannot be chosen, with all that is wrong with it.
    """
    demand_may(session, ctas, asker)
    # Who leaves a field as they saw it wants nothing of it, whatever it is by now.
    seen = wanted.seen or {}
    values = {field: value for field, value in wanted.values.items() if field not in seen or seen[field] != value}
    wanted = replace(wanted, values=values)
    for cta in ctas:
        _demand_seen(session, cta, wanted)
        _demand_values(session, cta, values)
    changes = [one for cta in ctas for one in _changes(session, cta, wanted)]
    if not changes:
        return None
    label = _label(session, ctas, wanted, changes)
    return keep(session, ctas, label, changes, by_id=asker.user_id, now=now)


def demand_may(session: Session, ctas: Iterable[Cta], asker: Asker) -> None:
    found = list(ctas)
    owners = policy.covered(session, asker, Deed.WORK_TASKS, {cta.owner_id for cta in found})
    others = [cta for cta in found if cta.owner_id not in owners]
    if others:
        names = ", ".join(cta.name for cta in others[:3]) + (" …" if len(others) > 3 else "")
        raise Forbidden(f"Somebody else owns this: {names}.", cure="Ask its owner, their manager or an admin.")


def _demand_seen(session: Session, cta: Cta, wanted: Change) -> None:
    clashes = []
    for field, seen in (wanted.seen or {}).items():
        if field not in wanted.values or field not in FIELDS:
            continue
        stands, yours = getattr(cta, field), wanted.values[field]
        if stands in (seen, yours):
            continue
        by = people.by_ids(session, {one for one in [who_changed(session, cta.id, field)] if one})
        clashes.append(
            Clash(
                field=field,
                label=FIELDS[field].label,
                theirs=label_of(session, field, stands),
                yours=label_of(session, field, yours),
                by=next((user.name for user in by.values()), ""),
            )
        )
    if clashes:
        raise ChangedMeanwhile(cta.name, clashes)


def _demand_values(session: Session, cta: Cta, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))}: no such field.", cure=f"Use {', '.join(FIELDS)}.")
    if not cta.is_open and set(values) - {"is_flagged"}:
        raise Conflict(f"{cta.name} is closed.", cure="Reopen it first.")
    demand_near(**{field: values[field] for field in ("due_on", "ebr_on") if field in values})
    lists, kind = choices.of(session), values.get("cta_type", cta.cta_type)
    for field, name in (("cta_type", ChoiceList.TYPE), ("priority", ChoiceList.PRIORITY)):
        if field in values and values[field] != getattr(cta, field):
            lists.demand(name, values[field])
    if values.get("reason") and (values["reason"], kind) != (cta.reason, cta.cta_type):
        lists.demand(ChoiceList.REASON, values["reason"], kind)
    if "status" in values and lists.demand(ChoiceList.STATUS, values["status"], kind).is_closed:
        raise Invalid("A CTA is closed by closing it.", cure="Use Close, which asks for what its type demands.")
    if "name" in values and not 1 <= len(str(values["name"] or "").strip()) <= LONGEST_NAME:
        what = f"A CTA needs a name of at most {LONGEST_NAME} characters."
        raise Invalid(what, cure="Say in a few words what is to be done.", fields={"name": what})
    if "owner_id" in values:
        queries.working_user(session, values["owner_id"])


def _changes(session: Session, cta: Cta, wanted: Change) -> list[CtaChange]:
    """Carry it out on one CTA; what was changed, with the tasks that went along."""
    before = {field: getattr(cta, field) for field in ("due_on", "owner_id", "ebr_on")}
    changes = set_fields(cta, **wanted.values)
    changes += _key_again(session, cta)
    changes += replan.with_review(session, cta, before=before["ebr_on"])
    tasks = queries.tasks_of(session, [cta.id]).get(cta.id, [])
    for task in tasks:
        if task.is_open:
            changes += _with_its_cta(task, cta, before, wanted)
    return changes


def _key_again(session: Session, cta: Cta) -> list[CtaChange]:
    """What a trigger looks for follows type, reason and name (`open.key_of`)."""
    if cta.open_key is None:
        return []
    *_, name = cta.open_key.split("\x1f")
    key = "\x1f".join((str(cta.account_id), cta.cta_type, cta.reason or "", fold(cta.name) if name else ""))
    if key != cta.open_key:
        demand_free(session, cta, key)
    return set_fields(cta, open_key=key)


def _with_its_cta(task: CtaTask, cta: Cta, before: Mapping[str, Any], wanted: Change) -> list[CtaChange]:
    was_owners = task.owner_id == before["owner_id"]
    moved: list[CtaChange] = []
    if cta.owner_id != before["owner_id"] and _goes(wanted.tasks_too, was_owners=was_owners):
        moved += set_fields(task, owner_id=cta.owner_id)
    was_due: date | None = before["due_on"]
    too = wanted.tasks_too if wanted.dates_too is None else wanted.dates_too
    moves = "due_on" in wanted.values and cta.due_on and was_due and cta.due_on != was_due
    if moves and cta.due_on and was_due and task.due_on and _goes(too, was_owners=was_owners):
        try:
            moved += set_fields(task, due_on=task.due_on + (cta.due_on - was_due))
        except OverflowError:
            raise Invalid("No calendar goes that far.", cure="Choose a day of the coming years.") from None
    return moved


def _goes(too: TasksToo, *, was_owners: bool) -> bool:
    return too is TasksToo.ALL or (too is TasksToo.OF_OWNER and was_owners)


def _label(session: Session, ctas: Sequence[Cta], wanted: Change, changes: Sequence[CtaChange]) -> str:
    changed = {one.field for one in changes if one.cta_task_id is None}
    said = [
        f"{FIELDS[field].label}: {label_of(session, field, value)}"
        for field, value in wanted.values.items()
        if field in changed
    ]
    tasks = len({one.cta_task_id for one in changes if one.cta_task_id})
    along = f", with {tasks} open {'task' if tasks == 1 else 'tasks'}" if tasks else ""
    many = f" on {len(ctas)} CTAs" if len(ctas) > 1 else ""
    return "; ".join(said) + many + along
