"""The database: one declarative base, one engine recipe for SQLite and PostgreSQL, one place where transactions end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    Numeric,
    Text,
    Uuid,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from server.errors import Conflict
from server.ids import new_id

_READ_ONLY = "rapport_read_only"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values; always comes back aware and in UTC (SQLite has no zones of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no instant: give it a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An amount with two decimals. SQLite has no decimal type, so there it is kept as whole cents."""

    impl = Numeric(16, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else Numeric(16, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        if value is None:
            return None
        return int((value * 100).to_integral_value(ROUND_HALF_UP)) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return (Decimal(value) / 100).quantize(Decimal("0.01")) if dialect.name == "sqlite" else Decimal(value)


JsonValue = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every row has a UUIDv7 `id`, set when the object is made, so that it can be spoken of before the flush."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  read by SQLAlchemy, declared without ClassVar there
        datetime: UtcDateTime,
        date: Date,
        Decimal: Money,
        str: Text,
        uuid.UUID: Uuid,
        dict[str, Any]: JsonValue,
        list[Any]: JsonValue,
    }

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-1)


@event.listens_for(Base, "init", propagate=True)
def _set_id(_target: Base, _args: Any, values: dict[str, Any]) -> None:
    values.setdefault("id", new_id())


def make_engine(url: str) -> Engine:
    """An engine by our recipe. PostgreSQL: without its JIT compiler.

    SQLite: WAL, synchronous=FULL, foreign keys, BEGIN IMMEDIATE for every writer.
    """
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=4, hide_parameters=True)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    # hide_parameters: addresses and texts have no place in tracebacks, nor in Redis, where failed jobs keep theirs
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Compiling a statement takes PostgreSQL longer (100 ms and more, measured) than any of ours takes to run.
    connection.autocommit = True
    connection.cursor().execute("SET jit = off")
    connection.autocommit = False


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not open transactions by itself
    cursor = connection.cursor()
    # 64 MiB of pages instead of 2: with a million contacts the upper levels of the indexes stay in memory.
    for pragma in (
        "journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON", "cache_size=-65536"
    ):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that writes later fails with "database is locked" despite the busy timeout (measured).
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def insert_if_absent(session: Session, row: Base) -> bool:
    """Insert `row` unless a unique constraint already holds its like; whether it was inserted. Waits for rivals."""
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    mapper = inspect(type(row))
    values = {
        attribute.key: getattr(row, attribute.key) for attribute in mapper.column_attrs if attribute.key in row.__dict__
    }
    # RETURNING tells the truth on both; the row count of such an insert is -1 with psycopg.
    statement = make(type(row)).values(**values).on_conflict_do_nothing().returning(type(row).id)
    return session.execute(statement).first() is not None


def _nothing(_session: Session) -> None:
    pass


class Database:
    """An engine and the two ways to use it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = sessionmaker(engine, expire_on_commit=False)
        self._before_commit: Callable[[Session], None] = _nothing
        self._after_commit: Callable[[Session], None] = _nothing
        event.listen(self._writing, "before_commit", self._about_to_commit)
        event.listen(self._writing, "after_commit", self._committed)
        self._reading = sessionmaker(engine.execution_options(**{_READ_ONLY: True}), expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit when the block ends, roll back when it raises. The only place where changes become lasting.

        Raises Conflict when somebody else changed a row at the same moment that counts its versions.
        """
        try:
            with self._writing.begin() as session:
                yield session
        except StaleDataError:
            what = "Somebody else changed this at the same moment."
            raise Conflict(what, cure="Nothing of yours was written. Look at it, then decide again.") from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that never commits; on SQLite it does not wait for writers."""
        with self._reading() as session:
            yield session

    def on_commit(self, before: Callable[[Session], None], after: Callable[[Session], None]) -> None:
        """Call `before` in each transaction about to commit, where it may add to it, and `after` when it did.

        Takes the place of those that were given before.
        """
        self._before_commit, self._after_commit = before, after

    def _about_to_commit(self, session: Session) -> None:
        self._before_commit(session)

    def _committed(self, session: Session) -> None:
        self._after_commit(session)

    def after_fork(self) -> None:
        """Forget connections that belong to the parent process, without closing them under it."""
        self.engine.dispose(close=False)

    def dispose(self) -> None:
        self.engine.dispose()
