"""When Gmail asks for rest or no longer accepts us, emails wait; nothing is lost and nobody is pestered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from server.mailboxes import connection
from server.mailboxes.models import MailboxState
from server.mailboxes.opening import open_mailbox
from server.sends import claim, jobs
from server.sends.models import OutboundState
from server.vault import Vault
from tests.cast import ALICE
from tests.conftest import SteppingClock
from tests.sends.outbox import Outbox


@pytest.mark.parametrize("fault", ["429", "403-quota"])
@pytest.mark.parametrize("call", ["drafts.create", "drafts.send"])
def test_when_gmail_asks_to_wait_the_whole_lane_rests_until_then(
    outbox: Outbox, stepping_clock: SteppingClock, call: str, fault: str
) -> None:
    emails = outbox.put_many(2)
    outbox.sandbox.add_fault(call, fault, retry_after_s=600)
    outbox.drain()
    made = outbox.sandbox.call_counts()
    assert outbox.states() == ({"queued": 2} if call == "drafts.create" else {"drafted": 1, "queued": 1})
    assert outbox.row(emails[0]).problem == "Gmail asked your mailbox to slow down."
    stepping_clock.advance(seconds=500)
    outbox.drain()
    assert jobs.sweep(outbox.runtime) == 0
    assert outbox.sandbox.call_counts() == made, "nothing is called while the lane rests"
    stepping_clock.advance(seconds=101)
    assert jobs.sweep(outbox.runtime) == 1
    outbox.drain()
    for number, email_id in enumerate(emails):
        outbox.assert_sent_once(email_id, to=f"person{number}@helios.example")
        assert outbox.row(email_id).problem is None
    assert outbox.calls("drafts.create") == (3 if call == "drafts.create" else 2)


def test_a_quota_met_while_reading_back_rests_the_lane_too(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    first, second = outbox.put_many(2)
    outbox.sandbox.add_fault("messages.get", "429", retry_after_s=60)
    outbox.drain()
    assert (outbox.state(first), outbox.state(second)) == (OutboundState.SENT, OutboundState.QUEUED)
    stepping_clock.advance(seconds=61)
    outbox.drain()
    outbox.assert_sent_once(second, to="person1@helios.example")


def test_a_quota_met_while_looking_leaves_the_fate_unknown(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", "cut-after")
    outbox.drain()
    outbox.sandbox.add_fault("drafts.get", "429", retry_after_s=60)
    stepping_clock.advance(seconds=5)
    outbox.drain()
    assert outbox.state(email_id) == OutboundState.SENDING
    stepping_clock.advance(seconds=61)
    outbox.drain()
    outbox.assert_sent_once(email_id)


@pytest.mark.parametrize("done_before", ["nothing", "drafted", "sending"])
def test_after_access_was_revoked_emails_wait_for_the_reconnect(
    outbox: Outbox, stepping_clock: SteppingClock, done_before: str
) -> None:
    email_id = outbox.put()
    if done_before != "nothing":
        outbox.sandbox.add_fault("drafts.send", "429" if done_before == "drafted" else "cut-after", retry_after_s=1)
        outbox.drain()
        stepping_clock.advance(seconds=3)
    before = outbox.state(email_id)
    outbox.sandbox.revoke(ALICE)
    outbox.drain()
    assert outbox.mailbox().state == MailboxState.NEEDS_RECONNECT
    assert outbox.mailbox().problem
    assert outbox.state(email_id) == before
    assert "Reconnect" in (outbox.row(email_id).cure or "")
    made = outbox.sandbox.call_counts()
    assert jobs.sweep(outbox.runtime) == 0, "nobody is nudged for a mailbox that cannot send"
    outbox.drain()
    assert outbox.sandbox.call_counts() == made
    outbox.reconnect()
    assert jobs.sweep(outbox.runtime) == 1
    outbox.drain()
    outbox.assert_sent_once(email_id)


def test_an_expired_access_token_is_renewed_kept_and_nobody_notices(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    before = outbox.mailbox().sealed_tokens
    email_id = outbox.put()
    outbox.sandbox.expire_access_tokens(ALICE)
    outbox.drain()
    outbox.assert_sent_once(email_id)
    assert outbox.mailbox().sealed_tokens != before
    renewals = outbox.sandbox.call_counts()["oauth.token"]
    outbox.put(key="two", to_email="two@helios.example")
    outbox.drain()
    assert outbox.sandbox.call_counts()["oauth.token"] == renewals


def test_a_refusal_of_the_old_grant_does_not_harm_a_new_one(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    old = outbox.mailbox().connected_at
    stepping_clock.advance(seconds=1)
    outbox.reconnect()
    sealed = outbox.mailbox().sealed_tokens
    with outbox.db.transaction() as session:
        connection.lose_access(
            session, mailbox_id=outbox.mailbox_id, granted_at=old, reason="x", now=stepping_clock.now()
        )
        renewed = outbox.sandbox.tokens_for(ALICE, connection.ENVELOPE_SCOPES)
        connection.keep_renewed(
            session, mailbox_id=outbox.mailbox_id, granted_at=old, renewed=renewed, vault=outbox.runtime.vault
        )
    assert outbox.mailbox().state == MailboxState.CONNECTED
    assert outbox.mailbox().sealed_tokens == sealed


def test_when_the_keys_no_longer_open_the_grant_the_person_is_asked_to_connect_again(outbox: Outbox) -> None:
    email_id = outbox.put()
    with_other_keys = replace(outbox.runtime, vault=Vault([Fernet.generate_key().decode()]))
    jobs.drain(with_other_keys, mailbox_id=str(outbox.mailbox_id))
    assert outbox.mailbox().state == MailboxState.NEEDS_RECONNECT
    assert outbox.state(email_id) == OutboundState.QUEUED


def test_a_person_who_disconnects_in_the_middle_of_a_slice_ends_it(outbox: Outbox) -> None:
    first, second = outbox.put_many(2)
    here = replace(outbox.runtime, gmail=DisconnectedMeanwhile(outbox))  # type: ignore[arg-type]
    jobs.drain(here, mailbox_id=str(outbox.mailbox_id))
    assert (outbox.state(first), outbox.state(second)) == (OutboundState.SENT, OutboundState.QUEUED)
    assert outbox.mailbox().sealed_tokens is None
    assert outbox.calls("drafts.create") == 1


class DisconnectedMeanwhile:
    """The real Gmail; its person disconnects while the first email is being sent, and Google does not hear of it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def open(self, *args: Any, **more: Any) -> DisconnectedMeanwhile:
        self._mailbox = self._outbox.runtime.gmail.open(*args, **more)
        return self

    def __getattr__(self, call: str) -> object:
        if call == "send_draft":
            with self._outbox.db.transaction() as session:
                mailbox = connection.by_id(session, self._outbox.mailbox_id, lock=True)
                connection.disconnect(mailbox, now=self._outbox.runtime.clock.now())
        return getattr(self._mailbox, call)


def test_a_disconnected_mailbox_is_not_opened(outbox: Outbox) -> None:
    with outbox.db.transaction() as session:
        connection.disconnect(connection.by_id(session, outbox.mailbox_id), now=outbox.runtime.clock.now())
    assert open_mailbox(outbox.runtime, outbox.mailbox_id) is None


def test_the_sweep_nudges_what_nobody_nudged(outbox: Outbox) -> None:
    assert jobs.sweep(outbox.runtime) == 0
    outbox.put()
    assert jobs.sweep(outbox.runtime) == 1
    [job] = outbox.runtime.jobs.queue().jobs  # type: ignore[attr-defined]
    assert job.kwargs == {"job": jobs.DRAIN, "ids": {"mailbox_id": str(outbox.mailbox_id)}}


def test_the_sweep_leaves_a_lane_alone_that_somebody_works_on(outbox: Outbox, stepping_clock: SteppingClock) -> None:
    outbox.put()
    with outbox.db.transaction() as session:
        assert claim.take_lane(session, mailbox_id=outbox.mailbox_id, holder="a", now=stepping_clock.now())
    assert jobs.sweep(outbox.runtime) == 0
    stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
    assert jobs.sweep(outbox.runtime) == 1, "its holder died"


def test_a_full_slice_ends_with_a_nudge_for_the_rest(outbox: Outbox) -> None:
    outbox.put_many(26)
    outbox.drain()
    assert outbox.states() == {"sent": 25, "queued": 1}
    assert len(outbox.runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]
    outbox.drain()
    assert outbox.states() == {"sent": 26}


def test_a_slow_gmail_ends_a_slice_before_the_queue_would_kill_it(outbox: Outbox) -> None:
    class Hurrying(SteppingClock):
        def now(self) -> datetime:
            self._ahead += timedelta(seconds=30)
            return super().now()

    outbox.put_many(5)
    hurrying = replace(outbox.runtime, clock=Hurrying())
    jobs.drain(hurrying, mailbox_id=str(outbox.mailbox_id))
    assert outbox.states()["queued"] > 0
    assert len(outbox.runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]
