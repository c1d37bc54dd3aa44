"""Measures are checked by their name, stand once, and the latest holds."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.db import Database
from server.errors import Invalid, NotFound
from server.measures import queries
from server.measures.models import Measure, MeasureName
from server.measures.record import Reported, record
from tests.cast import Book, load_cast, welcome_only
from tests.conftest import StandingClock


@pytest.fixture
def book(db: Database, clock: StandingClock) -> Book:
    with db.transaction() as session:
        return load_cast(session, clock.now(), sources=welcome_only())


def tell(db: Database, clock: StandingClock, account_id: uuid.UUID, **more: Any) -> Measure:
    told: dict[str, Any] = {"name": MeasureName.SENTIMENT, "word": "red", "measured_at": clock.now()} | more
    with db.transaction() as session:
        return record(session, Reported(account_id=account_id, **told), by_user_id=None, now=clock.now())


def latest(db: Database, clock: StandingClock, book: Book, name: MeasureName = MeasureName.SENTIMENT) -> Any:
    with db.reading() as session:
        found = queries.latest(session, [book.account], name, at=clock.now()).get(book.account)
        return None if found is None else found.word or found.number


def test_the_latest_measure_holds_whatever_order_they_came_in(db: Database, clock: StandingClock, book: Book):
    tell(db, clock, book.account, word="yellow")
    tell(db, clock, book.account, word="green", measured_at=clock.now() - timedelta(days=2))
    assert latest(db, clock, book) == "yellow"
    clock.advance(days=1)
    tell(db, clock, book.account, word="red")
    assert latest(db, clock, book) == "red"
    assert latest(db, clock, book, MeasureName.NPS) is None


def test_the_same_report_stands_once(db: Database, clock: StandingClock, book: Book):
    first = tell(db, clock, book.account, source_key="survey:1")
    again = tell(db, clock, book.account, source_key="survey:1", word="green")
    assert (again.id, again.word) == (first.id, "red")
    with db.reading() as session:
        assert session.scalar(select(func.count(Measure.id))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"word": "blue"},
        {"word": None, "number": 3},
        {"name": MeasureName.NPS, "word": None, "number": 11},
        {"name": MeasureName.NPS, "word": None, "number": -1},
        {"name": MeasureName.NPS, "word": None},
        {"name": MeasureName.LICENCE_USE, "word": None, "number": 1_001},
        {"name": MeasureName.LICENCE_USE, "word": None, "number": float("nan")},
        {"name": MeasureName.LICENCE_USE, "word": "red", "number": 5},
        {"contact_id": uuid.uuid4()},
    ],
)
def test_what_a_measure_cannot_be_is_refused(db: Database, clock: StandingClock, book: Book, wrong: dict[str, Any]):
    with pytest.raises(Invalid):
        tell(db, clock, book.account, **wrong)
    assert latest(db, clock, book) is None


def test_the_future_and_accounts_that_are_not_there_are_refused(db: Database, clock: StandingClock, book: Book):
    with pytest.raises(Invalid):
        tell(db, clock, book.account, measured_at=clock.now() + timedelta(hours=1))
    with pytest.raises(NotFound):
        tell(db, clock, uuid.uuid4())
