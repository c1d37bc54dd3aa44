"""A mailbox that is read again, by the real reader: what was erased and what retention removed does not come back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from server.contacts import add
from server.mail import jobs as mail_jobs
from server.mail import retention
from server.mail.models import MailContent
from server.mailboxes import ledger
from server.mailboxes.connection import TEXT_SCOPES
from server.mailboxes.models import LedgerState, MailboxReading
from server.personal_data import erase as erasing
from server.personal_data import subjects
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level
from tests.cast import ALICE, Book
from tests.mailboxes.box import PRIYA, Box, raw
from tests.personal_data.world import ADDRESS, FIRST, HERSELF, LAST, tables_with

WORDS = "Text removed after 24 months by the retention rule."


@pytest.fixture
def box(runtime: Runtime, sandbox: RunningSandbox, book: Book) -> Box:
    return Box.connected(runtime, sandbox, book, email=ALICE, scopes=TEXT_SCOPES)


@pytest.fixture
def zebra(runtime: Runtime, book: Book) -> uuid.UUID:
    with runtime.db.transaction() as session:
        return add.add_contact(
            session, account_id=book.account, first_name=FIRST, last_name=LAST, email=ADDRESS, now=runtime.clock.now()
        )


def read_all_again(box: Box) -> None:
    with box.runtime.db.transaction() as session:
        ledger.reopen(session, box.mailbox_id, states=list(LedgerState), now=box.runtime.clock.now())
    box.read()


def test_after_an_erasure_a_second_reading_changes_nothing(box: Box, zebra: uuid.UUID, book: Book) -> None:
    hers = box.put(raw(sender=HERSELF, subject="Hers"))
    shared = box.put(raw(sender=PRIYA, to=f"{ALICE}, {HERSELF}", subject="Everybody's", text=f"Hi {FIRST}, all well"))
    box.start()
    box.read()
    assert len(box.entries()) == 2
    with box.runtime.db.transaction() as session:
        subject = subjects.of_contact(session, zebra)
        erasing.erase(session, subject, by_user_id=book.dana, by_name="Dana", now=box.runtime.clock.now())
    expected = {hers: (LedgerState.EXCLUDED, "erased_on_request"), shared: (LedgerState.LOGGED, None)}
    assert box.ledger() == expected
    read_all_again(box)
    assert box.ledger() == expected
    later = box.put(raw(sender=HERSELF, subject="Later"))
    box.read()
    assert box.ledger()[later] == (LedgerState.EXCLUDED, "erased_on_request")
    [entry] = box.entries()
    assert (entry.subject, entry.body_text.strip()) == ("Everybody's", "Hi [erased], all well")
    assert tables_with(box.runtime.db) == {}
    box.compare()
    assert box.health().is_well


def test_a_text_that_retention_removed_stays_away_when_levels_change_and_mail_is_read_again(box: Box) -> None:
    kept = box.put(raw(subject="Renewal", text="Old words"))
    box.start(level=Level.FULL)
    box.read()
    [entry] = box.entries()
    assert entry.body_text.strip() == "Old words"
    now = box.runtime.clock.now()
    with box.runtime.db.transaction() as session:
        wanted = now + timedelta(days=1)
        assert retention.count_texts(session, until=wanted) == 1
        assert retention.remove_texts(session, until=wanted, months=24, now=now, limit=10) == 1
    with box.runtime.db.transaction() as session:
        session.get_one(MailboxReading, box.mailbox_id).past_level = Level.METADATA
    mail_jobs.relevel_past(box.runtime, mailbox_id=str(box.mailbox_id))
    read_all_again(box)
    [entry] = box.entries()
    assert (entry.subject, entry.body_text, entry.level) == ("Renewal", WORDS, Level.METADATA)
    assert box.count(MailContent) == 0
    assert box.ledger()[kept] == (LedgerState.LOGGED, None)
