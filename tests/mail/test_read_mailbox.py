"""Reading a real mailbox of the sandbox to the timeline: nothing lost, nothing twice, nothing kept that is excluded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from sqlalchemy import select

from server.mail.models import MailContent, MailCopy, MailMessage, MailParticipant
from server.mailboxes import ledger
from server.mailboxes.connection import ENVELOPE_SCOPES, TEXT_SCOPES
from server.mailboxes.models import LedgerState
from server.mailboxes.reconcile import last_reconciliation
from server.runtime import Runtime
from server.sandbox.faults import FaultKind
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level
from tests.cast import ALICE, BOB, Book
from tests.mailboxes.box import PRIYA, Box, raw


@pytest.fixture
def box_of(runtime: Runtime, sandbox: RunningSandbox, book: Book) -> Callable[..., Box]:
    def connected(email: str = ALICE, scopes: tuple[str, ...] = TEXT_SCOPES) -> Box:
        return Box.connected(runtime, sandbox, book, email=email, scopes=scopes)

    for user in sandbox.config.users:
        sandbox.revoke(user.email)
    return connected


@pytest.fixture
def box(box_of: Callable[..., Box]) -> Box:
    return box_of()


@pytest.mark.peer_case(1)
def test_what_is_in_the_mailbox_is_in_the_store(box: Box) -> None:
    """Case 1: a "healthy" account lacked 41 percent of the mail from known people."""
    received = [box.put(raw(subject=f"In {number}", number=number)) for number in range(7)]
    sent = [box.put(raw(sender=ALICE, to=PRIYA, subject=f"Out {number}"), "SENT") for number in range(6)]
    box.start()
    box.sandbox.add_fault("messages.get", FaultKind.UNAVAILABLE, times=4)
    box.read()
    assert not box.health().is_well
    while any(state == LedgerState.TO_READ for state, _ in box.ledger().values()):
        box.runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
        box.read()
    later = box.put(raw(subject="Later"))
    box.read()
    assert set(box.ledger()) == {*received, *sent, later}
    assert {entry.gmail_message_id for entry in box.entries()} == {*received, *sent, later}
    box.compare()
    assert box.health().is_well
    with box.runtime.db.reading() as session:
        found = last_reconciliation(session, box.mailbox_id)
    assert found is not None
    assert (found.listed, found.logged, found.unexplained, found.missed) == (14, 14, 0, 0)


@pytest.mark.peer_case(2, 22)
def test_a_draft_is_never_kept_and_its_sent_mail_is(box: Box) -> None:
    """Case 2: a reply whose first record was a draft never appeared. Case 22: each autosave was a row."""
    box.start()
    gmail = box.runtime.gmail.open(box.sandbox.tokens_for(ALICE, TEXT_SCOPES), on_refresh=lambda _: None)
    draft = gmail.create_draft(raw(sender=ALICE, to=PRIYA, subject="Half a thought"))
    box.read()
    assert box.ledger()[draft.gmail_message_id] == (LedgerState.EXCLUDED, "draft")
    assert box.count(MailMessage) == 0
    sent = gmail.send_draft(draft.draft_id)
    box.read()
    [entry] = box.entries()
    assert (entry.gmail_message_id, entry.direction) == (sent.gmail_message_id, "out")
    assert box.ledger()[sent.gmail_message_id] == (LedgerState.LOGGED, None)


@pytest.mark.peer_case(3)
def test_mail_that_goes_from_gmail_stays_on_the_timeline(box: Box) -> None:
    """Case 3: linked messages vanished and left rows behind that pointed nowhere."""
    gone, trashed = box.put(raw(subject="Gone")), box.put(raw(subject="Trashed"))
    box.start()
    box.read()
    box.sandbox.delete(ALICE, gone)
    box.sandbox.change_labels(ALICE, trashed, add=["TRASH"], remove=["INBOX"])
    box.read()
    assert [entry.subject for entry in box.entries()] == ["Gone", "Trashed"]
    assert box.ledger() == {gone: (LedgerState.LOGGED, None), trashed: (LedgerState.LOGGED, None)}


@pytest.mark.peer_case(9)
def test_mail_that_goes_between_list_and_get_holds_up_nothing(box: Box) -> None:
    """Case 9: a 404 wedged the mailbox."""
    gone, stays = box.put(raw(subject="Gone")), box.put(raw(subject="Stays"))
    box.start()
    box.sandbox.add_fault("messages.get", FaultKind.TOO_MANY_REQUESTS, times=2, retry_after_s=1)
    box.read()
    box.sandbox.delete(ALICE, gone)
    box.runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
    box.read()
    box.runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
    box.read()
    assert box.ledger()[gone] == (LedgerState.GONE, None)
    assert box.ledger()[stays] == (LedgerState.LOGGED, None)


@pytest.mark.peer_case(10)
def test_one_message_that_cannot_be_read_stops_no_other(box: Box) -> None:
    """Case 10: one poison message stopped the account."""
    poison = box.put(raw(subject="Poison"))
    others = [box.put(raw(subject=f"Good {number}")) for number in range(3)]
    box.sandbox.add_fault("messages.get", FaultKind.RUBBISH, about=poison, times=1000)
    box.start()
    for _ in range(ledger.MOST_TRIES):
        box.read()
        box.runtime.clock.advance(hours=2)  # type: ignore[attr-defined]
    assert {box.ledger()[one] for one in others} == {(LedgerState.LOGGED, None)}
    assert box.ledger()[poison] == (LedgerState.QUARANTINED, "OutcomeUnknown")
    box.read()
    assert not box.health().is_well
    box.sandbox.clear_faults()
    with box.runtime.db.transaction() as session:
        ledger.reopen(session, box.mailbox_id, states=[LedgerState.QUARANTINED], now=box.runtime.clock.now())
    box.read()
    assert box.ledger()[poison] == (LedgerState.LOGGED, None)


@pytest.mark.peer_case(20)
def test_texts_are_kept_whole_whatever_their_parts(box: Box) -> None:
    """Case 20: 801 of 11,958 messages were stored without their text."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = PRIYA, ALICE, "Only HTML, with a picture beside it"
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = "<html-only@letters.example>"
    message.set_content("<p>Grüße aus <b>Köln</b></p>", subtype="html", cte="base64")
    message.add_related(b"\x89PNG", "image", "png", cid="<a@b>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="offer.pdf")
    box.put(message.as_bytes())
    box.start()
    box.read()
    [entry] = box.entries()
    assert "Grüße aus Köln" in entry.body_text
    with box.runtime.db.reading() as session:
        [content] = session.scalars(select(MailContent))
    assert "<b>Köln</b>" in (content.html or "")
    assert {one["name"] for one in content.attachments} >= {"offer.pdf"}


@pytest.mark.parametrize(
    ("content", "labels", "rule"),
    [
        (raw(sender=BOB), ("INBOX",), "internal_only"),
        (raw(sender="news@shop.example", List_Unsubscribe="<https://shop.example/u>"), ("INBOX",), "bulk"),
        (raw(), ("DRAFT",), "draft"),
        (raw(), ("CHAT",), "chat"),
    ],
)
def test_what_is_excluded_leaves_an_id_and_a_rule_and_nothing_else(
    box: Box, content: bytes, labels: tuple[str, ...], rule: str
) -> None:
    gmail_id = box.put(content, *labels)
    box.start()
    box.read()
    assert box.ledger() == {gmail_id: (LedgerState.EXCLUDED, rule)}
    assert [box.count(model) for model in (MailMessage, MailContent, MailParticipant, MailCopy)] == [0, 0, 0, 0]


def test_a_mailbox_at_the_level_nothing_keeps_nothing(box: Box) -> None:
    gmail_id = box.put(raw())
    box.start(level=Level.NOTHING)
    box.read()
    assert box.ledger() == {gmail_id: (LedgerState.EXCLUDED, "mailbox_level")}
    assert box.count(MailMessage) == 0


def test_mail_of_unknown_people_waits_without_its_text(box: Box) -> None:
    gmail_id = box.put(raw(sender="Nora Quist <nora@quist.example>", text="Secret"))
    box.start()
    box.read()
    assert box.ledger() == {gmail_id: (LedgerState.WAITING, "nobody_known")}
    assert (box.count(MailMessage), box.count(MailContent)) == (1, 0)


def test_with_envelopes_only_no_text_is_ever_asked_for(box_of: Callable[..., Box]) -> None:
    box = box_of(ALICE, ENVELOPE_SCOPES)
    box.put(raw(text="Secret"))
    box.start()
    box.read()
    [entry] = box.entries()
    assert (entry.subject, entry.body_text) == ("Renewal", "")
    assert box.count(MailContent) == 0


def test_a_grant_that_lets_read_texts_brings_those_of_older_mail(box_of: Callable[..., Box]) -> None:
    box = box_of(ALICE, ENVELOPE_SCOPES)
    box.put(raw(text="Said before"))
    stranger = box.put(raw(sender="Nora Quist <nora@quist.example>", text="Secret"))
    box.start()
    box.read()
    box.allow(TEXT_SCOPES)
    box.read()
    [entry] = box.entries()
    assert entry.body_text.strip() == "Said before"
    assert box.ledger()[stranger] == (LedgerState.WAITING, "nobody_known")
    assert (box.count(MailMessage), box.count(MailContent)) == (2, 1)


def test_older_mail_than_was_chosen_is_not_kept(box: Box) -> None:
    old, new = box.put(raw(subject="Old"), days_ago=20), box.put(raw(subject="New"), days_ago=2)
    box.start(days=7)
    box.read()
    box.sandbox.change_labels(ALICE, old, add=["STARRED"])
    box.sandbox.change_labels(ALICE, old, remove=["INBOX"])
    box.sandbox.change_labels(ALICE, old, add=["INBOX"])
    box.read()
    assert [entry.subject for entry in box.entries()] == ["New"]
    assert box.ledger()[new] == (LedgerState.LOGGED, None)
    assert box.ledger().get(old, (LedgerState.EXCLUDED, "before_window")) == (LedgerState.EXCLUDED, "before_window")


def test_a_colleagues_copy_of_the_same_mail_makes_no_second_entry(box_of: Callable[..., Box]) -> None:
    alice, bob = box_of(ALICE), box_of(BOB)
    both = raw(to=f"{ALICE}, {BOB}")
    for one in (alice, bob):
        one.put(both)
        one.start()
        one.read()
    assert len(alice.entries()) == 1
    assert alice.count(MailCopy) == 2
