"""An account beside a mail, with its CTAs and last entries, in JSON."""

from __future__ import annotations

from typing import Any

from flask import url_for

from server.panel.api.frame import home
from server.panel.situation import AccountBeside, OpenCta, OpenTask
from server.timeline.cut import SeenEntry

_LONGEST_REPLY = 600


def account_of(one: AccountBeside) -> dict[str, Any]:
    """As AccountBesideSchema takes it."""
    account = one.account
    return {
        "id": account.id,
        "name": account.name,
        "lifecycle_stage": account.stage_label,
        "why": one.why,
        "href": home() + url_for("customer_360.account", account_id=account.id),
        "ctas": [_cta(each) for each in one.ctas],
        "entries": [_entry(each) for each in one.entries],
    }


def _cta(one: OpenCta) -> dict[str, Any]:
    cta = one.cta
    return {
        "id": cta.id,
        "name": cta.name,
        "type": cta.cta_type,
        "priority": cta.priority,
        "due_on": cta.due_on,
        "href": home() + url_for("cta_pages.cta", cta_id=cta.id),
        "tasks": [_task(each) for each in one.tasks],
    }


def _task(one: OpenTask) -> dict[str, Any]:
    task = one.task
    return {
        "id": task.id,
        "kind": task.kind,
        "title": task.title,
        "due_on": task.due_on,
        "snoozed_through": task.snoozed_through,
        "state": one.state,
        "silent_on": task.silent_on,
        "waits_days": task.waits_days,
        "reply": {"who": one.reply.who, "text": one.reply.text[:_LONGEST_REPLY], "is_bounce": one.reply.is_bounce}
        if one.reply
        else None,
        "is_mine": one.is_mine,
        "template_slug": one.template_slug or None,
        "template_name": one.template_name or None,
    }


def _entry(one: SeenEntry) -> dict[str, Any]:
    return {
        "id": one.id,
        "activity": one.activity_label,
        "occurred_at": one.occurred_at,
        "direction": one.direction,
        "subject": one.seen.subject,
    }
