"""An email task waits for the customer: answers, being away, mail that came back, silence. In working days."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from server.auth.models import User
from server.ctas import queries, settle, waiting
from server.ctas.models import CtaTask
from server.ctas.waiting import TaskState, state_of
from server.db import Database
from server.playbooks.models import CompanyDay
from server.sends.models import OutboundState
from server.workdays import Calendar
from tests.cast import ALICE, BOB
from tests.mail.letters import Desk
from tests.web.pages import put_into_outbox

TOM = "Tom Becker <tom@helios.example>"
STRANGER = "Nora Quist <nora@quist.example>"
# A Monday; what Alice's desk takes in comes minutes later.
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
THREAD = "18c0ffee00000001"
DAY = timedelta(days=1)


class Waiting:
    """Alice's email task, whose email left on Monday and waits three working days."""

    def __init__(self, db: Database) -> None:
        self.desk = Desk.open(db)
        self.desk.now = MONDAY
        self.db, self.task_id = db, self.desk.book.email_task
        with db.transaction() as session:
            queries.task(session, self.task_id).waits_days = 3
        self.send("outbound-1@letters.example", THREAD)
        self.look()

    def send(self, message_id: str, thread: str) -> None:
        """Tom is written to; the outbox and Alice's mailbox both know of it."""
        mail = self.desk.letter(sender=f"Alice <{ALICE}>", to=TOM, message_id=message_id, text="Hello Tom")
        incoming = self.desk.incoming(mail, thread=thread, labels=("SENT",))
        self.desk.take(incoming)

        class _Runtime:
            db = self.db
            clock = type("Clock", (), {"now": lambda _: self.desk.now})()

        put_into_outbox(
            _Runtime(),  # type: ignore[arg-type]
            self.desk.book,
            self.desk.boxes[ALICE],
            state=OutboundState.SENT,
            sent_at=self.desk.now,
            gmail_thread_id=thread,
            gmail_message_id=incoming.gmail_message_id,
        )

    def answer(
        self,
        text: str = "Yes, gladly.",
        sender: str = TOM,
        to: str = "outbound-1@letters.example",
        thread: str = THREAD,
        **headers: str,
    ) -> uuid.UUID:
        mail = self.desk.letter(sender=sender, to=ALICE, text=text, references=[to], headers=headers)
        _, mail_id = self.desk.take(self.desk.incoming(mail, thread=thread))
        assert mail_id is not None
        return self.desk.entry(mail_id, self.desk.book.account).id

    def look(self) -> int:
        with self.db.transaction() as session:
            return settle.settle_email_tasks(session) + settle.look_for_answers(session)

    @property
    def task(self) -> CtaTask:
        with self.db.reading() as session:
            return queries.task(session, self.task_id)

    def is_listed(self, today: date) -> bool:
        with self.db.reading() as session:
            found = session.get_one(CtaTask, self.task_id)
            in_sql = session.query(CtaTask.id).where(CtaTask.id == self.task_id, queries.to_do(today)).first()
            assert found.is_to_do(today) == (in_sql is not None)
            return in_sql is not None


@pytest.fixture
def sent(db: Database) -> Waiting:
    return Waiting(db)


def test_after_its_email_left_a_task_waits_and_its_silence_is_something_to_do(sent: Waiting) -> None:
    task = sent.task
    assert (task.done_at, task.silent_on, task.due_on) == (None, date(2026, 11, 5), date(2026, 11, 5))
    days = [date(2026, 11, day) for day in (2, 4, 5, 9)]
    assert [state_of(task, day) for day in days] == [TaskState.WAITING] * 2 + [TaskState.SILENT] * 2
    assert [sent.is_listed(day) for day in days] == [False, False, True, True]
    assert sent.look() == 0


def test_a_reply_wakes_the_task_on_the_day_it_came(sent: Waiting) -> None:
    entry_id = sent.answer()
    assert sent.look() == 1
    task = sent.task
    assert (task.reply_entry_id, task.due_on) == (entry_id, MONDAY.date())
    assert state_of(task, MONDAY.date()) is TaskState.REPLIED
    assert sent.is_listed(MONDAY.date() - DAY)
    assert sent.look() == 0


def test_the_latest_answer_is_shown(sent: Waiting) -> None:
    sent.answer("First")
    sent.look()
    second = sent.answer("Second")
    assert sent.look() == 1
    assert sent.task.reply_entry_id == second


@pytest.mark.parametrize("sender", [STRANGER, f"Bob <{BOB}>"])
def test_mail_of_others_in_the_conversation_is_no_answer(sent: Waiting, sender: str) -> None:
    mail = sent.desk.letter(sender=sender, to=ALICE, text="Me too", references=["outbound-1@letters.example"])
    sent.desk.take(sent.desk.incoming(mail, thread=THREAD))
    assert sent.look() == 0


def test_mail_of_the_same_person_about_something_else_is_no_answer(sent: Waiting) -> None:
    sent.answer(to="another@helios.example", thread="18c0ffee00000009")
    assert sent.look() == 0


def test_who_is_away_is_waited_for_until_they_are_back(sent: Waiting) -> None:
    sent.answer("I am away, back on Monday 16 November.", **{"Auto-Submitted": "auto-replied"})
    assert sent.look() == 1
    task = sent.task
    assert (task.back_on, task.silent_on) == (date(2026, 11, 16), date(2026, 11, 19))
    assert task.replied_at is None
    assert not sent.is_listed(date(2026, 11, 18))
    assert sent.look() == 0
    reply = sent.answer("Back again: yes.")
    assert sent.look() == 1
    assert sent.task.reply_entry_id == reply


def test_who_does_not_say_when_they_are_back_gets_three_days_more(sent: Waiting) -> None:
    entry_id = sent.answer("I am away from my desk.", **{"Auto-Submitted": "auto-replied"})
    sent.look()
    task = sent.task
    assert (task.back_on, task.away_entry_id, task.silent_on) == (None, entry_id, date(2026, 11, 10))


def test_waiting_longer_counts_from_today_and_what_was_answered_does_not_wake_it_again(sent: Waiting) -> None:
    sent.answer("I will think about it.")
    sent.look()
    with sent.db.transaction() as session:
        waiting.wait_longer(session, queries.task(session, sent.task_id), days=2, now=MONDAY + DAY)
    assert sent.look() == 0
    task = sent.task
    assert (task.replied_at, task.silent_on) == (None, date(2026, 11, 5))
    again = sent.answer("Yes.")
    assert sent.look() == 1
    assert sent.task.reply_entry_id == again


def test_a_second_email_begins_the_waiting_anew(sent: Waiting) -> None:
    sent.desk.now = MONDAY + 4 * DAY
    sent.send("outbound-2@letters.example", "18c0ffee00000002")
    assert sent.look() == 1
    assert sent.task.silent_on == date(2026, 11, 11)
    late = sent.answer("To your first one: yes.")
    assert sent.look() == 1
    assert sent.task.reply_entry_id == late


def test_a_worker_that_was_down_for_two_days_finds_what_came_meanwhile_once(sent: Waiting) -> None:
    sent.answer("I am away until 13 November.", **{"Auto-Submitted": "auto-replied"})
    reply = sent.answer("I could look at it after all.")
    sent.desk.now += 2 * DAY
    assert sent.look() == 1
    assert sent.task.reply_entry_id == reply
    assert sent.look() == 0


@pytest.mark.parametrize(
    ("country", "left_at", "silent_on"),
    [
        ("GB", datetime(2026, 12, 23, 12, tzinfo=UTC), date(2026, 12, 30)),
        ("US", datetime(2026, 12, 23, 12, tzinfo=UTC), date(2026, 12, 29)),
        ("DE", datetime(2027, 3, 26, 23, 30, tzinfo=UTC), date(2027, 4, 1)),  # a Saturday there, two days before DST
        ("AE", datetime(2026, 11, 5, 12, tzinfo=UTC), date(2026, 11, 10)),
        ("", datetime(2026, 10, 23, 22, 30, tzinfo=UTC), date(2026, 10, 28)),  # Saturday in Paris, the clocks go back
    ],
)
def test_days_are_those_of_the_owners_country_and_zone(
    db: Database, country: str, left_at: datetime, silent_on: date
) -> None:
    desk = Desk.open(db)
    with db.transaction() as session:
        task = queries.task(session, desk.book.email_task)
        task.waits_days = 3
        owner = session.get_one(User, desk.book.alice)
        owner.country = country or None
        waiting.start(session, task, since=left_at)
        assert task.silent_on == silent_on


def test_a_day_off_of_the_company_is_no_day_of_waiting(db: Database) -> None:
    desk = Desk.open(db)
    with db.transaction() as session:
        session.add(CompanyDay(day_on=date(2026, 11, 3), country="", name="Friends and family", is_workday=False))
        session.flush()
        task = queries.task(session, desk.book.email_task)
        task.waits_days = 1
        waiting.start(session, task, since=MONDAY)
        assert task.silent_on == date(2026, 11, 4)


def test_working_days_between_two_days_are_counted_without_the_first() -> None:
    friday, monday = date(2026, 11, 6), date(2026, 11, 9)
    assert waiting.workdays_between(Calendar(), friday, monday) == 1
    assert waiting.workdays_between(Calendar(), monday, monday) == 0
    assert waiting.workdays_between(Calendar(), monday, friday) == 0
