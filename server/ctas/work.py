"""Working on a CTA: ticking tasks off, putting them off, and whether their emails have left."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from server.auth import policy
from server.auth.policy import Asker, Deed
from server.ctas import queries, waiting
from server.ctas.history import keep, set_fields
from server.ctas.models import Cta, CtaStatus, CtaTask, TaskKind
from server.ctas.snooze import LONGEST_REASON, demand_day
from server.errors import Conflict, Forbidden
from server.messages.clean import one_line
from server.sends.models import OutboundEmail, OutboundState
from server.timeline import queries as timeline

_OVER_WITHOUT_LEAVING = (OutboundState.CANCELLED, OutboundState.SUPPRESSED)


def demand_owner(task: CtaTask, cta: Cta, user_id: uuid.UUID) -> None:
    """An email is written by the owner of its task or of the CTA: it leaves from their own mailbox."""
    if user_id not in (task.owner_id, cta.owner_id):
        raise _somebody_elses()


def may_work(session: Session, tasks: Sequence[CtaTask], cta: Cta, asker: Asker) -> set[uuid.UUID]:
    """Which of these tasks of a CTA: for the owners of task and CTA, their manager, and admins."""
    owners = policy.covered(session, asker, Deed.WORK_TASKS, {cta.owner_id, *(task.owner_id for task in tasks)})
    return {task.id for task in tasks if owners & {task.owner_id, cta.owner_id}}


def complete(
    session: Session, task: CtaTask, *, asker: Asker, now: datetime, entry_id: uuid.UUID | None = None
) -> None:
    """Tick off a task. An email task is done by sending its email, or waits then for the customer; one that waits is
    done when somebody says so. Doing it twice changes nothing.

    `entry_id`: the timeline entry of the mail that was written for an email task in Gmail. Raises Conflict, Forbidden.
    """
    cta = queries.cta(session, task.cta_id)
    demand_may_work(session, task, cta, asker)
    has_left = task.waiting_since is not None and entry_id is None
    if (
        task.kind == TaskKind.EMAIL
        and task.done_at is None
        and not has_left
        and not (
            entry_id is not None
            and timeline.is_mail_sent_by(session, asker.user_id, entry_id=entry_id, account_id=cta.account_id)
        )
    ):
        raise Conflict(
            "An email task is done when its email has left.",
            cure="Write the email from this task, or send it from Gmail and wait until it stands on the timeline.",
        )
    if task.done_at is None and entry_id is not None and task.kind == TaskKind.EMAIL and task.waits_days:
        task.sent_entry_id = entry_id
        waiting.start(session, task, since=now)
        begin(cta)
    elif task.done_at is None:
        changes = set_fields(task, done_at=now, done_by_id=asker.user_id, snoozed_through=None, snooze_reason=None)
        keep(session, [cta], f"Done: {task.title}", changes, by_id=asker.user_id, now=now)
        begin(cta)


def reopen(session: Session, task: CtaTask, *, asker: Asker, now: datetime) -> None:
    """Take a tick back. Not of an email task: its email has left, and it would be settled again at once."""
    cta = queries.cta(session, task.cta_id)
    demand_may_work(session, task, cta, asker)
    if task.kind == TaskKind.EMAIL:
        raise Conflict("An email that has left cannot be taken back.", cure="Write another one from a new task.")
    changes = set_fields(task, done_at=None, done_by_id=None)
    if changes:
        keep(session, [cta], f"Reopened: {task.title}", changes, by_id=asker.user_id, now=now)


def snooze(session: Session, task: CtaTask, *, through: date, reason: str, asker: Asker, today: date) -> None:
    """Not to be shown as something to do through that day; an earlier snooze gives way. `today` is the asker's.

    Raises Invalid for a day that is over or more than a year away, Conflict for what is done or closed, Forbidden.
    """
    cta = queries.cta(session, task.cta_id)
    demand_may_work(session, task, cta, asker)
    if task.done_at is not None:
        raise Conflict("This task is done.", cure="Reopen it first.")
    if not cta.is_open:
        raise Conflict("The CTA of this task is closed.", cure="There is nothing left to put off.")
    demand_day(through, today)
    task.snoozed_through, task.snooze_reason = through, one_line(reason, LONGEST_REASON) or None


def wake(session: Session, task: CtaTask, *, asker: Asker) -> None:
    """Take a snooze back. Doing it twice changes nothing."""
    demand_may_work(session, task, queries.cta(session, task.cta_id), asker)
    task.snoozed_through = task.snooze_reason = None


def demand_task(session: Session, task: CtaTask, asker: Asker) -> None:
    """Raises Forbidden."""
    demand_may_work(session, task, queries.cta(session, task.cta_id), asker)


def demand_may_work(session: Session, task: CtaTask, cta: Cta, asker: Asker) -> None:
    if task.id not in may_work(session, [task], cta, asker):
        raise _somebody_elses()


def demand_part(session: Session, cta: Cta, tasks: Sequence[CtaTask], asker: Asker) -> None:
    """For what belongs to the CTA as a whole: who may work on it, or on one of its tasks, may."""
    owners = {cta.owner_id, *(task.owner_id for task in tasks)}
    if not policy.covered(session, asker, Deed.WORK_TASKS, owners):
        raise Forbidden("None of this CTA is yours.", cure="Ask its owner, or have a task of it handed to you.")


def _somebody_elses() -> Forbidden:
    return Forbidden("This task is somebody else's.", cure="Ask its owner, or have it reassigned to you.")


def begin(cta: Cta) -> None:
    """A CTA that somebody works on is no longer new."""
    if cta.status == CtaStatus.NEW:
        cta.status = CtaStatus.WORK_IN_PROGRESS


def have_left(emails: Sequence[OutboundEmail]) -> bool:
    """Whether what a task wrote has left: something was sent, and nothing else is still to happen.

    An email that failed keeps its task open, until another one to the same contact has left.
    """
    reached = {email.contact_id for email in emails if email.state == OutboundState.SENT}
    return bool(reached) and all(
        email.state in (OutboundState.SENT, *_OVER_WITHOUT_LEAVING)
        or (email.state == OutboundState.FAILED and email.contact_id in reached)
        for email in emails
    )
