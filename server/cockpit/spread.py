"""Reading the board and the calendar: the same CTAs as in the list, spread over columns or days."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth.models import User
from server.cockpit import conditions, queries
from server.cockpit.asked import Asked, Columns, View
from server.cockpit.queries import Who
from server.ctas import queries as ctas
from server.ctas.models import Cta, CtaTask
from server.ctas.queries import CockpitRow
from server.playbooks import choices
from server.workdays import add_months

CARDS = 30
MOST_ON_A_CALENDAR = 600


@dataclass(frozen=True, kw_only=True)
class Column:
    """The first cards of a column, and how many it has."""

    rows: Sequence[CockpitRow]
    count: int


@dataclass(frozen=True, kw_only=True)
class OnDay:
    """A CTA that is due, or with `task` a task of it."""

    cta: Cta
    account: Account
    task: CtaTask | None


@dataclass(frozen=True, kw_only=True)
class Month:
    """Whole weeks from Monday on. `is_all` is false when there was more than can be shown."""

    first: date
    days: Mapping[date, Sequence[OnDay]]
    is_all: bool


def board(session: Session, asked: Asked, who: Who) -> Mapping[str, Column]:
    """By the key of the column's status or priority: one statement for all columns."""
    asked = _weighed_as_mine(asked)
    of = Cta.status if asked.columns is Columns.STATUS else Cta.priority
    keys = conditions.order(replace(asked, group=asked.group.NONE), choices.of(session), who.today)
    place = func.row_number().over(partition_by=of, order_by=[key.order for key in keys]).label("place")
    count = func.count().over(partition_by=of).label("total")
    ranked = queries.chosen(asked, who, Cta.id, of.label("column"), place, count).subquery()
    statement = select(ranked).where(ranked.c.place <= CARDS).order_by(ranked.c.column, ranked.c.place)
    found = session.execute(statement).all()
    rows = {row.cta.id: row for row in queries.rows_of(session, [one.id for one in found], who.today)}
    columns: dict[str, tuple[list[CockpitRow], int]] = {}
    for one in found:
        columns.setdefault(one.column, ([], one.total))[0].append(rows[one.id])
    return {key: Column(rows=cards, count=total) for key, (cards, total) in columns.items()}


def calendar(session: Session, asked: Asked, who: Who) -> Month:
    """What is due in a month: CTAs, and their tasks that are still to be done."""
    asked = _weighed_as_mine(asked)
    first = (asked.month or who.today).replace(day=1)
    start = first - timedelta(days=first.weekday())
    end = add_months(first, 1)
    end += timedelta(days=(7 - end.weekday()) % 7)
    days: dict[date, list[OnDay]] = {start + timedelta(days=at): [] for at in range((end - start).days)}
    of_ctas = _of_ctas(session, asked, who, start, end)
    of_tasks = _of_tasks(session, asked, who, start, end)
    for row in of_ctas[:MOST_ON_A_CALENDAR]:
        days[row.Cta.due_on].append(OnDay(cta=row.Cta, account=row.Account, task=None))
    for row in of_tasks[:MOST_ON_A_CALENDAR]:
        days[row.CtaTask.due_on].append(OnDay(cta=row.Cta, account=row.Account, task=row.CtaTask))
    is_all = max(len(of_ctas), len(of_tasks)) <= MOST_ON_A_CALENDAR
    return Month(first=first, days=days, is_all=is_all)


def _of_ctas(session: Session, asked: Asked, who: Who, start: date, end: date) -> Sequence[Any]:
    statement = queries.chosen(asked, who, Cta, Account).where(Cta.due_on >= start, Cta.due_on < end)
    return session.execute(statement.order_by(Cta.due_on, Cta.id).limit(MOST_ON_A_CALENDAR + 1)).all()


def _of_tasks(session: Session, asked: Asked, who: Who, start: date, end: date) -> Sequence[Any]:
    in_month = and_(CtaTask.due_on >= start, CtaTask.due_on < end, ctas.to_do(who.today))
    statement = queries.chosen(asked, who, CtaTask, Cta, Account).join(CtaTask, CtaTask.cta_id == Cta.id)
    ordered = statement.where(in_month).order_by(CtaTask.due_on, CtaTask.id)
    return session.execute(ordered.limit(MOST_ON_A_CALENDAR + 1)).all()


def _weighed_as_mine(asked: Asked) -> Asked:
    """What is recommended is an order: on a board and a calendar it is what is mine."""
    return replace(asked, view=View.MINE) if asked.view is View.RECOMMENDED else asked


def owners(session: Session) -> Sequence[User]:
    """Who works here, by name."""
    return session.scalars(select(User).where(User.deactivated_at.is_(None)).order_by(User.name, User.id)).all()


def playbooks(session: Session) -> Sequence[str]:
    """The playbooks of what is open, by name."""
    names = select(Cta.playbook_name).where(Cta.closed_at.is_(None), Cta.playbook_name.is_not(None)).distinct()
    return sorted(name for name in session.scalars(names) if name)


def account(session: Session, account_id: uuid.UUID) -> Account | None:
    return session.get(Account, account_id)
