"""What a trigger looks for and opens: of a row, of a form that is not saved yet, or of those that Rapport brings."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.triggers.models import Trigger, TriggerKind


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The fields of `models.Trigger`. `trigger_id` is None before it is saved."""

    slug: str
    name: str
    kind: TriggerKind
    cta_name: str
    cta_type: str
    params: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    priority: str = "medium"
    playbook_slug: str | None = None
    owner_rule: str = "tam"
    names_count: bool = False
    trigger_id: uuid.UUID | None = None
    watches_from: datetime | None = None

    @property
    def also_held(self) -> bool:
        return bool(self.params.get("also_held"))


def watch_of(row: Trigger) -> Watch:
    return Watch(
        slug=row.slug,
        name=row.name,
        kind=TriggerKind(row.kind),
        cta_name=row.cta_name,
        cta_type=row.cta_type,
        params=row.params,
        only=row.only,
        reason=row.reason,
        priority=row.priority,
        playbook_slug=row.playbook_slug,
        owner_rule=row.owner_rule,
        names_count=row.names_count,
        trigger_id=row.id,
        watches_from=row.watches_from,
    )
