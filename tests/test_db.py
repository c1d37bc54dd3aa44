"""The database's recipe: instants, money, transactions that wait for each other instead of failing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from server.accounts.models import Account, AccountDomain
from server.auth.models import Team
from server.db import Database, insert_if_absent
from server.ids import new_id

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)


def account(**values: Any) -> Account:
    return Account(**{"name": "A", "name_key": "a", "created_at": NOW, "updated_at": NOW, **values})


@pytest.mark.parametrize(
    "instant",
    [
        NOW,
        NOW.astimezone(timezone(timedelta(hours=5, minutes=45))),
        NOW.astimezone(timezone(-timedelta(hours=11))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_the_same_aware_and_in_utc(db: Database, instant: datetime) -> None:
    row = account(created_at=instant)
    with db.transaction() as session:
        session.add(row)
    with db.reading() as session:
        found = session.scalars(select(Account.created_at).where(Account.created_at == instant)).one()
    assert found == instant
    assert found.utcoffset() == timedelta(0)


def test_instants_compare_in_order_whatever_zone_they_are_given_in(db: Database) -> None:
    with db.transaction() as session:
        session.add_all(account(name=str(hour), created_at=NOW + timedelta(hours=hour)) for hour in range(4))
    border = (NOW + timedelta(hours=2)).astimezone(timezone(timedelta(hours=9)))
    with db.reading() as session:
        names = session.scalars(select(Account.name).where(Account.created_at < border).order_by(Account.created_at))
        assert list(names) == ["0", "1"]


def test_a_naive_datetime_is_refused(db: Database) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive datetime"), db.transaction() as session:
        session.add(account(created_at=naive))
    with pytest.raises(StatementError, match="naive datetime"), db.reading() as session:
        session.execute(select(Account).where(Account.created_at > naive))


@pytest.mark.parametrize("amount", ["0.00", "0.01", "-0.01", "858000.10", "99999999999999.99", "-12345678901234.56"])
def test_money_is_exact(db: Database, amount: str) -> None:
    with db.transaction() as session:
        session.add(account(arr=Decimal(amount)))
    with db.reading() as session:
        found = session.scalars(select(Account.arr)).one()
        assert session.scalar(select(func.count()).where(Account.arr == Decimal(amount))) == 1
    assert str(found) == amount


def test_a_transaction_that_raises_leaves_nothing(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add_all([Team(name="whole"), AccountDomain(account_id=new_id(), domain="example.com")])
    with db.reading() as session:
        assert session.scalar(select(func.count(Team.id))) == 0


def test_what_a_reading_session_writes_does_not_last(db: Database) -> None:
    with db.reading() as session:
        session.add(Team(name="ghost"))
        session.flush()
    with db.reading() as session:
        assert session.scalar(select(func.count(Team.id))) == 0


def test_foreign_keys_hold(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add(AccountDomain(account_id=new_id(), domain="example.com"))


def test_deleting_a_parent_takes_the_children_that_only_it_has(db: Database) -> None:
    row = account()
    with db.transaction() as session:
        session.add(row)
        session.flush()
        session.add(AccountDomain(account_id=row.id, domain="example.com"))
    with db.transaction() as session:
        session.execute(text("DELETE FROM account"))
    with db.reading() as session:
        assert session.scalar(select(func.count(AccountDomain.id))) == 0


def in_threads(number: int, deed: Callable[[int], Any]) -> list[Any]:
    """Run it in so many threads that start together; raises what any of them raised."""
    barrier = threading.Barrier(number)

    def run(index: int) -> Any:
        barrier.wait()
        return deed(index)

    with ThreadPoolExecutor(number) as pool:
        futures = [pool.submit(run, index) for index in range(number)]
        wait(futures)
        return [future.result() for future in futures]


def test_transactions_that_read_and_then_write_wait_for_each_other(db: Database) -> None:
    """On SQLite a deferred BEGIN dies here with "database is locked", and loses counts if it is retried blindly."""
    row = account(arr=Decimal("0.00"))
    with db.transaction() as session:
        session.add(row)

    def count(_: int) -> None:
        for _ in range(50):
            with db.transaction() as session:
                found = session.get_one(Account, row.id, with_for_update=True)
                session.execute(update(Account).where(Account.id == row.id).values(arr=found.arr + Decimal("0.01")))

    in_threads(4, count)
    with db.reading() as session:
        assert session.get_one(Account, row.id).arr == Decimal("2.00")


def test_reading_does_not_wait_for_a_writer(db: Database) -> None:
    with db.transaction() as session:
        session.add(Team(name="before"))
    with db.transaction() as writer:
        writer.add(Team(name="under way"))
        writer.flush()
        with ThreadPoolExecutor(1) as pool:
            # The busy timeout is 30 s: to wait at all would be to wait for that long.
            names = pool.submit(team_names, db).result(timeout=10)
    assert names == ["before"]
    assert team_names(db) == ["before", "under way"]


def team_names(db: Database) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Team.name).order_by(Team.name)))


def test_of_rivals_that_insert_the_same_exactly_one_succeeds(db: Database) -> None:
    def insert(_: int) -> bool:
        with db.transaction() as session:
            return insert_if_absent(session, Team(name="one"))

    assert sorted(in_threads(4, insert)) == [False, False, False, True]
    assert team_names(db) == ["one"]


def test_an_insert_that_lost_leaves_its_transaction_usable(db: Database) -> None:
    with db.transaction() as session:
        assert insert_if_absent(session, Team(name="one"))
        assert not insert_if_absent(session, Team(name="one"))
        assert insert_if_absent(session, Team(name="two"))
    assert team_names(db) == ["one", "two"]


@pytest.fixture
def pragmas(sqlite_database: Database) -> Iterator[dict[str, Any]]:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with sqlite_database.engine.connect() as connection:
        yield {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


def test_sqlite_is_set_to_lose_nothing(pragmas: dict[str, Any]) -> None:
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
