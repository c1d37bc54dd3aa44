"""The timeline: newest first, page by page, by the viewer's days."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.ctas import jobs
from server.db import Database
from server.errors import Invalid
from server.runtime import Runtime
from server.timeline import queries
from server.timeline.models import ActivityType
from server.timeline.queries import LastActivity
from server.timeline.record import EmailActivity, Participant, record_email, record_note
from server.timeline.scopes import Scope
from server.timeline.visibility import Viewer
from tests.cast import Book, load_cast, welcome_only
from tests.conftest import SignedInClient, StandingClock
from tests.web.pages import ON_SQLITE, add_note, put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]
SOMEBODY = Viewer(user_id=uuid.UUID(int=7), email="somebody@rapport.example")


def note(session: Any, account_id: uuid.UUID, subject: str, at: datetime, **values: Any) -> None:
    fields = {"activity_type": ActivityType.UPDATE, "body_text": "", "author_id": None, "now": at} | values
    record_note(
        session, account_id=account_id, subject=subject, occurred_at=at, source_key=f"n:{subject}:{at}", **fields
    )


@pytest.fixture
def account(db: Database, clock: StandingClock) -> uuid.UUID:
    with db.transaction() as session:
        return load_cast(session, clock.now(), sources=welcome_only()).account


def test_pages_follow_each_other_newest_first_also_within_one_instant(
    db: Database, clock: StandingClock, account: uuid.UUID
) -> None:
    with db.transaction() as session:
        for number in range(11):
            # Threes of one instant, given in another zone than UTC.
            at = clock.now() - timedelta(minutes=number // 3, microseconds=7)
            note(session, account, f"{number}", at)
    subjects: list[str] = []
    instants: list[datetime] = []
    cursor = None
    with db.reading() as session:
        while True:
            found = queries.of_account(session, SOMEBODY, account, limit=2, cursor=cursor)
            subjects += [one.head.subject for one in found.threads]
            instants += [one.head.occurred_at for one in found.threads]
            cursor = found.next_cursor
            if cursor is None:
                break
    assert len(subjects) == len(set(subjects)) == 11
    assert instants == sorted(instants, reverse=True)


def test_what_comes_while_somebody_reads_moves_nothing(db: Database, clock: StandingClock, account: uuid.UUID) -> None:
    with db.transaction() as session:
        for number in range(4):
            note(session, account, f"{number}", clock.now() - timedelta(hours=number))
    with db.reading() as session:
        first = queries.of_account(session, SOMEBODY, account, limit=2)
    with db.transaction() as session:
        note(session, account, "new", clock.now() + timedelta(hours=1))
    with db.reading() as session:
        second = queries.of_account(session, SOMEBODY, account, limit=2, cursor=first.next_cursor)
    assert [one.head.subject for one in (*first.threads, *second.threads)] == ["0", "1", "2", "3"]
    assert second.next_cursor is None


def test_a_cursor_that_is_not_ours_is_refused(db: Database, account: uuid.UUID) -> None:
    with db.transaction() as session:
        note(session, account, "A note", datetime(2026, 1, 1, tzinfo=UTC))
    with db.reading() as session:
        for cursor in ("", "x", "\0", "ÿ", "AAAA", "2026-11-23T09:00:00Z|", "=" * 300):
            with pytest.raises(Invalid, match="page marker"):
                queries.of_account(session, SOMEBODY, account, cursor=cursor)
            with pytest.raises(Invalid, match="page marker"):
                queries.entries(session, SOMEBODY, Scope(), cursor=cursor)


def test_an_email_is_recorded_once_with_its_people(db: Database, clock: StandingClock, account: uuid.UUID) -> None:
    people = [
        Participant(part="from", name="Alice", email="alice@rapport.example"),
        Participant(part="to", name="Tom", email="tom@helios.example"),
        Participant(part="cc", name="Priya", email="priya@helios.example"),
    ]
    activity = EmailActivity(
        source_key=f"outbound:{uuid.UUID(int=1)}",
        account_id=account,
        author_id=None,
        subject="Hello",
        body_text="Hello",
        occurred_at=clock.now(),
        mailbox_email="alice@rapport.example",
        gmail_message_id="m",
        gmail_thread_id="t",
        email_template_version_id=None,
        template_label=None,
        participants=people,
    )
    ids = set()
    for _ in range(2):
        with db.transaction() as session:
            ids.add(record_email(session, activity, now=clock.now()).id)
    assert len(ids) == 1
    with db.reading() as session:
        [one] = queries.entries(session, SOMEBODY, Scope(account_id=account)).entries
    assert one.sender is not None
    assert one.sender.name == "Alice"
    assert [(person.part, person.name) for person in one.recipients] == [("to", "Tom"), ("cc", "Priya")]


def test_last_activity_is_the_latest_call_or_meeting_and_never_an_email(
    db: Database, clock: StandingClock, account: uuid.UUID
) -> None:
    now = clock.now()
    with db.transaction() as session:
        note(session, account, "email", now, activity_type=ActivityType.EMAIL)
        note(session, account, "update", now, activity_type=ActivityType.UPDATE)
        note(session, account, "risk", now, activity_type=ActivityType.AT_RISK)
    with db.reading() as session:
        assert queries.activity(session, [account]) == {account: LastActivity(spoken_at=None, anything_at=now)}
        assert queries.activity(session, []) == {}
    with db.transaction() as session:
        note(session, account, "call", now - timedelta(days=9), activity_type=ActivityType.CUSTOMER_CALL)
        note(session, account, "meeting", now - timedelta(days=5), activity_type=ActivityType.IN_PERSON_MEETING)
    with db.reading() as session:
        assert queries.activity(session, [account])[account].spoken_at == now - timedelta(days=5)


def days_in(page: str) -> list[tuple[str, list[str]]]:
    """The headings of the days, each with the subjects below it."""
    parts = re.split(r'<h3 class="rp-day">([^<]+)</h3>', page)[1:]
    return [(label, re.findall(r"<h4>([^<]+)</h4>", body)) for label, body in zip(parts[::2], parts[1::2], strict=True)]


@ON_SQLITE
def test_days_begin_at_the_viewers_midnight(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    """23:30 UTC is the next day for Alice in Paris and for Bob in Stockholm, not for Charlie in UTC."""
    long_ago = datetime(2026, 1, 14, 23, 30, tzinfo=UTC)
    with runtime.db.transaction() as session:
        note(session, book.account, "late", long_ago)
        note(session, book.account, "later", long_ago + timedelta(minutes=29))
        note(session, book.account, "next morning", long_ago + timedelta(hours=9))
    path = f"/accounts/{book.account}"
    assert days_in(sign_in(book.alice).get(path).text) == [
        ("Thursday 15 January 2026", ["next morning", "later", "late"])
    ]
    assert days_in(sign_in(book.charlie).get(path).text) == [
        ("Thursday 15 January 2026", ["next morning"]),
        ("Wednesday 14 January 2026", ["later", "late"]),
    ]


@ON_SQLITE
def test_older_entries_are_asked_for_with_the_link_of_the_page(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    for number in range(25):
        add_note(runtime, book.account, f"Note {number:02}", days_ago=number + 0.1)
    client = sign_in(book.alice)
    page = client.get(f"/accounts/{book.account}").text
    link = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page)
    assert link is not None
    older = client.get(link[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert "<html" not in older
    shown = [subject for part in (page, older) for _, subjects in days_in(part) for subject in subjects]
    assert shown == [f"Note {number:02}" for number in range(25)]
    assert "cursor=" not in older


@ON_SQLITE
def test_the_timeline_asks_again_only_while_something_is_under_way(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    add_note(runtime, book.account, "Before")
    client = sign_in(book.alice)
    path = f"/accounts/{book.account}/timeline"
    assert "every 5s" not in client.get(path).text
    put_into_outbox(runtime, book, alices_mailbox)
    poll = re.search(r'hx-get="([^"]+)" hx-trigger="every 5s"', client.get(path).text)
    assert poll is not None
    assert client.get(poll[1]).status_code == 204
    add_note(runtime, book.account, "Just now", days_ago=0)
    answer = client.get(poll[1])
    assert answer.status_code == 200
    assert "Just now" in answer.text
    jobs.settle_email_tasks(runtime)
