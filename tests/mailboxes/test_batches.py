"""What becomes of a batch when part of it does not come, or when a person chooses otherwise meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from server.mail import exclusions
from server.mail.models import ExclusionKind, MailExclusion
from server.mailboxes import ledger, reading
from server.mailboxes.connection import TEXT_SCOPES
from server.mailboxes.models import LedgerState, MailboxReading
from server.ports.gmail import Batch, GmailMailbox, MessageFormat
from server.runtime import Runtime
from server.sandbox.faults import FaultKind
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level
from tests.cast import ALICE, Book
from tests.conftest import SignedInClient
from tests.mailboxes.box import Box, raw


@pytest.fixture
def box(runtime: Runtime, sandbox: RunningSandbox, book: Book) -> Box:
    for user in sandbox.config.users:
        sandbox.revoke(user.email)
    return Box.connected(runtime, sandbox, book, email=ALICE, scopes=TEXT_SCOPES)


class Meanwhile:
    """The real mailbox; when a batch of `wanted` came, and before it is used, `deed` is done once by somebody else."""

    def __init__(self, gmail: GmailMailbox, wanted: MessageFormat, deed: Callable[[], object]) -> None:
        self._gmail, self._wanted, self._deeds = gmail, wanted, [deed]

    def get_messages(self, gmail_message_ids: list[str], *, message_format: MessageFormat) -> Batch:
        found = self._gmail.get_messages(gmail_message_ids, message_format=message_format)
        if message_format is self._wanted and self._deeds:
            self._deeds.pop()()
        return found


def test_a_batch_of_texts_that_fails_is_asked_for_in_halves(box: Box) -> None:
    ids = [box.put(raw(subject=f"In {number}")) for number in range(3)]
    box.start()
    box.sandbox.add_fault("batch", FaultKind.SERVER_ERROR, skip=1)
    box.read()
    assert box.ledger() == dict.fromkeys(ids, (LedgerState.LOGGED, None))
    assert all(entry.body_text for entry in box.entries())


def test_when_no_text_comes_it_rests_longer_each_time_and_due_rows_do_not_wake_it(box: Box) -> None:
    for number in range(5):
        box.put(raw(subject=f"In {number}"))
    box.start()
    waits, calls = [], box.sandbox.call_counts(mailbox=ALICE).get("batch", 0)
    for _ in range(3):
        box.sandbox.clear_faults()
        box.sandbox.add_fault("batch", FaultKind.UNAVAILABLE, skip=1, times=1000)
        box.read()
        with box.runtime.db.reading() as session:
            now = box.runtime.clock.now()
            waits.append(round((session.get_one(MailboxReading, box.mailbox_id).next_look_at - now).total_seconds()))
            assert ledger.due(session, box.mailbox_id, now)
            assert reading.due_mailboxes(session, now) == []
        box.runtime.clock.advance(minutes=10)  # type: ignore[attr-defined]
    assert waits == [pytest.approx(wait, abs=5) for wait in (30, 60, 120)]
    assert box.sandbox.call_counts(mailbox=ALICE)["batch"] - calls <= 3 * 6
    assert {state for state, _ in box.ledger().values()} == {LedgerState.TO_READ}


def test_texts_are_bounded_by_their_size_and_of_a_huge_mail_the_envelope_is_kept(box: Box) -> None:
    for number, length in enumerate((3000, 3000, 3000, 50_000)):
        box.put(raw(subject=f"In {number}", number=number, text="word " * (length // 5)))
    box.start()
    reader = replace(box.reader(), bytes_at_once=8000, largest_text=40_000)
    before = box.sandbox.call_counts(mailbox=ALICE)["batch"]
    reader.read_batch()
    assert box.sandbox.call_counts(mailbox=ALICE)["batch"] - before == 3, "envelopes, two texts, one text"
    assert {entry.subject: bool(entry.body_text) for entry in box.entries()} == {
        "In 0": True, "In 1": True, "In 2": True, "In 3": False,
    }  # fmt: skip


@pytest.mark.parametrize("wanted", [MessageFormat.METADATA, MessageFormat.RAW])
def test_a_level_chosen_while_a_batch_is_read_holds_for_what_it_stores(box: Box, wanted: MessageFormat) -> None:
    gmail_id = box.put(raw())
    box.start()
    reader = box.reader()

    def choose(level: Level) -> None:
        with box.runtime.db.transaction() as session:
            reading.change_level(session, box.mailbox_id, level=level, now=box.runtime.clock.now())

    gmail = Meanwhile(reader.gmail, wanted, lambda: choose(Level.NOTHING))
    replace(reader, gmail=gmail).read_batch()  # type: ignore[arg-type]
    assert (box.ledger()[gmail_id], box.entries()) == ((LedgerState.EXCLUDED, "mailbox_level"), [])
    choose(Level.NOTHING)
    box.sandbox.clear_faults()
    choose(Level.SUBJECT)
    gmail = Meanwhile(reader.gmail, MessageFormat.METADATA, lambda: choose(Level.METADATA))
    replace(reader, gmail=gmail, level=Level.NOTHING).read_batch()  # type: ignore[arg-type]
    assert box.ledger()[gmail_id] == (LedgerState.TO_READ, None), "its text is still to be asked for"
    reader.read_batch()
    assert [entry.level for entry in box.entries()] == [Level.METADATA]
    choose(Level.NOTHING)
    box.sandbox.change_labels(ALICE, gmail_id, add=["STARRED"])
    with box.runtime.db.transaction() as session:
        ledger.reopen(session, box.mailbox_id, gmail_message_ids=[gmail_id], now=box.runtime.clock.now())
    replace(reader, level=Level.NOTHING).read_batch()
    assert (box.ledger()[gmail_id], len(box.entries())) == ((LedgerState.LOGGED, None), 1), "logged mail stays"


def test_an_exclusion_that_ended_while_a_batch_is_read_leaves_nothing_out(box: Box, book: Book) -> None:
    gmail_id, now = box.put(raw()), box.runtime.clock.now()
    with box.runtime.db.transaction() as session:
        exclusions.exclude(
            session, kind=ExclusionKind.ADDRESS, value="priya@helios.example", label="", mailbox_id=box.mailbox_id,
            by=book.alice, now=now,
        )  # fmt: skip
    box.start()
    reader = box.reader()

    def include() -> None:
        with box.runtime.db.transaction() as session:
            one = session.scalars(select(MailExclusion)).one()
            exclusions.include_again(session, exclusion_id=one.id, by=book.alice, now=now)

    replace(reader, gmail=Meanwhile(reader.gmail, MessageFormat.METADATA, include)).read_batch()  # type: ignore[arg-type]
    reader.read_batch()
    assert box.ledger()[gmail_id] == (LedgerState.LOGGED, None)


def test_after_a_word_of_rest_nothing_more_is_asked_for(
    box: Box, book: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    for number in range(3):
        box.put(raw(subject=f"In {number}"))
    box.start()
    box.sandbox.add_fault("messages.get", FaultKind.TOO_MANY_REQUESTS, retry_after_s=60)
    box.read()
    assert box.sandbox.call_counts(mailbox=ALICE)["messages.get"] == 3
    calls = box.sandbox.call_counts(mailbox=ALICE)
    alice = sign_in(book.alice)
    assert "slow down" in alice.get("/mailbox/preview?days=30").text
    assert box.sandbox.call_counts(mailbox=ALICE) == calls
    box.runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
    box.sandbox.add_fault("messages.list", FaultKind.TOO_MANY_REQUESTS, retry_after_s=60)
    alice.get("/mailbox/preview?days=30")
    assert box.health().state == "paused"
