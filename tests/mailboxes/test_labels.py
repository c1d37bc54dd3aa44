"""What labels decide is decided anew when they change: drafts that are sent, spam that was none, mail put away."""

from __future__ import annotations

import base64

import pytest
import requests

from server.mailboxes import ledger, reading
from server.mailboxes.models import LedgerState
from server.ports.gmail import MessageRef
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail

RAW = b"From: alice@rapport.example\r\nTo: priya@helios.example\r\nSubject: Plan\r\n\r\nHello"


@pytest.fixture
def followed(any_reader: Reader) -> Reader:
    any_reader.start()
    any_reader.run()
    return any_reader


@pytest.mark.peer_case(2)
def test_a_draft_that_becomes_sent_is_read_as_sent(followed: Reader) -> None:
    """Case 2: mail whose first record is that of a draft is there once it is sent."""
    draft = followed.gmail().create_draft(RAW)
    followed.run()
    assert followed.states() == {draft.gmail_message_id: "excluded:draft"}
    sent = followed.gmail().send_draft(draft.draft_id)
    followed.run()
    assert followed.states()[sent.gmail_message_id] == "logged"
    row = followed.row(draft.gmail_message_id)
    assert row is not None
    assert row.deleted_at is not None


@pytest.mark.peer_case(2)
def test_a_draft_that_keeps_its_id_when_it_is_sent_is_read_too(followed: Reader) -> None:
    """Case 2: labels alone may tell: DRAFT goes and SENT comes on the same message."""
    (kept,) = followed.put(a_mail(labels=("DRAFT",)))
    followed.run()
    assert followed.states() == {kept: "excluded:draft"}
    followed.sandbox.change_labels(followed.email, kept, add=["SENT"], remove=["DRAFT"])
    followed.run()
    assert followed.states() == {kept: "logged"}


@pytest.mark.peer_case(22)
def test_a_draft_that_is_saved_again_and_again_is_no_mail(followed: Reader) -> None:
    """Case 22: each autosave is a new message for Gmail; none is logged, and the one that is sent is."""
    draft = followed.gmail().create_draft(RAW)
    token = followed.sandbox.tokens_for(followed.email, ["https://www.googleapis.com/auth/gmail.compose"])
    body = {"message": {"raw": base64.urlsafe_b64encode(RAW).decode()}}
    for _ in range(3):
        answer = requests.put(
            f"{followed.sandbox.base_url}/gmail/v1/users/me/drafts/{draft.draft_id}",
            json=body,
            headers={"Authorization": f"Bearer {token.access_token}"},
            timeout=5,
        )
        assert answer.status_code == 200
        followed.follow()
    followed.run()
    sent = followed.gmail().send_draft(draft.draft_id)
    followed.run()
    states = followed.states()
    assert states.pop(sent.gmail_message_id) == "logged"
    assert set(states.values()) <= {"gone", "excluded:draft"}


@pytest.mark.parametrize("label", ["SPAM", "TRASH"])
def test_mail_that_is_taken_out_of_spam_or_trash_is_read(followed: Reader, label: str) -> None:
    (known,) = followed.put(a_mail("known", labels=(label,)))
    followed.run()
    assert followed.states() == {known: f"excluded:{label.lower()}"}
    followed.sandbox.change_labels(followed.email, known, add=["INBOX"], remove=[label])
    followed.run()
    assert followed.states() == {known: "logged"}
    followed.sandbox.change_labels(followed.email, known, add=[label], remove=["INBOX"])
    followed.run()
    assert followed.states() == {known: f"excluded:{label.lower()}"}


def test_mail_of_which_the_ledger_never_heard_comes_out_of_spam(any_reader: Reader) -> None:
    """No list shows spam; the record of the label's going is the first that we hear of the message."""
    (hidden,) = any_reader.put(a_mail(labels=("SPAM",)))
    any_reader.start()
    any_reader.run()
    assert any_reader.states() == {}
    any_reader.sandbox.change_labels(any_reader.email, hidden, add=["INBOX"], remove=["SPAM"])
    any_reader.run()
    assert any_reader.states() == {hidden: "logged"}


def test_reading_old_mail_in_gmail_brings_nothing_into_the_ledger(any_reader: Reader) -> None:
    (old,) = any_reader.put(a_mail(days_ago=300, labels=("INBOX", "UNREAD")))
    any_reader.start()
    any_reader.run()
    any_reader.sandbox.change_labels(any_reader.email, old, add=["STARRED"], remove=["UNREAD"])
    any_reader.run()
    assert any_reader.states() == {}


@pytest.mark.peer_case(16)
def test_mail_from_before_the_window_is_not_read_whatever_happens_to_it(any_reader: Reader) -> None:
    """Case 16: what is out of scope stays out, also when Gmail tells of it and after a reconnect."""
    (old,) = any_reader.put(a_mail(days_ago=300, labels=()))
    any_reader.start(days=30)
    any_reader.run()
    any_reader.sandbox.change_labels(any_reader.email, old, add=["INBOX"])
    any_reader.run()
    assert any_reader.states() == {old: "excluded:before_window"}
    any_reader.sandbox.expire_history(any_reader.email)
    any_reader.start(days=30)
    any_reader.run()
    assert any_reader.states() == {old: "excluded:before_window"}


@pytest.mark.peer_case(15)
def test_a_label_that_is_deleted_stops_nothing(followed: Reader) -> None:
    """Case 15: labels are never asked for one by one: a deleted one only means that its mail is decided anew."""
    label = _own_label(followed, "Private")
    followed.excluded_labels = frozenset({label})
    private, other = followed.put(a_mail("1"), a_mail("2"))
    followed.run()
    followed.sandbox.change_labels(followed.email, private, add=[label])
    followed.run()
    assert followed.states() == {private: "excluded:excluded_label", other: "logged"}
    _delete_label(followed, label)
    more = followed.put(a_mail("3"))
    followed.run()
    assert followed.states() == dict.fromkeys([private, other, *more], "logged")


@pytest.mark.peer_case(14)
def test_a_label_taken_off_the_list_brings_its_old_mail(followed: Reader) -> None:
    """Case 14: what a rule left out comes when the rule goes."""
    label = _own_label(followed, "Customers")
    followed.excluded_labels = frozenset({label})
    old = followed.put(a_mail(labels=("INBOX", label), days_ago=3))
    followed.run()
    assert followed.states() == dict.fromkeys(old, "excluded:excluded_label")
    followed.excluded_labels = frozenset()
    with followed.runtime.db.transaction() as session:
        now = followed.runtime.clock.now()
        assert reading.widen(session, followed.mailbox_id, rule="excluded_label", now=now) == 1
    followed.run()
    assert followed.states() == dict.fromkeys(old, "logged")


@pytest.mark.peer_case(14)
def test_a_wider_window_brings_older_mail(any_reader: Reader) -> None:
    """Case 14: an older beginning is listed, and what happens meanwhile is not passed over."""
    old, present = any_reader.put(a_mail(days_ago=60), a_mail(days_ago=1))
    any_reader.start(days=30)
    any_reader.run()
    cursor = any_reader.reading().history_id
    with any_reader.runtime.db.transaction() as session:
        reading.widen(session, any_reader.mailbox_id, days=90, now=any_reader.runtime.clock.now())
    any_reader.sandbox.change_labels(any_reader.email, present, add=["TRASH"])
    assert any_reader.reading().history_id == cursor
    any_reader.run()
    assert any_reader.states() == {old: "logged", present: "excluded:trash"}
    with any_reader.runtime.db.transaction() as session:
        reading.widen(session, any_reader.mailbox_id, days=10, now=any_reader.runtime.clock.now())
    assert any_reader.reading().list_from is None, "a window is not narrowed by widening it"


def test_a_404_before_the_message_was_told_of_is_taken_back(followed: Reader, stepping_clock: SteppingClock) -> None:
    """Parts of Gmail may see a message later than others: a list shows it, a get does not yet find it."""
    (early,) = followed.put(a_mail())
    with followed.runtime.db.transaction() as session:
        ref = MessageRef(gmail_message_id=early, gmail_thread_id=early)
        ledger.add(session, followed.mailbox_id, [ref], stepping_clock.now())
    (row,) = followed.due()
    with followed.runtime.db.transaction() as session:
        assert ledger.settle(session, row.id, LedgerState.GONE, now=stepping_clock.now())
    followed.run()
    found = followed.row(early)
    assert found is not None
    assert (found.state, found.deleted_at) == ("logged", None)


def _own_label(reader: Reader, name: str) -> str:
    return str(_as_owner(reader, "POST", "labels", {"name": name}).json()["id"])


def _delete_label(reader: Reader, label: str) -> None:
    _as_owner(reader, "DELETE", f"labels/{label}", None)


def _as_owner(reader: Reader, method: str, path: str, body: object) -> requests.Response:
    token = reader.sandbox.tokens_for(reader.email, ["https://www.googleapis.com/auth/gmail.modify"])
    answer = requests.request(
        method,
        f"{reader.sandbox.base_url}/gmail/v1/users/me/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token.access_token}"},
        timeout=5,
    )
    assert answer.ok, answer.text
    return answer
