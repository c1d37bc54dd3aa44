"""A template for one contact, as it goes into Gmail's compose window."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from server.accounts.models import Account
from server.contacts.models import Contact
from server.email_templates.load import load_templates
from server.email_templates.source import parse_source
from server.runtime import Runtime
from tests.cast import shipped
from tests.conftest import SignedInClient
from tests.mail.letters import Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
WELCOME = "onboarding-welcome"
TERMS = """---
name: The terms
subject: "Your terms, {{ account.name }}"
category: renewal
purpose: Say when and how much.
---
<mjml><mj-body><mj-section><mj-column><mj-text css-class="editable-opening">
<p>Until {{ account.renewal_date|date }} you pay {{ account.arr|money }}. …</p>
</mj-text></mj-column></mj-section></mj-body></mjml>
"""


def fill(client: SignedInClient, slug: str, contact: uuid.UUID, **values: str) -> Any:
    return client.post(f"/api/v1/panel/templates/{slug}/fill", json={"contact_id": str(contact), "values": values})


def test_the_fragment_and_the_text_are_of_this_contact(alice: SignedInClient, desk: Desk) -> None:
    answer = fill(alice, WELCOME, desk.book.tom)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert found["subject"] == "Welcome to GitLab, Helios Energy"
    assert "Hello Tom" in found["html"]
    assert "Hello Tom" in found["text"]
    for what in ("<html", "<style", "<head", "class=", "{{", "{%"):
        assert what not in found["html"], what
    assert (found["missing"], found["is_variant"]) == ([], False)
    assert found["label"] == "Welcome, and who your TAM is v1"


@ON_SQLITE
def test_the_variant_of_the_contacts_language_is_chosen(alice: SignedInClient, desk: Desk, runtime: Runtime) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, shipped(WELCOME, f"{WELCOME}.de"), runtime.clock.now())
        session.get_one(Contact, desk.book.tom).language = "de"
    found = fill(alice, WELCOME, desk.book.tom).get_json()
    assert (found["slug"], found["is_variant"]) == (f"{WELCOME}.de", True)
    assert fill(alice, WELCOME, desk.book.priya).get_json()["is_variant"] is False


def test_what_is_missing_is_asked_for_and_then_stands_in_the_email(
    alice: SignedInClient, desk: Desk, runtime: Runtime
) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, [parse_source(TERMS, "terms")], runtime.clock.now())
        account = session.get_one(Account, desk.book.account)
        account.renewal_on = account.arr = None
    found = fill(alice, "terms", desk.book.tom).get_json()
    assert [(one["path"], one["type"]) for one in found["missing"]] == [
        ("account.renewal_date", "date"),
        ("account.arr", "money"),
    ]
    assert (found["html"], found["text"], found["subject"]) == ("", "", ""), "never with a hole in it"
    half = fill(alice, "terms", desk.book.tom, **{"account.renewal_date": "2027-09-30"}).get_json()
    assert [one["path"] for one in half["missing"]] == ["account.arr"]
    both = {"account.renewal_date": "2027-09-30", "account.arr": "1200.50"}
    whole = fill(alice, "terms", desk.book.tom, **both).get_json()
    assert (whole["missing"], whole["gaps"]) == ([], 1)
    assert "30 September 2027" in whole["html"]
    assert "1,200" in whole["text"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        *(
            ("account.renewal_date", one, "is no date: write it as 2027-09-30.")
            for one in ("soon", "30.9.2027", "2027-02-31")
        ),
        *(
            ("account.arr", one, "is no amount: write it as 120000.00.")
            for one in ("much", "NaN", "1e999", "-inf", "9" * 13)
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_field(
    alice: SignedInClient, desk: Desk, runtime: Runtime, path: str, value: str, words: str
) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, [parse_source(TERMS, "terms")], runtime.clock.now())
        account = session.get_one(Account, desk.book.account)
        account.renewal_on = account.arr = None
    refused = fill(alice, "terms", desk.book.tom, **{path: value})
    assert refused.status_code == 422
    assert refused.get_json()["errors"][path].endswith(words)


@ON_SQLITE
def test_what_is_known_is_not_overwritten_and_a_name_is_text(
    alice: SignedInClient, desk: Desk, runtime: Runtime
) -> None:
    found = fill(alice, WELCOME, desk.book.tom, **{"contact.first_name": "<b>Evil</b>"}).get_json()
    assert "Evil" not in found["html"]
    with runtime.db.transaction() as session:
        session.get_one(Contact, desk.book.tom).first_name = ""
    found = fill(alice, WELCOME, desk.book.tom, **{"contact.first_name": "<img src=x>{{ account.arr }}"}).get_json()
    assert "<img src=x>" not in found["html"]
    assert "{{ account.arr }}" in found["text"], "a value is never read as a template"


@ON_SQLITE
@pytest.mark.parametrize("path", ["contact.email", "links.unsubscribe", "sender.email", "account.owner", "__class__"])
def test_what_is_not_for_a_form_to_say_is_refused(alice: SignedInClient, desk: Desk, path: str) -> None:
    refused = fill(alice, WELCOME, desk.book.tom, **{path: "x"})
    assert refused.status_code == 422
    assert refused.get_json()["errors"] == {path: "This is not asked for."}


@ON_SQLITE
def test_who_opted_out_gets_no_template(alice: SignedInClient, desk: Desk) -> None:
    refused = fill(alice, WELCOME, desk.book.opted_out)
    assert refused.status_code == 422
    assert "opted out" in refused.get_json()["detail"]


@ON_SQLITE
def test_what_is_not_there_or_not_in_use_is_said(alice: SignedInClient, desk: Desk, runtime: Runtime) -> None:
    assert fill(alice, "no-such", desk.book.tom).status_code == 404
    assert fill(alice, "header", desk.book.tom).status_code == 404, "a shared block is no email"
    assert fill(alice, WELCOME, uuid.UUID(int=7)).status_code == 404


@ON_SQLITE
def test_viewers_fill_in_nothing(sign_in: SignIn, desk: Desk) -> None:
    assert fill(sign_in(desk.book.charlie), WELCOME, desk.book.tom).status_code == 403
