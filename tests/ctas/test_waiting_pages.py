"""What a TAM sees of a task that waits, and what they can do: on the page and by the API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from server.ctas import queries
from server.runtime import Runtime
from server.timeline.models import Level, TimelineEntry
from tests.cast import Book
from tests.conftest import SignedInClient

SignIn = Callable[[uuid.UUID], SignedInClient]


def waits(runtime: Runtime, book: Book, *, silent_in: int, text: str = "", level: Level = Level.FULL) -> None:
    """The email left three days ago; with `text` it was answered an hour ago."""
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        task = queries.task(session, book.email_task)
        task.waits_days, task.waiting_since = 3, now - timedelta(days=3)
        task.silent_on = task.due_on = now.date() + timedelta(days=silent_in)
        task.silent_template_id = task.email_template_id
        if text:
            entry = TimelineEntry(
                account_id=book.account,
                source_key="mail:test",
                activity_type="email",
                subject="Re: Welcome",
                body_text=text,
                occurred_at=now - timedelta(hours=1),
                direction="in",
                level=level,
                created_at=now,
            )
            session.add(entry)
            session.flush()
            task.replied_at, task.reply_entry_id = entry.occurred_at, entry.id


def page(client: SignedInClient, book: Book) -> str:
    return client.get(f"/tasks/{book.email_task}", headers={"HX-Request": "true"}).text


def test_a_waiting_task_says_until_when(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    waits(runtime, book, silent_in=9)
    shown = page(sign_in(book.alice), book)
    assert "Waiting for an answer until" in shown
    assert "/wait-longer" not in shown


def test_an_answered_task_shows_the_text_as_far_as_the_viewer_may_read_it(
    runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    waits(runtime, book, silent_in=9, text="Yes, <b>Tuesday</b> suits us.", level=Level.METADATA)
    shown = page(sign_in(book.alice), book)
    assert "answered" in shown
    assert "Tuesday" not in shown
    with runtime.db.transaction() as session:
        entry_id = queries.task(session, book.email_task).reply_entry_id
        session.get_one(TimelineEntry, entry_id).level = Level.FULL
    assert "Yes, &lt;b&gt;Tuesday&lt;/b&gt; suits us." in page(sign_in(book.alice), book)


def test_silence_offers_the_next_email_more_time_or_an_end(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    waits(runtime, book, silent_in=-1)
    client = sign_in(book.alice)
    shown = page(client, book)
    assert "No answer for 3 working days" in shown
    assert f"/tasks/{book.email_task}/email?next=1" in shown
    assert client.post(f"/tasks/{book.email_task}/wait-longer", data={"days": "2"}).status_code == 302
    assert "Waiting for an answer until" in page(client, book)
    assert client.post(f"/tasks/{book.email_task}/complete").status_code == 302
    assert "is-done" in page(client, book)


def test_waiting_longer_is_refused_for_other_people_other_numbers_and_other_tasks(
    runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    alice = sign_in(book.alice)
    path = f"/api/v1/tasks/{book.email_task}/wait-longer"
    assert alice.post(path, json={"days": 2}).status_code == 409
    waits(runtime, book, silent_in=-1)
    assert sign_in(book.bob).post(path, json={"days": 2}).status_code == 403
    assert alice.post(path, json={"days": 0}).status_code == 422
    assert alice.post(f"/tasks/{book.email_task}/wait-longer", data={"days": "ever"}).status_code == 422
    assert alice.post(path, json={"days": 2}).get_json()["state"] == "waiting"


def test_the_api_tells_the_state_and_the_answer(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)

    def task() -> dict[str, object]:
        tasks = client.get(f"/api/v1/ctas/{book.cta}").get_json()["tasks"]
        return next(one for one in tasks if one["id"] == str(book.email_task))

    assert (task()["state"], task()["reply"]) == ("open", None)
    waits(runtime, book, silent_in=9)
    assert task()["state"] == "waiting"
    waits(runtime, book, silent_in=9, text="Yes")
    told = task()
    assert told["state"] == "replied"
    with runtime.db.reading() as session:
        found = queries.task(session, book.email_task)
    assert told["reply"] == {
        "entry_id": str(found.reply_entry_id),
        "at": found.replied_at.isoformat() if found.replied_at else "",
    }
