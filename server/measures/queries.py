"""Reading measures."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.measures.models import Measure, MeasureName

_AT_ONCE = 500


def latest(
    session: Session, account_ids: Sequence[uuid.UUID], name: MeasureName, *, at: datetime
) -> dict[uuid.UUID, Measure]:
    """What holds for each account at an instant: the newest that was measured and known by then."""
    found: dict[uuid.UUID, Measure] = {}
    for start in range(0, len(account_ids), _AT_ONCE):
        rank = (
            func.row_number()
            .over(partition_by=Measure.account_id, order_by=(Measure.measured_at.desc(), Measure.id.desc()))
            .label("rank")
        )
        ranked = (
            select(Measure.id, rank)
            .where(
                Measure.account_id.in_(account_ids[start : start + _AT_ONCE]),
                Measure.name == name.value,
                Measure.measured_at <= at,
            )
            .subquery()
        )
        statement = select(Measure).join(ranked, ranked.c.id == Measure.id).where(ranked.c.rank == 1)
        found.update({one.account_id: one for one in session.scalars(statement)})
    return found


def of_account(session: Session, account_id: uuid.UUID, *, limit: int = 100) -> Sequence[Measure]:
    """The newest first."""
    statement = (
        select(Measure)
        .where(Measure.account_id == account_id)
        .order_by(Measure.measured_at.desc(), Measure.id.desc())
        .limit(limit)
    )
    return session.scalars(statement).all()
