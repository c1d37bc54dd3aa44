"""Waiting for the customer: since when, until which day, and what ends it.

The days are working days of the task's owner, where they are. Silence needs no job: it is a date that has come.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from server.auth import people
from server.ctas.models import CtaTask
from server.errors import Conflict, Invalid
from server.playbooks.calendars import calendar_of
from server.workdays import Calendar

LONGEST_WAIT = 60


class TaskState(StrEnum):
    """What is said of a task. `sending` is known only to who looks at its emails."""

    OPEN = "open"
    SENDING = "sending"
    WAITING = "waiting"
    REPLIED = "replied"
    SILENT = "silent"
    SNOOZED = "snoozed"
    DONE = "done"
    DROPPED = "dropped"


def state_of(task: CtaTask, today: date, *, is_sending: bool = False) -> TaskState:
    """`today` is the reader's. A snooze hides also what has answered."""
    if task.done_at is not None:
        return TaskState.DONE
    if task.dropped_at is not None:
        return TaskState.DROPPED
    if is_sending:
        return TaskState.SENDING
    if task.is_snoozed(today):
        return TaskState.SNOOZED
    if task.waiting_since is None:
        return TaskState.OPEN
    if task.replied_at is not None:
        return TaskState.REPLIED
    return TaskState.WAITING if task.is_waiting(today) else TaskState.SILENT


def start(session: Session, task: CtaTask, *, since: datetime) -> None:
    """Its mail has left: from here on nothing is to be done until an answer, or the day on which none came."""
    calendar, day = of_owner(session, task, since)
    task.waiting_since = since
    task.silent_on = calendar.shift(day, task.waits_days or 1)
    task.due_on = task.silent_on
    task.replied_at = task.back_on = task.away_entry_id = None
    task.snoozed_through = task.snooze_reason = None


def wait_longer(session: Session, task: CtaTask, *, days: int, now: datetime) -> None:
    """Another so many working days from today; what was answered so far has been read.

    Raises Conflict for what waits for nobody, Invalid for a number of days that is none.
    """
    if not 1 <= days <= LONGEST_WAIT:
        what = f"Wait between 1 and {LONGEST_WAIT} working days."
        raise Invalid(what, cure="Choose another number.", fields={"days": what})
    if not task.is_open or task.waiting_since is None:
        raise Conflict("This task does not wait for the customer.", cure="Load the page anew to see how it stands.")
    calendar, today = of_owner(session, task, now)
    task.silent_on = task.due_on = calendar.shift(today, days)
    task.replied_at = None
    task.snoozed_through = task.snooze_reason = None


def of_owner(session: Session, task: CtaTask, at: datetime) -> tuple[Calendar, date]:
    """The calendar of the task's owner, and the day it was then where they are."""
    owner = people.by_id(session, task.owner_id)
    return calendar_of(session)(task.owner_id), people.today_of(owner, at)


def workdays_between(calendar: Calendar, first: date, last: date) -> int:
    """How many working days come after `first` up to and with `last`; 0 when `last` is not later."""
    count, day = 0, first
    while day < last:
        day = calendar.shift(day, 1)
        count += day <= last
    return count
