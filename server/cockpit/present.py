"""CTAs as the Cockpit lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import url_for

from server.ctas import present as cta_words
from server.ctas.models import TaskKind
from server.ctas.queries import SOON, CockpitRow
from server.playbooks.choices import Choices
from server.web import show

_GROUPS = (
    ("overdue", "Overdue", "danger"),
    ("today", "Today", "warning"),
    ("soon", "Next 7 days", "info"),
    ("later", "Later", "neutral"),
    ("none", "No date", "neutral"),
    ("closed", "Closed", "neutral"),
)


def groups(rows: Sequence[CockpitRow], lists: Choices) -> list[dict[str, Any]]:
    """Rows by when they are due, as cockpit/_cta_list.html takes them."""
    by_key: dict[str, list[dict[str, Any]]] = {key: [] for key, _, _ in _GROUPS}
    for row in rows:
        by_key[_group_of(row.due_on) if row.cta.is_open else "closed"].append(_row(row, lists))
    return [{"key": key, "label": label, "tone": tone, "ctas": by_key[key]} for key, label, tone in _GROUPS]


def _group_of(due_on: date | None) -> str:
    if due_on is None:
        return "none"
    today = show.today()
    if due_on < today:
        return "overdue"
    if due_on == today:
        return "today"
    return "soon" if due_on <= today + SOON else "later"


def _row(row: CockpitRow, lists: Choices) -> dict[str, Any]:
    cta, account, task = row.cta, row.account, row.next_task
    return {
        "id": cta.id,
        "name": cta.name,
        "href": url_for("cta_pages.cta", cta_id=cta.id),
        "type": cta_words.cta_type(cta, lists),
        "account": {
            "name": account.name,
            "href": f"/accounts/{account.id}",
            "arr": show.amount(account.arr),
            "renews": show.day(account.renewal_on),
        },
        "next_task": {"title": task.title, "due": show.day(task.due_on), "is_email": task.kind == TaskKind.EMAIL}
        if task
        else None,
        "tasks_done": sum(task.done_at is not None for task in row.tasks),
        "tasks_total": len(row.tasks),
        "priority": cta_words.priority(cta, lists),
        "owner": {"name": row.owner.name},
        "is_overdue": cta.is_open and cta_words.is_overdue(task.due_on if task else cta.due_on),
    }
