"""The shape of the code: short files, names that say the thing, tables by one recipe."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from sqlalchemy import Column, DateTime, PrimaryKeyConstraint, UniqueConstraint, Uuid

from server.all_models import metadata
from server.db import Base, UtcDateTime

ROOT = Path(__file__).parent.parent
FILES = sorted(path for folder in ("server", "tests", "tools") for path in (ROOT / folder).rglob("*.py"))
TABLES = sorted(metadata.tables)
MAPPERS = sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
KINDS_NOT_THINGS = {"service", "services", "utils", "util", "helpers", "helper", "common", "core", "manager"}


def test_there_are_files_tables_and_mappers_to_look_at() -> None:
    assert len(FILES) > 200
    assert len(TABLES) == len(MAPPERS) >= 20


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_no_file_or_folder_is_named_by_its_kind() -> None:
    assert [str(path) for path in FILES if {path.stem, *path.parent.relative_to(ROOT).parts} & KINDS_NOT_THINGS] == []


def test_every_relationship_refuses_to_load_by_itself() -> None:
    found = [relationship for mapper in MAPPERS for relationship in mapper.relationships]
    assert [str(one) for one in found if one.lazy not in ("raise", "raise_on_sql")] == []


def columns() -> list[Column[object]]:
    return [column for name in TABLES for column in metadata.tables[name].columns]


def test_every_instant_is_kept_aware_and_named_at() -> None:
    instants = [column for column in columns() if isinstance(column.type, DateTime | UtcDateTime)]
    assert [str(column) for column in instants if not isinstance(column.type, UtcDateTime)] == []
    ends = re.compile(r"(_at|^at|_until|^until|_before|_since|^since|_from|_after)$")
    assert [str(column) for column in instants if not ends.search(column.name)] == []


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda mapper: mapper.class_.__name__)
def test_every_row_has_its_id_as_soon_as_it_is_made(mapper: object) -> None:
    made = mapper.class_()  # type: ignore[attr-defined]
    assert isinstance(made.id, uuid.UUID)
    assert made.id.version == 7
    [key] = mapper.local_table.primary_key.columns  # type: ignore[attr-defined]
    assert key.name == "id"
    assert isinstance(key.type, Uuid)


def test_every_foreign_key_that_cascades_is_found_by_an_index() -> None:
    """Deleting a parent with ON DELETE looks its children up: without an index that reads the whole table."""
    cascading = [
        key.parent for name in TABLES for key in metadata.tables[name].foreign_keys if key.ondelete is not None
    ]
    without = []
    for column in cascading:
        table = column.table
        first_columns = [next(iter(index.columns)) for index in table.indexes]
        unique = [one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)]
        first_columns += [next(iter(constraint.columns)) for constraint in unique]
        if not any(first.name == column.name for first in first_columns):
            without.append(str(column))
    assert without == KNOWN_WITHOUT_INDEX


# Users are deactivated, not deleted; both tables hold a few short-lived rows and are emptied by the clock.
KNOWN_WITHOUT_INDEX = ["compose_preview.user_id", "oauth_attempt.user_id"]
