"""A mail left Gmail: the panel asks until the server itself has read it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.mailboxes import reading
from server.mailboxes.models import MailboxReading
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER, Desk
from tests.web.pages import ON_SQLITE

TOM = "tom@helios.example"


@pytest.fixture
def is_read(runtime: Runtime, desk: Desk) -> None:
    with runtime.db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=Level.FULL, days=30, now=desk.now)


def ask(client: SignedInClient, gmail_id: str) -> dict[str, Any]:
    answer = client.post("/api/v1/panel/sent", json={"gmail_message_id": gmail_id})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def send(desk: Desk, to: str, gmail_id: str) -> None:
    letter = desk.letter(sender=f"Alice <{ALICE}>", to=to, text="Hello")
    desk.take(desk.incoming(letter, labels=("SENT",), gmail_id=gmail_id))


def test_what_was_read_says_on_whose_timeline_it_stands(alice: SignedInClient, desk: Desk, is_read: None) -> None:
    assert ask(alice, "19a1")["state"] == "coming"
    send(desk, TOM, "19a1")
    found = ask(alice, "19a1")
    assert (found["state"], found["words"]) == ("logged", "It stands on the timeline.")
    [place] = found["stands"]
    assert (place["account_name"], place["account_id"]) == ("Helios Energy", str(desk.book.account))
    assert place["href"].endswith(f"/accounts/{desk.book.account}/timeline")


@ON_SQLITE
def test_what_did_not_get_there_says_why(alice: SignedInClient, desk: Desk, is_read: None) -> None:
    send(desk, BOB, "19a2")
    send(desk, STRANGER, "19a3")
    inside, waiting = ask(alice, "19a2"), ask(alice, "19a3")
    assert (inside["state"], inside["stands"]) == ("excluded", [])
    assert inside["words"].startswith("It is not logged: ")
    assert waiting["state"] == "waiting"
    assert waiting["words"].startswith("It waits under Unmatched.")


def test_the_call_logs_nothing_and_has_the_mailbox_looked_at_now(
    alice: SignedInClient, desk: Desk, runtime: Runtime, is_read: None
) -> None:
    assert ask(alice, "19a4")["state"] == "coming"
    assert len(runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]
    with runtime.db.reading() as session:
        assert session.get_one(MailboxReading, desk.boxes[ALICE]).next_look_at <= runtime.clock.now()
        assert session.scalars(select(AuditEntry)).all() == [], "a hint is no deed"
    assert ask(alice, "19a4")["state"] == "coming", "a made-up id never becomes more than that"
    send(desk, TOM, "19a4")
    runtime.jobs.queue().empty()  # type: ignore[attr-defined]
    ask(alice, "19a4")
    assert runtime.jobs.queue().jobs == []  # type: ignore[attr-defined]


@ON_SQLITE
def test_of_a_colleagues_mailbox_nothing_is_told(alice: SignedInClient, desk: Desk, is_read: None) -> None:
    letter = desk.letter(sender=f"Bob <{BOB}>", to=TOM, text="Mine")
    desk.take(desk.incoming(letter, whose=BOB, labels=("SENT",), gmail_id="19a5"))
    assert ask(alice, "19a5")["state"] == "coming"


@ON_SQLITE
def test_without_a_mailbox_that_is_read_it_says_so(alice: SignedInClient) -> None:
    assert ask(alice, "19a6")["state"] == "not_read"


@ON_SQLITE
@pytest.mark.parametrize("wrong", ["", "G", "1" * 21, "../1", "19a1\n"])
def test_what_is_no_id_of_gmails_is_refused(alice: SignedInClient, wrong: str) -> None:
    assert alice.post("/api/v1/panel/sent", json={"gmail_message_id": wrong}).status_code == 422
