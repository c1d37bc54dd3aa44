"""The email part of a task as ctas/_task_email.html takes it."""

from __future__ import annotations

from typing import Any

from flask import url_for

from server.ctas.answers import Reply, WaitingView
from server.ctas.models import CtaTask
from server.ctas.waiting import TaskState
from server.timeline.present import gmail_link
from server.web import show

_LONGEST_SHOWN = 1_200


def waiting(task: CtaTask, view: WaitingView, *, may_work: bool, may_write: bool) -> dict[str, Any] | None:
    """None while there is nothing to say of it: it sleeps."""
    if view.state not in (TaskState.WAITING, TaskState.REPLIED, TaskState.SILENT):
        return None
    is_awake = view.state is not TaskState.WAITING
    compose = url_for("compose.compose_email", task_id=task.id)
    is_next = view.state is TaskState.SILENT and view.next_template
    return {
        "state": str(view.state),
        "since": show.moment(task.waiting_since),
        "silent": show.day(task.silent_on),
        "away": _away(task) if view.is_away and not is_awake else "",
        "days": task.waits_days or 1,
        "reply": _reply(view.reply) if view.reply else None,
        "next": {"name": view.next_template, "href": f"{compose}?next=1"} if is_next and may_write else None,
        "wait_href": url_for("compose.wait_longer", task_id=task.id) if may_work and is_awake else None,
        "done_href": url_for("cta_pages.complete", task_id=task.id) if may_work else None,
    }


def _away(task: CtaTask) -> str:
    if task.back_on is None:
        return "An automatic reply came that names no day of return: three working days were added."
    back = show.day(task.back_on)
    assert back is not None
    return f"They are away and back on {back.text}, says an automatic reply."


def _reply(reply: Reply) -> dict[str, Any]:
    entry = reply.entry
    text = reply.text.strip()
    return {
        "who": reply.who,
        "at": show.moment(entry.occurred_at) if entry else None,
        "text": text[:_LONGEST_SHOWN] + (" …" if len(text) > _LONGEST_SHOWN else ""),
        "why_hidden": "" if text else reply.why_hidden,
        "is_bounce": reply.is_bounce,
        "timeline_href": f"/accounts/{entry.account_id}#entry-{entry.id}" if entry else None,
        "gmail_href": gmail_link(entry) if entry else None,
    }
