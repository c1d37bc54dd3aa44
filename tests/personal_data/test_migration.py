"""The migration to 0008 takes the NOT NULL from a full table of emails, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from server import schema
from server.db import Database, make_engine
from tests.postgres import PostgresServer

_A, _B = "0" * 31 + "1", "0" * 31 + "2"


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database at revision 0007."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        postgres: Database = request.getfixturevalue("postgres_database")
        with postgres.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE IF EXISTS old"))
            connection.execute(text("CREATE DATABASE old"))
        url = server.url("old")
    db = Database(make_engine(url))
    with db.engine.begin() as connection:
        command.upgrade(schema._config(connection), "0007")
    return db


def add(connection: Connection, table: str, **values: object) -> None:
    """A row whose other columns have whatever their kind of value is."""
    fillers = {"TEXT": "", "INTEGER": 0, "UUID": _A, "CHAR(32)": _A}
    columns = connection.dialect.get_columns(connection, table)
    row = {
        column["name"]: values.get(column["name"], fillers.get(str(column["type"]), "2026-01-01"))
        for column in columns
        if not column["nullable"] or column["name"] in values
    }
    if "compiled" in row:
        row["compiled"] = "{}"
    if "applies_when" in row:
        row["applies_when"] = "{}"
    names = ", ".join(f'"{name}"' for name in row)
    connection.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(f":{name}" for name in row)})'), row)


def test_emails_keep_their_texts_and_steps_and_may_then_be_without_a_contact(old: Database) -> None:
    with old.engine.begin() as connection:
        for table in ("user", "account", "contact", "mailbox", "email_template", "email_template_version"):
            add(connection, table)
        add(connection, "outbound_email", id=_B, contact_id=_A)
        add(connection, "outbound_content", id=_B, text="Hello")
        add(connection, "outbound_step", outbound_email_id=_B)
    schema.upgrade(old)
    with old.engine.begin() as connection:
        assert connection.execute(text("SELECT text FROM outbound_content")).scalar_one() == "Hello"
        assert connection.execute(text("SELECT count(*) FROM outbound_step")).scalar_one() == 1
        connection.execute(text("UPDATE outbound_email SET contact_id = NULL"))
        connection.execute(text("DELETE FROM contact"))
    assert schema.differences(old) == []
    if old.is_sqlite:
        with old.engine.connect() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    old.dispose()
