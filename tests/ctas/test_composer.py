"""Writing: whom to, what text, what each of them gets."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select, update

from server.accounts.models import Account
from server.contacts.models import Contact
from server.ctas.models import EmailTaskSend
from server.runtime import Runtime
from server.sends.models import OutboundContent, OutboundEmail, OutboundState
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.ctas.composer import Composer, emails_in_outbox, errors_in, seen_in, subject_in, use_template

SignIn = Callable[[uuid.UUID], SignedInClient]


def test_the_composer_opens_with_those_whom_the_task_is_meant_for(composer: Composer, book: Book) -> None:
    page = composer.open()
    assert re.findall(r'id="to-([0-9a-f-]+)"[^>]* checked', page) == [str(book.tom)]
    assert re.search(rf'id="to-{book.opted_out}"[^>]* disabled', page)
    assert "Opted out" in page
    assert subject_in(page) == "Welcome to GitLab, Helios Energy"
    assert re.search(r'id="send-button"[^>]* disabled', page) is None


def test_the_preview_is_of_one_contact_at_a_time_by_name(composer: Composer, book: Book) -> None:
    for current, name, other in ((book.priya, "Priya", "Tom"), (book.tom, "Tom", "Priya")):
        page = composer.preview(book.tom, book.priya, preview_contact=str(current)).text
        body = composer.body_of(page)
        assert name in body
        assert other not in body
        assert re.search(rf'value="{current}" checked', page)
        assert "Send 2 emails" in page
        assert len(seen_in(page)) == 2


def test_a_changed_subject_and_text_are_in_the_preview_and_in_what_is_sent(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    field = re.search(r'name="([a-z-]+)" rows=', composer.open())
    assert field is not None
    form = {"subject": "For {{ contact.first_name }}", field[1]: "Dear **{{ contact.first_name }}**,\r\n\r\n1 & 2"}
    page = composer.preview(book.tom, **form).text
    assert subject_in(page) == "For Tom"
    body = composer.body_of(page)
    assert "<strong>Tom</strong>" in body
    assert "1 &amp; 2" in body
    assert composer.send(book.tom, **form).status_code == 303
    with runtime.db.reading() as session:
        row = session.scalars(select(OutboundEmail)).one()
        assert row.subject == "For Tom"
        assert session.get_one(OutboundContent, row.id).html == body


def test_texts_that_come_back_unchanged_are_the_template_itself(composer: Composer, book: Book) -> None:
    """Browsers send line breaks as CR LF; that is no edit."""
    page = composer.open()
    fields = re.findall(r'<textarea[^>]* name="([a-z-]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    form = {name: html.unescape(text).replace("\n", "\r\n") for name, text in fields}
    subject = re.search(r'name="subject"[^>]* value="([^"]*)"', page)
    assert subject is not None
    assert form
    plain = seen_in(composer.preview(book.tom).text)
    assert seen_in(composer.preview(book.tom, subject=html.unescape(subject[1]), **form).text) == plain


def test_each_contact_gets_an_email_of_their_own(runtime: Runtime, composer: Composer, book: Book) -> None:
    assert composer.send(book.tom, book.priya).status_code == 303
    with runtime.db.reading() as session:
        rows = {row.contact_id: row for row in session.scalars(select(OutboundEmail))}
        bodies = {row.contact_id: session.get_one(OutboundContent, row.id).html for row in rows.values()}
        assert len(list(session.scalars(select(EmailTaskSend)))) == 2
    assert {row.to_email for row in rows.values()} == {"tom@helios.example", "priya@helios.example"}
    assert "Tom" not in bodies[book.priya]
    assert "Priya" not in bodies[book.tom]


def test_a_double_click_sends_one_email(runtime: Runtime, composer: Composer, book: Book) -> None:
    seen = seen_in(composer.preview(book.tom).text)
    with ThreadPoolExecutor(2) as pool:
        answers = [job.result() for job in [pool.submit(composer.send, book.tom, seen=seen) for _ in range(2)]]
    assert 303 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {303, 409}
    assert emails_in_outbox(runtime) == 1


def test_sending_once_more_says_that_it_was_done_and_sends_nothing(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    seen = seen_in(composer.preview(book.tom).text)
    assert composer.send(book.tom, seen=seen).status_code == 303
    again = composer.send(book.tom, seen=seen)
    assert again.status_code == 409
    assert "already written to Tom Becker" in again.text
    assert emails_in_outbox(runtime) == 1


def test_a_contact_whose_email_was_cancelled_can_be_written_to_again(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    assert composer.send(book.tom).status_code == 303
    with runtime.db.transaction() as session:
        session.execute(update(OutboundEmail).values(state=OutboundState.CANCELLED))
    assert composer.send(book.tom).status_code == 303
    assert emails_in_outbox(runtime) == 2


def test_a_preview_that_has_changed_is_shown_again_with_the_form_kept(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    form = {"subject": "About {{ account.name }}"}
    seen = seen_in(composer.preview(book.tom, **form).text)
    with runtime.db.transaction() as session:
        session.execute(update(Account).values(name="Helios Power"))
    answer = composer.send(book.tom, seen=seen, **form)
    assert answer.status_code == 409
    assert "differs from the preview" in errors_in(answer.text)
    assert 'value="About {{ account.name }}"' in answer.text
    assert re.findall(r'id="to-([0-9a-f-]+)"[^>]* checked', answer.text) == [str(book.tom)]
    assert subject_in(answer.text) == "About Helios Power"
    assert emails_in_outbox(runtime) == 0
    assert composer.send(book.tom, seen=seen_in(answer.text), **form).status_code == 303


def test_without_having_seen_a_preview_nothing_is_sent(runtime: Runtime, composer: Composer, book: Book) -> None:
    tom, priya = seen_in(composer.preview(book.tom, book.priya).text)
    swapped = f"{book.tom}:{priya.split(':')[1]}"
    for seen in ([], [tom.split(":")[0]], [f"{book.tom}:"], [f"{book.priya}:{tom.split(':')[1]}"], [swapped]):
        assert composer.send(book.tom, seen=seen).status_code == 409, seen
    assert emails_in_outbox(runtime) == 0


def test_the_gap_in_a_text_must_be_filled(runtime: Runtime, composer: Composer, book: Book) -> None:
    use_template(runtime, book, "ebr-summary")
    page = composer.open()
    assert "There is still a gap" in errors_in(page)
    assert re.search(r'id="send-button"[^>]* disabled', page)
    answer = composer.send(book.tom, seen=[])
    assert answer.status_code == 422
    assert emails_in_outbox(runtime) == 0
    filled = {"results": "- You want fewer tools.\n- We send a plan by Friday."}
    assert errors_in(composer.preview(book.tom, **filled).text) == ""
    assert composer.send(book.tom, **filled).status_code == 303


def test_a_value_that_is_missing_is_named_with_the_contact(runtime: Runtime, composer: Composer, book: Book) -> None:
    with runtime.db.transaction() as session:
        session.execute(update(Contact).where(Contact.id == book.tom).values(title=None))
    page = composer.preview(book.tom, book.priya, subject="To the {{ contact.title }}").text
    assert "Tom Becker:" in errors_in(page)
    assert "Contact: job title (contact.title)" in errors_in(page)
    assert "Priya" not in errors_in(page)
    answer = composer.send(book.tom, book.priya, subject="To the {{ contact.title }}")
    assert answer.status_code == 422
    assert emails_in_outbox(runtime) == 0
