"""Persons who do things on CTAs in tests, without a request around them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server.ctas import queries
from server.ctas.models import Cta, CtaTask


@dataclass(frozen=True, kw_only=True)
class Person:
    user_id: uuid.UUID
    role: str = "tam"
    deeds: frozenset[str] | None = None


def tasks(session: Session, cta_id: uuid.UUID) -> list[CtaTask]:
    return queries.tasks_of(session, [cta_id]).get(cta_id, [])


def with_dates(session: Session, cta_id: uuid.UUID, cta_due: date, *task_dues: date | None) -> Cta:
    cta = queries.cta(session, cta_id)
    cta.due_on = cta_due
    for task, due_on in zip(tasks(session, cta_id), task_dues, strict=True):
        task.due_on = due_on
    session.flush()
    return cta
