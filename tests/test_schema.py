"""The migrations and the models say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from server import schema
from server.db import Database, make_engine
from server.errors import Unavailable
from tests.postgres import PostgresServer


@pytest.fixture
def empty_postgres(postgres_server: PostgresServer, postgres_database: Database) -> Database:
    with postgres_database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS empty"))
        connection.execute(text("CREATE DATABASE empty"))
    return Database(make_engine(postgres_server.url("empty")))


def test_the_migrations_make_what_the_models_say_on_sqlite(tmp_path: Path) -> None:
    db = Database(make_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}"))
    schema.make_ready(db)
    assert schema.differences(db) == []
    assert schema.revision_of(db) == schema.newest()
    db.dispose()


def test_the_migrations_make_what_the_models_say_on_postgresql(empty_postgres: Database) -> None:
    schema.upgrade(empty_postgres)
    assert schema.differences(empty_postgres) == []
    empty_postgres.dispose()


def test_a_postgresql_that_is_behind_is_refused_with_the_command_to_run(empty_postgres: Database) -> None:
    with pytest.raises(Unavailable, match="rapport db upgrade"):
        schema.make_ready(empty_postgres)
    empty_postgres.dispose()
