"""From a contact to an email: what each merge field is worth, how old it is, and when that is too old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from server.accounts import queries as accounts
from server.accounts.models import Account
from server.auth import people
from server.auth.models import User
from server.contacts import queries as contacts
from server.contacts.queries import ContactView
from server.db import Database
from server.email_templates.catalogue import MERGE_FIELDS, FieldSource, sample_values, value_at
from server.email_templates.compile import CompiledTemplate, compile_template
from server.email_templates.conditions import FACTS, facts_of
from server.email_templates.freshness import StaleValue
from server.email_templates.problems import MissingValue
from server.email_templates.source import parse_source
from server.ids import new_id
from server.sends.fill_in import Recipient, field_values, fill_in
from tests.cast import load_cast, welcome_only
from tests.conftest import StandingClock
from tests.email_templates.mails import words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
PATHS = [field.path for field in MERGE_FIELDS]


def template(max_age: str = "", body: str = "<p>Hello {{ contact.first_name }}.</p>") -> CompiledTemplate:
    front = "name: Test\nsubject: Your renewal\ncategory: renewal\npurpose: A test.\n"
    if max_age:
        front += f"max_age: {{{max_age}}}\n"
    return compile_template(parse_source(f"---\n{front}---\n{words(body)}", "test"))


def user(email: str, name: str, **values: Any) -> User:
    return User(email=email, name=name, role="tam", **{"title": "TAM", "time_zone": "UTC", **values})


ALICE = user("alice@rapport.example", "Alice Moreau", time_zone="Europe/Paris", title="Technical Account Manager")
BOB = user("bob@rapport.example", "Bob Lindqvist", title="")
ADA = ContactView(
    id=new_id(),
    account_id=new_id(),
    first_name="Ada",
    last_name="Byron",
    full_name="Ada Byron",
    title="Head of Platform",
    role="gitlab_admin",
    role_label="GitLab admin",
    language="de-AT",
    email="ada@northwind.example",
    alternate_emails=(),
    opted_out_at=None,
    synced_at=NOW,
)


def account(**values: Any) -> Account:
    return Account(
        **{
            "name": "Northwind",
            "tam_name": "Bob L.",
            "arr": Decimal("120000.00"),
            "renewal_on": date(2027, 1, 31),
            "lifecycle_stage": "optimize_and_grow",
            "synced_at": NOW,
            **values,
        }
    )


def recipient(
    *, contact: ContactView = ADA, of: Account | None = None, tam: User | None = BOB, now: datetime = NOW
) -> Recipient:
    return Recipient(contact=contact, account=of or account(), sender=ALICE, tam=tam, now=now)


def synced(*, contact: timedelta | None, of_account: timedelta | None) -> Recipient:
    """A recipient whose records were imported so long ago; None for never."""
    return recipient(
        contact=replace(ADA, synced_at=None if contact is None else NOW - contact),
        of=account(synced_at=None if of_account is None else NOW - of_account),
    )


@pytest.mark.parametrize(
    ("written", "limit"),
    [("7 days", timedelta(days=7)), ("1 hour", timedelta(hours=1)), ("36 hours", timedelta(hours=36))],
)
def test_a_value_may_be_exactly_as_old_as_the_template_says_and_no_older(written: str, limit: timedelta) -> None:
    compiled = template(f"account.renewal_date: {written}")
    for young in (timedelta(), limit - MOMENT, limit):
        assert fill_in(compiled, synced(contact=None, of_account=young)).subject == "Your renewal"
    for old in (limit + MOMENT, limit * 2, timedelta(days=4_000)):
        with pytest.raises(StaleValue):
            fill_in(compiled, synced(contact=None, of_account=old))


def test_an_import_that_ends_after_the_present_instant_is_fresh() -> None:
    """The clocks of two machines differ by a little."""
    compiled = template("account.renewal_date: 1 hour")
    assert fill_in(compiled, synced(contact=None, of_account=-timedelta(minutes=5))).subject == "Your renewal"


def test_a_value_that_was_never_imported_is_too_old() -> None:
    with pytest.raises(StaleValue) as refused:
        fill_in(template("account.arr: 30 days"), synced(contact=timedelta(), of_account=None))
    assert (
        refused.value.detail == "Nobody knows how old account.arr is; this template wants it confirmed within 30 days."
    )


def test_every_field_that_is_too_old_is_named_and_no_other() -> None:
    compiled = template("account.arr: 2 days, contact.title: 7 days, account.name: 9 days, contact.email: 1 hour")
    with pytest.raises(StaleValue) as refused:
        fill_in(compiled, synced(contact=timedelta(hours=6), of_account=timedelta(days=5)))
    assert refused.value.fields == {
        "account.arr": "account.arr was confirmed 5 days ago; this template wants it confirmed within 2 days.",
        "contact.email": "contact.email was confirmed 6 hours ago; this template wants it confirmed within 1 hour.",
    }
    assert refused.value.cure == "Import the records again, then try once more."


@pytest.mark.parametrize("path", [one.path for one in MERGE_FIELDS if one.source is FieldSource.CONTACT])
def test_what_the_contact_says_is_as_old_as_the_contact(path: str) -> None:
    compiled = template(f"{path}: 1 day")
    assert fill_in(compiled, synced(contact=timedelta(days=1), of_account=None)).subject == "Your renewal"
    with pytest.raises(StaleValue):
        fill_in(compiled, synced(contact=timedelta(days=2), of_account=timedelta()))


@pytest.mark.parametrize("path", [one.path for one in MERGE_FIELDS if one.source is FieldSource.ACCOUNT])
def test_what_the_account_says_is_as_old_as_the_account(path: str) -> None:
    compiled = template(f"{path}: 1 day")
    assert fill_in(compiled, synced(contact=None, of_account=timedelta(days=1))).subject == "Your renewal"
    with pytest.raises(StaleValue):
        fill_in(compiled, synced(contact=timedelta(), of_account=timedelta(days=2)))


@pytest.mark.parametrize(
    "path", [one.path for one in MERGE_FIELDS if one.source in (FieldSource.USER, FieldSource.RAPPORT)]
)
def test_what_rapport_knows_by_itself_is_never_too_old(path: str) -> None:
    assert fill_in(template(f"{path}: 1 hour"), synced(contact=None, of_account=None)).subject == "Your renewal"


def test_a_template_that_asks_for_no_age_takes_any() -> None:
    email = fill_in(template(), synced(contact=None, of_account=None))
    assert email.text.strip() == "Hello Ada."


def test_an_old_value_is_told_before_a_missing_one() -> None:
    """An import may bring both."""
    compiled = template("account.arr: 1 day", "<p>{{ contact.title }}</p>")
    nobody = recipient(contact=replace(ADA, title=None), of=account(synced_at=None))
    with pytest.raises(StaleValue):
        fill_in(compiled, nobody)
    with pytest.raises(MissingValue):
        fill_in(compiled, replace(nobody, account=account()))


def test_every_merge_field_of_the_catalogue_has_its_value_in_its_order() -> None:
    found = field_values(recipient())
    assert [one.path for one in found] == PATHS
    assert {one.path: one.value for one in found} == {
        "contact.first_name": "Ada",
        "contact.last_name": "Byron",
        "contact.full_name": "Ada Byron",
        "contact.title": "Head of Platform",
        "contact.email": "ada@northwind.example",
        "contact.language": "de-AT",
        "account.name": "Northwind",
        "account.arr": Decimal("120000.00"),
        "account.renewal_date": date(2027, 1, 31),
        "account.lifecycle_stage": "Optimize & Grow",
        "sender.name": "Alice Moreau",
        "sender.first_name": "Alice",
        "sender.email": "alice@rapport.example",
        "sender.title": "Technical Account Manager",
        "tam.name": "Bob Lindqvist",
        "tam.first_name": "Bob",
        "tam.email": "bob@rapport.example",
        "links.unsubscribe": "mailto:alice@rapport.example?subject=Unsubscribe",
        "today": date(2026, 11, 23),
    }


def test_no_value_is_of_another_type_than_its_example() -> None:
    examples = sample_values()
    for one in field_values(recipient()):
        assert type(one.value) is type(value_at(examples, one.path)), one.path


def test_the_values_hold_nothing_that_the_catalogue_does_not_know() -> None:
    """But for the title of the TAM, which nobody has asked for yet."""

    def leaves(tree: dict[str, Any], above: str = "") -> set[str]:
        found: set[str] = set()
        for name, value in tree.items():
            found |= leaves(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}"}
        return found

    assert leaves(recipient().values()) - set(PATHS) == {"tam.title"}


def test_each_field_has_the_age_of_its_source() -> None:
    found = field_values(synced(contact=timedelta(days=2), of_account=None))
    expected = {FieldSource.CONTACT: NOW - timedelta(days=2), FieldSource.ACCOUNT: None}
    sources = {one.path: one.source for one in MERGE_FIELDS}
    assert {one.path: one.as_of for one in found} == {path: expected.get(sources[path], NOW) for path in PATHS}


def test_fields_without_a_value_are_none_and_not_empty() -> None:
    bare = account(arr=None, renewal_on=None, lifecycle_stage=None, tam_name=None)
    nobody = recipient(contact=replace(ADA, title=None, email=None, language=None), of=bare, tam=None)
    empty = {one.path for one in field_values(nobody) if one.value is None}
    assert empty == {
        "contact.title", "contact.email", "contact.language", "account.arr", "account.renewal_date",
        "account.lifecycle_stage", "tam.name", "tam.first_name", "tam.email",
    }  # fmt: skip


def test_a_tam_whom_rapport_does_not_know_has_the_name_that_the_account_says() -> None:
    values = recipient(tam=None).values()
    assert values["tam"] == {"name": "Bob L.", "first_name": None, "email": None}


def test_today_is_the_senders_day() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert recipient(now=late).values()["today"] == date(2026, 11, 24)
    assert replace(recipient(now=late), sender=BOB).values()["today"] == date(2026, 11, 23)


def test_the_link_to_unsubscribe_writes_to_the_sender() -> None:
    body = '<p>Hello.</p><p><a href="{{ links.unsubscribe }}">Unsubscribe</a></p>'
    email = fill_in(template(body=body), recipient())
    assert 'href="mailto:alice@rapport.example?subject=Unsubscribe"' in email.html
    assert "mailto:alice@rapport.example?subject=Unsubscribe" in email.text


def _facts(contact: ContactView, of_account: Account) -> dict[str, str | None]:
    stage = of_account.lifecycle_stage
    return facts_of(language=contact.language, role=contact.role, lifecycle_stage=stage)


def test_a_variant_is_chosen_by_keys_and_not_by_words_for_people() -> None:
    assert _facts(ADA, account()) == {
        "contact.language": "de-AT",
        "contact.role": "gitlab_admin",
        "account.lifecycle_stage": "optimize_and_grow",
    }
    unknown = _facts(replace(ADA, language=None, role=None), account(lifecycle_stage=None))
    assert unknown == dict.fromkeys(FACTS)
    assert _facts(ADA, account()).keys() == FACTS.keys()


def test_rows_of_the_database_are_filled_in_like_these(db: Database, clock: StandingClock) -> None:
    """What was entered by hand was never imported: a template that asks for an age refuses it."""
    with db.transaction() as session:
        book = load_cast(session, clock.now(), sources=welcome_only())
        one = Recipient(
            contact=contacts.by_id(session, book.tom),
            account=accounts.by_id(session, book.account),
            sender=people.by_id(session, book.alice),
            tam=people.by_id(session, book.alice),
            now=clock.now(),
        )
        assert [found.path for found in field_values(one)] == PATHS
        assert fill_in(template(), one).text.strip() == "Hello Tom."
        with pytest.raises(StaleValue, match=r"Nobody knows how old account\.renewal_date is"):
            fill_in(template("account.renewal_date: 7 days"), one)
        one.account.synced_at = clock.now() - timedelta(days=7)
        session.flush()
        session.refresh(one.account)
        assert fill_in(template("account.renewal_date: 7 days"), one).subject == "Your renewal"
