from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from server.accounts import queries
from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.accounts.queries import AccountCursor
from server.db import Database
from server.errors import Invalid, NotFound
from tests.conftest import StandingClock


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def new_account(clock: StandingClock, name: str, **more: Any) -> Account:
    fields: dict[str, Any] = dict.fromkeys(
        ("salesforce_id", "website", "parent_id", "owner_name", "owner_id", "tam_name", "tam_id", "arr", "renewal_on",
         "lifecycle_stage")
    )  # fmt: skip
    return Account(
        **{**fields, "name": name, "name_key": fold(name), "created_at": clock.now(), "updated_at": clock.now(), **more}
    )


@pytest.fixture
def family(db: Database, clock: StandingClock) -> list[Account]:
    """Ápex > Beta > Ceta, and Delta_x alone; Beta has two domains."""
    with db.transaction() as session:
        apex = new_account(clock, "Ápex", lifecycle_stage="adoption")
        beta = new_account(clock, "Beta", parent_id=apex.id)
        ceta = new_account(clock, "Ceta apex", parent_id=beta.id)
        delta = new_account(clock, "Delta_x")
        for account in (apex, beta, ceta, delta):
            session.add(account)
            session.flush()
        session.add_all([AccountDomain(account_id=beta.id, domain=domain) for domain in ("b.example", "a.example")])
    return [apex, beta, ceta, delta]


def names(found: Any) -> list[str]:
    return [account.name for account in found]


def test_pages_follow_each_other_in_order_of_the_name(db: Database, family: list[Account]):
    with counted(db) as statements, db.reading() as session:
        first = queries.page(session, limit=3)
        assert names(first.accounts) == ["Ápex", "Beta", "Ceta apex"]
        assert first.next_cursor is not None
        second = queries.page(session, limit=3, after=AccountCursor.decode(first.next_cursor.encode()))
    assert names(second.accounts) == ["Delta_x"]
    assert second.next_cursor is None
    assert first.accounts[0].stage_label == "Adoption"
    assert len(statements) == 2


def test_accounts_of_the_same_name_are_neither_lost_nor_repeated(db: Database, clock: StandingClock):
    with db.transaction() as session:
        session.add_all([new_account(clock, "Same") for _ in range(7)])
    found, after = [], None
    with db.reading() as session:
        while True:
            page = queries.page(session, limit=2, after=after)
            found += [account.id for account in page.accounts]
            if (after := page.next_cursor) is None:
                break
    assert len(found) == len(set(found)) == 7


def test_search_folds_case_and_marks_and_takes_wildcards_as_they_are(db: Database, family: list[Account]):
    with db.reading() as session:
        assert names(queries.page(session, search="ÀPEX").accounts) == ["Ápex", "Ceta apex"]
        assert names(queries.page(session, search="_").accounts) == ["Delta_x"]
        assert names(queries.page(session, search="%").accounts) == []
        assert queries.count(session, search="apex\0") == 2
        assert queries.page(session, tam_id=uuid.uuid4()).accounts == ()
        assert queries.count(session) == 4


def test_suggestions_put_names_that_start_so_first(db: Database, family: list[Account]):
    with counted(db) as statements, db.reading() as session:
        assert names(queries.suggest(session, "apex")) == ["Ápex", "Ceta apex"]
        assert names(queries.suggest(session, "e", limit=1)) == ["Ápex"]
        assert queries.suggest(session, "  ") == ()
    assert len(statements) == 2


def test_parents_children_and_domains_are_one_statement_each(db: Database, family: list[Account]):
    apex, beta, ceta, _ = family
    with counted(db) as statements, db.reading() as session:
        assert names(queries.parents_of(session, ceta.id)) == ["Beta", "Ápex"]
        assert names(queries.children_of(session, apex.id)) == ["Beta"]
        assert queries.domains_of(session, beta.id) == ("a.example", "b.example")
        assert set(queries.by_ids(session, [apex.id, uuid.uuid4()])) == {apex.id}
    assert len(statements) == 4


def test_a_circle_of_parents_ends(db: Database, family: list[Account]):
    apex, beta, ceta, _ = family
    with db.transaction() as session:
        queries.by_id(session, apex.id).parent_id = ceta.id
    with db.reading() as session:
        assert {account.id for account in queries.parents_of(session, ceta.id)} == {apex.id, beta.id, ceta.id}


def test_an_unknown_account_is_not_found(db: Database):
    with db.reading() as session, pytest.raises(NotFound):
        queries.by_id(session, uuid.uuid4())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.uuids())
def test_a_cursor_comes_back_as_it_was(name_key: str, id_: uuid.UUID):
    cursor = AccountCursor(name_key=name_key, id=id_)
    assert AccountCursor.decode(cursor.encode()) == cursor
    assert cursor.encode().replace("-", "").replace("_", "").isalnum()


@given(st.one_of(st.text(max_size=40), st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_a_bad_cursor_is_invalid(text: str):
    with pytest.raises(Invalid):
        AccountCursor.decode(text)


@pytest.mark.parametrize(
    "data",
    ['["a\\u0000", "ID"]', '["\\ud800", "ID"]', '["a"]', '[1, "ID"]', '["a", 5]', "{}", "5", "[" * 50_000],
)
def test_a_forged_cursor_is_invalid(data: str):
    forged = base64.urlsafe_b64encode(data.replace("ID", uuid.uuid4().hex).encode()).decode().rstrip("=")
    with pytest.raises(Invalid):
        AccountCursor.decode(forged)


def test_accounts_are_found_by_a_part_of_their_domain(db: Database, clock: StandingClock) -> None:
    with db.transaction() as session:
        helios = Account(name="Helios", name_key="helios", created_at=clock.now(), updated_at=clock.now())
        other = Account(name="Other", name_key="other", created_at=clock.now(), updated_at=clock.now())
        session.add_all([helios, other])
        session.flush()
        session.add(AccountDomain(account_id=helios.id, domain="sun.example"))
    with db.reading() as session:
        assert [found.name for found in queries.page(session, search="sun.ex").accounts] == ["Helios"]
        assert queries.count(session, search="SUN") == 1
