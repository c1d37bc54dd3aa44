"""Texts of emails that left, or will not leave, which the retention rule takes away. The row stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from server.sends.models import WILL_NOT_LEAVE, OutboundContent, OutboundEmail, OutboundState
from server.timeline import retention as timeline

_OVER = sorted({OutboundState.SENT, *WILL_NOT_LEAVE})


def count_texts(session: Session, *, until: datetime) -> int:
    statement = select(func.count(OutboundContent.id)).join(OutboundEmail, OutboundEmail.id == OutboundContent.id)
    return session.scalar(statement.where(*_is_old(until))) or 0


def remove_texts(session: Session, *, until: datetime, months: int, limit: int) -> int:
    """How many; 0 when none is left."""
    old = select(OutboundEmail.id).join(OutboundContent, OutboundContent.id == OutboundEmail.id).where(*_is_old(until))
    ids = session.scalars(old.order_by(OutboundEmail.id).limit(limit).with_for_update(of=OutboundEmail)).all()
    session.execute(delete(OutboundContent).where(OutboundContent.id.in_(ids)))
    session.execute(
        update(OutboundEmail)
        .where(OutboundEmail.id.in_(ids))
        .values(text_removed_months=months)
        .execution_options(synchronize_session=False)
    )
    timeline.remove_texts_of_outbox(session, ids, months=months)
    return len(ids)


def _is_old(until: datetime) -> tuple[ColumnElement[bool], ...]:
    return OutboundEmail.state.in_(_OVER), OutboundEmail.changed_at < until
