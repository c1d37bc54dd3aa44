"""Putting a task off through a day, and taking that back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.auth.models import User
from server.ctas.models import Cta, CtaTask
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient, SteppingClock
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
DAY = timedelta(days=1)
PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


@pytest.fixture
def today(runtime: Runtime) -> date:
    """Alice's day, in Paris."""
    return runtime.clock.now().astimezone(ZoneInfo("Europe/Paris")).date()


def snooze(client: SignedInClient, task_id: uuid.UUID, through: date | None, reason: str = "") -> Any:
    told = through.isoformat() if through else None
    return client.post(f"/api/v1/tasks/{task_id}/snooze", json={"through": told, "reason": reason})


def kept(runtime: Runtime, task_id: uuid.UUID) -> CtaTask:
    with runtime.db.reading() as session:
        return session.get_one(CtaTask, task_id)


def test_a_snoozed_task_is_nothing_to_do_until_its_day_is_over(
    runtime: Runtime, book: Book, alice: SignedInClient, sign_in: SignIn, stepping_clock: SteppingClock, today: date
) -> None:
    with runtime.db.transaction() as session:
        session.get_one(Cta, book.cta).due_on = None
        for task_id, due_on in ((book.email_task, today - 3 * DAY), (book.to_do, None)):
            session.get_one(CtaTask, task_id).due_on = due_on
    assert 'id="group-overdue"' in alice.get("/cockpit").text
    answer = snooze(alice, book.email_task, today + 2 * DAY, "  They are  away ")
    assert answer.status_code == 200
    assert answer.get_json()["snoozed_through"] == (today + 2 * DAY).isoformat()
    assert answer.get_json()["snooze_reason"] == "They are away"
    page = alice.get("/cockpit").text
    assert 'id="group-overdue"' not in page
    assert "Send the welcome email" not in page
    for days, is_shown in ((2, False), (1, True)):
        stepping_clock.advance(days=days)
        page = sign_in(book.alice).get("/cockpit").text
        assert ('id="group-overdue"' in page) is is_shown
        assert ("Send the welcome email" in page) is is_shown


def test_the_day_ends_where_the_reader_is(runtime: Runtime, book: Book, alice: SignedInClient) -> None:
    """When it is any day in Pago Pago, it is a later one in Kiritimati."""
    its_day = move(runtime, book.alice, "Pacific/Pago_Pago")
    assert snooze(alice, book.email_task, its_day).status_code == 200
    assert "Snoozed through" in alice.get(f"/ctas/{book.cta}").text
    move(runtime, book.alice, "Pacific/Kiritimati")
    assert "Snoozed through" not in alice.get(f"/ctas/{book.cta}").text
    assert "This day is over" in snooze(alice, book.email_task, its_day).get_json()["detail"]


def move(runtime: Runtime, user_id: uuid.UUID, zone: str) -> date:
    """The day there."""
    with runtime.db.transaction() as session:
        session.get_one(User, user_id).time_zone = zone
    return runtime.clock.now().astimezone(ZoneInfo(zone)).date()


def test_the_cta_says_so_and_wakes_it(
    runtime: Runtime, book: Book, alice: SignedInClient, sign_in: SignIn, today: date
) -> None:
    snooze(alice, book.to_do, today + 5 * DAY, "They <b>asked</b> for time")
    page = alice.get(f"/ctas/{book.cta}").text
    assert "They &lt;b&gt;asked&lt;/b&gt; for time" in page
    assert "Wake now" in page
    assert "Wake now" not in sign_in(book.bob).get(f"/ctas/{book.cta}").text
    part = alice.post(f"/tasks/{book.to_do}/wake", headers=PARTIAL)
    assert part.status_code == 200
    assert "Snoozed" not in part.text
    assert kept(runtime, book.to_do).snoozed_through is None
    assert kept(runtime, book.to_do).snooze_reason is None


@ON_SQLITE
def test_a_snooze_is_taken_back_by_null_and_by_ticking_it_off(
    runtime: Runtime, book: Book, alice: SignedInClient, today: date
) -> None:
    snooze(alice, book.to_do, today + DAY)
    assert snooze(alice, book.to_do, None).get_json()["snoozed_through"] is None
    assert snooze(alice, book.to_do, None).status_code == 200
    snooze(alice, book.to_do, today + DAY, "Later")
    assert alice.post(f"/api/v1/tasks/{book.to_do}/complete").get_json()["snoozed_through"] is None
    assert kept(runtime, book.to_do).snooze_reason is None


@ON_SQLITE
def test_days_that_are_over_or_too_far_and_tasks_that_are_done_are_refused(
    runtime: Runtime, book: Book, alice: SignedInClient, today: date
) -> None:
    for day, words in ((today - DAY, "This day is over."), (today + 367 * DAY, "more than a year away")):
        refused = snooze(alice, book.to_do, day)
        assert refused.status_code == 422
        assert words in refused.get_json()["errors"]["through"]
    assert snooze(alice, book.to_do, date.max).status_code == 422
    assert snooze(alice, book.to_do, today + DAY, "x" * 501).status_code == 422
    assert snooze(alice, uuid.uuid4(), today).status_code == 404
    alice.post(f"/api/v1/tasks/{book.to_do}/complete")
    assert snooze(alice, book.to_do, today + DAY).status_code == 409
    with runtime.db.transaction() as session:
        session.get_one(Cta, book.cta).closed_at = runtime.clock.now()
    assert snooze(alice, book.email_task, today + DAY).status_code == 409


@ON_SQLITE
def test_only_those_who_may_work_on_a_task_put_it_off_or_reopen_it(
    runtime: Runtime, book: Book, sign_in: SignIn, today: date
) -> None:
    for user_id in (book.bob, book.charlie):
        other = sign_in(user_id)
        assert snooze(other, book.to_do, today + DAY).status_code == 403
        assert snooze(other, book.to_do, None).status_code == 403
        assert other.post(f"/tasks/{book.to_do}/wake").status_code == 403
        assert other.post(f"/api/v1/tasks/{book.to_do}/reopen").status_code == 403
    assert kept(runtime, book.to_do).snoozed_through is None
    assert snooze(sign_in(book.dana), book.to_do, today + DAY).status_code == 200


@ON_SQLITE
def test_a_tick_is_taken_back_and_an_email_that_left_is_not(
    runtime: Runtime, book: Book, alice: SignedInClient
) -> None:
    alice.post(f"/api/v1/tasks/{book.to_do}/complete")
    assert kept(runtime, book.to_do).done_at is not None
    assert alice.post(f"/api/v1/tasks/{book.to_do}/reopen").get_json()["done_at"] is None
    assert kept(runtime, book.to_do).done_at is None
    assert alice.post(f"/api/v1/tasks/{book.email_task}/reopen").status_code == 409
