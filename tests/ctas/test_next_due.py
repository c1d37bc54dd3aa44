"""The date by which the Cockpit orders, kept beside the CTA: in SQL it is what the tasks say, on any day."""

from __future__ import annotations

import itertools
import subprocess
import sys
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from server.ctas import next_due, queries
from server.ctas.models import Cta, CtaTask
from server.ids import new_id
from server.runtime import Runtime
from tests.cast import Book

DAY = timedelta(days=1)


@pytest.fixture
def today(runtime: Runtime) -> date:
    return runtime.clock.now().date()


def dues(runtime: Runtime, cta_id: uuid.UUID, today: date) -> tuple[date | None, date | None]:
    """As Python reads it from the tasks, and as SQL orders by it."""
    with runtime.db.reading() as session:
        in_sql = session.scalars(select(next_due.first_due(today)).where(Cta.id == cta_id)).one()
        row = queries.cockpit_row(session, cta_id, today=today)
    return row.due_on, in_sql if in_sql != next_due.NO_DATE else None


def test_whatever_its_tasks_are_doing_both_say_the_same_on_every_day(runtime: Runtime, book: Book, today: date) -> None:
    now = runtime.clock.now()
    states: list[dict[str, object]] = [
        {},
        {"done_at": now},
        {"dropped_at": now},
        {"snoozed_through": today},
        {"snoozed_through": today - 5 * DAY},
        {"snoozed_through": today + 5 * DAY},
        {"waiting_since": now, "silent_on": today + 3 * DAY},
        {"waiting_since": now, "silent_on": today},
        {"waiting_since": now, "silent_on": today + 3 * DAY, "replied_at": now},
        {"waiting_since": now, "silent_on": None},
        {"waiting_since": now, "silent_on": today + 2 * DAY, "snoozed_through": today + 4 * DAY},
    ]
    days = [today + at * DAY for at in range(-6, 9)]
    for first, second in itertools.combinations(range(len(states)), 2):
        for own in (None, today + 2 * DAY):
            with runtime.db.transaction() as session:
                cta = session.get_one(Cta, book.cta)
                cta.due_on = own
                for task_id, at, due_on in ((book.email_task, first, today - DAY), (book.to_do, second, today + DAY)):
                    task = session.get_one(CtaTask, task_id)
                    for name in (
                        "done_at",
                        "dropped_at",
                        "snoozed_through",
                        "waiting_since",
                        "silent_on",
                        "replied_at",
                    ):
                        setattr(task, name, states[at].get(name))
                    task.due_on = due_on
            for day in days:
                in_python, in_sql = dues(runtime, book.cta, day)
                assert in_python == in_sql, (states[first], states[second], own, day - today)


def test_what_is_written_past_the_session_is_found_and_can_be_kept(runtime: Runtime, book: Book, today: date) -> None:
    with runtime.db.transaction() as session:
        session.execute(update(CtaTask).where(CtaTask.id == book.to_do).values(due_on=today - 90 * DAY))
        assert next_due.wrong(session) == [book.cta]
        next_due.keep(session, [book.cta])
        assert next_due.wrong(session) == []
    assert dues(runtime, book.cta, today) == (today - 90 * DAY, today - 90 * DAY)


def test_a_task_that_goes_takes_its_date_with_it(runtime: Runtime, book: Book, today: date) -> None:
    extra = new_id()
    with runtime.db.transaction() as session:
        like = {"cta_id": book.cta, "position": 9, "kind": "to_do", "title": "Call", "instructions": ""}
        session.execute(insert(CtaTask).values(id=extra, owner_id=book.alice, due_on=today - 30 * DAY, **like))
        next_due.keep(session, [book.cta])
    assert dues(runtime, book.cta, today)[1] == today - 30 * DAY
    with runtime.db.transaction() as session:
        session.delete(session.get_one(CtaTask, extra))
    in_python, in_sql = dues(runtime, book.cta, today)
    assert in_python == in_sql != today - 30 * DAY


def test_whoever_has_the_rows_keeps_the_dates() -> None:
    """Also a process that needs nothing else of this feature, such as the one that loads the sample book."""
    asked = "import sys, server.ctas.models; sys.exit('server.ctas.next_due' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
