"""What the composer does not send, and how it says so."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from server.accounts.models import Account
from server.contacts.models import ContactAddress
from server.ctas import queries
from server.mailboxes.models import Mailbox, MailboxState
from server.runtime import Runtime
from tests.cast import Book, add_contact
from tests.conftest import SignedInClient
from tests.ctas.composer import Composer, emails_in_outbox, errors_in
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]

pytestmark = ON_SQLITE

HOSTILE = (
    "{{ contact.__class__ }}",
    "{{ ''.join(['a']) }}",
    "{% for i in range(9) %}x{% endfor %}",
    "{{ contact.nope }}",
    "{{",
    "{% include 'x' %}",
    "{{ 9**9**9 }}",
    "{{ account.name|safe }}",
    "\0",
)


def text_field(composer: Composer) -> str:
    found = re.search(r'name="([a-z-]+)" rows=', composer.open())
    assert found is not None
    return found[1]


def test_a_hostile_edit_is_refused_and_its_field_is_named(runtime: Runtime, composer: Composer, book: Book) -> None:
    name = text_field(composer)
    for text in HOSTILE:
        for field, anchor in (("subject", "text-subject"), (name, f"text-{name}")):
            if text == "\0" and field == name:
                continue  # see test_a_nul_in_a_text
            answer = composer.send(book.tom, seen=[], **{field: text})
            assert answer.status_code == 422, (field, text)
            assert f'href="#{anchor}"' in answer.text, (field, text)
            assert re.search(rf'id="{anchor}"[^>]* aria-invalid="true"', answer.text), (field, text)
            assert errors_in(answer.text)
    assert emails_in_outbox(runtime) == 0


def test_markup_that_could_run_never_reaches_an_email(composer: Composer, book: Book) -> None:
    name = text_field(composer)
    for text in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<iframe src=https://evil.example></iframe>",
        "<mj-raw><script>1</script></mj-raw>",
        "</mj-text><mj-raw><script>alert(1)</script></mj-raw><mj-text>",
    ):
        page = composer.preview(book.tom, **{name: text}).text
        if errors_in(page):
            continue
        body = composer.body_of(page)
        assert "<script" not in body, text
        assert "<iframe" not in body, text
        assert not re.search(r"<img[^>]*onerror", body), text
        assert 'href="javascript' not in body, text
        assert 'href="data' not in body, text


def test_a_nul_in_a_text_does_not_break_the_page_or_the_database(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    name = text_field(composer)
    assert composer.preview(book.tom, **{name: "a\0b"}).status_code == 200
    assert composer.send(book.tom, **{name: "a\0b"}).status_code in (303, 422)


def test_an_empty_subject_is_refused(composer: Composer, book: Book) -> None:
    for subject in ("", "   ", "a" * 600, "{{ account.name }}" * 25):
        assert composer.send(book.tom, subject=subject).status_code == 422, subject[:20]


def test_nobody_chosen_is_refused(runtime: Runtime, composer: Composer) -> None:
    answer = composer.send(seen=[])
    assert answer.status_code == 422
    assert "Nobody is chosen" in errors_in(answer.text)


def test_a_contact_of_another_account_is_refused(runtime: Runtime, composer: Composer, book: Book) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        other = Account(name="Other", name_key="other", created_at=now, updated_at=now)
        session.add(other)
        session.flush()
        stranger = add_contact(session, other.id, "Eve", "Else", "eve@other.example", now)
    for contact in (stranger, uuid.uuid4()):
        answer = composer.send(book.tom, contact, seen=[])
        assert answer.status_code == 422
        assert "does not belong to this account" in errors_in(answer.text)
        assert "eve@other.example" not in answer.text
    assert emails_in_outbox(runtime) == 0


def test_who_opted_out_or_has_no_address_is_not_written_to(runtime: Runtime, composer: Composer, book: Book) -> None:
    with runtime.db.transaction() as session:
        session.execute(delete(ContactAddress).where(ContactAddress.contact_id == book.priya))
    for contact, name, reason in ((book.opted_out, "Sam Holt", "Opted out"), (book.priya, "Priya Nair", "No address")):
        answer = composer.send(book.tom, contact)
        assert answer.status_code == 422
        assert f"{name}: {reason}." in errors_in(answer.text)
    assert emails_in_outbox(runtime) == 0


def test_more_than_25_contacts_are_refused(runtime: Runtime, composer: Composer, book: Book) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        many = [
            add_contact(session, book.account, "Person", str(number), f"p{number}@helios.example", now)
            for number in range(26)
        ]
    answer = composer.send(*many, seen=[])
    assert answer.status_code == 422
    assert "26 contacts are too many" in errors_in(answer.text)
    assert emails_in_outbox(runtime) == 0
    assert composer.send(*many[:25]).status_code == 303
    assert emails_in_outbox(runtime) == 25


@pytest.mark.parametrize("state", [None, MailboxState.NEEDS_RECONNECT, MailboxState.DISCONNECTED])
def test_without_a_connected_mailbox_send_is_disabled_and_refused(
    runtime: Runtime, composer: Composer, book: Book, state: MailboxState | None
) -> None:
    with runtime.db.transaction() as session:
        if state is None:
            session.execute(delete(Mailbox))
        else:
            session.execute(update(Mailbox).values(state=state))
    page = composer.open()
    assert re.search(r'id="send-button"[^>]* disabled', page)
    assert "Connect Gmail first." in page
    answer = composer.send(book.tom)
    assert answer.status_code == 409
    assert "Your Gmail is not connected" in errors_in(answer.text)
    assert emails_in_outbox(runtime) == 0


def test_a_to_do_has_no_email_to_write(composer: Composer, book: Book) -> None:
    answer = composer.client.get(f"/tasks/{book.to_do}/email")
    assert answer.status_code == 409
    assert "no email to write" in answer.text


def test_a_task_that_is_done_writes_no_more(runtime: Runtime, composer: Composer, book: Book) -> None:
    with runtime.db.transaction() as session:
        queries.task(session, book.email_task).done_at = runtime.clock.now()
    assert composer.client.get(f"/tasks/{book.email_task}/email").status_code == 409
    assert composer.send(book.tom, seen=[]).status_code == 409
