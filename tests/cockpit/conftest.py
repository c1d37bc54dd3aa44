"""A Cockpit to look at: CTAs with tasks, a team for Alice and Bob, and what is known of accounts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from server.auth.models import Team, User
from server.ctas.models import Cta, CtaStatus, CtaTask, TaskKind
from server.measures.models import Measure, MeasureName
from server.runtime import Runtime
from tests.cast import Book, load_cast, welcome_only

Add = Callable[..., uuid.UUID]


@pytest.fixture
def book(runtime: Runtime) -> Book:
    """As everywhere, with the one template of the email task: the others take a second to compile."""
    with runtime.db.transaction() as session:
        return load_cast(session, runtime.clock.now(), sources=welcome_only())


@pytest.fixture
def today(runtime: Runtime) -> date:
    """Alice's day, in Paris."""
    return (runtime.clock.now() + timedelta(hours=1)).date()


@pytest.fixture
def add(runtime: Runtime, book: Book) -> Add:
    """add("name", due=..., tasks=[(day, is_done, owner)]) opens a CTA of Alice's."""

    def add_cta(name: str, due: date | None = None, tasks: Any = (), **values: Any) -> uuid.UUID:
        now = runtime.clock.now()
        row = {
            "account_id": book.account,
            "cta_type": "risk",
            "priority": "low",
            "status": CtaStatus.NEW,
            "owner_id": book.alice,
            "opened_at": now,
        } | values
        closed_at = row["opened_at"] if str(row["status"]).startswith("closed") else None
        cta = Cta(name=name, due_on=due, closed_at=closed_at, **row)
        with runtime.db.transaction() as session:
            session.add(cta)
            session.flush()
            for position, (due_on, is_done, owner_id) in enumerate(tasks):
                session.add(
                    CtaTask(
                        cta_id=cta.id,
                        position=position,
                        kind=TaskKind.TO_DO,
                        title=f"{name} {position}",
                        instructions="",
                        owner_id=owner_id,
                        due_on=due_on,
                        done_at=now if is_done else None,
                    )
                )
        return cta.id

    return add_cta


@pytest.fixture
def team(runtime: Runtime, book: Book) -> uuid.UUID:
    """Alice and Bob are in it; Bob manages it."""
    with runtime.db.transaction() as session:
        made = Team(name="EMEA")
        session.add(made)
        session.flush()
        for user_id in (book.alice, book.bob):
            session.get_one(User, user_id).team_id = made.id
        session.get_one(User, book.bob).role = "manager"
        return made.id


@pytest.fixture
def measured(runtime: Runtime, book: Book) -> Callable[[MeasureName, str | float], None]:
    """measured(MeasureName.SENTIMENT, "red") of the cast's account."""

    def add_measure(name: MeasureName, value: str | float) -> None:
        now = runtime.clock.now()
        is_word = isinstance(value, str)
        with runtime.db.transaction() as session:
            session.add(
                Measure(
                    account_id=book.account,
                    name=name,
                    word=value if is_word else None,
                    number=None if is_word else value,
                    measured_at=now,
                    created_at=now,
                )
            )

    return add_measure


def names_in(page: str) -> list[str]:
    """The names of the rows, in order."""
    return re.findall(r'<a class="plain rp-cover" href="[^"]+"[^>]*>([^<]+)</a>', page)


def row_of(runtime: Runtime, cta_id: uuid.UUID) -> Cta:
    with runtime.db.reading() as session:
        return session.get_one(Cta, cta_id)
