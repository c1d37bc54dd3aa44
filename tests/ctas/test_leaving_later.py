"""Emails that leave later: by the clock of who gets them, changed or cancelled before, looked at once more."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.contacts.models import Contact
from server.ctas import leave
from server.errors import Invalid
from server.runtime import Runtime
from server.sends import claim, hold, wall
from server.sends.models import OutboundEmail, OutboundState
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.ctas.composer import Composer
from tests.ctas.test_guard import wrote

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.mark.parametrize(
    ("chosen", "zone", "instant"),
    [
        ("2026-11-03T09:00", "Europe/Berlin", "2026-11-03T08:00"),
        ("2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30"),  # leapt over: half past three
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),  # comes twice: the first
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T07:30"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30"),
        ("2026-11-03T09:00", "Asia/Kolkata", "2026-11-03T03:30"),
    ],
)
def test_a_time_on_the_wall_is_one_instant_also_when_the_clocks_change(chosen: str, zone: str, instant: str) -> None:
    assert wall.instant_of(datetime.fromisoformat(chosen), zone) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_tomorrow_is_tomorrow_where_they_are() -> None:
    late = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    assert wall.tomorrow_morning("America/New_York", late) == datetime.fromisoformat("2026-11-03T09:00")
    assert wall.tomorrow_morning("Asia/Tokyo", late) == datetime.fromisoformat("2026-11-04T09:00")


@pytest.mark.parametrize("chosen", ["2026-11-02T09:00", "2027-11-02T09:00", "9999-12-31T23:00"])
def test_a_time_that_is_over_or_far_away_is_refused(chosen: str) -> None:
    with pytest.raises(Invalid):
        hold.later(datetime.fromisoformat(chosen), "America/New_York", datetime(2026, 11, 2, 15, tzinfo=UTC))


def put_off(runtime: Runtime, composer: Composer, book: Book, zone: str | None = "Asia/Tokyo") -> OutboundEmail:
    with runtime.db.transaction() as session:
        session.get_one(Contact, book.tom).time_zone = zone
    answer = composer.send(book.tom, when="tomorrow")
    assert answer.status_code == 303, answer.text
    return email(runtime)


def email(runtime: Runtime) -> OutboundEmail:
    with runtime.db.reading() as session:
        return session.scalars(select(OutboundEmail).order_by(OutboundEmail.id)).all()[-1]


def release(runtime: Runtime, now: datetime) -> int:
    with runtime.db.transaction() as session:
        return len(leave.release(session, now=now))


def is_due(runtime: Runtime, now: datetime) -> bool:
    with runtime.db.reading() as session:
        return bool(claim.due_mailboxes(session, now=now))


def test_an_email_waits_for_nine_in_the_zone_of_its_reader_and_then_leaves(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    found = put_off(runtime, composer, book)
    assert (found.wall_zone, (found.wall_time or "")[10:]) == ("Asia/Tokyo", "T09:00")
    before, after = found.not_before - timedelta(minutes=1), found.not_before + timedelta(days=2)
    assert release(runtime, before) == 0
    assert not is_due(runtime, after)  # nothing leaves before it was looked at
    assert release(runtime, after) == 1
    assert is_due(runtime, after)
    assert release(runtime, after) == 0


def test_without_a_zone_it_is_the_senders_and_that_is_said(runtime: Runtime, composer: Composer, book: Book) -> None:
    assert put_off(runtime, composer, book, zone=None).wall_zone == "Europe/Paris"
    assert "your zone: theirs is not known" in composer.preview(book.priya, when="tomorrow").text


def test_what_happened_meanwhile_holds_it_back_until_its_sender_says_so(
    runtime: Runtime, composer: Composer, book: Book
) -> None:
    found = put_off(runtime, composer, book)
    wrote(runtime, book, days_ago=0)
    due = found.not_before + timedelta(minutes=1)
    assert release(runtime, due) == 0
    assert email(runtime).problem == "Bob Lindqvist wrote to Tom Becker."
    assert not is_due(runtime, due)
    page = composer.client.get(f"/emails/{found.id}").text
    assert "Held back" in page
    assert composer.client.post(f"/emails/{found.id}/send-now").status_code == 303
    assert not email(runtime).is_held


def test_its_time_is_changed_or_it_is_cancelled_before_it_leaves(
    runtime: Runtime, composer: Composer, book: Book, sign_in: SignIn
) -> None:
    found = put_off(runtime, composer, book)
    day = (runtime.clock.now() + timedelta(days=5)).date().isoformat()
    form = {"day": day, "time": "14:15"}
    path = f"/emails/{found.id}/leave-at"
    assert sign_in(book.bob).post(path, data=form).status_code == 403
    assert composer.client.post(path, data={"day": "never", "time": ""}).status_code == 422
    assert composer.client.post(path, data=form).status_code == 303
    assert email(runtime).wall_time == f"{day}T14:15"
    assert composer.client.post(f"/emails/{found.id}/cancel").status_code == 303
    assert email(runtime).state == OutboundState.CANCELLED
    assert composer.client.post(path, data=form).status_code == 409


def test_the_composer_says_when_and_refuses_a_time_that_is_over(composer: Composer, book: Book) -> None:
    answer = composer.send(book.tom, when="at", leave_day="2020-01-01", leave_time="09:00")
    assert answer.status_code == 422
    assert "Wed 1 Jan 2020, 09:00 (Europe/Paris) is over." in answer.text
    assert composer.send(book.tom, when="at", leave_day="soon").status_code == 422
    assert "Schedule email" in composer.preview(book.tom, when="tomorrow").text
