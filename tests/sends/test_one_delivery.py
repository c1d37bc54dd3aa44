"""One email leaves once, whatever the network, Gmail or a dying worker do on the way."""

from __future__ import annotations

import uuid

import pytest

from server.mailboxes.opening import open_mailbox
from server.sends import claim, record
from server.sends.deliver import Delivery
from server.sends.models import OutboundEmail, OutboundState
from server.sends.record import Claim
from tests.conftest import SteppingClock
from tests.sends.outbox import Outbox

LOST_ANSWERS = ("cut-after", "503-after", "slow-after")


def test_an_email_goes_through_its_states_and_stands_on_the_timeline(outbox: Outbox) -> None:
    email_id = outbox.put()
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.steps(email_id) == ["queued", "drafted", "sending", "sent", "sent"]
    row = outbox.row(email_id)
    assert row.gmail_message_id
    assert row.gmail_thread_id
    assert row.rfc_message_id
    assert row.seen_in_sent_at is not None
    assert (row.problem, row.lease_until) == (None, None)
    assert outbox.drafts() == 0


def test_the_delivered_email_carries_our_id(outbox: Outbox) -> None:
    email_id = outbox.put()
    outbox.drain()
    [delivered] = outbox.sandbox.deliveries()
    assert delivered["headers"]["x-rapport-id"] == str(email_id)


def test_sending_is_committed_before_the_call_that_sends(outbox: Outbox) -> None:
    email_id = outbox.put()
    seen: list[str] = []
    claimed = outbox.claim()

    class Watching:
        """Passes every call on, and notes what another connection reads at that moment."""

        def __init__(self, mailbox: object) -> None:
            self._mailbox = mailbox

        def __getattr__(self, name: str) -> object:
            seen.append(f"{name}:{outbox.state(email_id)}")
            return getattr(self._mailbox, name)

    watching = Watching(open_mailbox(outbox.runtime, outbox.mailbox_id))
    Delivery(db=outbox.db, clock=outbox.runtime.clock, mailbox=watching, email=claimed).run()  # type: ignore[arg-type]
    assert seen == ["create_draft:claimed", "send_draft:sending", "get_message:sent"]


@pytest.mark.parametrize("fault", LOST_ANSWERS)
def test_when_the_answer_to_a_send_is_lost_the_next_look_finds_it_in_sent(
    outbox: Outbox, stepping_clock: SteppingClock, fault: str
) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", fault)
    outbox.with_short_patience().drain()
    assert outbox.state(email_id) == OutboundState.SENDING
    assert outbox.timeline_keys() == []
    stepping_clock.advance(seconds=3)
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.calls("drafts.send") == 1


@pytest.mark.parametrize("fault", ["cut-before", "500", "503"])
def test_when_a_send_did_nothing_the_draft_is_still_there_and_is_sent(
    outbox: Outbox, stepping_clock: SteppingClock, fault: str
) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", fault)
    outbox.drain()
    assert outbox.state(email_id) == OutboundState.SENDING
    stepping_clock.advance(seconds=3)
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.calls("drafts.create") == 1


@pytest.mark.parametrize("fault", ["cut-after", "cut-before", "503"])
def test_when_the_answer_to_a_draft_is_lost_another_draft_is_made_and_only_that_is_sent(
    outbox: Outbox, stepping_clock: SteppingClock, fault: str
) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.create", fault)
    outbox.drain()
    assert outbox.state(email_id) == OutboundState.QUEUED
    assert outbox.row(email_id).draft_id is None
    stepping_clock.advance(seconds=21)
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.calls("drafts.create") == 2


def test_looks_wait_for_the_time_that_went_by_and_not_for_the_number_of_tries(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    email_id = outbox.put()
    for _ in range(6):
        outbox.sandbox.add_fault("drafts.create", "429", retry_after_s=10)
        outbox.drain()
        stepping_clock.advance(seconds=11)
    outbox.sandbox.add_fault("drafts.send", "cut-after")
    outbox.drain()
    row = outbox.row(email_id)
    assert row.state == OutboundState.SENDING
    assert row.attempts == 7
    assert (row.not_before - stepping_clock.now()).total_seconds() <= 2


def test_after_six_hours_of_silence_a_person_is_asked(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", "cut-after")
    outbox.drain()
    looks = 0
    outbox.sandbox.add_fault("drafts.get", "503", times=1000)
    while outbox.state(email_id) == OutboundState.SENDING:
        stepping_clock.advance(seconds=(outbox.row(email_id).not_before - stepping_clock.now()).total_seconds() + 1)
        outbox.drain()
        looks += 1
        assert looks < 30
    assert looks > 5
    row = outbox.row(email_id)
    assert row.state == OutboundState.REVIEW
    assert row.problem
    assert "Sent" in (row.cure or "")
    assert outbox.delivered() == 1
    outbox.decide(email_id, "it_was_sent")
    outbox.assert_sent_once(email_id)


def test_what_was_sent_although_no_look_found_it_is_never_sent_again(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", "cut-after")
    outbox.drain()
    outbox.sandbox.add_fault("threads.get", "503", times=50)
    for _ in range(4):
        stepping_clock.advance(minutes=20)
        outbox.drain()
    assert outbox.state(email_id) == OutboundState.SENDING
    assert outbox.calls("drafts.send") == 1
    outbox.sandbox.clear_faults()
    stepping_clock.advance(hours=2)
    outbox.drain()
    outbox.assert_sent_once(email_id)


@pytest.mark.parametrize("state", ["claimed", "drafted", "sending", "sending and sent"])
def test_what_a_dead_worker_left_is_finished_by_another(
    outbox: Outbox, stepping_clock: SteppingClock, state: str
) -> None:
    email_id = outbox.put()
    _die_in(outbox, state)
    outbox.drain()
    assert outbox.state(email_id) == state.split()[0]  # the lease still runs
    stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
    outbox.drain()
    outbox.assert_sent_once(email_id)


def _die_in(outbox: Outbox, state: str) -> None:
    """Do what a worker does up to this state, and no more."""
    claimed = outbox.claim()
    if state == "claimed":
        return
    mailbox = open_mailbox(outbox.runtime, outbox.mailbox_id)
    assert mailbox is not None
    now = outbox.runtime.clock.now()
    raw = f"To: tom@helios.example\r\nSubject: x\r\nX-Rapport-Id: {claimed.id}\r\n\r\nHello".encode()
    draft = mailbox.create_draft(raw)
    held = Claim(email_id=claimed.id, epoch=claimed.epoch, state=OutboundState.CLAIMED)
    with outbox.db.transaction() as session:
        held = record.drafted(session, held, draft_id=draft.draft_id, gmail_thread_id=draft.gmail_thread_id, now=now)
    if state == "drafted":
        return
    with outbox.db.transaction() as session:
        record.sending(session, held, now=now)
    if state == "sending and sent":
        mailbox.send_draft(draft.draft_id)


def test_an_old_claim_can_record_nothing(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    email_id = outbox.put()
    old = outbox.claim()
    stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
    new = outbox.claim()
    assert new.epoch == old.epoch + 1
    now = stepping_clock.now()
    held = Claim(email_id=email_id, epoch=old.epoch, state=OutboundState.CLAIMED)
    deeds = (
        lambda s: record.drafted(s, held, draft_id="d", gmail_thread_id="t", now=now),
        lambda s: record.sending(s, held, now=now),
        lambda s: record.sent(s, held, gmail_message_id="m", gmail_thread_id="t", now=now),
        lambda s: record.failed(s, held, problem="p", cure="c", now=now),
        lambda s: record.suppressed(s, held, problem="p", now=now),
        lambda s: record.waits(s, held, until=now, problem="p", cure="c", now=now),
        lambda s: record.look_later(s, held, until=now, problem="p", cure="c", now=now),
        lambda s: record.unknown(s, held, sending_at=now, now=now),
    )
    for deed in deeds:
        with pytest.raises(record.Fenced), outbox.db.transaction() as session:
            deed(session)
    assert outbox.row(email_id).epoch == new.epoch
    assert outbox.steps(email_id) == ["queued"]
    assert outbox.timeline_keys() == []


def test_a_worker_that_woke_up_too_late_sends_nothing_more(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    email_id = outbox.put()
    old = outbox.claim()
    stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
    outbox.drain()
    outbox.deliver(old)
    outbox.assert_sent_once(email_id)
    assert outbox.drafts() == 0, "the draft that the late worker made is gone again"


def test_the_lease_begins_anew_with_each_step(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    outbox.put()
    row = outbox.claim()
    held = Claim(email_id=row.id, epoch=row.epoch, state=OutboundState.CLAIMED)
    for deed in ("drafted", "sending"):
        now = stepping_clock.advance(seconds=100)
        values = {"draft_id": "d", "gmail_thread_id": "t"} if deed == "drafted" else {}
        with outbox.db.transaction() as session:
            held = getattr(record, deed)(session, held, now=now, **values)
        assert outbox.row(row.id).lease_until == now + claim.LEASE


def test_a_failed_read_back_does_not_matter(outbox: Outbox) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("messages.get", "503")
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.row(email_id).rfc_message_id is None


def test_a_sent_message_without_our_header_is_recognised_by_its_thread(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    email_id: uuid.UUID = outbox.put()
    outbox.claim()
    mailbox = open_mailbox(outbox.runtime, outbox.mailbox_id)
    assert mailbox is not None
    draft = mailbox.create_draft(b"To: tom@helios.example\r\nSubject: x\r\n\r\nHello")
    with outbox.db.transaction() as session:
        row = session.get_one(OutboundEmail, email_id)
        row.state, row.sending_at = OutboundState.SENDING, stepping_clock.now()
        row.draft_id, row.gmail_thread_id = draft.draft_id, draft.gmail_thread_id
    mailbox.send_draft(draft.draft_id)
    stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
    outbox.drain()
    outbox.assert_sent_once(email_id)
