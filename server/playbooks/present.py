"""What pages show of playbooks, in words."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import STAGE_LABELS, LifecycleStage
from server.auth.models import User
from server.contacts.models import role_label
from server.email_templates.models import EmailTemplate
from server.playbooks import choices
from server.playbooks.definition import Anchor, Definition, Direction, Due, OwnerRule, Step, TaskType, Unit
from server.web import markdown

TASKS = {
    TaskType.TO_DO: ("To-do", "checklist"),
    TaskType.EMAIL: ("Email", "mail"),
    TaskType.CALL: ("Call", "phone"),
    TaskType.MEETING: ("Meeting", "users"),
    TaskType.SURVEY: ("Survey", "list-check"),
}
OWNERS = {
    OwnerRule.TAM: "The account’s TAM",
    OwnerRule.FORMER_TAM: "The former TAM",
    OwnerRule.MANAGER: "The TAM’s manager",
    OwnerRule.ACCOUNT_OWNER: "The account owner",
}
UNITS = {
    Unit.DAYS: ("day", "days"),
    Unit.BUSINESS_DAYS: ("business day", "business days"),
    Unit.WEEKS: ("week", "weeks"),
    Unit.MONTHS: ("month", "months"),
}
ANCHORS = {
    Anchor.OPENED: "opening",
    Anchor.RENEWAL: "the renewal",
    Anchor.EBR: "the business review",
    Anchor.CONTRACT_START: "the start of the contract",
}
_AROUND = 3


def due_words(due: Due | None) -> str:
    """ "3 business days after opening"."""
    if due is None:
        return "No due date"
    if due.amount == 0:
        day = "On the day of" if due.unit is not Unit.BUSINESS_DAYS else "On the first business day from"
        return f"{day} {ANCHORS[due.anchor]}"
    one, many = UNITS[due.unit]
    side = "before" if due.direction is Direction.BEFORE else "after"
    return f"{due.amount} {one if due.amount == 1 else many} {side} {ANCHORS[due.anchor]}"


def duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def of_definition(session: Session, definition: Definition) -> dict[str, Any]:
    lists = choices.of(session)
    reason = lists.reason(definition.reason)
    titles = {step.key: step.title for step in definition.steps}
    names = _template_names(session, definition)
    return {
        "name": definition.name,
        "slug": definition.slug,
        "description": definition.description,
        "type": {"label": lists.type(definition.cta_type).label, "icon": lists.type(definition.cta_type).icon},
        "reason": reason.label if reason else "",
        "priority": lists.priority(definition.priority).label,
        "owner": OWNERS[definition.owner],
        "due": due_words(definition.due),
        "applies": _applies(definition),
        "total": duration(sum(step.minutes for step in definition.steps)),
        "steps": [_step(step, titles, names) for step in definition.steps],
    }


def _applies(definition: Definition) -> str:
    said = [STAGE_LABELS[LifecycleStage(stage)] for stage in definition.applies.stages]
    words = [f"Stage {' or '.join(said)}"] if said else []
    if definition.applies.arr_at_least is not None:
        words.append(f"ARR of {definition.applies.arr_at_least:,} or more")
    if definition.applies.arr_under is not None:
        words.append(f"ARR under {definition.applies.arr_under:,}")
    return ", ".join(words) or "Every account"


def _step(step: Step, titles: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    label, icon = TASKS[step.task]
    silent = step.if_silent
    return {
        "title": step.title,
        "task": label,
        "icon": icon,
        "due": due_words(step.due),
        "owner": OWNERS[step.owner],
        "is_required": step.required,
        "minutes": duration(step.minutes),
        "needs": [titles.get(key, key) for key in step.needs],
        "template": _template(step.template, names),
        "to": role_label(step.to) if step.to else "",
        "silent": {"days": silent.after_business_days, "template": _template(silent.template, names)}
        if silent
        else None,
        "instructions": markdown.to_html(step.instructions) if step.instructions else "",
    }


def _template(slug: str | None, names: Mapping[str, str]) -> dict[str, str] | None:
    return {"name": names.get(slug, slug), "href": f"/templates/{slug}"} if slug else None


def _template_names(session: Session, definition: Definition) -> dict[str, str]:
    slugs = {step.template for step in definition.steps} | {
        step.if_silent.template for step in definition.steps if step.if_silent
    }
    rows = session.execute(
        select(EmailTemplate.slug, EmailTemplate.name).where(EmailTemplate.slug.in_([one for one in slugs if one]))
    )
    return {slug: name or slug for slug, name in rows}


def author(session: Session, user_id: uuid.UUID | None) -> str:
    user = session.get(User, user_id) if user_id else None
    return user.name if user else "Files"


def diff_rows(left: str, right: str) -> list[dict[str, Any]]:
    """Rows as email_templates/_diff.html shows them; empty when the two are the same."""
    if left == right:
        return []
    before, after = left.split("\n"), right.split("\n")
    rows: list[dict[str, Any]] = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    last = (0, 0)
    for group in matcher.get_grouped_opcodes(_AROUND):
        if (group[0][1], group[0][3]) != last:
            rows.append({"kind": "gap", "left_no": None, "left_html": "", "right_no": None, "right_html": ""})
        for tag, i1, i2, j1, j2 in group:
            rows += _rows(tag, before, range(i1, i2), after, range(j1, j2))
        last = (group[-1][2], group[-1][4])
    return rows


def _rows(tag: str, before: Sequence[str], lefts: range, after: Sequence[str], rights: range) -> list[dict[str, Any]]:
    rows = []
    for at in range(max(len(lefts), len(rights))):
        left = lefts[at] if at < len(lefts) else None
        right = rights[at] if at < len(rights) else None
        kind = "same" if tag == "equal" else "removed" if right is None else "added" if left is None else "changed"
        rows.append(
            {
                "kind": kind,
                "left_no": left + 1 if left is not None else None,
                "left_html": escape(before[left]) if left is not None else None,
                "right_no": right + 1 if right is not None else None,
                "right_html": escape(after[right]) if right is not None else None,
            }
        )
    return rows
