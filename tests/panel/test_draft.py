"""A draft in Gmail, where the panel does not understand the page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.email_templates.load import load_templates
from server.email_templates.message import Recipients, build_draft
from server.mailboxes.connection import ENVELOPE_SCOPES
from server.mailboxes.models import LedgerState, Mailbox, MailboxState
from server.ports.gmail import MessageFormat
from server.runtime import Runtime
from server.sandbox.faults import FaultKind
from server.sandbox.running import RunningSandbox
from tests.cast import ALICE, Book, shipped
from tests.conftest import SignedInClient
from tests.mailboxes.box import Box
from tests.sends.outbox import Outbox
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
WORDS = {
    "to": ["tom@helios.example", "priya@helios.example"],
    "cc": ["sam@helios.example"],
    "bcc": ["hidden@helios.example"],
    "subject": "Größe: what we said",
    "html": "<p>Hello <b>Tom</b></p>",
    "text": "Hello Tom",
}


@pytest.fixture
def box(runtime: Runtime, sandbox: RunningSandbox, book: Book) -> Box:
    for user in sandbox.config.users:
        sandbox.revoke(user.email)
    return Box.connected(runtime, sandbox, book, email=ALICE, scopes=ENVELOPE_SCOPES)


@pytest.fixture
def alice(box: Box, book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


def ask(client: SignedInClient, **changed: object) -> Any:
    return client.post("/api/v1/panel/draft", json=WORDS | changed)


def drafts(box: Box) -> int:
    return box.sandbox.call_counts(mailbox=ALICE).get("drafts.create", 0)


def test_the_draft_stands_in_gmail_with_all_that_was_written(alice: SignedInClient, box: Box) -> None:
    answer = ask(alice)
    assert answer.status_code == 200, answer.text
    gmail_id = answer.get_json()["href"].rpartition("/")[2]
    gmail = box.runtime.gmail.open(box.sandbox.tokens_for(ALICE, ENVELOPE_SCOPES), on_refresh=lambda _: None)
    found = gmail.get_message(gmail_id, message_format=MessageFormat.METADATA)
    assert found.label_ids == {"DRAFT"}
    assert found.headers["to"] == "tom@helios.example, priya@helios.example"
    assert (found.headers["cc"], found.headers["bcc"]) == ("sam@helios.example", "hidden@helios.example")
    assert not [name for name in found.headers if "rapport" in name], "what is sent from it is an ordinary mail"
    with box.runtime.db.reading() as session:
        assert [one.deed for one in session.scalars(select(AuditEntry))] == ["panel.PanelDraft"]


@ON_SQLITE
def test_what_is_sent_from_it_is_read_as_any_other_mail(alice: SignedInClient, box: Box) -> None:
    box.start()
    box.read()
    gmail_id = ask(alice).get_json()["href"].rpartition("/")[2]
    box.read()
    assert box.ledger()[gmail_id] == (LedgerState.EXCLUDED, "draft")
    box.sandbox.change_labels(ALICE, gmail_id, add=["SENT"], remove=["DRAFT"])
    box.read()
    assert box.ledger()[gmail_id] == (LedgerState.LOGGED, None)


@ON_SQLITE
def test_the_outbox_clears_its_own_drafts_away_and_never_this_one(
    alice: SignedInClient, box: Box, runtime: Runtime, sandbox: RunningSandbox, book: Book
) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, shipped("onboarding-welcome"), runtime.clock.now())
    outbox = Outbox(runtime=runtime, sandbox=sandbox, book=book, mailbox_id=box.mailbox_id)
    ask(alice)
    email_id = outbox.put()
    sandbox.add_fault("drafts.send", FaultKind.TOO_MANY_REQUESTS, retry_after_s=1)
    outbox.drain()
    assert outbox.drafts() == 2
    outbox.decide(email_id, "cancel")
    runtime.clock.advance(minutes=10)  # type: ignore[attr-defined]
    outbox.drain()
    assert outbox.drafts() == 1
    assert outbox.calls("drafts.delete") == 1


@ON_SQLITE
def test_the_link_opens_it_as_the_mailbox_that_has_it(alice: SignedInClient) -> None:
    assert f"/mail/{ALICE.replace('@', '%40')}/" in ask(alice).get_json()["href"].replace("@", "%40")


@ON_SQLITE
@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (FaultKind.TOO_MANY_REQUESTS, 503, "Gmail asks to wait, so there is no draft."),
        (FaultKind.UNAVAILABLE, 503, "Gmail did not answer, so the draft may be there or not."),
    ],
)
def test_what_gmail_answers_is_told_with_what_to_do(
    alice: SignedInClient, box: Box, fault: FaultKind, status: int, words: str
) -> None:
    box.sandbox.add_fault("drafts.create", fault)
    refused = ask(alice)
    assert (refused.status_code, refused.get_json()["detail"]) == (status, words)
    assert refused.get_json()["cure"]
    with box.runtime.db.reading() as session:
        assert len(session.scalars(select(AuditEntry)).all()) == 1, "it may stand there all the same"


@ON_SQLITE
def test_a_rest_that_google_asked_for_is_kept_and_nobody_calls_meanwhile(alice: SignedInClient, box: Box) -> None:
    box.sandbox.add_fault("drafts.create", FaultKind.TOO_MANY_REQUESTS, retry_after_s=600)
    ask(alice)
    asked = drafts(box)
    assert ask(alice).status_code == 503
    assert drafts(box) == asked


@ON_SQLITE
def test_access_that_was_taken_away_shows_at_the_mailbox(alice: SignedInClient, box: Box) -> None:
    box.sandbox.revoke(ALICE)
    refused = ask(alice)
    assert (refused.status_code, refused.get_json()["detail"]) == (409, "Gmail no longer lets Rapport in.")
    with box.runtime.db.reading() as session:
        assert session.get_one(Mailbox, box.mailbox_id).state == MailboxState.NEEDS_RECONNECT
    assert ask(alice).get_json()["detail"] == "Your Gmail is not connected."


@ON_SQLITE
def test_without_a_mailbox_it_says_where_to_connect_one(sign_in: SignIn, book: Book) -> None:
    refused = ask(sign_in(book.alice))
    assert (refused.status_code, refused.get_json()["cure"]) == (409, "Connect it under Mailbox, then try again.")


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ["tom@helios.example\r\nBcc: eve@evil.example"]},
        {"cc": ["no address"]},
        {"bcc": ["a@b@c"]},
        {"to": ["tom@helios.example, eve@evil.example"]},
        {"subject": "Hi\x00there"},
        {"subject": "x" * 501},
        {"to": ["a@b.example"] * 101},
        {"html": "x" * 500_001},
    ],
)
def test_nothing_slips_into_the_headers(alice: SignedInClient, box: Box, wrong: dict[str, object]) -> None:
    refused = ask(alice, **wrong)
    assert refused.status_code == 422
    assert refused.get_json().get("cure") or refused.get_json()["errors"]
    assert drafts(box) == 0


def test_a_line_break_in_the_subject_is_a_blank_and_what_is_missing_stays_away() -> None:
    raw = build_draft(
        sender=("Alice", ALICE), recipients=Recipients(), subject="One\r\nBcc: eve@evil.example", html="", text=""
    )
    found = message_from_bytes(raw, policy=policy.default)
    assert (found["Subject"], found["To"], found["Bcc"]) == ("One Bcc: eve@evil.example", None, None)
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain"]


def test_a_hundred_recipients_are_folded_between_them() -> None:
    everybody = [f"person.number.{number}@a-rather-long-domain.example" for number in range(100)]
    raw = build_draft(
        sender=("Alice", ALICE), recipients=Recipients(to=everybody), subject="All", html="<p>x</p>", text=""
    )
    assert max(len(line) for line in raw.split(b"\r\n")) < 100
    found = message_from_bytes(raw, policy=policy.default)
    assert [one.addr_spec for one in found["To"].addresses] == everybody
