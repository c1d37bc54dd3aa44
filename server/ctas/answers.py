"""What became of the waiting of email tasks, cut to what the viewer may see: the answer, the absence, the next step."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server.ctas.models import CtaTask
from server.ctas.waiting import TaskState, state_of
from server.email_templates import queries as email_templates
from server.errors import NotFound
from server.mail.models import MailMessage
from server.messages.model import MailKind
from server.timeline import queries as timeline
from server.timeline.cut import SeenEntry
from server.timeline.visibility import Viewer


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The mail that woke a task. `is_bounce`: ours came back. `entry` is None once it is off the timeline."""

    entry: SeenEntry | None
    is_bounce: bool

    @property
    def who(self) -> str:
        sender = self.entry.sender if self.entry else None
        return (sender.name or sender.email) if sender else "The customer"

    @property
    def text(self) -> str:
        return self.entry.body_text if self.entry else ""

    @property
    def why_hidden(self) -> str:
        return self.entry.seen.reason if self.entry else "The answer is no longer on the timeline."


@dataclass(frozen=True, kw_only=True)
class WaitingView:
    """`is_away`: an automatic reply moved the day; `next_template` is offered when nobody answers."""

    state: TaskState
    reply: Reply | None
    is_away: bool
    next_template: str


def of_tasks(session: Session, tasks: Sequence[CtaTask], viewer: Viewer, today: date) -> dict[uuid.UUID, WaitingView]:
    """Of those that wait or have waited and are not done."""
    return {
        task.id: WaitingView(
            state=state_of(task, today),
            reply=_reply(session, task, viewer) if task.replied_at is not None else None,
            is_away=task.away_entry_id is not None,
            next_template=_template_name(session, task.silent_template_id),
        )
        for task in tasks
        if task.waiting_since is not None and task.is_open
    }


def _reply(session: Session, task: CtaTask, viewer: Viewer) -> Reply:
    if task.reply_entry_id is None:
        return Reply(entry=None, is_bounce=False)
    try:
        entry = timeline.one(session, viewer, task.reply_entry_id)
    except NotFound:
        return Reply(entry=None, is_bounce=False)
    mail = session.get(MailMessage, entry.mail_message_id) if entry.mail_message_id else None
    return Reply(entry=entry, is_bounce=mail is not None and mail.kind == MailKind.BOUNCE)


def _template_name(session: Session, template_id: uuid.UUID | None) -> str:
    return email_templates.by_id(session, template_id).name if template_id else ""
