"""What is asked, as conditions and orders of SQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, exists, extract, false, func, literal, or_, select

from server.accounts.models import Account
from server.accounts.names import fold
from server.auth.models import User
from server.cockpit.asked import ALL_CLOSED, Asked, Due, GroupBy, Snoozed, SortBy, View
from server.ctas import queries as ctas
from server.ctas.models import Cta, CtaTask
from server.playbooks.choices import Choices
from server.playbooks.models import ChoiceList

NO_DATE = ctas.NO_DATE
_WEEK = timedelta(days=6)


@dataclass(frozen=True, kw_only=True)
class Key:
    """One part of an order."""

    by: ColumnElement[Any]
    falls: bool = False

    @property
    def order(self) -> ColumnElement[Any]:
        return self.by.desc() if self.falls else self.by.asc()

    def beyond(self, value: Any) -> ColumnElement[bool]:
        last = literal(value, self.by.type)
        return self.by < last if self.falls else self.by > last


def wanted(asked: Asked, *, user_id: uuid.UUID, today: date) -> list[ColumnElement[bool]]:
    """`user_id` is who asks, `today` their day."""
    return [
        *_whose(asked, user_id),
        *_state(asked, today),
        *_fields(asked),
        *_due(asked, today),
    ]


def team(user_id: uuid.UUID) -> ColumnElement[bool]:
    """Owned by somebody of their team; who is in none is a team of one."""
    team_id = select(User.team_id).where(User.id == user_id).scalar_subquery()
    # One set of ids: with the OR outside of it PostgreSQL looks at every CTA.
    return Cta.owner_id.in_(select(User.id).where(or_(User.id == user_id, User.team_id == team_id)))


def _whose(asked: Asked, user_id: uuid.UUID) -> list[ColumnElement[bool]]:
    if asked.view is View.TEAM:
        return [team(user_id)]
    if asked.view is View.MINE or (asked.view is View.RECOMMENDED and asked.owner is None):
        return [ctas.mine(user_id, is_open=not asked.is_closed)]
    return []


def _state(asked: Asked, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.status == ALL_CLOSED:
        found.append(Cta.closed_at.is_not(None))
    else:
        # Both: the index of what is open is used for a status, too.
        found += [Cta.status == asked.status] if asked.status else [Cta.closed_at.is_(None)]
    if asked.snoozed is Snoozed.ONLY:
        found += [Cta.closed_at.is_(None), Cta.snoozed_through >= today]
    elif asked.snoozed is Snoozed.HIDE and not asked.is_closed:
        found.append(ctas.is_awake(today))
    return found


def _fields(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.type:
        found.append(Cta.cta_type == asked.type)
    if asked.reason:
        found.append(Cta.reason == asked.reason)
    if asked.priority:
        found.append(Cta.priority == asked.priority)
    if asked.owner:
        found.append(ctas.mine(asked.owner, is_open=not asked.is_closed))
    if asked.account:
        found.append(Cta.account_id == asked.account)
    if asked.flagged:
        found.append(Cta.is_flagged.is_(True))
    if asked.playbook:
        found.append(Cta.playbook_name == asked.playbook)
    if asked.stage:
        found.append(Cta.account_id.in_(select(Account.id).where(Account.lifecycle_stage == asked.stage)))
    if asked.q:
        named = select(Account.id).where(Account.name_key.contains(fold(asked.q), autoescape=True))
        found.append(or_(Cta.name.icontains(asked.q, autoescape=True), Cta.account_id.in_(named)))
    return found


def _due(asked: Asked, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.next:
        its = and_(CtaTask.cta_id == Cta.id, ctas.to_do(today), CtaTask.kind == asked.next)
        found.append(exists().where(its))
    if asked.due is Due.ANY:
        return found
    due = ctas.first_due(today)
    found += {
        Due.OVERDUE: [due < today],
        Due.TODAY: [due == today],
        Due.WEEK: [due >= today, due <= today + _WEEK],
        Due.NONE: [due == NO_DATE],
        Due.RANGE: [],
    }[asked.due]
    if asked.due is Due.RANGE:
        found += [due >= asked.due_from] if asked.due_from else []
        found += [due <= asked.due_until] if asked.due_until else [due != NO_DATE]
    return found


def order(asked: Asked, lists: Choices, today: date) -> list[Key]:
    """Groups first, then what was asked, then the id: no two rows are equal."""
    if asked.is_closed and asked.sort is SortBy.DUE:
        # What is over is due no more: the latest first.
        groups = [] if asked.group is GroupBy.DUE else _groups(asked.group, lists, today)
        return [*groups, Key(by=Cta.closed_at.expression, falls=True), Key(by=Cta.id.expression, falls=True)]
    is_implied = asked.group is GroupBy.DUE and (asked.is_closed or asked.sort is SortBy.DUE)
    groups = [] if is_implied else _groups(asked.group, lists, today)
    return [*groups, _sort(asked.sort, lists, today), Key(by=Cta.id.expression)]


def _groups(group: GroupBy, lists: Choices, today: date) -> list[Key]:
    soon = today + ctas.SOON
    due = ctas.first_due(today)
    if group is GroupBy.DUE:
        whens = (due < today, 0), (due == today, 1), (due <= soon, 2), (due < NO_DATE, 3)
        return [Key(by=case(*whens, else_=4))]
    if group is GroupBy.ACCOUNT:
        return [Key(by=Account.name_key.expression), Key(by=Cta.account_id.expression)]
    if group is GroupBy.OWNER:
        return [Key(by=User.name.expression), Key(by=Cta.owner_id.expression)]
    if group is GroupBy.RENEWAL:
        none = extract("year", func.coalesce(Account.renewal_on, NO_DATE)) * 12
        return [Key(by=cast(none + extract("month", func.coalesce(Account.renewal_on, NO_DATE)), Integer))]
    if group is GroupBy.PLAYBOOK:
        return [Key(by=case((Cta.playbook_name.is_(None), 1), else_=0)), Key(by=func.coalesce(Cta.playbook_name, ""))]
    columns = {
        GroupBy.TYPE: (ChoiceList.TYPE, Cta.cta_type),
        GroupBy.STATUS: (ChoiceList.STATUS, Cta.status),
        GroupBy.PRIORITY: (ChoiceList.PRIORITY, Cta.priority),
    }
    if group not in columns:
        return []
    name, column = columns[group]
    return [Key(by=position(lists, name, column)), Key(by=column.expression)]


def _sort(sort: SortBy, lists: Choices, today: date) -> Key:
    if sort is SortBy.RENEWAL:
        return Key(by=func.coalesce(Account.renewal_on, NO_DATE))
    if sort is SortBy.ARR:
        return Key(by=func.coalesce(Account.arr, 0), falls=True)
    if sort is SortBy.PRIORITY:
        return Key(by=position(lists, ChoiceList.PRIORITY, Cta.priority))
    if sort is SortBy.OPENED:
        return Key(by=Cta.opened_at.expression, falls=True)
    if sort is SortBy.NAME:
        return Key(by=func.lower(Cta.name))
    return Key(by=ctas.first_due(today))


def position(lists: Choices, name: ChoiceList, column: Any) -> ColumnElement[int]:
    """The place of a key in its list; one that no list has comes last."""
    places = {key: one.position for key, one in lists.lists[name].items()}
    return case(places, value=column, else_=9999) if places else literal(0)


def beyond(keys: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """What comes after the row with these values."""
    found: ColumnElement[bool] = false()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        found = or_(key.beyond(value), and_(key.by == literal(value, key.by.type), found))
    return found
