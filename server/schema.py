"""Bringing a database to the present shape, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.all_models import metadata
from server.db import Database
from server.errors import Unavailable

_FOLDER = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(db: Database) -> None:
    """Apply what is missing, in one transaction (SQLite and PostgreSQL both roll a failed one back)."""
    with db.engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def revision_of(db: Database) -> str | None:
    """The revision that the database stands at; None for an empty one."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def make_ready(db: Database) -> None:
    """An SQLite database is brought up to date by itself; another one must have been, by an operator.

    Raises Unavailable with the command to run.
    """
    if revision_of(db) == newest():
        return
    if not db.is_sqlite:
        raise Unavailable("The database is not at the newest revision.", cure="Run: rapport db upgrade")
    upgrade(db)


def draft_migration(db: Database, message: str) -> None:
    """Write a new file under migrations/versions from the difference between the models and this database."""
    with db.engine.begin() as connection:
        command.revision(_config(connection), message=message, autogenerate=True)


def differences(db: Database) -> list[object]:
    """What the models have and the database has not, or the other way round; empty when they agree."""
    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))
