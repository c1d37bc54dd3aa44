"""What became of the emails of tasks: they left, somebody answered, is away, or the mail came back.

All of it is looked up from what stands in the outbox and on the timeline, and says the same when it is looked up twice,
late, or by two at once: nothing hangs on a message that could be lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from server.ctas import queries, waiting, work
from server.ctas.away import UNKNOWN_DAYS, day_of_return
from server.ctas.models import Cta, CtaTask, EmailTaskSend, TaskKind
from server.mail.models import MailMessage
from server.messages.model import MailKind
from server.sends.models import OutboundEmail, OutboundState
from server.timeline.models import TimelineEntry, TimelineParticipant

_WAKES = (MailKind.PERSONAL, MailKind.AUTO_REPLY, MailKind.BOUNCE)


def settle_email_tasks(session: Session) -> int:
    """Email tasks whose emails have left are done, or wait for the customer; how many. Looks, so that sending need not
    know of tasks."""
    statement = (
        select(CtaTask, OutboundEmail)
        .join(EmailTaskSend, EmailTaskSend.cta_task_id == CtaTask.id)
        .join(OutboundEmail, OutboundEmail.id == EmailTaskSend.outbound_email_id)
        .where(CtaTask.done_at.is_(None), CtaTask.kind == TaskKind.EMAIL)
        .order_by(CtaTask.id)
    )
    tasks: dict[uuid.UUID, tuple[CtaTask, list[OutboundEmail]]] = {}
    for task, email in session.execute(statement):
        tasks.setdefault(task.id, (task, []))[1].append(email)
    return sum(_settle(session, task, emails) for task, emails in tasks.values())


def is_unsettled(task: CtaTask, emails: Sequence[OutboundEmail]) -> bool:
    """Whether its emails have left and it does not say so yet."""
    if not task.is_open or not work.have_left(emails):
        return False
    return task.waiting_since is None or task.waiting_since < _left_at(_last(emails))


def _last(emails: Sequence[OutboundEmail]) -> OutboundEmail:
    return max((email for email in emails if email.state == OutboundState.SENT), key=_left_at)


def _settle(session: Session, task: CtaTask, emails: Sequence[OutboundEmail]) -> bool:
    if not is_unsettled(task, emails):
        return False
    last = _last(emails)
    if task.waits_days:
        waiting.start(session, task, since=_left_at(last))
    else:
        task.done_at, task.done_by_id = _left_at(last), last.user_id
    work.begin(queries.cta(session, task.cta_id))
    return True


def _left_at(email: OutboundEmail) -> datetime:
    return email.sent_at or email.changed_at


@dataclass(frozen=True, kw_only=True)
class _Answer:
    entry: TimelineEntry
    kind: MailKind


def look_for_answers(session: Session) -> int:
    """Wake the tasks that were answered since, and move those whose reader is away; how many changed."""
    answers: dict[uuid.UUID, tuple[CtaTask, dict[uuid.UUID, _Answer]]] = {}
    for statement in (_after_emails(), _after_gmail()):
        for task, entry, kind, left_at in session.execute(statement):
            # Mail dates are of whole seconds, and a machine answers within one.
            if left_at is not None and entry.occurred_at < left_at.replace(microsecond=0):
                continue
            answers.setdefault(task.id, (task, {}))[1][entry.id] = _Answer(entry=entry, kind=MailKind(kind))
    return sum(_take_answers(session, task, found.values()) for task, found in answers.values())


def _take_answers(session: Session, task: CtaTask, answers: Iterable[_Answer]) -> bool:
    """The latest word of a person counts, or that the mail came back; being away only while nobody answered."""
    changed = False
    ordered = sorted(answers, key=lambda one: (one.entry.occurred_at, one.entry.id))
    for one in ordered:
        if one.kind is MailKind.AUTO_REPLY:
            if task.replied_at is None:
                changed |= _move_to_return(session, task, one.entry)
        else:
            _, day = waiting.of_owner(session, task, one.entry.occurred_at)
            if task.replied_at is None:
                task.due_on = day
            task.replied_at, task.reply_entry_id = one.entry.occurred_at, one.entry.id
            changed = True
    return changed


def _move_to_return(session: Session, task: CtaTask, entry: TimelineEntry) -> bool:
    """Silence begins as many working days after the return as were left when the automatic reply came."""
    assert task.waiting_since is not None
    calendar, day = waiting.of_owner(session, task, entry.occurred_at)
    _, since = waiting.of_owner(session, task, task.waiting_since)
    left = max(1, (task.waits_days or 1) - waiting.workdays_between(calendar, since, day))
    back_on = day_of_return(entry.body_text, today=day)
    silent_on = calendar.shift(back_on, left) if back_on else calendar.shift(day, UNKNOWN_DAYS + left)
    if task.silent_on is not None and silent_on <= task.silent_on:
        return False
    task.silent_on = task.due_on = silent_on
    task.back_on, task.away_entry_id = back_on, entry.id
    return True


def _after_emails() -> Select[CtaTask, TimelineEntry, str, datetime | None]:
    """What came in after an email of the outbox, in its conversation."""
    seen, sent, answer = aliased(TimelineEntry), aliased(TimelineEntry), aliased(TimelineEntry)
    return (
        _answers(answer, seen)
        .join(EmailTaskSend, EmailTaskSend.cta_task_id == CtaTask.id)
        .join(OutboundEmail, OutboundEmail.id == EmailTaskSend.outbound_email_id)
        .join(sent, and_(sent.account_id == Cta.account_id, sent.gmail_thread_id == OutboundEmail.gmail_thread_id))
        .join(answer, and_(answer.account_id == Cta.account_id, answer.thread_key == sent.thread_key))
        .join(MailMessage, MailMessage.id == answer.mail_message_id)
        .where(OutboundEmail.state == OutboundState.SENT, OutboundEmail.sent_at.is_not(None))
        .add_columns(OutboundEmail.sent_at)
    )


def _after_gmail() -> Select[CtaTask, TimelineEntry, str, datetime]:
    """What came in after a mail that was written in Gmail for the task."""
    seen, sent, answer = aliased(TimelineEntry), aliased(TimelineEntry), aliased(TimelineEntry)
    return (
        _answers(answer, seen)
        .join(sent, sent.id == CtaTask.sent_entry_id)
        .join(answer, and_(answer.account_id == Cta.account_id, answer.thread_key == sent.thread_key))
        .join(MailMessage, MailMessage.id == answer.mail_message_id)
        .add_columns(sent.occurred_at)
    )


def _answers(answer: type[TimelineEntry], seen: type[TimelineEntry]) -> Select[CtaTask, TimelineEntry, str]:
    """Of tasks that wait: mail of a contact of the account, or that mail came back, that is newer than what is known.

    Mail of anybody else in the conversation is no answer.
    """
    is_theirs = exists().where(
        TimelineParticipant.timeline_entry_id == answer.id,
        TimelineParticipant.part == "from",
        TimelineParticipant.contact_id.is_not(None),
    )
    return (
        select(CtaTask, answer, MailMessage.kind)
        .select_from(CtaTask)
        .join(Cta, Cta.id == CtaTask.cta_id)
        .outerjoin(seen, seen.id == CtaTask.reply_entry_id)
        .where(
            CtaTask.waiting_since.is_not(None),
            queries.is_open_task(),
            Cta.closed_at.is_(None),
            answer.direction == "in",
            MailMessage.kind.in_(_WAKES),
            or_(seen.id.is_(None), answer.occurred_at > seen.occurred_at),
            or_(CtaTask.away_entry_id.is_(None), answer.id != CtaTask.away_entry_id),
            or_(is_theirs, MailMessage.kind == MailKind.BOUNCE),
        )
    )
