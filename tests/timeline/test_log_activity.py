"""A call, a meeting or a note that a person logs: once, for everybody to see, and by those who may."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.runtime import Runtime
from server.timeline import queries
from server.timeline.models import TimelineEntry
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
Log = Callable[..., Any]


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


@pytest.fixture
def log(alice: SignedInClient, book: Book, runtime: Runtime) -> Log:
    """log(subject=…) is Alice's call an hour ago, with what is named changed."""

    def post(*, by: SignedInClient = alice, account: uuid.UUID = book.account, **changes: Any) -> Any:
        told = {
            "key": str(uuid.uuid4()),
            "activity_type": "customer_call",
            "subject": "Renewal call",
            "text": "They want more seats.\n\nBack in May.",
            "occurred_at": (runtime.clock.now() - timedelta(hours=1)).isoformat(),
            "contact_ids": [str(book.tom)],
        }
        return by.post(f"/api/v1/accounts/{account}/activities", json=told | changes)

    return post


def test_a_call_stands_on_the_timelines_and_is_the_last_activity(
    log: Log, alice: SignedInClient, sign_in: SignIn, book: Book, runtime: Runtime
) -> None:
    answer = log()
    assert answer.status_code == 201, answer.text
    entry = answer.get_json()
    assert (entry["subject"], entry["body_text"]) == ("Renewal call", "They want more seats.\n\nBack in May.")
    assert entry["sender"]["name"] == "Alice Moreau"
    assert [one["email"] for one in entry["recipients"]] == ["tom@helios.example"]
    for path in (f"/accounts/{book.account}", f"/contacts/{book.tom}"):
        assert "Renewal call" in sign_in(book.bob).get(path).text
    assert "Renewal call" not in alice.get(f"/contacts/{book.priya}").text
    assert "Renewal call" in alice.get("/timeline?q=seats").text
    with runtime.db.reading() as session:
        last = queries.activity(session, [book.account])[book.account]
        assert last.spoken_at == last.anything_at
        assert last.spoken_at is not None
        # A call is no email: nobody was written to.
        assert queries.last_emailed(session, [book.tom]) == {}


def test_a_repeated_call_after_a_lost_answer_writes_it_once(
    log: Log, sign_in: SignIn, book: Book, runtime: Runtime
) -> None:
    key = str(uuid.uuid4())
    first, again = log(key=key), log(key=key, subject="Renewal call, once more")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    # Keys are each person's own.
    assert log(key=key, by=sign_in(book.bob)).get_json()["id"] != first.get_json()["id"]
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(TimelineEntry.id))) == 2


@ON_SQLITE
def test_a_key_that_stands_for_another_account_is_refused(log: Log, book: Book, runtime: Runtime) -> None:
    with runtime.db.transaction() as session:
        other = make_account(session, runtime)
    key = str(uuid.uuid4())
    assert log(key=key, contact_ids=[]).status_code == 201
    assert log(key=key, contact_ids=[], account=other).status_code == 409


def make_account(session: Session, runtime: Runtime) -> uuid.UUID:
    now = runtime.clock.now()
    account = Account(name="Yak", name_key="yak", created_at=now, updated_at=now)
    session.add(account)
    session.flush()
    return account.id


@ON_SQLITE
def test_a_note_moves_the_timeline_and_not_the_last_call(log: Log, book: Book, runtime: Runtime) -> None:
    assert log(activity_type="update", text="", contact_ids=[]).status_code == 201
    with runtime.db.reading() as session:
        assert queries.activity(session, [book.account])[book.account].spoken_at is None


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"activity_type": "email"}, "activity_type"),
        ({"subject": "\0 \x07"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"text": "x" * 20_001}, "text"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+23:59"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-23:59"}, "occurred_at"),
        ({"occurred_at": "2026-11-22T10:00:00"}, "occurred_at"),
        ({"contact_ids": [str(uuid.UUID(int=7))]}, "contact_ids"),
        ({"key": "1"}, "key"),
        ({"level": "full"}, "level"),
    ],
)
def test_what_cannot_have_been_is_refused_with_its_field(
    log: Log, runtime: Runtime, changes: dict[str, Any], field: str
) -> None:
    refused = log(**changes)
    assert refused.status_code == 422, refused.text
    assert field in str(refused.get_json()["errors"])
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(TimelineEntry.id))) == 0


@ON_SQLITE
def test_who_only_looks_logs_nothing(log: Log, sign_in: SignIn, book: Book) -> None:
    refused = log(by=sign_in(book.charlie))
    assert refused.status_code == 403
    assert "Logging calls, meetings and notes is for" in refused.get_json()["detail"]
    assert log(account=uuid.uuid4(), by=sign_in(book.dana)).status_code == 404


def form_of(client: SignedInClient, account_id: uuid.UUID) -> dict[str, str]:
    page = client.get(f"/accounts/{account_id}").text
    filled = re.findall(r'name="(key|occurred_at)"(?: type="[^"]+")? value="([^"]+)"', page)
    return dict(filled) | {"activity_type": "in_person_meeting", "subject": "Lunch", "text": "They like it."}


def test_the_form_on_the_accounts_page_logs_once_and_in_the_persons_own_time(
    alice: SignedInClient, sign_in: SignIn, book: Book, runtime: Runtime
) -> None:
    form = form_of(alice, book.account) | {"occurred_at": "2026-07-01T12:30", "contact_ids": str(book.priya)}
    for _ in range(2):  # a form that is sent twice
        answer = alice.post(f"/accounts/{book.account}/activities", data=form)
        assert answer.status_code == 303
    assert "In-person meeting logged" in alice.get(answer.headers["Location"]).text
    with runtime.db.reading() as session:
        [entry] = session.scalars(select(TimelineEntry))
    assert (entry.subject, entry.body_text) == ("Lunch", "They like it.")
    assert entry.occurred_at == datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
    assert "Lunch" in alice.get(f"/contacts/{book.priya}").text
    looking = sign_in(book.charlie)
    assert "Log a call or note" not in looking.get(f"/accounts/{book.account}").text
    assert looking.post(f"/accounts/{book.account}/activities", data=form).status_code == 403


@ON_SQLITE
@pytest.mark.parametrize(
    "changes",
    [
        {"occurred_at": ""},
        {"occurred_at": "0001-01-01T00:00"},
        {"occurred_at": "9999-12-31T23:59"},
        {"occurred_at": "1000-01-01T00:00"},
        {"occurred_at": "2026-07-01T12:30+02:00"},
        {"key": "x"},
        {"activity_type": "email"},
        {"activity_type": "song"},
        {"subject": " "},
        {"contact_ids": "x"},
    ],
)
def test_a_form_that_cannot_be_used_is_refused_in_words(
    alice: SignedInClient, book: Book, runtime: Runtime, changes: dict[str, str]
) -> None:
    refused = alice.post(f"/accounts/{book.account}/activities", data=form_of(alice, book.account) | changes)
    assert refused.status_code == 422
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(TimelineEntry.id))) == 0
