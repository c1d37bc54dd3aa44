"""What of a batch came is kept, whatever became of the rest; failures tell what they concern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from server.ports.errors import AccessLost, OutcomeUnknown, Rejected, Throttled
from server.ports.gmail import METADATA_SCOPE, READONLY_SCOPE, Batch, GmailMailbox, MessageFormat
from server.sandbox.deliver import PlacedMail
from server.sandbox.running import RunningSandbox

ALICE = "alice@rapport.example"
OpenMailbox = Callable[..., GmailMailbox]


@pytest.fixture
def ids(sandbox: RunningSandbox) -> list[str]:
    now = datetime.now(UTC)
    mails = [
        PlacedMail(raw=f"From: zoe@customer.example\r\nSubject: Mail {number}\r\n\r\nHello".encode(), at=now)
        for number in range(5)
    ]
    return sandbox.place(ALICE, mails)


def envelopes(mailbox: GmailMailbox, ids: Sequence[str]) -> Batch:
    return mailbox.get_messages(ids, message_format=MessageFormat.METADATA)


@pytest.mark.peer_case(18)
@pytest.mark.parametrize("fault", ["429", "403-quota"])
def test_what_came_before_a_quota_error_is_kept(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, ids: list[str], fault: str
) -> None:
    """Case 18: quota errors come as 429 and as 403, also inside the parts of a batch; partial success is kept."""
    sandbox.add_fault("messages.get", fault, about=ids[2], retry_after_s=600)
    batch = envelopes(open_mailbox(), ids)
    assert list(batch.found) == [ids[0], ids[1], ids[3], ids[4]]
    assert list(batch.failures) == [ids[2]]
    assert isinstance(batch.failed, Throttled)
    assert timedelta(seconds=590) < batch.failed.retry_at - datetime.now(UTC) <= timedelta(seconds=600)


@pytest.mark.peer_case(18)
def test_a_refusal_that_is_no_quota_is_not_taken_for_one(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, ids: list[str]
) -> None:
    """Case 18: a real 403 does not ask for rest."""
    mailbox = open_mailbox(METADATA_SCOPE, READONLY_SCOPE)
    batch = mailbox.get_messages(ids, message_format=MessageFormat.RAW)
    assert batch.found == {}
    assert {type(failure) for failure in batch.failures.values()} == {Rejected}
    with pytest.raises(AccessLost):
        open_mailbox(METADATA_SCOPE).send_as()


def test_the_failure_that_concerns_the_most_is_heeded_first(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, ids: list[str]
) -> None:
    sandbox.add_fault("messages.get", "500", about=ids[0])
    sandbox.add_fault("messages.get", "cut-before", about=ids[1])
    sandbox.add_fault("messages.get", "429", about=ids[3])
    batch = envelopes(open_mailbox(), ids)
    kinds = {key: type(failure) for key, failure in batch.failures.items()}
    assert kinds == {ids[0]: OutcomeUnknown, ids[1]: OutcomeUnknown, ids[3]: Throttled}
    assert isinstance(batch.failed, Throttled)
    assert envelopes(open_mailbox(), ids).failed is None


def test_a_message_that_was_deleted_meanwhile_is_none(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, ids: list[str]
) -> None:
    sandbox.delete(ALICE, ids[1])
    batch = envelopes(open_mailbox(), ids)
    assert [key for key, message in batch.found.items() if message is None] == [ids[1]]
    assert batch.failed is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [("429", Throttled), ("503", OutcomeUnknown), ("cut-before", OutcomeUnknown), ("cut-after", OutcomeUnknown)],
)
def test_what_becomes_of_the_whole_batch_is_raised(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, ids: list[str], fault: str, error: type[Exception]
) -> None:
    sandbox.add_fault("batch", fault, mailbox=ALICE)
    with pytest.raises(error):
        envelopes(open_mailbox(), ids)


def test_an_access_token_that_ended_is_renewed_for_the_whole_batch(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, ids: list[str], renewals: Callable[..., None]
) -> None:
    mailbox = open_mailbox()
    sandbox.expire_access_tokens(ALICE)
    assert list(envelopes(mailbox, ids).found) == ids
    assert len(renewals.tokens) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "broken", [b"To: <", b'To: "', b"Message-ID: <>", b"From: =?utf-8?b?!!!?=", b"To: a@[", b"Subject: \xff\xfe"]
)
def test_headers_that_are_none_come_all_the_same(
    sandbox: RunningSandbox, open_mailbox: OpenMailbox, broken: bytes
) -> None:
    (key,) = sandbox.place(ALICE, [PlacedMail(raw=broken + b"\r\nX-Last: here\r\n\r\nHello", at=datetime.now(UTC))])
    mailbox = open_mailbox()
    message = envelopes(mailbox, [key]).found[key]
    assert message is not None
    assert message.headers["x-last"] == "here"
    assert mailbox.get_message(key, message_format=MessageFormat.RAW).raw == broken + b"\r\nX-Last: here\r\n\r\nHello"


def test_the_metadata_scope_sees_envelopes_and_no_texts(open_mailbox: OpenMailbox, ids: list[str]) -> None:
    mailbox = open_mailbox(METADATA_SCOPE)
    assert len(envelopes(mailbox, ids).found) == 5
    with pytest.raises(Rejected):
        mailbox.get_message(ids[0], message_format=MessageFormat.RAW)
    with pytest.raises(Rejected):
        mailbox.list_messages(query="after:1700000000")
