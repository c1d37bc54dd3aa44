"""Reconciliation: every message of the window is explained, or it alarms and is read after all."""

from __future__ import annotations

import gc
import io
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from server.mailboxes import ledger, reading, reconcile
from server.mailboxes.halt import Halt
from server.mailboxes.health import HealthState
from server.mailboxes.models import LedgerState, MailboxMessage, Reconciliation
from server.mailboxes.nights import quiet_hour
from server.ports.gmail import GmailMailbox, HistoryPage, MessagePage, MessageRef
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail


@pytest.fixture
def followed(any_reader: Reader) -> Reader:
    """Four are listed, one of them a draft; spam and what is older than the window are not."""
    any_reader.put(a_mail("1"), a_mail("2", days_ago=3), a_mail("3", labels=("SENT",)), a_mail("4", labels=("DRAFT",)))
    any_reader.put(a_mail("old", days_ago=50), a_mail("spam", labels=("SPAM",)))
    any_reader.start()
    any_reader.run()
    return any_reader


def compared(reader: Reader) -> Reconciliation:
    found = reader.compare()
    assert isinstance(found, Reconciliation), found
    whole = found.logged + sum(found.excluded.values()) + found.waiting + found.gone + found.on_their_way
    assert found.listed == whole + found.unexplained
    return found


def forget(reader: Reader, *gmail_message_ids: str) -> None:
    """As if a reading had missed them."""
    with reader.runtime.db.transaction() as session:
        session.execute(delete(MailboxMessage).where(MailboxMessage.gmail_message_id.in_(gmail_message_ids)))


def due(reader: Reader) -> bool:
    with reader.runtime.db.reading() as session:
        return reconcile.due_reconciliations(session, reader.runtime.clock.now()) == [reader.mailbox_id]


@pytest.mark.peer_case(1)
def test_every_message_of_the_window_is_explained(followed: Reader) -> None:
    """Case 1: what Gmail lists is compared with what became of it, and the difference is zero."""
    found = compared(followed)
    assert (found.listed, found.logged, found.excluded, found.unexplained) == (4, 3, {"draft": 1}, 0)
    assert followed.health().is_well


@pytest.mark.peer_case(1)
def test_what_was_missed_alarms_and_is_read(
    followed: Reader, stepping_clock: SteppingClock, log_stream: io.StringIO
) -> None:
    """Case 1: silently missing mail is found, told, brought, and shown to be explained afterwards."""
    missed = [key for key, state in followed.states().items() if state == "logged"][:2]
    forget(followed, *missed)
    found = compared(followed)
    assert (found.missed, found.unexplained, found.logged) == (2, 2, 1)
    assert "mail_unexplained" in log_stream.getvalue()
    assert followed.health().state is HealthState.GAP
    assert followed.take_lane()
    followed.leave_lane()
    followed.run()
    assert {followed.states()[key] for key in missed} == {"logged"}
    assert followed.reading().gap_since is None
    assert followed.health().state is HealthState.UNEXPLAINED, "explained is what a comparison shows"
    assert not due(followed)
    stepping_clock.advance(minutes=11)
    assert due(followed)
    assert compared(followed).unexplained == 0
    followed.run()
    assert followed.health().is_well


@pytest.mark.peer_case(3)
def test_a_row_without_its_mail_is_not_taken_for_logged(followed: Reader) -> None:
    """Case 3: "logged" is believed only where a linked message really stands."""
    (lost, *_) = [key for key, state in followed.states().items() if state == "logged"]
    followed.not_stored = {lost}
    found = compared(followed)
    assert (found.unexplained, found.missed, found.logged) == (1, 0, 2)
    assert followed.states()[lost] == "to_read"
    assert not followed.health().is_well


def test_a_row_without_its_mail_is_not_taken_for_waiting(followed: Reader) -> None:
    (lost, *_) = [key for key, state in followed.states().items() if state == "logged"]
    with followed.runtime.db.transaction() as session:
        row = session.scalars(select(MailboxMessage).where(MailboxMessage.gmail_message_id == lost)).one()
        row.state = LedgerState.WAITING
    assert (compared(followed).waiting, compared(followed).unexplained) == (1, 0)
    followed.not_waiting = {lost}
    found = compared(followed)
    assert (found.unexplained, found.waiting) == (1, 0)
    assert followed.states()[lost] == "to_read"


def test_mail_that_comes_while_it_compares_is_on_its_way_and_no_alarm(followed: Reader) -> None:
    late = followed.put(a_mail("late"), a_mail("later"))
    found = compared(followed)
    assert (found.on_their_way, found.unexplained) == (2, 0)
    followed.follow()
    assert compared(followed).on_their_way == 2, "now they stand on the work list"
    followed.run()
    assert {followed.states()[key] for key in late} == {"logged"}


def test_what_waits_for_a_person_is_explained(followed: Reader, stepping_clock: SteppingClock) -> None:
    tie, poison = followed.put(a_mail("tie"), a_mail("poison"))
    followed.follow()
    now = stepping_clock.now()
    for key, state in ((tie, LedgerState.WAITING), (poison, LedgerState.QUARANTINED)):
        row = followed.row(key)
        assert row is not None
        with followed.runtime.db.transaction() as session:
            assert ledger.settle(session, row.id, state, rule="tie", received_at=now, now=now)
    assert (compared(followed).waiting, compared(followed).unexplained) == (2, 0)


def test_what_is_listed_though_it_was_gone_is_looked_at_again(followed: Reader, stepping_clock: SteppingClock) -> None:
    (odd,) = followed.put(a_mail())
    followed.follow()
    row = followed.row(odd)
    assert row is not None
    with followed.runtime.db.transaction() as session:
        ledger.settle(session, row.id, LedgerState.GONE, now=stepping_clock.now())
    assert (compared(followed).gone, compared(followed).on_their_way) == (1, 1)
    followed.run()
    assert followed.states()[odd] == "logged"


@pytest.mark.parametrize(
    ("call", "fault", "stops"),
    [
        ("messages.list", "429", Halt.PAUSED),
        ("messages.list", "503", Halt.LATER),
        ("messages.list", "cut-before", Halt.LATER),
    ],
)
def test_a_comparison_that_is_cut_says_nothing_and_is_made_later(
    followed: Reader, stepping_clock: SteppingClock, call: str, fault: str, stops: Halt
) -> None:
    followed.sandbox.add_fault(call, fault, retry_after_s=60)
    assert followed.compare() is stops
    with followed.runtime.db.reading() as session:
        assert reconcile.last_reconciliation(session, followed.mailbox_id) is None
    assert followed.health().state == ("paused" if stops is Halt.PAUSED else "up_to_date")
    stepping_clock.advance(minutes=11)
    assert due(followed)


def test_a_grant_that_ended_is_told(followed: Reader) -> None:
    gmail = followed.gmail()
    followed.sandbox.revoke(followed.email)
    followed.gmail = lambda: gmail  # type: ignore[method-assign]
    assert followed.compare() is Halt.RECONNECT


def test_a_history_that_is_lost_meanwhile_hides_nothing_and_is_no_alarm(
    followed: Reader, stepping_clock: SteppingClock
) -> None:
    late = followed.put(a_mail())
    followed.sandbox.expire_history(followed.email)
    assert followed.compare() is Halt.LATER, "nobody can tell now what was missed from what is on its way"
    followed.run()
    assert {followed.states()[key] for key in late} == {"logged"}
    stepping_clock.advance(minutes=11)
    assert due(followed)
    assert compared(followed).unexplained == 0


@pytest.mark.parametrize("rule", ["spam", "trash"])
def test_what_gmail_lists_is_not_left_out_as_hidden(followed: Reader, rule: str) -> None:
    """As if the change of labels that brought it back had been missed."""
    (one, *_) = [key for key, state in followed.states().items() if state == "logged"]
    with followed.runtime.db.transaction() as session:
        row = session.scalars(select(MailboxMessage).where(MailboxMessage.gmail_message_id == one)).one()
        row.state, row.rule = LedgerState.EXCLUDED, rule
    compared(followed)
    followed.run()
    assert followed.states()[one] == "logged"


def test_while_the_window_is_listed_nothing_is_compared(reader: Reader, stepping_clock: SteppingClock) -> None:
    reader.start()
    assert not due(reader)
    assert reader.compare() is Halt.LATER
    assert reader.calls("messages.list") == 0
    reader.run()
    stepping_clock.advance(minutes=11)
    assert due(reader), "the first time as soon as the window was listed"


def test_a_person_asks_for_it(followed: Reader, stepping_clock: SteppingClock) -> None:
    compared(followed)
    assert not due(followed)
    with followed.runtime.db.transaction() as session:
        reconcile.ask_for(session, followed.mailbox_id, stepping_clock.now())
        reconcile.ask_for(session, uuid.uuid4(), stepping_clock.now())
    assert due(followed)


def test_a_window_that_a_person_moves_meanwhile_is_not_compared(followed: Reader) -> None:
    gmail = followed.gmail()
    real = gmail.list_messages

    def list_slowly(**asked: object) -> object:
        with followed.runtime.db.transaction() as session:
            reading.widen(session, followed.mailbox_id, days=90, now=followed.runtime.clock.now())
        return real(**asked)  # type: ignore[arg-type]

    gmail.list_messages = list_slowly  # type: ignore[method-assign,assignment]
    followed.gmail = lambda: gmail  # type: ignore[method-assign]
    assert followed.compare() is Halt.LATER


def test_results_are_kept_for_three_months(followed: Reader, stepping_clock: SteppingClock) -> None:
    compared(followed)
    stepping_clock.advance(days=91)
    followed.sandbox.expire_access_tokens(followed.email)
    followed.run()
    compared(followed)
    with followed.runtime.db.reading() as session:
        assert len(session.scalars(select(Reconciliation.id)).all()) == 1


# When


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-22T12:00", "UTC", "2026-11-23T03:00"),
        ("2026-11-23T02:59", "UTC", "2026-11-23T03:00"),
        ("2026-11-23T03:00", "UTC", "2026-11-24T03:00"),
        ("2026-11-22T12:00", "Europe/Paris", "2026-11-23T02:00"),
        ("2026-06-22T12:00", "Europe/Paris", "2026-06-23T01:00"),
        ("2026-11-22T12:00", "America/Los_Angeles", "2026-11-23T11:00"),
        ("2026-11-22T12:00", "No/Such_Place", "2026-11-23T03:00"),
    ],
)
def test_the_quiet_hour_is_that_of_where_the_person_lives(now: str, zone: str, expected: str) -> None:
    at = quiet_hour(datetime.fromisoformat(now).replace(tzinfo=UTC), zone, uuid.UUID(int=60))
    assert at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_mailboxes_are_spread_over_the_hour() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    times = {quiet_hour(now, "UTC", uuid.UUID(int=number)) for number in range(500)}
    assert len(times) == 60
    assert max(times) - min(times) == timedelta(minutes=59)


# How much


class _LargeMailbox:
    """Tens of thousands of messages without their texts: the sandbox would take minutes to hold them."""

    def __init__(self, size: int) -> None:
        self._size = size

    def list_messages(self, *, page_token: str | None = None, max_results: int = 100, **_: object) -> MessagePage:
        gc.collect()  # What merely waits for the collector is not held, and in a large process it waits long.
        start = int(page_token or 0)
        end = min(start + max_results, self._size)
        refs = tuple(MessageRef(gmail_message_id=f"m{n:08}", gmail_thread_id=f"m{n:08}") for n in range(start, end))
        return MessagePage(messages=refs, next_page_token=str(end) if end < self._size else None)

    def history(self, *, start_history_id: str, **_: object) -> HistoryPage:
        return HistoryPage(records=(), history_id=start_history_id, next_page_token=None)


def test_memory_does_not_grow_with_the_mailbox(reader: Reader, stepping_clock: SteppingClock) -> None:
    reader.start()
    reader.run()
    peaks = []
    gc.freeze()  # What other tests left is not looked through at every page.
    for size in (2_000, 40_000):
        large: GmailMailbox = _LargeMailbox(size)  # type: ignore[assignment]
        _log_all(reader, size)
        reader.gmail = lambda large=large: large  # type: ignore[method-assign,misc]
        tracemalloc.start()
        found = compared(reader)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (found.listed, found.logged, found.unexplained) == (size, size, 0)
    gc.unfreeze()
    assert peaks[1] < 4 * peaks[0], f"twenty times the mailbox, {peaks} bytes"


def _log_all(reader: Reader, size: int) -> None:
    refs = [MessageRef(gmail_message_id=f"m{n:08}", gmail_thread_id=f"m{n:08}") for n in range(size)]
    with reader.runtime.db.transaction() as session:
        ledger.add(session, reader.mailbox_id, refs, reader.runtime.clock.now())
        session.query(MailboxMessage).update({"state": LedgerState.LOGGED})
