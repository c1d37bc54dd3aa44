"""Every column says what personal data it holds: one that is added later cannot be forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import JSON, Text

from server.all_models import metadata
from server.personal import OF_CONTACTS, Kind
from server.personal_data import register
from server.personal_data.words import KINDS

REGISTER = register.columns()


@pytest.mark.parametrize("table", sorted({*metadata.tables, *REGISTER}))
def test_every_column_of_a_table_is_in_the_register_and_no_other(table: str) -> None:
    columns = {column.name for column in metadata.tables[table].columns} if table in metadata.tables else set()
    assert set(REGISTER.get(table, {})) == columns, f"say in the feature's personal_data.py what {table} holds"


def test_every_kind_of_contacts_data_has_words_and_columns() -> None:
    assert set(KINDS) == set(OF_CONTACTS)
    named = {kind for columns in REGISTER.values() for kind in columns.values()}
    # Mail that waits stands in the tables of all mail.
    assert named == set(Kind) - {Kind.WAITING_MAIL}


def test_names_and_addresses_are_never_called_nobodys() -> None:
    telling = ("first_name", "last_name", "email", "subject", "body_text", "html", "email_norm", "to_email", "to_name")
    found = [
        f"{table}.{column}"
        for table, columns in REGISTER.items()
        for column, kind in columns.items()
        if kind is Kind.NONE and column in telling and isinstance(metadata.tables[table].c[column].type, Text | JSON)
    ]
    assert found == []
