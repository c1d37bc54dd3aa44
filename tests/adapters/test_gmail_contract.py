"""What the port GmailMailbox promises, asked of the real adapter against each stand-in for Google."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from server.ports.errors import AccessLost, HistoryExpired, Missing, OutcomeUnknown, Rejected
from server.ports.gmail import METADATA_SCOPE, GmailMailbox, MessageFormat

EMULATE_CANNOT = {
    "test_the_profile_names_the_mailbox": "has no users.getProfile",
    "test_own_headers_are_in_the_metadata": "leaves custom headers out of format=metadata",
    "test_the_list_of_headers_keeps_their_order_and_repeats": "leaves custom headers out of format=metadata",
    "test_a_message_is_found_by_its_rfc_message_id": "does not know rfc822msgid:",
    "test_a_batch_tells_gone_messages_from_present_ones": "has no batch endpoint",
    "test_an_old_history_cursor_is_expired": "takes any startHistoryId",
    "test_a_message_without_recipient_is_rejected": "sends to nobody without complaint",
    "test_a_reply_needs_matching_references_to_join_a_thread": "joins whatever thread is named",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        known = ["sandbox"] if metafunc.function.__name__ in EMULATE_CANNOT else ["sandbox", "emulate"]
        metafunc.parametrize("backend", known, indirect=True)


@pytest.fixture
def mailbox(backend: Any) -> GmailMailbox:
    mailbox: GmailMailbox = backend.mailbox
    return mailbox


@pytest.fixture
def subject() -> str:
    """Unlike all others: emulate cannot be emptied between tests."""
    return f"Review {uuid.uuid4().hex}"


def a_mail(subject: str, *headers: str, to: str = "zoe@customer.example") -> bytes:
    lines = ["From: alice@rapport.example", f"To: {to}", f"Subject: {subject}", *headers, "", "Hello Zoe"]
    return "\r\n".join(lines).encode()


def test_the_profile_names_the_mailbox(mailbox: GmailMailbox) -> None:
    assert mailbox.profile().email_address == "alice@rapport.example"


def test_a_draft_can_be_made_and_read(mailbox: GmailMailbox, subject: str) -> None:
    draft = mailbox.create_draft(a_mail(subject))
    assert mailbox.get_draft(draft.draft_id) == draft


def test_a_deleted_draft_is_missing(mailbox: GmailMailbox, subject: str) -> None:
    draft = mailbox.create_draft(a_mail(subject))
    mailbox.delete_draft(draft.draft_id)
    with pytest.raises(Missing):
        mailbox.get_draft(draft.draft_id)


def test_sending_uses_the_draft_up(mailbox: GmailMailbox, subject: str) -> None:
    draft = mailbox.create_draft(a_mail(subject))
    sent = mailbox.send_draft(draft.draft_id)
    assert sent.gmail_thread_id == draft.gmail_thread_id
    with pytest.raises(Missing):
        mailbox.get_draft(draft.draft_id)


def test_sending_a_draft_twice_is_of_unknown_outcome(mailbox: GmailMailbox, subject: str) -> None:
    draft = mailbox.create_draft(a_mail(subject))
    mailbox.send_draft(draft.draft_id)
    with pytest.raises(OutcomeUnknown):
        mailbox.send_draft(draft.draft_id)


def test_a_sent_draft_is_in_the_thread_under_sent(mailbox: GmailMailbox, subject: str) -> None:
    draft = mailbox.create_draft(a_mail(subject))
    sent = mailbox.send_draft(draft.draft_id)
    (found,) = mailbox.get_thread(draft.gmail_thread_id)
    assert found.gmail_message_id == sent.gmail_message_id
    assert "SENT" in found.label_ids
    assert "DRAFT" not in found.label_ids
    assert found.headers["subject"] == subject


def test_a_message_can_be_sent_at_once(mailbox: GmailMailbox, subject: str) -> None:
    sent = mailbox.send_message(a_mail(subject))
    message = mailbox.get_message(sent.gmail_message_id, message_format=MessageFormat.MINIMAL)
    assert "SENT" in message.label_ids
    assert message.gmail_thread_id == sent.gmail_thread_id


def test_own_headers_are_in_the_raw_message(mailbox: GmailMailbox, subject: str) -> None:
    sent = mailbox.send_message(a_mail(subject, "X-Rapport-Id: 42"))
    message = mailbox.get_message(sent.gmail_message_id, message_format=MessageFormat.RAW)
    assert message.raw is not None
    assert b"X-Rapport-Id: 42" in message.raw


def test_own_headers_are_in_the_metadata(mailbox: GmailMailbox, subject: str) -> None:
    sent = mailbox.send_message(a_mail(subject, "X-Rapport-Id: 42"))
    message = mailbox.get_message(sent.gmail_message_id, message_format=MessageFormat.METADATA)
    assert message.headers["x-rapport-id"] == "42"
    assert message.raw is None


def test_the_list_of_headers_keeps_their_order_and_repeats(mailbox: GmailMailbox, subject: str) -> None:
    sent = mailbox.send_message(a_mail(subject, "X-Rapport-Note: one", "X-Other: between", "X-Rapport-Note: two"))
    message = mailbox.get_message(sent.gmail_message_id, message_format=MessageFormat.METADATA)
    own = [(name, value) for name, value in message.header_list if name.startswith("X-")]
    assert own == [("X-Rapport-Note", "one"), ("X-Other", "between"), ("X-Rapport-Note", "two")]
    assert message.headers["x-rapport-note"] == "one"


def test_a_reply_joins_its_thread(mailbox: GmailMailbox, subject: str) -> None:
    first = mailbox.send_message(a_mail(subject))
    headers = mailbox.get_message(first.gmail_message_id, message_format=MessageFormat.METADATA).headers
    refers = (f"In-Reply-To: {headers['message-id']}", f"References: {headers['message-id']}")
    reply = mailbox.send_message(a_mail(f"Re: {subject}", *refers), gmail_thread_id=first.gmail_thread_id)
    assert reply.gmail_thread_id == first.gmail_thread_id
    ids = [message.gmail_message_id for message in mailbox.get_thread(first.gmail_thread_id)]
    assert ids == [first.gmail_message_id, reply.gmail_message_id]


def test_a_reply_needs_matching_references_to_join_a_thread(mailbox: GmailMailbox, subject: str) -> None:
    first = mailbox.send_message(a_mail(subject))
    other = mailbox.send_message(a_mail(f"Re: {subject}"), gmail_thread_id=first.gmail_thread_id)
    assert other.gmail_thread_id != first.gmail_thread_id


def test_messages_are_listed_by_label_in_pages(mailbox: GmailMailbox, subject: str) -> None:
    sent = {mailbox.send_message(a_mail(subject)).gmail_message_id for _ in range(3)}
    first = mailbox.list_messages(label_ids=["SENT"], query=f"subject:{subject.split()[1]}", max_results=2)
    assert first.next_page_token is not None
    second = mailbox.list_messages(
        label_ids=["SENT"], query=f"subject:{subject.split()[1]}", max_results=2, page_token=first.next_page_token
    )
    assert second.next_page_token is None
    assert {ref.gmail_message_id for ref in (*first.messages, *second.messages)} == sent


def test_a_message_is_found_by_its_rfc_message_id(mailbox: GmailMailbox, subject: str) -> None:
    sent = mailbox.send_message(a_mail(subject))
    mailbox.send_message(a_mail(subject))
    headers = mailbox.get_message(sent.gmail_message_id, message_format=MessageFormat.METADATA).headers
    (found,) = mailbox.list_messages(query=f"rfc822msgid:{headers['message-id'].strip('<>')}").messages
    assert found.gmail_message_id == sent.gmail_message_id


def test_a_batch_tells_gone_messages_from_present_ones(mailbox: GmailMailbox, subject: str) -> None:
    ids = [mailbox.send_message(a_mail(subject)).gmail_message_id for _ in range(3)]
    batch = mailbox.get_messages([*ids, "1234567812345678"], message_format=MessageFormat.METADATA)
    found = batch.found
    assert batch.failed is None
    assert list(found) == [*ids, "1234567812345678"]
    assert found["1234567812345678"] is None
    assert all(message is not None and message.headers["subject"] == subject for message in list(found.values())[:3])


def test_history_tells_of_what_was_sent(mailbox: GmailMailbox, subject: str) -> None:
    before = mailbox.watch(topic="projects/rapport/topics/gmail").history_id
    sent = mailbox.send_message(a_mail(subject))
    page = mailbox.history(start_history_id=before)
    (added,) = [record for record in page.records if record.gmail_message_id == sent.gmail_message_id]
    assert (added.kind, added.gmail_thread_id) == ("messagesAdded", sent.gmail_thread_id)
    assert "SENT" in added.label_ids
    assert mailbox.history(start_history_id=page.history_id).records == ()
    mailbox.stop_watch()


def test_an_old_history_cursor_is_expired(mailbox: GmailMailbox) -> None:
    with pytest.raises(HistoryExpired):
        mailbox.history(start_history_id="1")


def test_history_comes_in_pages_with_one_start(mailbox: GmailMailbox, subject: str) -> None:
    before = mailbox.watch(topic="projects/rapport/topics/gmail").history_id
    mailbox.stop_watch()
    sent = {mailbox.send_message(a_mail(subject)).gmail_message_id for _ in range(3)}
    first = mailbox.history(start_history_id=before, max_results=2)
    assert first.next_page_token is not None
    found, token = {one.gmail_message_id for one in first.records}, first.next_page_token
    while token is not None:
        page = mailbox.history(start_history_id=before, page_token=token, max_results=2)
        found |= {one.gmail_message_id for one in page.records}
        token = page.next_page_token
    assert sent <= found


def test_the_labels_hold_gmails_own(mailbox: GmailMailbox) -> None:
    by_id = {label.label_id: label for label in mailbox.labels()}
    assert by_id["INBOX"].is_system
    assert {"SENT", "DRAFT", "UNREAD"} <= set(by_id)


def test_the_primary_address_may_be_sent_from(mailbox: GmailMailbox) -> None:
    (primary,) = [address for address in mailbox.send_as() if address.is_primary]
    assert primary.email_address == "alice@rapport.example"


@pytest.mark.parametrize("kind", ["message", "thread", "draft"])
def test_what_is_not_there_is_missing(mailbox: GmailMailbox, kind: str) -> None:
    deeds = {
        "message": lambda: mailbox.get_message("1234567812345678", message_format=MessageFormat.MINIMAL),
        "thread": lambda: mailbox.get_thread("1234567812345678"),
        "draft": lambda: mailbox.get_draft("r1"),
    }
    with pytest.raises(Missing):
        deeds[kind]()


def test_a_message_without_recipient_is_rejected(mailbox: GmailMailbox) -> None:
    with pytest.raises(Rejected) as caught:
        mailbox.send_message(b"Subject: to nobody\r\n\r\nHello")
    assert caught.value.reason == "invalidArgument"


def test_scopes_that_are_missing_mean_lost_access(open_mailbox: Any, subject: str) -> None:
    with pytest.raises(AccessLost) as caught:
        open_mailbox(METADATA_SCOPE).create_draft(a_mail(subject))
    assert caught.value.reason == "insufficientPermissions"


def test_the_metadata_scope_lists_but_does_not_search(open_mailbox: Any) -> None:
    mailbox = open_mailbox(METADATA_SCOPE)
    assert mailbox.list_messages(label_ids=["INBOX"]).messages == ()
    with pytest.raises(Rejected):
        mailbox.list_messages(query="subject:x")
