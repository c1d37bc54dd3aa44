"""The lists that CTAs choose from: the same in a new database and in a migrated one, and never a reason to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from server import schema
from server.db import Database, make_engine
from server.errors import Invalid
from server.playbooks import choices
from server.playbooks.models import ChoiceList, CtaChoice

SAID = ("list_name", "key", "label", "position", "only_types", "tone", "icon", "is_closed", "is_success", "asks_note")


def lists_of(db: Database) -> list[tuple[object, ...]]:
    with db.reading() as session:
        rows = session.scalars(select(CtaChoice).order_by(CtaChoice.list_name, CtaChoice.key))
        return [tuple(getattr(row, name) for name in SAID) for row in rows]


def test_a_migrated_database_has_the_lists_that_a_new_one_has(sqlite_database: Database, tmp_path: Path) -> None:
    migrated = Database(make_engine(f"sqlite:///{tmp_path / 'migrated.sqlite3'}"))
    schema.make_ready(migrated)
    assert lists_of(migrated) == lists_of(sqlite_database)
    migrated.dispose()


def test_a_key_that_no_list_has_any_more_is_shown_in_words(db: Database) -> None:
    with db.reading() as session:
        lists = choices.of(session)
        assert lists.reason("spring_fair").label == "Spring fair"  # type: ignore[union-attr]
        assert lists.type("risk").label == "Risk"
        assert lists.reason(None) is None


def test_statuses_and_reasons_are_those_of_the_type(db: Database) -> None:
    with db.reading() as session:
        lists = choices.of(session)
        of_lifecycle = {one.key for one in lists.offered(ChoiceList.STATUS, "lifecycle")}
        of_risk = {one.key for one in lists.offered(ChoiceList.STATUS, "risk")}
        assert of_lifecycle - of_risk == {"closed_not_needed"}
        with pytest.raises(Invalid, match="is not a status of a CTA for Risk"):
            lists.demand(ChoiceList.STATUS, "closed_not_needed", "risk")
        with pytest.raises(Invalid, match="is not a priority") as refused:
            lists.demand(ChoiceList.PRIORITY, "urgent")
    assert refused.value.cure == "Choose one of: high, medium, low."
