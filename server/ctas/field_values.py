"""The fields of a CTA that people change, how they are kept in its history, and how they are said."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.auth import people
from server.errors import Invalid
from server.playbooks import choices


@dataclass(frozen=True, kw_only=True)
class Field:
    """`label` names it to people."""

    label: str


FIELDS: Mapping[str, Field] = {
    "name": Field(label="Name"),
    "cta_type": Field(label="Type"),
    "reason": Field(label="Reason"),
    "priority": Field(label="Priority"),
    "status": Field(label="Status"),
    "owner_id": Field(label="Owner"),
    "due_on": Field(label="Due date"),
    "ebr_on": Field(label="Date of the business review"),
    "is_flagged": Field(label="Flag"),
    "snoozed_through": Field(label="Snoozed through"),
    "snooze_reason": Field(label="Reason of the snooze"),
}
TASK_FIELDS: Mapping[str, Field] = {
    "title": Field(label="What to do"),
    "owner_id": Field(label="Owner"),
    "due_on": Field(label="Due date"),
}
_DAYS = frozenset({"due_on", "ebr_on", "snoozed_through", "silent_on", "back_on", "opened_on"})
_INSTANTS = frozenset({"closed_at", "done_at", "waiting_since", "replied_at", "dropped_at"})


def demand_near(**days: Any) -> None:
    """Raises Invalid for a day in whose neighbourhood nobody can count. Days by field; None is fine."""
    for field, day in days.items():
        if day is not None and not 1900 <= day.year <= 2200:
            what = "No calendar of ours goes that far."
            raise Invalid(what, cure="Choose a day of the coming years.", fields={field: what})


def to_json(value: Any) -> str | None:
    """A value as the history keeps it; None for nothing."""
    if value is None:
        return None
    return json.dumps(value if isinstance(value, bool | int | str) else str(value), ensure_ascii=False)


def from_json(field: str, kept: str | None) -> Any:
    """The value that `to_json` kept of this field."""
    if kept is None:
        return None
    value = json.loads(kept)
    if field.endswith("_id"):
        return uuid.UUID(value)
    if field in _DAYS:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if field in _INSTANTS else value


def label_of(session: Session, field: str, value: Any) -> str:
    """A value in words: "Alice Moreau", "4 Mar 2027", "nothing"."""
    lists = choices.of(session)
    if value is None or value == "":
        return "nothing"
    if field == "owner_id":
        return people.by_id(session, value).name
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, date):
        return value.strftime("%-d %b %Y")
    named = {"cta_type": lists.type, "status": lists.status, "priority": lists.priority, "reason": lists.reason}
    chosen = named[field](value) if field in named else None
    return chosen.label if chosen else str(value)
