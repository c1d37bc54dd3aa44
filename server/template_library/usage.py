"""How often templates were sent and answered, and where they are used."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from server.ctas.models import Cta, CtaTask
from server.email_templates.models import EmailTemplateVersion
from server.mail.models import MailCopy, MailMessage, MailParticipant
from server.messages.model import MailKind
from server.sends.models import OutboundEmail, OutboundState


@dataclass(frozen=True, kw_only=True)
class Sent:
    """`answered` counts emails with a later mail that a known contact wrote in their conversation."""

    sent: int = 0
    answered: int = 0
    last_at: datetime | None = None

    @property
    def share(self) -> str:
        """ "24 %", or an empty text when nothing was sent."""
        return f"{round(100 * self.answered / self.sent)} %" if self.sent else ""


@dataclass(frozen=True, kw_only=True)
class UsedIn:
    """A playbook whose tasks use a template. `open_tasks` are still to be done."""

    playbook: str
    open_tasks: int
    tasks: int


def sent(session: Session, template_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Sent]:
    """By template, over all its versions; those that were never sent are not in it."""
    answered = {row[0]: row[1] for row in session.execute(_counted(template_ids, only_answered=True)).all()}
    return {
        template_id: Sent(sent=count, answered=answered.get(template_id, 0), last_at=last_at)
        for template_id, count, last_at in session.execute(_counted(template_ids))
    }


def _counted(
    template_ids: Sequence[uuid.UUID], *, only_answered: bool = False
) -> Select[uuid.UUID, int, datetime | None]:
    statement = (
        select(
            EmailTemplateVersion.email_template_id,
            func.count(OutboundEmail.id),
            func.max(OutboundEmail.sent_at),
        )
        .join(OutboundEmail, OutboundEmail.email_template_version_id == EmailTemplateVersion.id)
        .where(
            EmailTemplateVersion.email_template_id.in_(template_ids),
            OutboundEmail.state == OutboundState.SENT,
        )
        .group_by(EmailTemplateVersion.email_template_id)
    )
    if not only_answered:
        return statement
    sent, answer = aliased(MailMessage), aliased(MailMessage)
    # By the conversation and not by Gmail's thread: the answer may have come to a colleague's mailbox.
    is_answered = exists().where(
        MailCopy.mailbox_id == OutboundEmail.mailbox_id,
        MailCopy.gmail_message_id == OutboundEmail.gmail_message_id,
        sent.id == MailCopy.mail_message_id,
        answer.mail_thread_id == sent.mail_thread_id,
        answer.sent_at > OutboundEmail.sent_at,
        answer.kind == MailKind.PERSONAL,
        MailParticipant.mail_message_id == answer.id,
        MailParticipant.part == "from",
        MailParticipant.contact_id.is_not(None),
    )
    return statement.where(is_answered)


def used_in(session: Session, template_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[UsedIn]]:
    """By template: the playbooks of CTAs with a task for it, by name. CTAs without a playbook count as "By hand"."""
    is_open = Cta.closed_at.is_(None) & (CtaTask.done_at.is_(None))
    statement = (
        select(
            CtaTask.email_template_id,
            Cta.playbook_name,
            func.count(CtaTask.id),
            func.count(CtaTask.id).filter(is_open),
        )
        .join(Cta, Cta.id == CtaTask.cta_id)
        .where(CtaTask.email_template_id.in_(template_ids))
        .group_by(CtaTask.email_template_id, Cta.playbook_name)
        .order_by(Cta.playbook_name)
    )
    found: defaultdict[uuid.UUID, list[UsedIn]] = defaultdict(list)
    for template_id, playbook, tasks, open_tasks in session.execute(statement):
        assert template_id is not None  # it is one of those asked for
        found[template_id].append(UsedIn(playbook=playbook or "By hand", tasks=tasks, open_tasks=open_tasks))
    return dict(found)
