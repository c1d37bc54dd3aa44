"""One reader at a time; whoever was stopped, replaced or paused writes nothing more."""

from __future__ import annotations

import pytest

from server.errors import Conflict, Invalid, NotFound
from server.mailboxes import connection, ledger, pause, reading
from server.mailboxes.halt import Halt
from server.mailboxes.models import Mailbox, MailboxReading, Phase
from server.timeline.models import Level
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail


def may_take(reader: Reader, holder: str) -> bool:
    with reader.runtime.db.transaction() as session:
        return reading.take_lane(session, reader.mailbox_id, holder=holder, now=reader.runtime.clock.now())


def holds(reader: Reader, holder: str) -> bool:
    with reader.runtime.db.reading() as session:
        return reading.still_holds(session, reader.mailbox_id, holder=holder, now=reader.runtime.clock.now())


def due(reader: Reader) -> bool:
    with reader.runtime.db.reading() as session:
        return reading.due_mailboxes(session, reader.runtime.clock.now()) == [reader.mailbox_id]


def test_a_mailbox_that_nobody_switched_on_is_not_read(reader: Reader) -> None:
    assert not may_take(reader, "a")
    assert not due(reader)
    assert reader.health().state == "off"
    with reader.runtime.db.transaction() as session, pytest.raises(NotFound):
        reading.stop(session, reader.mailbox_id)


def test_one_reader_at_a_time_until_its_lease_ends(reader: Reader, stepping_clock: SteppingClock) -> None:
    reader.start()
    assert due(reader)
    assert may_take(reader, "a")
    assert not due(reader)
    assert may_take(reader, "a"), "the holder takes it again and again"
    assert not may_take(reader, "b")
    stepping_clock.advance(seconds=181)
    assert due(reader), "a reader that died is replaced"
    assert may_take(reader, "b")
    assert holds(reader, "b")
    assert not holds(reader, "a")
    with reader.runtime.db.transaction() as session:
        reading.leave_lane(session, reader.mailbox_id, holder="a")
    assert holds(reader, "b"), "only the holder leaves"


def test_a_reader_that_was_replaced_writes_nothing_more(reader: Reader, stepping_clock: SteppingClock) -> None:
    reader.put(a_mail())
    reader.start()
    real = reader.gmail().profile

    def slow_profile() -> object:
        stepping_clock.advance(seconds=181)
        assert may_take(reader, "another")
        return real()

    gmail = reader.gmail()
    gmail.profile = slow_profile  # type: ignore[method-assign,assignment]
    reader.gmail = lambda: gmail  # type: ignore[method-assign]
    assert reader.follow().halt is Halt.LANE_LOST
    assert reader.reading().pinned_history_id is None
    assert reader.states() == {}


@pytest.mark.parametrize("stop", ["stop", "disconnect", "pause"])
def test_no_call_is_made_once_nobody_may(reader: Reader, stepping_clock: SteppingClock, stop: str) -> None:
    reader.start()
    reader.run()
    assert may_take(reader, "a")
    with reader.runtime.db.transaction() as session:
        if stop == "stop":
            reading.stop(session, reader.mailbox_id)
        elif stop == "disconnect":
            connection.disconnect(connection.by_id(session, reader.mailbox_id, lock=True), now=stepping_clock.now())
        else:
            pause.pause(session, reader.mailbox_id, stepping_clock.advance(minutes=5), "Gmail asked to slow down.")
            stepping_clock.advance(minutes=-5)
    assert not holds(reader, "a")
    assert not may_take(reader, "a")
    stepping_clock.advance(minutes=4)
    assert not due(reader)


def test_a_person_who_begins_anew_wins_over_a_reader_at_work(reader: Reader, stepping_clock: SteppingClock) -> None:
    ids = reader.put(a_mail(days_ago=20), a_mail(days_ago=1))
    reader.start(days=5)
    gmail = reader.gmail()
    real = gmail.list_messages

    def list_slowly(**asked: object) -> object:
        page = real(**asked)  # type: ignore[arg-type]
        stepping_clock.advance(seconds=1)
        reader.start(days=30)
        return page

    gmail.list_messages = list_slowly  # type: ignore[method-assign,assignment]
    open_again, reader.gmail = reader.gmail, lambda: gmail  # type: ignore[method-assign]
    assert reader.follow().halt is Halt.LANE_LOST
    assert reader.reading().phase == Phase.BACKFILLING
    assert reader.states() == {}
    reader.gmail = open_again  # type: ignore[method-assign]
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "logged")


def test_reading_stopped_keeps_what_is_there_and_begun_again_misses_nothing(reader: Reader) -> None:
    logged, trashed, deleted = reader.put(a_mail("1"), a_mail("2"), a_mail("3"))
    reader.start()
    reader.run()
    with reader.runtime.db.transaction() as session:
        reading.stop(session, reader.mailbox_id)
    meanwhile = reader.put(a_mail("4"))
    reader.sandbox.change_labels(reader.email, trashed, add=["TRASH"])
    reader.sandbox.delete(reader.email, deleted)
    assert reader.health().state == "off"
    assert reader.states() == dict.fromkeys([logged, trashed, deleted], "logged")
    reader.start()
    reader.run()
    assert reader.states() == {
        logged: "logged", trashed: "excluded:trash", deleted: "logged", meanwhile[0]: "logged",
    }  # fmt: skip
    row = reader.row(deleted)
    assert row is not None
    assert row.deleted_at is not None


def test_a_mailbox_set_to_nothing_brings_its_mail_when_it_is_set_to_more(reader: Reader) -> None:
    ids = reader.put(a_mail("1"), a_mail("2"))
    reader.start(level=Level.NOTHING)
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "excluded:mailbox_level")
    with reader.runtime.db.transaction() as session:
        reading.change_level(session, reader.mailbox_id, level=Level.METADATA, now=reader.runtime.clock.now())
    assert due(reader)
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "logged")
    assert reader.reading().level == "metadata"


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_window_that_is_none_is_refused(reader: Reader, days: int) -> None:
    with pytest.raises(Invalid):
        reader.start(days=days)


def test_a_mailbox_that_is_not_connected_cannot_be_read(reader: Reader, stepping_clock: SteppingClock) -> None:
    with reader.runtime.db.transaction() as session:
        connection.disconnect(connection.by_id(session, reader.mailbox_id, lock=True), now=stepping_clock.now())
    with pytest.raises(Conflict):
        reader.start()


@pytest.mark.peer_case(4)
def test_rows_that_are_due_wake_the_mailbox_also_when_its_time_has_not_come(
    reader: Reader, stepping_clock: SteppingClock
) -> None:
    """Case 4: what is due is found in the database, whoever was restarted."""
    reader.start()
    reader.run()
    assert not due(reader)
    reader.put(a_mail())
    stepping_clock.advance(seconds=61)
    assert due(reader), "the poll's time has come"
    reader.follow()
    assert due(reader), "a row is to be read"
    reader.read()
    assert not due(reader)


@pytest.mark.peer_case(4)
def test_a_mailbox_that_nobody_looked_at_for_long_is_not_called_well(
    reader: Reader, stepping_clock: SteppingClock
) -> None:
    """Case 4: a last look older than two intervals is told."""
    reader.start()
    reader.run()
    assert reader.health().is_well
    stepping_clock.advance(seconds=121)
    assert reader.health().state == "late"
    reader.run()
    assert reader.health().is_well


def test_a_longer_rest_is_not_shortened(reader: Reader, stepping_clock: SteppingClock) -> None:
    now = stepping_clock.now()
    later = stepping_clock.advance(hours=1)
    for until, reason in ((later, "long"), (now, "short")):
        with reader.runtime.db.transaction() as session:
            pause.pause(session, reader.mailbox_id, until, reason)
    mailbox: Mailbox = reader.mailbox()
    assert (mailbox.paused_until, mailbox.pause_reason) == (later, "long")
    assert pause.is_paused(mailbox, now)
    assert not pause.is_paused(mailbox, later)


def test_what_a_pause_left_on_the_work_list_is_read_afterwards(reader: Reader, stepping_clock: SteppingClock) -> None:
    ids = reader.put(*(a_mail(str(number)) for number in range(3)))
    reader.start()
    reader.sandbox.add_fault("messages.get", "429", about=ids[1], retry_after_s=300)
    assert reader.follow().halt is None
    assert reader.read() is Halt.PAUSED
    states = reader.states()
    assert (states[ids[0]], states[ids[1]], states[ids[2]]) == ("logged", "to_read", "logged")
    with reader.runtime.db.reading() as session:
        assert ledger.counts(session, reader.mailbox_id).total == 3
        assert session.get_one(MailboxReading, reader.mailbox_id).holder is None
    stepping_clock.advance(seconds=301)
    reader.run()
    assert set(reader.states().values()) == {"logged"}
