"""What the logs say about a send: ids and plain words, never who, what or with which key."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server import logs
from server.mailboxes import tokens
from tests.cast import ALICE
from tests.conftest import SteppingClock
from tests.sends.outbox import TOM, Outbox


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What our logs write, at the most talkative level."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.configure("json", stream=stream, level=logging.DEBUG)
    yield stream
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_logs_of_sends_hold_no_address_no_text_and_no_token(
    outbox: Outbox, stepping_clock: SteppingClock, logged: io.StringIO
) -> None:
    grants = [tokens.unseal(outbox.runtime.vault, outbox.mailbox())]
    email_id = outbox.put()
    outbox.sandbox.add_fault("drafts.send", "cut-after")
    outbox.sandbox.add_fault("messages.get", "503")
    outbox.drain()
    stepping_clock.advance(seconds=3)
    outbox.sandbox.expire_access_tokens(ALICE)
    outbox.drain()
    outbox.assert_sent_once(email_id)
    grants.append(tokens.unseal(outbox.runtime.vault, outbox.mailbox()))
    refused = outbox.put(key="two", to_email="not an address")
    outbox.sandbox.revoke(ALICE)
    outbox.drain()
    written = logged.getvalue()
    events = {json.loads(line)["event"] for line in written.splitlines()}
    assert {"email_sent", "outcome_unknown", "read_back_failed"} <= events
    assert str(email_id) in written
    assert outbox.row(refused)
    secrets = [value for grant in grants for value in (grant.access_token, grant.refresh_token)]
    for secret in (TOM, ALICE, "helios.example", "Your review", "marzipan", "Tom Becker", *secrets):
        assert secret not in written, f"{secret[:12]} stands in the logs"
