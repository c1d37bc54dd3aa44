"""A company's Cockpit: so many open CTAs with four open tasks each, ten times as many that are closed, 50 TAMs."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from server.accounts.models import Account
from server.auth.models import Team, User
from server.ctas import next_due
from server.ctas.models import Cta, CtaTask
from server.db import Base, Database
from server.ids import new_id
from server.measures.models import Measure
from server.playbooks.first_choices import add_first_choices

TAMS, TEAMS, ACCOUNTS = 50, 5, 2_000
TASKS = 4
_CHUNK = 5_000
_TYPES = ("risk", "lifecycle", "renewal", "expansion", "activity")


@dataclass(frozen=True, kw_only=True)
class World:
    """`tam` owns as many as the others."""

    tam: uuid.UUID


def fill(db: Database, *, open_ctas: int, closed_ctas: int, now: datetime) -> World:
    """The same rows in every run, but for their ids."""
    chance = random.Random(20261123)
    today = now.date()
    teams = [new_id() for _ in range(TEAMS)]
    users = [new_id() for _ in range(TAMS)]
    accounts = [new_id() for _ in range(ACCOUNTS)]
    with db.transaction() as session:
        add_first_choices(session)
    _insert(db, Team, ({"id": one, "name": f"Team {at}"} for at, one in enumerate(teams)))
    _insert(db, User, (_user(at, one, teams[at % TEAMS], now) for at, one in enumerate(users)))
    _insert(db, Account, (_account(at, one, chance, today, now) for at, one in enumerate(accounts)))
    _insert(db, Measure, _measures(accounts, chance, now))
    open_ids = [new_id() for _ in range(open_ctas)]
    closed_ids = [new_id() for _ in range(closed_ctas)]

    def cta(at: int, one: uuid.UUID, closed_at: datetime | None) -> dict[str, Any]:
        return {
            "id": one,
            "account_id": chance.choice(accounts),
            "name": f"CTA {at} of {chance.choice(_TYPES)}",
            "cta_type": chance.choice(_TYPES),
            "reason": None,
            "priority": chance.choice(("high", "medium", "low")),
            "status": "closed_success" if closed_at else chance.choice(("new", "work_in_progress")),
            "owner_id": users[at % TAMS],
            "playbook_name": f"Playbook {at % 20}",
            "is_flagged": at % 17 == 0,
            "due_on": today + timedelta(days=chance.randrange(-20, 120)),
            "opened_at": now - timedelta(days=chance.randrange(200)),
            "closed_at": closed_at,
            "row_version": 1,
        }

    _insert(db, Cta, (cta(at, one, None) for at, one in enumerate(open_ids)))
    _insert(db, Cta, (cta(at, one, now - timedelta(hours=at)) for at, one in enumerate(closed_ids)))
    _insert(db, CtaTask, _tasks(open_ids, users, TASKS, chance, today, done_at=None))
    _insert(db, CtaTask, _tasks(closed_ids, users, 2, chance, today, done_at=now))
    with db.transaction() as session:
        next_due.keep(session, [*open_ids, *closed_ids])
    with db.engine.connect() as connection:
        if db.is_sqlite:
            connection.exec_driver_sql("ANALYZE")
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    return World(tam=users[0])


def _user(at: int, user_id: uuid.UUID, team_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": user_id,
        "email": f"tam{at}@rapport.example",
        "name": f"Tam Number {at}",
        "title": "TAM",
        "role": "tam",
        "team_id": team_id,
        "time_zone": "Europe/Paris",
        "created_at": now,
    }


def _account(at: int, account_id: uuid.UUID, chance: random.Random, today: date, now: datetime) -> dict[str, Any]:
    return {
        "id": account_id,
        "name": f"Company {at}",
        "name_key": f"company {at}",
        "arr": Decimal(chance.randrange(1_000, 900_000)),
        "renewal_on": today + timedelta(days=chance.randrange(365)),
        "lifecycle_stage": "adoption",
        "created_at": now,
        "updated_at": now,
    }


def _measures(accounts: Iterable[uuid.UUID], chance: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    for account_id, name, age in itertools.product(accounts, ("sentiment", "licence_use"), range(3)):
        is_word = name == "sentiment"
        yield {
            "id": new_id(),
            "account_id": account_id,
            "name": name,
            "word": chance.choice(("red", "yellow", "green")) if is_word else None,
            "number": None if is_word else chance.random() * 100,
            "measured_at": now - timedelta(days=30 * age + 1),
            "created_at": now,
        }


def _tasks(
    ctas: Iterable[uuid.UUID],
    users: list[uuid.UUID],
    count: int,
    chance: random.Random,
    today: date,
    done_at: datetime | None,
) -> Iterator[dict[str, Any]]:
    for at, cta_id in enumerate(ctas):
        for position in range(count):
            is_others = position == 0 and at % 10 == 0
            yield {
                "id": new_id(),
                "cta_id": cta_id,
                "position": position,
                "kind": "email" if position == 1 else "to_do",
                "title": f"Task {position}",
                "instructions": "Ask how it goes.",
                "owner_id": chance.choice(users) if is_others else users[at % TAMS],
                "due_on": today + timedelta(days=chance.randrange(-10, 90)),
                "done_at": done_at,
                "snoozed_through": today + timedelta(days=chance.choice((-2, 3))) if chance.random() < 0.05 else None,
            }


def _insert(db: Database, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    waiting = iter(rows)
    while chunk := list(itertools.islice(waiting, _CHUNK)):
        with db.transaction() as session:
            session.execute(insert(table), chunk)
