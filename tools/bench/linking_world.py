"""The books of business that mail is linked against: made-up customers of any number, the same in every run.

Everything follows from a contact's number, so that nobody needs a list of a million people.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Index

from server.accounts.models import Account, AccountDomain
from server.all_models import metadata
from server.auth.models import Role, User
from server.contacts.addresses import match_key
from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.db import Base, Database, make_engine
from server.mailboxes.models import Mailbox, MailboxState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 15, tzinfo=UTC)
_THEN = "2024-01-15 00:00:00.000000"
COLLEAGUES = 40
OURS = "ours.example"
CONTACTS_OF_AN_ACCOUNT = 20
_FIRST = ("ada", "grace", "alan", "edsger", "barbara", "donald", "frances", "john", "radia", "tony", "mary")
_LAST = ("lovelace", "hopper", "turing", "dijkstra", "liskov", "knuth", "allen", "backus", "perlman", "hoare")
_CHUNK = 20_000


@dataclass(frozen=True, kw_only=True)
class Book:
    """A database with so many contacts, and the mailbox that is read."""

    db: Database
    contacts: int
    user_id: uuid.UUID
    mailbox_id: uuid.UUID


def account_of(contact: int) -> int:
    return contact // CONTACTS_OF_AN_ACCOUNT


def account_name(account: int) -> str:
    return f"Company {account}"


def domain(account: int) -> str:
    return f"company{account}.example"


def second_domain(account: int) -> str | None:
    """Half of the accounts also write from a group's host."""
    return f"mail.group{account}.example" if account % 2 else None


def primary_address(contact: int) -> str:
    return f"{_local(contact)}@{domain(account_of(contact))}"


def alternate_address(contact: int) -> str | None:
    """Half of the contacts have one; one in ten of these is a private one with Gmail."""
    if contact % 2 == 0:
        return None
    if contact % 20 == 1:
        return f"{_local(contact)}@gmail.com"
    return (
        f"{_local(contact)}@{second_domain(account_of(contact)) or domain(account_of(contact)).replace('.', '-old.')}"
    )


def colleague(number: int) -> str:
    return f"tam{number}@{OURS}"


def _local(contact: int) -> str:
    # Spread over the alphabet, as the people of a real company are: neighbours by number are none in the index.
    return f"{_FIRST[contact * 7 % 11]}.{_LAST[contact * 3 % 10]}.{contact}"


def open_books(urls: Iterable[str], contacts: int) -> list[Book]:
    """Databases with the same rows in them, also the same ids."""
    dbs = [Database(make_engine(url)) for url in urls]
    ids = _ids()
    user_id, mailbox_id = next(ids), next(ids)
    accounts = [next(ids) for _ in range(contacts // CONTACTS_OF_AN_ACCOUNT)]
    people = (_contact(number, accounts, ids) for number in range(contacts))
    for db in dbs:
        metadata.create_all(db.engine)
        _each_index(db, lambda index, connection: index.drop(connection))
    for rows in (_ours(user_id, mailbox_id, ids), _customers(accounts, ids), itertools.chain.from_iterable(people)):
        _fill(dbs, rows)
    for db in dbs:
        _each_index(db, lambda index, connection: index.create(connection))
        _tell_the_planner(db)
        # The connection that filled it has caches that a server's has not.
        db.dispose()
    return [Book(db=db, contacts=contacts, user_id=uuid.UUID(user_id), mailbox_id=uuid.UUID(mailbox_id)) for db in dbs]


def _ids() -> Iterator[str]:
    """Versions 7, each after the one before it, and the same in every run."""
    first = int(LONG_AGO.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62
    return (f"{first + number:032x}" for number in itertools.count())


def _each_index(db: Database, deed: Callable[[Index, Connection], None]) -> None:
    """An index that is made of all rows at once takes a fraction of the time."""
    with db.engine.begin() as connection:
        for model in (Account, AccountDomain, Contact, ContactAddress):
            for index in sorted(metadata.tables[model.__tablename__].indexes, key=lambda index: str(index.name)):
                deed(index, connection)


Row = tuple[str, dict[str, Any]]


def _row(model: type[Base], **values: Any) -> Row:
    """Its table, and its values as both databases read them: ids in hex, instants in UTC without a zone.

    Rows of one table name the same columns in the same order; those that are not named stay empty.
    """
    return model.__tablename__, values


def _ours(user_id: str, mailbox_id: str, ids: Iterator[str]) -> Iterator[Row]:
    for number in range(COLLEAGUES):
        yield _row(
            User, id=user_id if number == 0 else next(ids), email=colleague(number), name=f"Tam {number}",
            title="TAM", role=Role.TAM.value, time_zone="UTC", created_at=_THEN,
        )  # fmt: skip
    yield _row(
        Mailbox, id=mailbox_id, user_id=user_id, email=colleague(0), state=MailboxState.CONNECTED.value, scopes="",
        connected_at=_THEN, state_changed_at=_THEN,
    )  # fmt: skip


def _customers(accounts: Sequence[str], ids: Iterator[str]) -> Iterator[Row]:
    for number, account_id in enumerate(accounts):
        name = account_name(number)
        yield _row(
            Account, id=account_id, salesforce_id=f"001{number:015d}", name=name, name_key=name.lower(),
            website=f"https://www.{domain(number)}", created_at=_THEN, updated_at=_THEN,
        )  # fmt: skip
        yield _row(
            AccountDomain, id=next(ids), account_id=account_id, domain=domain(number), registrable=domain(number)
        )
        second = second_domain(number)
        if second is not None:
            registrable = second.removeprefix("mail.")
            yield _row(AccountDomain, id=next(ids), account_id=account_id, domain=second, registrable=registrable)


def _contact(number: int, accounts: Sequence[str], ids: Iterator[str]) -> Iterator[Row]:
    contact_id, first, last = next(ids), _FIRST[number * 7 % 11], _LAST[number * 3 % 10]
    yield _row(
        Contact, id=contact_id, salesforce_id=f"003{number:015d}", account_id=accounts[account_of(number)],
        first_name=first, last_name=last, name_key=f"{first} {last} {number}", role="gitlab_admin",
        created_at=_THEN, updated_at=_THEN,
    )  # fmt: skip
    for is_primary, email in ((1, primary_address(number)), (0, alternate_address(number))):
        if email is not None:
            yield _row(
                ContactAddress, id=next(ids), contact_id=contact_id, email=email, email_norm=email,
                match_key=match_key(email), is_primary=is_primary,
            )  # fmt: skip
    if number % 50 == 0:
        before = accounts[(account_of(number) + 1) % len(accounts)]
        yield _row(FormerAccount, id=next(ids), contact_id=contact_id, account_id=before, until=_THEN)


Slices = Sequence[tuple[str, list[dict[str, Any]]]]


def _fill(dbs: Sequence[Database], rows: Iterable[Row]) -> None:
    """In slices, each table's rows of a slice at once, in the order in which tables need each other."""
    rows, order = iter(rows), [table.name for table in metadata.sorted_tables]
    while piece := list(itertools.islice(rows, _CHUNK)):
        of_table: dict[str, list[dict[str, Any]]] = {}
        for table, values in piece:
            of_table.setdefault(table, []).append(values)
        slices = [(table, of_table[table]) for table in sorted(of_table, key=order.index)]
        for db in dbs:
            (_insert if db.is_sqlite else _copy)(db, slices)


def _insert(db: Database, slices: Slices) -> None:
    with db.engine.begin() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA cache_size = -600000")
        for table, rows in slices:
            places = ", ".join("?" * len(rows[0]))
            statement = f'INSERT INTO "{table}" ({", ".join(rows[0])}) VALUES ({places})'
            raw.executemany(statement, [tuple(row.values()) for row in rows])


def _copy(db: Database, slices: Slices) -> None:
    with db.engine.begin() as connection:
        # The rows are right by their making: PostgreSQL need not look up what each of them points to.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
        raw: Any = connection.connection.driver_connection
        for table, rows in slices:
            # None of the values has a tab, a line's end or a backslash in it.
            lines = "".join("\t".join(map(str, row.values())) + "\n" for row in rows)
            with raw.cursor() as cursor, cursor.copy(f'COPY "{table}" ({", ".join(rows[0])}) FROM STDIN') as copy:
                copy.write(lines)


def _tell_the_planner(db: Database) -> None:
    if db.is_sqlite:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
        return
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # Of what was filled alone: PostgreSQL takes a table that it vacuumed while it was empty for a small one.
        connection.exec_driver_sql("VACUUM ANALYZE account, account_domain, contact, contact_address, former_account")
        connection.exec_driver_sql("CHECKPOINT")
