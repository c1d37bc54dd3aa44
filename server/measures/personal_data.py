"""What measures say of a person: the words of an answer. Numbers stay, without whose they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.measures.models import Measure
from server.personal import Kind, Record, Register, Subject, Tally, at, redact

COLUMNS: Register = {
    "measure": {
        Kind.TASK: "note contact_id",
        Kind.STAFF: "by_user_id",
        Kind.NONE: "id account_id name word number source_key measured_at created_at",
    },
}
ANSWER_STAYS = "Numbers of surveys that the person answered: without the person and their words"


def found(session: Session, subject: Subject, *, with_text: bool = False) -> Iterator[Record]:
    """Their answers, and words about them."""
    conditions = [subject.wide.may_be_in(Measure.note)] if subject.wide.terms else []
    if subject.contact_id is not None:
        conditions.append(Measure.contact_id == subject.contact_id)
    if not conditions:
        return
    for row in session.scalars(select(Measure).where(or_(*conditions)).order_by(Measure.id)).all():
        data = {
            "id": str(row.id),
            "what": "Measure",
            "name": row.name,
            "value": row.word or row.number,
            "measured_at": at(row.measured_at),
            "account_id": str(row.account_id),
        }
        yield Record(kind=Kind.TASK, data=data | ({"note": row.note} if with_text else {}), since=row.created_at)


def erase(session: Session, subject: Subject, *, now: datetime) -> Tally:  # noqa: ARG001  one shape for all features
    tally = Tally()
    if subject.contact_id is not None:
        for row in session.scalars(select(Measure).where(Measure.contact_id == subject.contact_id)).all():
            row.note = row.contact_id = None
            tally.gone[Kind.TASK] += 1
            tally.kept[ANSWER_STAYS] += 1
        session.flush()
    tally.gone[Kind.TASK] += redact(session, (Measure.note,), subject.wide)
    return tally
