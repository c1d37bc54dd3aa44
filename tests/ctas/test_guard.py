"""What a person should know before they write: said in the composer, asked again at Send, kept with the email."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.ctas import queries
from server.ctas.models import Cta
from server.mailboxes.models import Mailbox
from server.measures.models import Measure, MeasureName, Sentiment
from server.runtime import Runtime
from server.sends.models import OutboundEmail, OutboundState, OutboundStep
from server.timeline.models import TimelineEntry, TimelineParticipant
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.ctas.composer import Composer, emails_in_outbox, seen_in
from tests.web.pages import put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]


def wrote(runtime: Runtime, book: Book, *, days_ago: int, who: uuid.UUID | None = None) -> None:
    at = runtime.clock.now() - timedelta(days=days_ago)
    with runtime.db.transaction() as session:
        entry = TimelineEntry(
            account_id=book.account,
            source_key=f"mail:{days_ago}",
            activity_type="email",
            subject="Secret",
            body_text="Secret",
            occurred_at=at,
            author_id=who or book.bob,
            direction="out",
            level="metadata",
            created_at=at,
        )
        session.add(entry)
        session.flush()
        session.add(
            TimelineParticipant(
                timeline_entry_id=entry.id, contact_id=book.tom, part="to", name="Tom", email="tom@helios.example"
            )
        )


def feels(runtime: Runtime, book: Book, *words: Sentiment) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        for number, word in enumerate(words):
            at = now - timedelta(days=len(words) - number)
            session.add(
                Measure(account_id=book.account, name=MeasureName.SENTIMENT, word=word, measured_at=at, created_at=at)
            )


def escalated(runtime: Runtime, book: Book, *, is_open: bool) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        session.add(
            Cta(
                account_id=book.account,
                name="Cannot upgrade",
                cta_type="risk",
                reason="escalation",
                priority="high",
                status="new" if is_open else "closed_success",
                owner_id=book.bob,
                opened_at=now,
                closed_at=None if is_open else now,
            )
        )


def said(page: str) -> list[str]:
    found = re.search(r'<ul class="rp-errors is-warning">(.*?)</ul>', page, re.DOTALL)
    lines = re.findall(r"<span>(.*?)<a ", found[1], re.DOTALL) if found else []
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", "", line)).split()) for line in lines]


def test_nothing_is_said_where_there_is_nothing_to_know(runtime: Runtime, composer: Composer, book: Book) -> None:
    wrote(runtime, book, days_ago=8)
    feels(runtime, book, Sentiment.RED, Sentiment.GREEN)
    escalated(runtime, book, is_open=False)
    assert said(composer.preview(book.tom).text) == []
    assert composer.send(book.tom).status_code == 303


def test_all_that_there_is_to_know_is_said_with_who_and_when(runtime: Runtime, composer: Composer, book: Book) -> None:
    wrote(runtime, book, days_ago=3)
    feels(runtime, book, Sentiment.GREEN, Sentiment.RED)
    escalated(runtime, book, is_open=True)
    page = composer.preview(book.tom).text
    assert said(page) == [
        "An escalation is open: Cannot upgrade, just now.",
        "The sentiment of this account is red, 1 d ago.",
        "Bob Lindqvist wrote to Tom Becker, 3 d ago.",
    ]
    assert "Secret" not in page
    assert len(said(composer.preview(book.priya).text)) == 2


def test_mail_that_is_about_to_leave_is_told_of(
    runtime: Runtime, composer: Composer, book: Book, alices_mailbox: uuid.UUID
) -> None:
    put_into_outbox(runtime, book, alices_mailbox, task_id=book.to_do, user_id=book.bob)
    assert said(composer.preview(book.tom).text)[0].startswith("An email of Bob Lindqvist to Tom Becker is about to")


def test_at_send_it_is_asked_once_more_and_the_word_is_kept(runtime: Runtime, composer: Composer, book: Book) -> None:
    wrote(runtime, book, days_ago=3)
    asked = composer.send(book.tom)
    assert asked.status_code == 409
    assert "Send all the same?" in asked.text
    assert "Send email all the same" in asked.text
    assert emails_in_outbox(runtime) == 0
    despite = re.findall(r'name="despite" value="([^"]+)"', asked.text)
    assert composer.send(book.tom, seen=seen_in(asked.text), despite=despite).status_code == 303
    with runtime.db.reading() as session:
        details = session.scalars(select(OutboundStep.detail)).all()
    assert "Bob Lindqvist wrote to Tom Becker: its sender knew." in details


def test_a_word_for_one_warning_is_none_for_another(runtime: Runtime, composer: Composer, book: Book) -> None:
    wrote(runtime, book, days_ago=3)
    asked = composer.send(book.tom)
    despite = re.findall(r'name="despite" value="([^"]+)"', asked.text)
    wrote(runtime, book, days_ago=1)
    again = composer.send(book.tom, seen=seen_in(asked.text), despite=despite)
    assert again.status_code == 409
    assert "Bob Lindqvist wrote to Tom Becker, 1 d ago." in said(again.text)
    assert emails_in_outbox(runtime) == 0


def test_the_api_asks_for_the_same_word(runtime: Runtime, composer: Composer, book: Book) -> None:
    feels(runtime, book, Sentiment.RED)
    path, body = f"/api/v1/tasks/{book.email_task}/email", {"contact_ids": [str(book.tom)]}
    [preview] = composer.client.post(f"{path}/preview", json=body).get_json()
    [warning] = preview["warnings"]
    assert warning["text"] == "The sentiment of this account is red"
    send = body | {"seen": {str(book.tom): preview["digest"]}}
    refused = composer.client.post(f"{path}/send", json=send)
    assert refused.status_code == 409
    assert "sentiment" in refused.get_json()["detail"]
    assert composer.client.post(f"{path}/send", json=send | {"despite": [warning["key"]]}).status_code == 202


@pytest.mark.parametrize("days_ago", [1, 30])
def test_a_contact_who_was_written_to_lately_is_marked(
    runtime: Runtime, composer: Composer, book: Book, days_ago: int
) -> None:
    wrote(runtime, book, days_ago=days_ago)
    assert ("Bob Lindqvist wrote 1 d ago" in composer.open()) is (days_ago == 1)


def test_a_colleague_who_may_work_on_the_task_writes_from_their_own_mailbox_with_a_copy_to_its_owner(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    with runtime.db.transaction() as session:
        session.get_one(Mailbox, alices_mailbox).user_id = book.dana
    danas = Composer(client=sign_in(book.dana), task_id=book.email_task)
    assert "alice@rapport.example" in danas.preview(book.tom).text
    assert danas.send(book.tom).status_code == 303
    with runtime.db.reading() as session:
        [email] = session.scalars(select(OutboundEmail)).all()
    assert (email.user_id, email.cc_email) == (book.dana, "alice@rapport.example")
    bobs = sign_in(book.bob).get(f"/tasks/{book.email_task}/email")
    assert bobs.status_code == 403


def test_after_silence_the_next_template_is_written_to_those_who_were_written_to_before(
    runtime: Runtime, composer: Composer, book: Book, alices_mailbox: uuid.UUID
) -> None:
    now = runtime.clock.now()
    put_into_outbox(
        runtime, book, alices_mailbox, contact_id=book.priya, state=OutboundState.SENT, sent_at=now, to_name="Priya"
    )
    with runtime.db.transaction() as session:
        task = queries.task(session, book.email_task)
        task.waits_days, task.waiting_since = 3, now
        task.silent_on, task.silent_template_id = now.date(), task.email_template_id
    page = composer.client.get(f"/tasks/{book.email_task}/email?next=1").text
    assert 'name="next" value="1"' in page
    assert [value.split(":")[0] for value in seen_in(page)] == [str(book.priya)]
    assert composer.send(book.priya, next="1").status_code == 303
