"""Tasks whose day counts from a business review get it when the review gets its date."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from server.accounts import queries as accounts
from server.ctas import queries
from server.ctas.history import set_fields
from server.ctas.models import Cta, CtaChange
from server.ctas.open import anchors_of
from server.playbooks import queries as playbooks
from server.playbooks.calendars import calendar_of
from server.playbooks.definition import Anchor
from server.playbooks.plan import due_day


def with_review(session: Session, cta: Cta, *, before: date | None) -> list[CtaChange]:
    """Plan the open tasks, and the CTA itself, anew from `cta.ebr_on`. Days that somebody chose by hand stay."""
    if cta.playbook_version_id is None or cta.ebr_on == before:
        return []
    definition = playbooks.of_version(session, cta.playbook_version_id).definition
    account, calendars = accounts.by_id(session, cta.account_id), calendar_of(session)
    opened_on = cta.opened_on or cta.opened_at.date()
    was = anchors_of(account, opened_on=opened_on, ebr_on=before)
    now_is = anchors_of(account, opened_on=opened_on, ebr_on=cta.ebr_on)
    changes: list[CtaChange] = []
    steps = {step.key: step for step in definition.steps}
    for task in queries.tasks_of(session, [cta.id]).get(cta.id, []):
        due = steps[task.key].due if task.key in steps else None
        if not task.is_open or due is None or due.anchor is not Anchor.EBR:
            continue
        calendar = calendars(task.owner_id)
        if task.due_on in (None, due_day(due, was, calendar)):
            changes += set_fields(task, due_on=due_day(due, now_is, calendar))
    due = definition.due
    if due is not None and due.anchor is Anchor.EBR:
        calendar = calendars(cta.owner_id)
        if cta.due_on in (None, due_day(due, was, calendar)):
            changes += set_fields(cta, due_on=due_day(due, now_is, calendar))
    return changes
