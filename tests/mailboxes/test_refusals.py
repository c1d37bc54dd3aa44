"""When Gmail asks for rest, does not answer, or no longer accepts us: the cursor stays, and all of it is told."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest

from server.mailboxes import connection, pause, reading
from server.mailboxes.halt import Halt
from server.mailboxes.models import MailboxState
from server.ports.google_accounts import MailboxGrant
from server.sends import claim
from server.sends import jobs as send_jobs
from tests.cast import ALICE
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail
from tests.sends.outbox import Outbox


@pytest.fixture
def followed(any_reader: Reader) -> Reader:
    any_reader.start()
    any_reader.run()
    return any_reader


@pytest.mark.peer_case(8)
@pytest.mark.parametrize("fault", ["429", "401", "500", "503", "cut-before", "cut-after"])
@pytest.mark.parametrize("call", ["messages.get", "batch"])
def test_a_message_that_could_not_be_fetched_stays_on_the_work_list(
    followed: Reader, stepping_clock: SteppingClock, call: str, fault: str
) -> None:
    """Case 8: the cursor may pass a message whose fetch failed, because its row stands in the database."""
    first, second = followed.put(a_mail("1"), a_mail("2"))
    followed.sandbox.add_fault(call, fault, retry_after_s=60, times=2 if fault == "401" else 1, mailbox=followed.email)
    followed.follow()
    followed.read()
    assert set(followed.states()) == {first, second}
    assert followed.health().is_well == (set(followed.states().values()) == {"logged"})
    stepping_clock.advance(minutes=5)
    if followed.mailbox().state == MailboxState.CONNECTED:
        followed.run()
        assert followed.states() == {first: "logged", second: "logged"}


@pytest.mark.peer_case(18)
@pytest.mark.parametrize("fault", ["429", "403-quota"])
@pytest.mark.parametrize("call", ["getProfile", "messages.list", "history.list"])
def test_every_call_rests_until_the_time_that_google_gave(
    any_reader: Reader, stepping_clock: SteppingClock, call: str, fault: str
) -> None:
    """Case 18: a quota told as 429 or as 403 rests the mailbox; nothing is called and nothing is lost meanwhile."""
    ids = any_reader.put(a_mail())
    any_reader.start()
    any_reader.sandbox.add_fault(call, fault, retry_after_s=600)
    assert any_reader.follow().halt is Halt.PAUSED
    counts = any_reader.sandbox.call_counts(mailbox=ALICE)
    assert any_reader.health().state == "paused"
    stepping_clock.advance(seconds=500)
    assert not any_reader.take_lane()
    with any_reader.runtime.db.reading() as session:
        assert reading.due_mailboxes(session, stepping_clock.now()) == []
    assert any_reader.sandbox.call_counts(mailbox=ALICE) == counts
    stepping_clock.advance(seconds=101)
    any_reader.run()
    assert any_reader.states() == dict.fromkeys(ids, "logged")
    assert any_reader.health().is_well


@pytest.mark.peer_case(19)
def test_a_rest_that_sending_was_asked_for_rests_reading_too(
    outbox: Outbox, stepping_clock: SteppingClock, reader_of_outbox: Reader
) -> None:
    """Case 19: until the time passes nobody calls for this user, whatever the calls are for."""
    reader_of_outbox.start()
    outbox.put()
    outbox.sandbox.add_fault("drafts.create", "429", retry_after_s=900)
    outbox.drain()
    counts = outbox.sandbox.call_counts()
    assert not reader_of_outbox.take_lane()
    assert reader_of_outbox.health().state == "paused"
    stepping_clock.advance(seconds=901)
    reader_of_outbox.follow()
    assert outbox.sandbox.call_counts() != counts


@pytest.mark.peer_case(19)
def test_a_rest_that_reading_was_asked_for_rests_sending_too(
    outbox: Outbox, stepping_clock: SteppingClock, reader_of_outbox: Reader
) -> None:
    """Case 19: the other way round; and a stamp that moves on is simply the next rest."""
    reader_of_outbox.start()
    email_id = outbox.put()
    for _ in range(2):
        outbox.sandbox.add_fault("messages.list", "429", retry_after_s=900)
        assert reader_of_outbox.follow().halt is Halt.PAUSED
        outbox.drain()
        assert outbox.calls("drafts.create") == 0
        assert send_jobs.sweep(outbox.runtime) == 0
        stepping_clock.advance(seconds=901)
    assert send_jobs.sweep(outbox.runtime) == 1
    outbox.drain()
    outbox.assert_sent_once(email_id)


@pytest.fixture
def reader_of_outbox(outbox: Outbox) -> Reader:
    return Reader(runtime=outbox.runtime, sandbox=outbox.sandbox, mailbox_id=outbox.mailbox_id)


def test_a_short_rest_of_sending_does_not_end_a_long_one(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    now = stepping_clock.now()
    with outbox.runtime.db.transaction() as session:
        pause.pause(session, outbox.mailbox_id, now + timedelta(hours=2), "Gmail asked to slow down.")
        pause.pause(session, outbox.mailbox_id, now + timedelta(minutes=1), "a moment")
    stepping_clock.advance(minutes=90)
    with outbox.runtime.db.transaction() as session:
        assert not claim.take_lane(
            session, mailbox_id=outbox.mailbox_id, holder=str(uuid.uuid4()), now=stepping_clock.now()
        )


@pytest.mark.peer_case(17)
def test_a_grant_that_ended_asks_for_a_reconnect_and_the_cursor_is_kept(
    followed: Reader, stepping_clock: SteppingClock, log_stream: io.StringIO
) -> None:
    """Case 17: invalid_grant is a state that a person sees; no storm of tries, no secret in a log, nothing skipped."""
    cursor = followed.reading().history_id
    followed.sandbox.revoke(followed.email)
    assert followed.follow().halt is Halt.RECONNECT
    assert followed.mailbox().state == MailboxState.NEEDS_RECONNECT
    assert followed.health().state == "needs_reconnect"
    counts = followed.sandbox.call_counts()
    stepping_clock.advance(hours=5)
    assert not followed.take_lane()
    with followed.runtime.db.reading() as session:
        assert reading.due_mailboxes(session, stepping_clock.now()) == []
    assert followed.sandbox.call_counts() == counts
    assert followed.reading().history_id == cursor
    meanwhile = followed.put(a_mail())
    _connect_again(followed)
    followed.run()
    assert followed.states() == dict.fromkeys(meanwhile, "logged")
    log = log_stream.getvalue()
    assert "reading_halted" in log
    assert ALICE not in log
    assert "rapport-sandbox-secret" not in log


def test_after_a_disconnect_reading_goes_on_from_where_it_was(followed: Reader, stepping_clock: SteppingClock) -> None:
    before = followed.put(a_mail("before"))
    followed.run()
    cursor = followed.reading().history_id
    with followed.runtime.db.transaction() as session:
        connection.disconnect(connection.by_id(session, followed.mailbox_id, lock=True), now=stepping_clock.now())
    assert followed.health().state == "disconnected"
    meanwhile = followed.put(a_mail("meanwhile"))
    listed = followed.calls("messages.list")
    _connect_again(followed)
    assert followed.reading().history_id == cursor
    followed.run()
    assert followed.calls("messages.list") == listed, "nothing is listed again"
    assert followed.states() == dict.fromkeys([*before, *meanwhile], "logged")


def _connect_again(reader: Reader) -> None:
    granted = reader.sandbox.tokens_for(reader.email, reader.mailbox().scopes.split())
    with reader.runtime.db.transaction() as session:
        connection.connect(
            session,
            user_id=reader.mailbox().user_id,
            user_email=reader.email,
            grant=MailboxGrant(tokens=granted, email=reader.email),
            vault=reader.runtime.vault,
            now=reader.runtime.clock.now(),
        )


@pytest.mark.parametrize("fault", ["500", "503", "cut-before", "cut-after"])
def test_without_an_answer_it_comes_back_later_and_later(
    reader: Reader, stepping_clock: SteppingClock, fault: str
) -> None:
    reader.start()
    waits = []
    for _ in range(6):
        reader.sandbox.add_fault("messages.list", fault)
        assert reader.follow().halt is Halt.LATER
        waits.append(reader.reading().next_look_at - stepping_clock.now())
        stepping_clock.advance(minutes=16)
    seconds = [round(wait.total_seconds() / 30) * 30 for wait in waits]
    assert seconds == [30, 60, 120, 240, 480, 900]
    assert reader.reading().problem == "Gmail did not answer."
    reader.run()
    assert (reader.reading().failures, reader.reading().problem) == (0, None)
