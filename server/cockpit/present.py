"""CTAs as the Cockpit shows them: rows in groups, cards in columns, lines on days."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for

from server.cockpit.asked import Asked, Columns, GroupBy
from server.cockpit.queries import Row
from server.cockpit.spread import Column, Day, Month, OnDay
from server.ctas import present as cta_words
from server.ctas.models import TaskKind
from server.ctas.queries import SOON
from server.playbooks.choices import Choice, Choices
from server.playbooks.models import ChoiceList
from server.web import show
from server.workdays import add_months

_DUE = {
    "overdue": ("Overdue", "danger"),
    "today": ("Today", "warning"),
    "soon": ("Next 7 days", "info"),
    "later": ("Later", "neutral"),
    "none": ("No date", "neutral"),
    "closed": ("Closed", "neutral"),
}


def groups(
    rows: Sequence[Row], lists: Choices, group: GroupBy, reasons: Mapping[uuid.UUID, Sequence[str]] | None = None
) -> list[dict[str, Any]]:
    """Rows that stand in the order of their groups, as cockpit/_groups.html takes them."""
    found: list[dict[str, Any]] = []
    last: tuple[str, ...] = ()
    for row in rows:
        key, label, tone = _group_of(row, lists, group)
        if not found or (key, label) != last:
            at = key if group is GroupBy.DUE else f"g{len(found)}"
            found.append({"key": at, "label": label, "tone": tone, "ctas": []})
            last = (key, label)
        found[-1]["ctas"].append(_row(row, lists, (reasons or {}).get(row.cta.id, ())))
    return found


def _group_of(row: Row, lists: Choices, group: GroupBy) -> tuple[str, str, str]:
    """Key, label and tone."""
    cta = row.cta
    if group is GroupBy.DUE:
        key = due_group(row.due_on) if cta.is_open else "closed"
        return key, *_DUE[key]
    if group is GroupBy.RENEWAL:
        day = row.account.renewal_on
        return ("", "No renewal date", "neutral") if day is None else (f"{day:%Y-%m}", f"Renews in {day:%B %Y}", "info")
    if group is GroupBy.PRIORITY:
        chosen = lists.priority(cta.priority)
        return chosen.key, chosen.label, chosen.tone
    if group is GroupBy.STATUS:
        chosen = lists.status(cta.status)
        return chosen.key, chosen.label, chosen.tone
    label = {
        GroupBy.ACCOUNT: row.account.name,
        GroupBy.TYPE: lists.type(cta.cta_type).label,
        GroupBy.OWNER: row.owner.name,
        GroupBy.PLAYBOOK: cta.playbook_name or "No playbook",
        GroupBy.NONE: "All",
    }[group]
    key = str({GroupBy.ACCOUNT: row.account.id, GroupBy.OWNER: row.owner.id}.get(group, label))
    return key, label, "accent"


def due_group(due_on: date | None) -> str:
    if due_on is None:
        return "none"
    today = show.today()
    if due_on < today:
        return "overdue"
    if due_on == today:
        return "today"
    return "soon" if due_on <= today + SOON else "later"


def _row(row: Row, lists: Choices, reasons: Sequence[str]) -> dict[str, Any]:
    cta, account, task = row.cta, row.account, row.next_task
    is_email = task is not None and task.kind == TaskKind.EMAIL
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
        "next_task": {
            "title": task.title,
            "due": show.day(task.due_on),
            "is_email": is_email,
            "has_reply": task.replied_at is not None,
            "is_waiting": task.waiting_since is not None and task.replied_at is None,
            "write_href": url_for("compose.compose_email", task_id=task.id) if is_email else None,
        }
        if task
        else None,
        "tasks_done": row.tasks_done,
        "tasks_total": row.tasks_total,
        "priority": cta_words.priority(cta, lists),
        "status": cta_words.status(cta, lists),
        "status_key": cta.status,
        "owner": {"name": row.owner.name},
        "due": show.day(row.due_on),
        "due_iso": cta.due_on.isoformat() if cta.due_on else "",
        "is_overdue": cta.is_open and cta_words.is_overdue(task.due_on if task else cta.due_on),
        "is_flagged": cta.is_flagged,
        "is_open": cta.is_open,
        "snoozed": _snoozed(row),
        "reasons": list(reasons),
    }


def _snoozed(row: Row) -> dict[str, Any] | None:
    if not row.cta.is_snoozed(show.today()):
        return None
    return {"through": show.day(row.cta.snoozed_through), "reason": row.cta.snooze_reason or ""}


def columns(board: Mapping[str, Column], asked: Asked, lists: Choices) -> list[dict[str, Any]]:
    """All columns that something can be moved to, in the order of their list; the last of statuses closes."""
    is_status = asked.columns is Columns.STATUS
    name = ChoiceList.STATUS if is_status else ChoiceList.PRIORITY
    shown: list[Choice] = [one for one in lists.offered(name) if not one.is_closed]
    shown += [lists.get(name, key) for key in board if key not in {one.key for one in shown}]
    return [_column(one, board.get(one.key), lists) for one in shown]


def _column(choice: Choice, column: Column | None, lists: Choices) -> dict[str, Any]:
    rows, count = (column.rows, column.count) if column else ([], 0)
    return {
        "key": choice.key,
        "label": choice.label,
        "tone": choice.tone,
        "count": count,
        "more": count - len(rows),
        "is_closed": choice.is_closed,
        "cards": [_row(row, lists, ()) for row in rows],
    }


def month(found: Month, asked: Asked, lists: Choices) -> dict[str, Any]:
    """Weeks of days; of each day the first lines, and how many more there are."""
    today = show.today()
    days = [_day(day, due, found.first, today, lists) for day, due in found.days.items()]
    return {
        "label": f"{found.first:%B %Y}",
        "weeks": [days[start : start + 7] for start in range(0, len(days), 7)],
        "earlier": {**asked.words, "month": f"{add_months(found.first, -1):%Y-%m}"},
        "later": {**asked.words, "month": f"{add_months(found.first, 1):%Y-%m}"},
        "now": {**asked.words, "month": f"{today:%Y-%m}"},
    }


def _day(day: date, due: Day, first: date, today: date, lists: Choices) -> dict[str, Any]:
    return {
        "iso": day.isoformat(),
        "number": day.day,
        "label": f"{day:%A %-d %B %Y}",
        "weekday": f"{day:%a}",
        "is_today": day == today,
        "is_other": day.month != first.month,
        "is_free": day.weekday() >= 5,
        "lines": [_line(one, today, lists) for one in due.lines],
        "more": due.count - len(due.lines),
    }


def _line(one: OnDay, today: date, lists: Choices) -> dict[str, Any]:
    href = url_for("cta_pages.cta", cta_id=one.cta.id)
    due_on = one.task.due_on if one.task else one.cta.due_on
    is_email = one.task is not None and one.task.kind == TaskKind.EMAIL
    return {
        "id": one.cta.id,
        "title": one.task.title if one.task else one.cta.name,
        "account": one.account.name,
        "href": f"{href}#task-{one.task.id}" if one.task else href,
        "icon": ("mail" if is_email else "check") if one.task else cta_words.cta_type(one.cta, lists)["icon"],
        "is_task": one.task is not None,
        "is_late": one.cta.is_open and due_on is not None and due_on < today,
        "due_iso": one.cta.due_on.isoformat() if one.cta.due_on else "",
        "name": one.cta.name,
    }


def counted(count: int, most: int) -> str:
    """1,000+ for what was counted no further."""
    return f"{most:,}+" if count > most else f"{count:,}"
