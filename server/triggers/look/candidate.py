"""What looking gives, and the accounts that are looked at."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth.models import User
from server.triggers.watch import Watch

# What happened longer ago opens nothing any more, however long no clock looked.
LONGEST_LATE = timedelta(days=90)
AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class BookRow:
    """An account as triggers see it. `zone` is its TAM's; UTC while it has none."""

    id: uuid.UUID
    name: str
    tam_id: uuid.UUID | None
    tam_name: str
    zone: str
    stage: str | None
    renewal_on: date | None
    contract_start_on: date | None
    created_at: datetime

    def day_of(self, instant: datetime) -> date:
        """The day where its TAM is."""
        return instant.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """That a trigger is about an account. `occasion` names what happened: for each, a CTA is opened once, for ever.

    `began_on` is its day where the TAM is; of what happened at an instant, `began_at` says it. `why` is said in the
    CTA, `values` stand in its name.
    """

    account: BookRow
    occasion: str
    began_on: date
    why: str
    began_at: datetime | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    review_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """When is looked: `now`, and how many days ahead of it (rehearsal). `since_on` is the day of the last look."""

    now: datetime
    ahead: int = 0
    since_on: date | None = None

    def last_day(self, account: BookRow) -> date:
        return account.day_of(self.now) + timedelta(days=self.ahead)

    def is_within(self, found: Candidate, watch: Watch) -> bool:
        """Whether it has begun, and after the trigger was turned on unless it is also for what holds already."""
        if found.began_on > self.last_day(found.account):
            return False
        if watch.also_held or watch.watches_from is None:
            return True
        if found.began_at is not None:
            return found.began_at >= watch.watches_from
        return found.began_on >= found.account.day_of(watch.watches_from)


def accounts_of(
    session: Session,
    watch: Watch,
    *,
    ids: Collection[uuid.UUID] | None = None,
    where: Sequence[ColumnElement[bool]] = (),
) -> Iterable[BookRow]:
    """The accounts that the trigger's `only` leaves, in the order of their ids."""
    conditions = [*where, *_only(watch.only)]
    if ids is None:
        yield from _rows(session, conditions)
        return
    wanted = sorted(ids)
    for start in range(0, len(wanted), AT_ONCE):
        yield from _rows(session, [*conditions, Account.id.in_(wanted[start : start + AT_ONCE])])


def _rows(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Iterable[BookRow]:
    statement = (
        select(
            Account.id,
            Account.name,
            Account.tam_id,
            Account.tam_name,
            User.name.label("user_name"),
            User.time_zone,
            Account.lifecycle_stage,
            Account.renewal_on,
            Account.contract_start_on,
            Account.created_at,
        )
        .outerjoin(User, User.id == Account.tam_id)
        .where(*conditions)
        .order_by(Account.id)
    )
    for row in session.execute(statement):
        yield BookRow(
            id=row.id,
            name=row.name,
            tam_id=row.tam_id,
            tam_name=row.user_name or row.tam_name or "",
            zone=row.time_zone or UTC.tzname(None) or "UTC",
            stage=row.lifecycle_stage,
            renewal_on=row.renewal_on,
            contract_start_on=row.contract_start_on,
            created_at=row.created_at,
        )


def _only(only: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if stages := only.get("stages"):
        conditions.append(Account.lifecycle_stage.in_(list(stages)))
    if (least := only.get("arr_at_least")) is not None:
        conditions.append(Account.arr >= Decimal(least))
    if (under := only.get("arr_under")) is not None:
        conditions.append(Account.arr < Decimal(under))
    return conditions


def said(day: date) -> str:
    """A day as CTAs say it: 4 Mar 2027."""
    return f"{day.day} {day:%b %Y}"
