"""A database of an older release, with what people had in it, becomes one of this release."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, TypeDecorator, bindparam, select, text

import server.migrations
from server import schema
from server.accounts import queries as accounts
from server.contacts import queries as contacts
from server.db import Database, JsonValue, Money, UtcDateTime, make_engine
from server.email_templates import drafts, queries
from server.email_templates.compile import FORMAT, compile_template
from server.email_templates.models import EmailTemplateVersion, Kind, Origin
from server.email_templates.publish import Signature, publish
from server.email_templates.render import render
from server.email_templates.source import parse_source
from server.ids import new_id
from tests.email_templates.mails import words
from tests.postgres import PostgresServer

LOADED = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
CHANGED = datetime(2026, 5, 4, 16, 45, 30, 250_000, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TYPES: dict[type, Any] = {datetime: UtcDateTime, Decimal: Money, dict: JsonValue}


@dataclass(frozen=True, kw_only=True)
class Old:
    """A template as release 0001 kept it. The texts are one line each: that is how it read them from its files."""

    slug: str
    name: str = "Hello"
    subject: str = "Hello"
    category: str = "onboarding"
    purpose: str = "Say hello."
    description: str = ""
    mjml: str = words("<p>Hello {{ contact.first_name }}.</p>")


OLD = (
    Old(slug="plain"),
    Old(slug="described", description="First mail of onboarding: send it in week 1."),
    Old(
        slug="quotes",
        name='"Welcome", \'hello\' \\ and \\"so\\" on',
        subject='Your "plan": {{ account.name|default("you") }}',
        purpose="It's 100 % done: {yes}, [no], #1 & *all*",
    ),
    Old(
        slug="signs",
        name=": # not a comment, - not a list",
        subject="--- {{ account.name }} --- ",
        purpose="!tag &anchor *alias %directive @at `tick`",
        description="? key: value, | > folded",
    ),
    Old(
        slug="words-of-yaml",
        name="no",
        subject="2026-11-22",
        purpose="true",
        description="null",
        category="digital_journey",
    ),
    Old(
        slug="unicode",
        name="Größe für 株式会社 – “quoted” 🚀",
        subject="Привет, {{ contact.first_name }} … שלום",
        purpose="é e\u0301 \u00a0 \ufeff \u200b",
        description="مرحبا \U0001f469\u200d\U0001f4bb",
    ),
    Old(
        slug="lines",
        name="Two\nlines\tand a tab",
        subject="One\n---\ntwo",
        description="  spaces  around, \u2028 and \u0085 ends of lines ",
        mjml="\n\n" + words("<p>---</p>\n\n<p>name: x</p>\n---\n") + "\n\n",
    ),
    Old(
        slug="colons",
        name="Re: a: b",
        subject="a:b",
        purpose="See https://x.example: it's there",
        mjml=words("<p>a: b</p>"),
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database at revision 0001, without rows."""
    if request.param == "sqlite":
        db = Database(make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}"))
    else:
        db = Database(make_engine(_new_postgres_database(request, "old")))
    with db.engine.begin() as connection:
        command.upgrade(_config(connection), "0001")
    yield db
    db.dispose()


def _new_postgres_database(request: pytest.FixtureRequest, name: str) -> str:
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    engine = make_engine(postgres.url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgres.url(name)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(server.migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def insert(connection: Connection, table: str, **values: Any) -> uuid.UUID:
    """A row by plain SQL: the models of today know columns that revision 0001 has not."""
    row = {"id": new_id(), **values}
    statement = text(f'INSERT INTO "{table}" ({", ".join(row)}) VALUES ({", ".join(f":{name}" for name in row)})')
    typed = [bindparam(name, value, type_=_type_of(value)) for name, value in row.items()]
    connection.execute(statement.bindparams(*typed))
    found: uuid.UUID = row["id"]
    return found


def _type_of(value: Any) -> Any:
    kind = TYPES.get(type(value))
    return kind() if isinstance(kind, type) and issubclass(kind, TypeDecorator) else kind


def insert_template(connection: Connection, old: Old, *, versions: int = 1) -> None:
    template = insert(
        connection, "email_template", slug=old.slug, name=old.name, category=old.category, purpose=old.purpose,
        description=old.description, created_at=LOADED, updated_at=LOADED,
    )  # fmt: skip
    for number in range(1, versions + 1):
        current = insert(
            connection, "email_template_version", email_template_id=template, number=number,
            name=old.name if number == versions else f"{old.name} of {number}",
            subject_source=old.subject, mjml_source=old.mjml, source_hash=f"{old.slug} {number}",
            compiled={"format": 1, "subject": "as release 0001 kept it", "html": "<p>old</p>"}, note="",
            created_at=LOADED,
        )  # fmt: skip
    set_current = text("UPDATE email_template SET current_version_id = :current WHERE id = :id")
    connection.execute(set_current.bindparams(current=current, id=template))


def insert_account(connection: Connection, name: str, salesforce_id: str | None) -> uuid.UUID:
    return insert(
        connection, "account", name=name, name_key=name.lower(), salesforce_id=salesforce_id, arr=Decimal("10.50"),
        renewal_on=date(2027, 1, 31), created_at=LOADED, updated_at=CHANGED,
    )  # fmt: skip


def insert_contact(connection: Connection, account: uuid.UUID, name: str, salesforce_id: str | None) -> uuid.UUID:
    return insert(
        connection, "contact", account_id=account, first_name=name, last_name="O'Neil: \"Ö\"", name_key=name.lower(),
        salesforce_id=salesforce_id, created_at=LOADED, updated_at=CHANGED,
    )  # fmt: skip


def one_line(words_: str) -> str:
    return " ".join(words_.split())


@pytest.mark.parametrize("old", OLD, ids=lambda old: old.slug)
def test_a_version_becomes_the_file_that_it_was_loaded_from(old_db: Database, old: Old) -> None:
    with old_db.engine.begin() as connection:
        insert_template(connection, old)
    schema.upgrade(old_db)
    with old_db.reading() as session:
        template = queries.by_slug(session, old.slug)
        version = queries.current_version(session, template)
        source = parse_source(version.source_text, old.slug)
        assert (source.name, source.subject) == (one_line(old.name), one_line(old.subject))
        assert (source.category, source.purpose) == (old.category, one_line(old.purpose))
        assert (source.description, source.mjml) == (one_line(old.description), old.mjml)
        assert (source.for_roles, source.max_age, source.variant_of, source.when) == ((), (), "", ())
        assert source.hash == version.source_hash
        assert version.mjml_source == old.mjml


def test_the_upgraded_shape_is_that_of_the_models(old_db: Database) -> None:
    with old_db.engine.begin() as connection:
        for old in OLD:
            insert_template(connection, old)
        account = insert_account(connection, "Acme", "001000000000001AAA")
        insert_contact(connection, account, "Ana", None)
    schema.upgrade(old_db)
    assert schema.revision_of(old_db) == schema.newest()
    assert schema.differences(old_db) == []


def test_every_version_of_a_template_gets_its_own_file(old_db: Database) -> None:
    with old_db.engine.begin() as connection:
        insert_template(connection, OLD[0], versions=3)
    schema.upgrade(old_db)
    with old_db.reading() as session:
        template = queries.by_slug(session, "plain")
        found = {one.number: one for one in queries.versions(session, template.id)}
        assert {number: queries.written_source(template, one).name for number, one in found.items()} == {
            1: "Hello of 1", 2: "Hello of 2", 3: "Hello",
        }  # fmt: skip
        assert len({one.source_hash for one in found.values()}) == 3
        assert queries.current_version(session, template).number == 3
        assert {(one.origin, one.author_id) for one in found.values()} == {(Origin.FILES, None)}
        assert (template.kind, template.variant_of_id, template.applies_when) == (Kind.TEMPLATE, None, {})


def test_what_the_older_release_compiled_is_compiled_again(old_db: Database) -> None:
    with old_db.engine.begin() as connection:
        insert_template(connection, OLD[0])
    schema.upgrade(old_db)
    with old_db.reading() as session:
        version = queries.current_version(session, queries.by_slug(session, "plain"))
        assert version.compiled["format"] != FORMAT
        compiled = queries.compiled(session, version)
    assert compiled == compile_template(parse_source(version.source_text, "plain"))
    email = render(compiled, {"contact": {"first_name": "Ana"}})
    assert (email.subject, email.text.strip()) == ("Hello", "Hello Ana.")
    assert "Hello Ana." in email.html


def test_work_goes_on_from_an_upgraded_template(old_db: Database) -> None:
    """A draft begins from it, a variant hangs on it, a new version follows."""
    with old_db.engine.begin() as connection:
        insert_template(connection, OLD[2])
    schema.upgrade(old_db)
    with old_db.transaction() as session:
        template = queries.by_slug(session, "quotes")
        before, draft = drafts.current_text(session, template)
        assert draft is None
        more = "variant_of: quotes\nwhen: {contact.language: de}\n---\n<mjml>"
        german = parse_source(before.replace("---\n<mjml>", more), "quotes.de")
        changed = parse_source(before.replace("{yes}", "{maybe}"), "quotes")
        written = publish(session, [german, changed], Signature(origin=Origin.WEB, now=NOW))
        assert {slug: version.number for slug, version in written.items()} == {"quotes": 2, "quotes.de": 1}
        assert [one.slug for one in queries.variants(session, template.id)] == ["quotes.de"]


def test_records_from_salesforce_are_as_fresh_as_their_last_change(old_db: Database) -> None:
    with old_db.engine.begin() as connection:
        imported = insert_account(connection, "Acme", "001000000000001AAA")
        by_hand = insert_account(connection, "Berta", None)
        ana = insert_contact(connection, imported, "Ana", "003000000000001AAA")
        bo = insert_contact(connection, by_hand, "Bo", None)
    schema.upgrade(old_db)
    with old_db.reading() as session:
        assert accounts.by_id(session, imported).synced_at == CHANGED
        assert accounts.by_id(session, by_hand).synced_at is None
        assert contacts.by_id(session, ana).synced_at == CHANGED
        assert contacts.by_id(session, bo).synced_at is None


def test_records_keep_their_values_and_nobodys_language_is_guessed(old_db: Database) -> None:
    with old_db.engine.begin() as connection:
        account = insert_account(connection, "Acme", "001000000000001AAA")
        ana = insert_contact(connection, account, "Ana", "003000000000001AAA")
    schema.upgrade(old_db)
    with old_db.reading() as session:
        found = contacts.by_id(session, ana)
        assert (found.full_name, found.language) == ('Ana O\'Neil: "Ö"', None)
        assert accounts.by_id(session, account).arr == Decimal("10.50")


def test_a_failed_upgrade_leaves_the_database_as_it_was(old_db: Database) -> None:
    with old_db.engine.begin() as connection:
        insert_template(connection, OLD[0])
        connection.execute(text("CREATE TABLE shared_block_use (id INTEGER)"))
    with pytest.raises(Exception, match="shared_block_use"):
        schema.upgrade(old_db)
    assert schema.revision_of(old_db) == "0001"
    with old_db.engine.begin() as connection:
        assert connection.scalar(text("SELECT source_hash FROM email_template_version")) == "plain 1"
        connection.execute(text("DROP TABLE shared_block_use"))
    schema.upgrade(old_db)
    with old_db.reading() as session:
        assert session.scalars(select(EmailTemplateVersion)).one().source_text.startswith("---\n")
