"""The ledger: each message once, each row moved by one worker, what cannot be read set aside."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from server.mailboxes import ledger
from server.mailboxes.models import LedgerState, MailboxMessage
from server.ports.gmail import MessageRef
from tests.conftest import StandingClock, SteppingClock
from tests.mailboxes.reader import Reader, a_mail


def refs(*numbers: int) -> list[MessageRef]:
    return [MessageRef(gmail_message_id=f"m{number:06}", gmail_thread_id=f"t{number // 2:06}") for number in numbers]


@pytest.fixture
def box(reader: Reader) -> uuid.UUID:
    return reader.mailbox_id


def add(reader: Reader, *numbers: int) -> int:
    with reader.runtime.db.transaction() as session:
        return ledger.add(session, reader.mailbox_id, refs(*numbers), reader.runtime.clock.now())


def take(reader: Reader, *numbers: int) -> list[MailboxMessage]:
    found = [reader.row(ref.gmail_message_id) for ref in refs(*numbers)]
    return [row for row in found if row is not None]


def test_thousands_are_written_at_once_and_each_stands_once(reader: Reader) -> None:
    assert add(reader, *range(3000)) == 3000
    assert add(reader, *range(2500, 4000), *range(2500, 2600)) == 1000
    assert len(reader.states()) == 4000
    assert add(reader) == 0


def test_two_who_add_the_same_at_once_wait_for_each_other(reader: Reader) -> None:
    with ThreadPoolExecutor(2) as pool:
        forwards = pool.submit(add, reader, *range(1500))
        backwards = pool.submit(add, reader, *reversed(range(1500)))
        assert forwards.result() + backwards.result() == 1500
    assert len(reader.states()) == 1500


def test_what_came_last_is_read_before_a_backfill_and_of_a_page_the_oldest_first(
    reader: Reader, stepping_clock: SteppingClock
) -> None:
    add(reader, 3, 2, 1)
    stepping_clock.advance(seconds=5)
    add(reader, 9)
    assert [row.gmail_message_id[-1] for row in reader.due()] == ["9", "1", "2", "3"]


def test_of_two_workers_one_settles_a_row(reader: Reader, stepping_clock: SteppingClock) -> None:
    add(reader, 1)
    (row,) = take(reader, 1)
    now = stepping_clock.now()
    with reader.runtime.db.transaction() as session:
        assert ledger.settle(session, row.id, LedgerState.LOGGED, received_at=now, now=now)
    with reader.runtime.db.transaction() as session:
        assert not ledger.settle(session, row.id, LedgerState.EXCLUDED, rule="spam", now=now)
        assert not ledger.quarantine(session, row.id, reason="unreadable", now=now)
        ledger.try_later(session, row.id, reason="unreadable", now=now)
    (row,) = take(reader, 1)
    assert (row.state, row.rule, row.received_at, row.attempts) == ("logged", None, now, 0)


@pytest.mark.peer_case(10)
def test_a_message_that_cannot_be_read_is_set_aside_and_the_rest_goes_on(
    reader: Reader, stepping_clock: SteppingClock
) -> None:
    """Case 10: one poison message holds up nobody; after five tries it is counted, and tried again on a click."""
    poison, *others = reader.put(*(a_mail(str(number)) for number in range(4)))
    reader.sandbox.add_fault("messages.get", "rubbish", about=poison, times=1000)
    reader.start()
    for _ in range(ledger.MOST_TRIES):
        reader.run()
        assert {reader.states()[key] for key in others} == {"logged"}
        stepping_clock.advance(hours=1)
    reader.run()
    row = reader.row(poison)
    assert row is not None
    assert (row.state, row.attempts, row.rule) == ("quarantined", 5, "OutcomeUnknown")
    assert reader.calls("messages.get") == 3 + ledger.MOST_TRIES
    assert reader.health().state == "needs_you"
    reader.sandbox.clear_faults()
    with reader.runtime.db.transaction() as session:
        now = stepping_clock.now()
        assert ledger.reopen(session, reader.mailbox_id, states=[LedgerState.QUARANTINED], now=now) == 1
    reader.run()
    assert set(reader.states().values()) == {"logged"}
    assert reader.health().is_well


def test_an_outage_of_gmails_sets_no_message_aside(reader: Reader, stepping_clock: SteppingClock) -> None:
    (one,) = reader.put(a_mail())
    reader.sandbox.add_fault("messages.get", "500", about=one, times=1000)
    reader.start()
    waits = []
    for _ in range(9):
        reader.run()
        row = reader.row(one)
        assert row is not None
        assert (row.state, row.attempts) == ("to_read", 0)
        waits.append((row.not_before - row.changed_at).total_seconds())
        stepping_clock.advance(hours=1)
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    reader.sandbox.clear_faults()
    reader.run()
    assert reader.states() == {one: "logged"}


def test_a_message_that_gmail_never_answers_for_is_set_aside_in_the_end(
    reader: Reader, stepping_clock: SteppingClock
) -> None:
    never, other = reader.put(a_mail("1"), a_mail("2"))
    reader.sandbox.add_fault("messages.get", "500", about=never, times=1000)
    reader.start()
    for _ in range(ledger.MOST_OUTAGES):
        assert reader.states().get(never, "to_read") == "to_read"
        reader.sandbox.expire_access_tokens(reader.email)
        reader.run()
        stepping_clock.advance(hours=1)
    assert reader.states() == {never: "quarantined", other: "logged"}
    assert reader.health().state == "needs_you"


def test_tries_come_after_longer_and_longer_waits(reader: Reader, stepping_clock: SteppingClock) -> None:
    add(reader, 1)
    waits = []
    for _ in range(ledger.MOST_TRIES - 1):
        (row,) = take(reader, 1)
        now = stepping_clock.now()
        with reader.runtime.db.transaction() as session:
            assert ledger.try_later(session, row.id, reason="odd", now=now) is LedgerState.TO_READ
        (row,) = take(reader, 1)
        waits.append(row.not_before - now)
        assert reader.due() == []
        stepping_clock.advance(hours=2)
        assert len(reader.due()) == 1
    assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    with reader.runtime.db.transaction() as session:
        assert ledger.try_later(session, row.id, reason="odd", now=now) is LedgerState.QUARANTINED


def test_rows_are_reopened_by_id_state_and_rule_together(reader: Reader, stepping_clock: SteppingClock) -> None:
    add(reader, *range(6))
    now = stepping_clock.now()
    outcomes = [
        ("logged", None),
        ("excluded", "spam"),
        ("excluded", "internal_only"),
        ("waiting", "tie"),
        ("gone", None),
    ]
    for row, (state, rule) in zip(take(reader, *range(5)), outcomes, strict=True):
        with reader.runtime.db.transaction() as session:
            assert ledger.settle(session, row.id, LedgerState(state), rule=rule, now=now)

    def reopened(**which: object) -> int:
        with reader.runtime.db.transaction() as session:
            found = ledger.reopen(session, reader.mailbox_id, now=now, **which)  # type: ignore[arg-type]
            session.rollback()
            return found

    ids = [ref.gmail_message_id for ref in refs(*range(6))]
    assert reopened(gmail_message_ids=ids) == 5, "what is still to be read is not counted"
    assert reopened(gmail_message_ids=ids[:2]) == 2
    assert reopened(rules=["spam", "trash"]) == 1
    assert reopened(states=[LedgerState.EXCLUDED]) == 2
    assert reopened(gmail_message_ids=ids, states=[LedgerState.EXCLUDED], rules=["tie"]) == 0
    assert reopened(gmail_message_ids=[]) == 0
    with pytest.raises(ValueError, match="say which"):
        reopened()


def test_counts_tell_states_and_the_rules_of_what_is_excluded(reader: Reader, stepping_clock: SteppingClock) -> None:
    add(reader, *range(7))
    now = stepping_clock.now()
    for number, rule in enumerate(("spam", "draft", "spam")):
        (row,) = take(reader, number)
        with reader.runtime.db.transaction() as session:
            ledger.settle(session, row.id, LedgerState.EXCLUDED, rule=rule, now=now)
    (row,) = take(reader, 3)
    with reader.runtime.db.transaction() as session:
        ledger.settle(session, row.id, LedgerState.WAITING, rule="tie", now=now)
    with reader.runtime.db.reading() as session:
        counts = ledger.counts(session, reader.mailbox_id)
    assert counts.by_state == {LedgerState.EXCLUDED: 3, LedgerState.WAITING: 1, LedgerState.TO_READ: 3}
    assert counts.by_rule == {"spam": 2, "draft": 1}
    assert (counts.total, counts.of(LedgerState.LOGGED)) == (7, 0)


def test_the_ledger_of_another_mailbox_is_another(reader: Reader, clock: StandingClock) -> None:
    add(reader, 1)
    with reader.runtime.db.reading() as session:
        assert ledger.states_of(session, uuid.uuid4(), ["m000001"]) == {}
        assert ledger.due(session, uuid.uuid4(), clock.now()) == []
        assert ledger.counts(session, uuid.uuid4()).total == 0
        known = ledger.states_of(session, reader.mailbox_id, ["m000001", "m000002"])
    assert known == {"m000001": (LedgerState.TO_READ, None)}
