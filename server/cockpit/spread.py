"""Reading the board and the calendar: the same CTAs as in the list, spread over columns or days."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.cockpit import conditions, queries
from server.cockpit.asked import Asked, Columns, View
from server.cockpit.queries import Row, Who
from server.ctas import queries as ctas
from server.ctas.models import Cta, CtaTask
from server.playbooks import choices
from server.workdays import add_months

CARDS = 30
LINES = 4


@dataclass(frozen=True, kw_only=True)
class Column:
    """The first cards of a column, and how many it has."""

    rows: Sequence[Row]
    count: int


@dataclass(frozen=True, kw_only=True)
class OnDay:
    """A CTA that is due, or with `task` a task of it."""

    cta: Cta
    account: Account
    task: CtaTask | None


@dataclass(frozen=True, kw_only=True)
class Day:
    """The first lines of a day, CTAs before tasks, and how many it has."""

    lines: Sequence[OnDay]
    count: int


@dataclass(frozen=True, kw_only=True)
class Month:
    """Whole weeks from Monday on."""

    first: date
    days: Mapping[date, Day]


def board(session: Session, asked: Asked, who: Who) -> Mapping[str, Column]:
    """By the key of the column's status or priority: one statement for all columns, and one that counts."""
    asked = _weighed_as_mine(asked)
    of = Cta.status if asked.columns is Columns.STATUS else Cta.priority
    keys = conditions.order(replace(asked, group=asked.group.NONE), choices.of(session), who.today)
    place = func.row_number().over(partition_by=of, order_by=[key.order for key in keys]).label("place")
    ranked = queries.chosen(asked, who, Cta.id, of.label("column"), place).subquery()
    statement = select(ranked).where(ranked.c.place <= CARDS).order_by(ranked.c.column, ranked.c.place)
    found = session.execute(statement).all()
    rows = {row.cta.id: row for row in queries.rows_of(session, [one.id for one in found], who.today)}
    cards: dict[str, list[Row]] = {}
    for one in found:
        cards.setdefault(one.column, []).append(rows[one.id])
    counted = session.execute(queries.alone(asked, who, of, func.count()).group_by(of))
    # Never fewer than its cards: between the two statements one may have been added.
    return {key: Column(rows=cards[key], count=max(count, len(cards[key]))) for key, count in counted if key in cards}


def calendar(session: Session, asked: Asked, who: Who) -> Month:
    """What is due in a month: CTAs, and their tasks that are still to be done."""
    asked = _weighed_as_mine(asked)
    first = (asked.month or who.today).replace(day=1)
    start = first - timedelta(days=first.weekday())
    end = add_months(first, 1)
    end += timedelta(days=(7 - end.weekday()) % 7)
    of_ctas = queries.alone(asked, who).where(Cta.due_on >= start, Cta.due_on < end)
    in_month = and_(CtaTask.due_on >= start, CtaTask.due_on < end, ctas.to_do(who.today))
    of_tasks = queries.alone(asked, who).join(CtaTask, CtaTask.cta_id == Cta.id).where(in_month)
    shown: dict[date, list[tuple[uuid.UUID, bool]]] = {}
    counts: dict[date, int] = {}
    for statement, due_on, each in ((of_ctas, Cta.due_on, Cta.id), (of_tasks, CtaTask.due_on, CtaTask.id)):
        place = func.row_number().over(partition_by=due_on, order_by=each).label("place")
        ranked = statement.add_columns(each.label("id"), due_on.label("due_on"), place).subquery()
        first_ones = select(ranked).where(ranked.c.place <= LINES).order_by(ranked.c.due_on, ranked.c.place)
        for row in session.execute(first_ones):
            shown.setdefault(row.due_on, []).append((row.id, each is CtaTask.id))
        for day, count in session.execute(statement.add_columns(due_on, func.count()).group_by(due_on)):
            counts[day] = counts.get(day, 0) + count
    lines = _lines(session, {day: found[:LINES] for day, found in shown.items()})
    days = [start + timedelta(days=at) for at in range((end - start).days)]
    return Month(
        first=first,
        days={
            day: Day(lines=lines.get(day, ()), count=max(counts.get(day, 0), len(lines.get(day, ())))) for day in days
        },
    )


def _lines(session: Session, wanted: Mapping[date, Sequence[tuple[uuid.UUID, bool]]]) -> Mapping[date, Sequence[OnDay]]:
    ids: dict[bool, list[uuid.UUID]] = {False: [], True: []}
    for one, is_task in (each for found in wanted.values() for each in found):
        ids[is_task].append(one)
    of_ctas = select(Cta, Account).join(Account, Account.id == Cta.account_id).where(Cta.id.in_(ids[False]))
    of_tasks = select(CtaTask, Cta, Account).join(Cta, Cta.id == CtaTask.cta_id)
    of_tasks = of_tasks.join(Account, Account.id == Cta.account_id).where(CtaTask.id.in_(ids[True]))
    found = {row.Cta.id: OnDay(cta=row.Cta, account=row.Account, task=None) for row in session.execute(of_ctas)}
    found |= {
        row.CtaTask.id: OnDay(cta=row.Cta, account=row.Account, task=row.CtaTask) for row in session.execute(of_tasks)
    }
    return {day: [found[one] for one, _is_task in each] for day, each in wanted.items()}


def _weighed_as_mine(asked: Asked) -> Asked:
    """What is recommended is an order: on a board and a calendar it is what is mine."""
    return replace(asked, view=View.MINE) if asked.view is View.RECOMMENDED else asked


def playbooks(session: Session) -> Sequence[str]:
    """The playbooks of what is open, by name."""
    # From each name to the next by the index: twenty looks and not one at every CTA, as DISTINCT has it.
    is_open = Cta.closed_at.is_(None)
    first = select(func.min(Cta.playbook_name).label("name")).where(is_open).cte(recursive=True)
    following = select(func.min(Cta.playbook_name)).where(is_open, Cta.playbook_name > first.c.name)
    names = first.union_all(select(following.scalar_subquery()).where(first.c.name.is_not(None)))
    return sorted(name for name in session.scalars(select(names.c.name)) if name)


def account(session: Session, account_id: uuid.UUID) -> Account | None:
    return session.get(Account, account_id)
