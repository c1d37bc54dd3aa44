"""CTAs and tasks as pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for

from server.accounts.models import Account
from server.auth.models import User
from server.contacts.queries import ContactView
from server.ctas import settle
from server.ctas.models import (
    Cta,
    CtaTask,
    TaskKind,
)
from server.ctas.waiting import TaskState, state_of
from server.playbooks.choices import Choices
from server.playbooks.models import ChoiceList
from server.sends import present as send_words
from server.sends.models import OutboundEmail, OutboundState
from server.web import show

_STATE_LABELS = {
    TaskState.OPEN: "Open",
    TaskState.SENDING: "Sending",
    TaskState.WAITING: "Waiting for the customer",
    TaskState.REPLIED: "Answered",
    TaskState.SILENT: "No answer",
    TaskState.SNOOZED: "Snoozed",
    TaskState.DONE: "Done",
    TaskState.DROPPED: "No longer in the playbook",
}


def cta_type(cta: Cta, lists: Choices) -> dict[str, str]:
    chosen = lists.type(cta.cta_type)
    return {"label": chosen.label, "icon": chosen.icon or "checklist"}


def priority(cta: Cta, lists: Choices) -> dict[str, str]:
    chosen = lists.priority(cta.priority)
    return {"label": chosen.label, "tone": chosen.tone}


def status(cta: Cta, lists: Choices) -> dict[str, str]:
    chosen = lists.status(cta.status)
    return {"label": chosen.label, "tone": chosen.tone}


def reason(cta: Cta, lists: Choices) -> str:
    chosen = lists.reason(cta.reason)
    return chosen.label if chosen else ""


def is_overdue(due_on: date | None) -> bool:
    return due_on is not None and due_on < show.today()


def account_card(account: Account, tam: User | None) -> dict[str, Any]:
    return {
        "name": account.name,
        "href": f"/accounts/{account.id}",
        "stage": account.stage_label,
        "arr": show.amount(account.arr),
        "renews": show.day(account.renewal_on),
        "tam": {"name": tam.name if tam else account.tam_name} if tam or account.tam_name else None,
    }


def contact_row(contact: ContactView) -> dict[str, Any]:
    return {
        "name": contact.full_name,
        "title": contact.title or "",
        "email": contact.email or "No address",
        "roles": [contact.role_label] if contact.role else [],
        "opted_out": contact.opted_out_at is not None,
    }


def task(
    found: CtaTask,
    *,
    owner: User | None,
    template_name: str,
    emails: Sequence[OutboundEmail],
    may_work: bool,
    may_write: bool,
    account_id: uuid.UUID,
    viewer_id: uuid.UUID,
    waiting: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One task as ctas/_task.html takes it, `waiting` from `present_email`.

    Only the sender of an email can look at it in the outbox.
    """
    is_email = found.kind == TaskKind.EMAIL
    is_done = found.done_at is not None
    # A task whose email has just left is settled a moment later: keep asking until then.
    moving = any(email.is_moving for email in emails)
    unsettled = not is_done and settle.is_unsettled(found, emails)
    is_snoozed = found.is_snoozed(show.today())
    state = state_of(found, show.today(), is_sending=moving or unsettled)
    is_dropped = found.dropped_at is not None and not is_done
    toggle = None
    if may_work and not is_email and not is_dropped:
        deed, label = ("reopen", "Reopen") if is_done else ("complete", "Mark done")
        toggle = {"href": url_for(f"cta_pages.{deed}", task_id=found.id), "label": label}
    can_write = is_email and may_write and found.is_open
    return {
        "id": found.id,
        "title": found.title,
        "kind": "email" if is_email else "todo",
        "state": str(state),
        "state_label": _STATE_LABELS[state],
        "instructions": found.instructions,
        "due": show.day(found.due_on),
        "is_overdue": not is_snoozed and is_overdue(found.due_on),
        "owner": {"name": owner.name} if owner else None,
        "template_name": template_name,
        "compose_href": url_for("compose.compose_email", task_id=found.id) if can_write else None,
        "toggle": toggle,
        "snooze": {
            "through": show.day(found.snoozed_through),
            "reason": found.snooze_reason or "",
            "wake_href": url_for("cta_pages.wake", task_id=found.id) if may_work else None,
        }
        if is_snoozed
        else None,
        "is_moving": unsettled or any(email.is_moving and not send_words.leaves_later(email) for email in emails),
        "poll_href": url_for("cta_pages.task", task_id=found.id),
        "sends": [_send(email, account_id, viewer_id) for email in emails],
        "problem": _problem(emails, viewer_id),
        "waiting": waiting,
    }


def progress(tasks: Sequence[CtaTask]) -> dict[str, int]:
    """How far a CTA is; what was taken away does not count."""
    counted = [task for task in tasks if task.dropped_at is None]
    return {"tasks_done": sum(task.done_at is not None for task in counted), "tasks_total": len(counted)}


def _send(email: OutboundEmail, account_id: uuid.UUID, viewer_id: uuid.UUID) -> dict[str, Any]:
    label, tone, _ = send_words.state_words(email)
    is_sent = email.state == OutboundState.SENT
    return {
        "tone": tone,
        "label": label,
        "to": email.to_name,
        "at": show.moment(email.sent_at) if is_sent else None,
        "later": send_words.leaves_later(email),
        "timeline_href": f"/accounts/{account_id}#timeline" if is_sent else None,
        "outbox_href": url_for("sends.email", email_id=email.id) if email.user_id == viewer_id else None,
    }


def _problem(emails: Sequence[OutboundEmail], viewer_id: uuid.UUID) -> dict[str, Any] | None:
    wrong = next((email for email in emails if email.problem), None)
    if wrong is None:
        return None
    actions = send_words.actions(wrong)
    action = None
    if wrong.user_id != viewer_id:
        return {"text": f"{wrong.to_name}: {wrong.problem}", "cure": "Its sender can decide about it.", "action": None}
    if wrong.state == OutboundState.FAILED:
        action = {"label": actions[0]["label"], "href": actions[0]["href"], "method": "post"}
    elif wrong.state == OutboundState.REVIEW:
        action = {"label": "Decide", "href": url_for("sends.email", email_id=wrong.id), "method": "get"}
    return {"text": f"{wrong.to_name}: {wrong.problem}", "cure": wrong.cure or "", "action": action}


def type_choices(lists: Choices) -> list[dict[str, str]]:
    return [{"value": "", "label": "Every type"}, *_options(lists, ChoiceList.TYPE)]


def status_choices(lists: Choices) -> list[dict[str, str]]:
    return [{"value": "", "label": "All open"}, *_options(lists, ChoiceList.STATUS)]


def _options(lists: Choices, name: ChoiceList) -> list[dict[str, str]]:
    return [{"value": one.key, "label": one.label} for one in lists.lists[name].values()]


def named(users: Mapping[uuid.UUID, User], user_id: uuid.UUID | None) -> User | None:
    return users.get(user_id) if user_id else None
