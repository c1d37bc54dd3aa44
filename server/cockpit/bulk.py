"""One act on many CTAs: all of them or none, kept as one deed, undone as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from server.auth.policy import Asker
from server.ctas import queries as ctas
from server.ctas import work
from server.ctas.change import Change, TasksToo, change
from server.ctas.close import close
from server.ctas.models import Cta, CtaDeed, TaskKind
from server.ctas.snooze import LONGEST_REASON, demand_day
from server.errors import Conflict, Forbidden, Invalid, RapportError
from server.messages.clean import one_line

MOST = 200
_NAMED = 8


class Do(StrEnum):
    DUE = "due"
    OWNER = "owner"
    PRIORITY = "priority"
    STATUS = "status"
    FLAG = "flag"
    UNFLAG = "unflag"
    SNOOZE = "snooze"
    WAKE = "wake"
    CLOSE = "close"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Act:
    """`value` is what the deed sets: a day, a user's id, a key; of a snooze its last day. `note`: its reason, or the
    sentence that closing asks for. `seen` what stood in the field of one CTA when it was decided."""

    do: Do
    value: Any = None
    note: str = ""
    tasks_too: TasksToo = TasksToo.NONE
    seen: Mapping[str, Any] | None = None


def act(
    session: Session, cta_ids: Sequence[uuid.UUID], wanted: Act, *, asker: Asker, today: date, now: datetime
) -> CtaDeed | None:
    """`today` is the asker's. None when nothing is different then, or for ticking off, which has no undo here.

    Raises Invalid, Conflict or Forbidden with the name of each CTA that it is about; nothing is written then.
    """
    if not 1 <= len(set(cta_ids)) <= MOST:
        what = "No CTA is chosen." if not cta_ids else f"More than {MOST} CTAs are chosen."
        raise Invalid(what, cure=f"Choose up to {MOST} at once.")
    found = ctas.hold(session, cta_ids)
    if len(found) < len(set(cta_ids)):
        raise Conflict("Some of these CTAs are gone.", cure="Load the page anew and choose again.")
    deed = _deeds(session, wanted, asker=asker, today=today, now=now)
    if len(found) == 1:
        return deed(found)
    together = session.begin_nested()
    try:
        kept = deed(found)
    except RapportError:
        together.rollback()
        raise _all_that_is_wrong(session, found, deed) from None
    together.commit()
    return kept


def _all_that_is_wrong(
    session: Session, found: Sequence[Cta], deed: Callable[[Sequence[Cta]], CtaDeed | None]
) -> RapportError:
    """Asks each by itself: one sentence for all of them."""
    wrong = [(cta.name, error) for cta in found if (error := _error(session, cta, deed)) is not None]
    if not wrong:
        return Conflict("These cannot be changed together.", cure="Change them one after the other.")
    said = "; ".join(f"{name}: {error.detail or error.title}" for name, error in wrong[:_NAMED])
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    what = f"{len(wrong)} of {len(found)} cannot be changed, so nothing was. {said}{more}"
    kind = next((one for one in (Forbidden, Conflict) if isinstance(wrong[0][1], one)), Invalid)
    return kind(what, cure="Take them out of the choice and try again.")


def _error(session: Session, cta: Cta, deed: Callable[[Sequence[Cta]], CtaDeed | None]) -> RapportError | None:
    part = session.begin_nested()
    try:
        deed([cta])
    except RapportError as error:
        return error
    finally:
        part.rollback()
    return None


def _deeds(
    session: Session, wanted: Act, *, asker: Asker, today: date, now: datetime
) -> Callable[[Sequence[Cta]], CtaDeed | None]:
    """What is done to the CTAs that it is given."""
    if wanted.do is Do.CLOSE:
        how = {"status": str(wanted.value), "note": wanted.note}
        return lambda found: close(session, found, **how, asker=asker, now=now)
    if wanted.do is Do.DONE:
        return lambda found: _tick_off(session, found, asker=asker, today=today, now=now)
    if wanted.do is Do.SNOOZE:
        demand_day(wanted.value, today)
    wish = Change(values=_values(wanted), seen=wanted.seen, tasks_too=wanted.tasks_too)
    return lambda found: change(session, found, wish, asker=asker, now=now)


def _values(wanted: Act) -> Mapping[str, Any]:
    reason = one_line(wanted.note, LONGEST_REASON) or None
    values: Mapping[Do, Mapping[str, Any]] = {
        Do.DUE: {"due_on": wanted.value},
        Do.OWNER: {"owner_id": wanted.value},
        Do.PRIORITY: {"priority": wanted.value},
        Do.STATUS: {"status": wanted.value},
        Do.FLAG: {"is_flagged": True},
        Do.UNFLAG: {"is_flagged": False},
        Do.SNOOZE: {"snoozed_through": wanted.value, "snooze_reason": reason},
        Do.WAKE: {"snoozed_through": None, "snooze_reason": None},
    }
    return values[wanted.do]


def _tick_off(session: Session, found: Sequence[Cta], *, asker: Asker, today: date, now: datetime) -> None:
    tasks = ctas.tasks_of(session, [cta.id for cta in found])
    for cta in found:
        task = next((one for one in tasks.get(cta.id, []) if one.is_to_do(today)), None)
        if task is None:
            raise Conflict(f"{cta.name} has no open task.", cure="Close it, or add a task.")
        if task.kind == TaskKind.EMAIL:
            raise Conflict(f"“{task.title}” is an email: it is done by sending it.", cure="Open it and write it.")
        work.complete(session, task, asker=asker, now=now)
