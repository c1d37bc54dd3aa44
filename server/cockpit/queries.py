"""Reading the Cockpit: first which CTAs, by an index and in order, then all that their rows show."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session, load_only

from server.accounts.models import Account
from server.auth.models import User
from server.cockpit import conditions, recommend
from server.cockpit.asked import Asked, View
from server.cockpit.recommend import Facts
from server.ctas import queries as ctas
from server.ctas.models import Cta, CtaTask, TaskKind
from server.measures.models import Measure, MeasureName
from server.playbooks import choices

# What is counted further is said as "1,000+": nobody reads on, and counting takes time.
MOST_COUNTED = 1_000
# Recommended weighs so many, those that are due first.
MOST_WEIGHED = 1_000


# What a row shows: the other columns of hundreds of rows cost more than all of the rest.
_SHOWN = (
    load_only(
        *(Cta.name, Cta.cta_type, Cta.priority, Cta.status, Cta.playbook_name, Cta.is_flagged, Cta.due_on),
        *(Cta.closed_at, Cta.snoozed_through, Cta.snooze_reason, Cta.account_id, Cta.owner_id),
        raiseload=True,
    ),
    load_only(Account.name, Account.arr, Account.renewal_on, raiseload=True),
    load_only(User.name, raiseload=True),
)
_SHOWN_OF_TASK = load_only(
    *(CtaTask.cta_id, CtaTask.title, CtaTask.kind, CtaTask.due_on, CtaTask.replied_at, CtaTask.waiting_since),
    raiseload=True,
)


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who asks, and the day where they are."""

    user_id: uuid.UUID
    today: date
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Row:
    """A CTA as the Cockpit lists it. `next_task` is the first that can be done now; `due_on` as `ctas.first_due`."""

    cta: Cta
    account: Account
    owner: User
    next_task: CtaTask | None
    due_on: date | None
    tasks_done: int
    tasks_total: int


@dataclass(frozen=True, kw_only=True)
class Listed:
    """`reasons` by CTA where they were recommended. `next_after` names the last row when there are more."""

    rows: Sequence[Row]
    next_after: uuid.UUID | None
    reasons: Mapping[uuid.UUID, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of what is open: mine, with what of it is late or due soon, everybody's and my team's."""

    mine: int
    overdue: int
    due_soon: int
    emails_to_send: int
    replies: int
    everybody: int
    team: int


def listed(session: Session, asked: Asked, who: Who, *, limit: int, after: uuid.UUID | None = None) -> Listed:
    if asked.view is View.RECOMMENDED:
        return _recommended(session, asked, who, limit=limit, after=after)
    keys = conditions.order(asked, choices.of(session), who.today)
    statement = chosen(asked, who, Cta.id).order_by(*(key.order for key in keys)).limit(limit + 1)
    if after is not None:
        last = session.execute(_joined(*(key.by for key in keys)).where(Cta.id == after)).one_or_none()
        statement = statement.where(conditions.beyond(keys, list(last))) if last else statement
    ids = list(session.scalars(statement))
    rows = rows_of(session, ids[:limit], who.today)
    return Listed(rows=rows, next_after=ids[limit - 1] if len(ids) > limit else None, reasons={})


def _joined(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Cta)
        .join(Account, Account.id == Cta.account_id)
        .join(User, User.id == Cta.owner_id)
    )


def chosen(asked: Asked, who: Who, *columns: Any) -> Select[Any]:
    """With the account and the owner, by which it can be ordered."""
    return _joined(*columns).where(*conditions.wanted(asked, user_id=who.user_id, today=who.today))


def alone(asked: Asked, who: Who, *columns: Any) -> Select[Any]:
    """As `chosen`, of CTAs alone."""
    return select(*columns).select_from(Cta).where(*conditions.wanted(asked, user_id=who.user_id, today=who.today))


def rows_of(session: Session, ids: Sequence[uuid.UUID], today: date) -> list[Row]:
    """These CTAs in this order. Of their tasks only the next one is read, the others are counted."""
    if not ids:
        return []
    due = ctas.first_due(today).label("due")
    shown = _joined(Cta, Account, User, due).options(*_SHOWN).where(Cta.id.in_(ids))
    found = {row.Cta.id: row for row in session.execute(shown)}
    tasks = {row.cta_id: row for row in session.execute(_tallies(ids, today))}
    places = [(row.cta_id, row.next_position) for row in tasks.values() if row.next_position is not None]
    nexts = select(CtaTask).options(_SHOWN_OF_TASK).where(tuple_(CtaTask.cta_id, CtaTask.position).in_(places))
    next_of = {task.cta_id: task for task in session.scalars(nexts)} if places else {}
    return [
        Row(
            cta=found[one].Cta,
            account=found[one].Account,
            owner=found[one].User,
            next_task=next_of.get(one),
            due_on=found[one].due if found[one].due != conditions.NO_DATE else None,
            tasks_done=tasks[one].done if one in tasks else 0,
            tasks_total=tasks[one].total if one in tasks else 0,
        )
        for one in ids
        if one in found
    ]


def _tallies(ids: Sequence[uuid.UUID], today: date) -> Select[uuid.UUID, int, int, int]:
    return (
        select(
            CtaTask.cta_id,
            func.count().label("total"),
            func.count(CtaTask.done_at).label("done"),
            func.min(CtaTask.position).filter(ctas.to_do(today)).label("next_position"),
        )
        .where(CtaTask.cta_id.in_(ids))
        .group_by(CtaTask.cta_id)
    )


def _recommended(session: Session, asked: Asked, who: Who, *, limit: int, after: uuid.UUID | None) -> Listed:
    weighed = _facts(session, asked, who)
    said = {cta_id: recommend.reasons(facts, who.today) for cta_id, facts in weighed.items()}
    points = {cta_id: sum(one.points for one in found) for cta_id, found in said.items()}
    # In the order of what is due first where the points are equal: sorting keeps it.
    ranked = sorted((cta_id for cta_id in weighed if points[cta_id]), key=lambda one: -points[one])
    start = ranked.index(after) + 1 if after is not None and after in ranked else 0
    ids = ranked[start : start + limit]
    return Listed(
        rows=rows_of(session, ids, who.today),
        next_after=ids[-1] if len(ranked) > start + limit else None,
        reasons={one: [reason.text for reason in said[one]] for one in ids},
    )


def _facts(session: Session, asked: Asked, who: Who) -> dict[uuid.UUID, Facts]:
    due = ctas.first_due(who.today).label("due")
    statement = chosen(asked, who, Cta.id, Cta.account_id, due, Account.renewal_on, Account.arr)
    found = session.execute(statement.order_by(due, Cta.id).limit(MOST_WEIGHED)).all()
    account_ids = {row.account_id for row in found}
    feeling = _latest(session, account_ids, MeasureName.SENTIMENT, who.now)
    use = _latest(session, account_ids, MeasureName.LICENCE_USE, who.now)
    replies = _replies(session, {row.id for row in found})
    return {
        row.id: Facts(
            due_on=row.due if row.due != conditions.NO_DATE else None,
            renewal_on=row.renewal_on,
            arr=row.arr,
            sentiment=feeling[row.account_id].word if row.account_id in feeling else None,
            licence_use=use[row.account_id].number if row.account_id in use else None,
            replied_at=replies.get(row.id),
        )
        for row in found
    }


def _latest(session: Session, account_ids: set[uuid.UUID], name: MeasureName, now: datetime) -> dict[uuid.UUID, Any]:
    """The newest value of each account."""
    rank = func.row_number().over(
        partition_by=Measure.account_id, order_by=(Measure.measured_at.desc(), Measure.id.desc())
    )
    of_them = (Measure.account_id.in_(account_ids), Measure.name == name, Measure.measured_at <= now)
    ranked = select(Measure.account_id, Measure.word, Measure.number, rank.label("rank")).where(*of_them).subquery()
    newest = select(ranked).where(ranked.c.rank == 1)
    return {row.account_id: row for row in session.execute(newest)} if account_ids else {}


def _replies(session: Session, cta_ids: set[uuid.UUID]) -> dict[uuid.UUID, datetime | None]:
    """Since when a reply waits at these CTAs."""
    statement = (
        select(CtaTask.cta_id, func.max(CtaTask.replied_at))
        .where(CtaTask.cta_id.in_(cta_ids), CtaTask.replied_at.is_not(None), ctas.is_open_task())
        .group_by(CtaTask.cta_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)} if cta_ids else {}


def counts(session: Session, who: Who) -> Counts:
    """Mine exactly; everybody's and the team's as far as MOST_COUNTED, one more standing for all beyond."""
    due = ctas.first_due(who.today)
    awake = conditions.wanted(Asked(), user_id=who.user_id, today=who.today)
    row = session.execute(
        select(
            func.count(Cta.id),
            func.count(Cta.id).filter(due < who.today),
            func.count(Cta.id).filter(and_(due >= who.today, due <= who.today + ctas.SOON)),
        ).where(*awake)
    ).one()
    tasks = session.execute(
        select(
            func.count(CtaTask.id).filter(CtaTask.kind == TaskKind.EMAIL, CtaTask.waiting_since.is_(None)),
            func.count(CtaTask.id).filter(CtaTask.replied_at.is_not(None)),
        )
        .join(Cta, Cta.id == CtaTask.cta_id)
        .where(Cta.closed_at.is_(None), CtaTask.owner_id == who.user_id, ctas.to_do(who.today))
    ).one()
    return Counts(
        mine=row[0],
        overdue=row[1],
        due_soon=row[2],
        emails_to_send=tasks[0],
        replies=tasks[1],
        everybody=count(session, Asked(view=View.ALL), who),
        team=count(session, Asked(view=View.TEAM), who),
    )


def count(session: Session, asked: Asked, who: Who) -> int:
    """As far as MOST_COUNTED; one more stands for all beyond."""
    some = select(Cta.id).where(*conditions.wanted(asked, user_id=who.user_id, today=who.today))
    return session.scalar(select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery())) or 0
