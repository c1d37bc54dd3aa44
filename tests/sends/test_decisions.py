"""What people decide while an email is on its way, and the drafts that are left behind then."""

from __future__ import annotations

import pytest

from server.errors import Conflict, Forbidden, NotFound
from server.ids import new_id
from server.mailboxes.opening import open_mailbox
from server.sends import claim, decide, jobs, record
from server.sends.models import OutboundEmail, OutboundState
from server.sends.record import Claim
from tests.conftest import SteppingClock
from tests.sends.outbox import Outbox

A_WHILE = claim.LEASE.total_seconds() + 1


def bring_to(outbox: Outbox, state: str) -> OutboundEmail:
    """The row as a worker holds it that has come so far."""
    row = outbox.claim()
    if state in ("drafted", "sending"):
        _draft(outbox, row)
    if state == "sending":
        held = Claim(email_id=row.id, epoch=row.epoch, state=OutboundState.DRAFTED)
        with outbox.db.transaction() as session:
            record.sending(session, held, now=outbox.runtime.clock.now())
    return outbox.row(row.id)


def _draft(outbox: Outbox, row: OutboundEmail) -> None:
    mailbox = open_mailbox(outbox.runtime, outbox.mailbox_id)
    assert mailbox is not None
    draft = mailbox.create_draft(f"To: {row.to_email}\r\nSubject: x\r\nX-Rapport-Id: {row.id}\r\n\r\nHello".encode())
    held = Claim(email_id=row.id, epoch=row.epoch, state=OutboundState.CLAIMED)
    with outbox.db.transaction() as session:
        record.drafted(
            session,
            held,
            draft_id=draft.draft_id,
            gmail_thread_id=draft.gmail_thread_id,
            now=outbox.runtime.clock.now(),
        )


@pytest.mark.parametrize("state", ["queued", "claimed", "drafted"])
def test_a_cancelled_email_does_not_leave_whoever_holds_it(outbox: Outbox, state: str) -> None:
    email_id = outbox.put()
    held = outbox.row(email_id) if state == "queued" else bring_to(outbox, state)
    outbox.decide(email_id, "cancel")
    if state != "queued":
        outbox.deliver(held)
    outbox.drain()
    assert outbox.state(email_id) == OutboundState.CANCELLED
    assert outbox.delivered() == 0
    assert outbox.calls("drafts.send") == 0
    assert outbox.drafts() == 0, "no draft is left behind"
    assert outbox.row(email_id).draft_id is None


def test_it_is_too_late_to_cancel_what_was_handed_to_gmail(outbox: Outbox) -> None:
    email_id = outbox.put()
    bring_to(outbox, "sending")
    with pytest.raises(Conflict):
        outbox.decide(email_id, "cancel")


@pytest.mark.parametrize("state", ["cancelled", "suppressed", "failed"])
def test_the_draft_of_an_email_that_will_not_leave_is_removed(outbox: Outbox, state: str) -> None:
    email_id = outbox.put()
    bring_to(outbox, "drafted")
    _set_state(outbox, email_id, state)
    assert outbox.drafts() == 1
    assert jobs.sweep(outbox.runtime) == 1
    outbox.drain()
    assert outbox.drafts() == 0
    assert outbox.row(email_id).draft_id is None
    assert outbox.steps(email_id)[-1] == state
    assert jobs.sweep(outbox.runtime) == 0


@pytest.mark.parametrize("state", ["sending", "review", "sent"])
def test_a_draft_that_could_be_in_flight_is_never_removed(outbox: Outbox, state: str) -> None:
    email_id = outbox.put()
    bring_to(outbox, "drafted")
    _set_state(outbox, email_id, state)
    outbox.drain()
    assert outbox.calls("drafts.delete") == 0
    assert outbox.drafts() == 1


def _set_state(outbox: Outbox, email_id: object, state: str) -> None:
    now = outbox.runtime.clock.now()
    with outbox.db.transaction() as session:
        row = session.get_one(OutboundEmail, email_id)
        row.state, row.epoch, row.sending_at = state, row.epoch + 1, now
        row.lease_until = now + claim.LEASE if state == "sending" else None


def test_a_draft_that_is_gone_already_is_as_good_as_removed(outbox: Outbox) -> None:
    email_id = outbox.put()
    held = bring_to(outbox, "drafted")
    mailbox = open_mailbox(outbox.runtime, outbox.mailbox_id)
    assert mailbox is not None
    mailbox.delete_draft(held.draft_id or "")
    outbox.decide(email_id, "cancel")
    outbox.drain()
    assert outbox.row(email_id).draft_id is None


@pytest.mark.parametrize(("fault", "wait_s"), [("503", 61), ("cut-after", 61), ("429", 31)])
def test_a_removal_without_an_answer_is_tried_again_later(
    outbox: Outbox, stepping_clock: SteppingClock, fault: str, wait_s: int
) -> None:
    email_id = outbox.put()
    bring_to(outbox, "drafted")
    outbox.decide(email_id, "cancel")
    outbox.sandbox.add_fault("drafts.delete", fault, retry_after_s=30)
    outbox.drain()
    outbox.drain()
    assert outbox.calls("drafts.delete") == 1
    assert outbox.row(email_id).draft_id
    assert jobs.sweep(outbox.runtime) == 0
    stepping_clock.advance(seconds=wait_s)
    assert jobs.sweep(outbox.runtime) == 1
    outbox.drain()
    assert outbox.row(email_id).draft_id is None
    assert outbox.drafts() == 0


def test_when_the_draft_of_a_cancelled_email_cannot_be_removed_others_leave_all_the_same(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    cancelled = outbox.put()
    bring_to(outbox, "drafted")
    outbox.decide(cancelled, "cancel")
    other = outbox.put(key="other", to_email="other@helios.example")
    outbox.sandbox.add_fault("drafts.delete", "503")
    outbox.drain()
    outbox.assert_sent_once(other, to="other@helios.example")


@pytest.mark.parametrize(
    ("address", "calls"), [("tom@helios", 1), ("nobody", 0)], ids=["Gmail refuses", "we refuse ourselves"]
)
def test_an_email_that_is_refused_fails_in_words_and_can_be_sent_again(
    outbox: Outbox, address: str, calls: int
) -> None:
    email_id = outbox.put(to_email=address)
    other = outbox.put(key="other", to_email="other@helios.example")
    outbox.drain()
    row = outbox.row(email_id)
    assert row.state == OutboundState.FAILED
    assert row.problem
    assert row.cure
    assert outbox.calls("drafts.create") == calls + 1
    outbox.assert_sent_once(other, to="other@helios.example")
    with outbox.db.transaction() as session:
        session.get_one(OutboundEmail, email_id).to_email = "tom@helios.example"
    outbox.decide(email_id, "send_again")
    outbox.drain()
    outbox.assert_sent_once(email_id)


def test_sending_again_removes_the_earlier_draft_before_it_makes_another(outbox: Outbox) -> None:
    email_id = outbox.put()
    old = bring_to(outbox, "sending")
    _set_state(outbox, email_id, "failed")
    outbox.decide(email_id, "send_again")
    assert outbox.drafts() == 1
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.drafts() == 0
    assert outbox.row(email_id).draft_id != old.draft_id


def test_sending_again_waits_while_the_earlier_draft_may_still_stand(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    email_id = outbox.put()
    bring_to(outbox, "sending")
    _set_state(outbox, email_id, "failed")
    outbox.decide(email_id, "send_again")
    outbox.sandbox.add_fault("drafts.delete", "503")
    outbox.drain()
    assert outbox.state(email_id) == OutboundState.QUEUED
    assert outbox.calls("drafts.create") == 1
    stepping_clock.advance(seconds=30)
    outbox.drain()
    outbox.assert_sent_once(email_id)


def test_only_a_failed_email_can_be_sent_again(outbox: Outbox) -> None:
    email_id = outbox.put()
    for state in set(OutboundState) - {OutboundState.FAILED}:
        _set_state(outbox, email_id, state)
        with pytest.raises(Conflict):
            outbox.decide(email_id, "send_again")


@pytest.mark.parametrize("deed", ["it_was_sent", "it_was_not_sent"])
def test_a_review_is_answered_once(outbox: Outbox, deed: str) -> None:
    email_id = outbox.put()
    _set_state(outbox, email_id, "review")
    outbox.decide(email_id, deed)
    assert outbox.state(email_id) == ("sent" if deed == "it_was_sent" else "failed")
    assert len(outbox.timeline_keys()) == (1 if deed == "it_was_sent" else 0)
    with pytest.raises(Conflict):
        outbox.decide(email_id, deed)


def test_only_its_sender_decides(outbox: Outbox) -> None:
    email_id = outbox.put()
    with outbox.db.transaction() as session:
        with pytest.raises(Forbidden):
            decide.own(session, email_id=email_id, user_id=outbox.book.bob)
        with pytest.raises(NotFound):
            decide.own(session, email_id=new_id(), user_id=outbox.book.alice)


def test_who_opts_out_while_an_email_waits_does_not_get_it(outbox: Outbox) -> None:
    email_id = outbox.put()
    outbox.tom_opts_out()
    outbox.drain()
    row = outbox.row(email_id)
    assert row.state == OutboundState.SUPPRESSED
    assert row.problem == "Tom Becker has opted out of email."
    assert outbox.calls("drafts.create") == 0


def test_who_opts_out_between_draft_and_send_does_not_get_it(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    email_id = outbox.put()
    bring_to(outbox, "drafted")
    outbox.tom_opts_out()
    stepping_clock.advance(seconds=A_WHILE)
    outbox.drain()
    outbox.drain()
    assert outbox.state(email_id) == OutboundState.SUPPRESSED
    assert outbox.delivered() == 0
    assert outbox.drafts() == 0


def test_who_opts_out_while_the_fate_is_unknown_is_not_sent_to_again(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", "cut-before")
    outbox.drain()
    outbox.tom_opts_out()
    while outbox.state(email_id) == OutboundState.SENDING:
        stepping_clock.advance(hours=2)
        outbox.drain()
    assert outbox.state(email_id) == OutboundState.REVIEW
    outbox.decide(email_id, "it_was_not_sent")
    outbox.drain()
    assert outbox.delivered() == 0
    assert outbox.drafts() == 0
