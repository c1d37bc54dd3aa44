"""What stands beside a conversation that is read in Gmail: where it is, who is new, what is asked, what is open."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.audit.models import AuditEntry
from server.mail import correct, exclusions
from server.mail.models import ExclusionKind
from server.mailboxes import ledger, reading
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.gmail import MessageRef
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER, Desk
from tests.web.pages import ON_SQLITE, add_note

SignIn = Callable[[uuid.UUID], SignedInClient]
Open = Callable[..., dict[str, Any]]
THREAD = "19aa0b1c2d3e4f50"
TOM = {"email": "tom@helios.example", "name": "Tom Becker"}
NORA = {"email": "nora@quist.example", "name": "Quist, Nora"}


@pytest.fixture
def read_thread(alice: SignedInClient, desk: Desk, runtime: Runtime) -> Open:
    """read_thread({…}) is what the panel shows Alice, whose mailbox is read, with these people in it."""
    with runtime.db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=Level.SUBJECT, days=30, now=desk.now)

    def ask(*people: dict[str, str], by: SignedInClient = alice, **args: object) -> dict[str, Any]:
        told = {"written_from": ALICE, "gmail_thread_id": THREAD, "people": list(people), **args}
        answer = by.post("/api/v1/panel/thread", json=told)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    return ask


def test_a_conversation_that_stands_says_where_and_why_and_what_is_open(
    read_thread: Open, desk: Desk, runtime: Runtime
) -> None:
    ids = [desk.receive(desk.letter(text=f"{n}"), thread=THREAD) for n in range(2)]
    add_note(runtime, desk.book.account, "Kickoff call")
    found = read_thread(TOM)
    assert found["mailbox"] == {"email": ALICE, "is_yours": True, "is_connected": True, "is_read": True}
    assert (found["state"], found["words"]) == ("linked", "It stands on the timeline of Helios Energy.")
    assert found["logged"] == 2
    [place] = found["places"]
    assert place["mail_message_id"] == str(ids[1])
    assert place["entry_id"] == str(desk.entry(ids[1], desk.book.account).id)
    assert place["why"] == "Priya Nair’s address priya@helios.example is that of a contact of Helios Energy."
    assert (place["can_correct"], place["why_not"], place["can_set_level"]) == (True, "", True)
    assert place["never_addresses"] == ["priya@helios.example"]
    assert [one["level"] for one in place["levels"] if one["is_chosen"]] == ["subject"]
    assert place["in_thread"] == 2
    [account] = found["accounts"]
    assert account["why"] == place["why"]
    [cta] = account["ctas"]
    assert [(one["kind"], one["title"], one["template_slug"], one["is_mine"]) for one in cta["tasks"]] == [
        ("email", "Send the welcome email", "onboarding-welcome", True),
        ("to_do", "Hold the internal handoff", None, True),
    ]
    assert len(account["entries"]) == 3
    assert found["strangers"] == []
    assert found["questions"] == []


def test_the_mail_that_is_open_is_the_one_that_is_told_of(read_thread: Open, desk: Desk) -> None:
    other = desk.account("Borealis", "borealis.example")
    first = desk.letter(text="1")
    older = desk.receive(first, thread=THREAD)
    newer = desk.receive(desk.letter(sender="Ann <ann@borealis.example>", text="2"), thread=THREAD)
    assert desk.accounts_of(newer) == {other}
    found = read_thread()
    assert found["words"] == "It stands on the timeline of Borealis."
    assert [one["account_name"] for one in found["places"]] == ["Borealis", "Helios Energy"]
    opened = desk.incoming(first, thread=THREAD).gmail_message_id
    assert read_thread(gmail_message_id=opened)["words"] == "It stands on the timeline of Helios Energy."
    third = desk.receive(desk.letter(text="3"), thread=THREAD)
    by_account = {one["account_name"]: one["mail_message_id"] for one in read_thread(gmail_message_id=opened)["places"]}
    assert by_account == {"Borealis": str(newer), "Helios Energy": str(older)}
    by_account = {one["account_name"]: one["mail_message_id"] for one in read_thread()["places"]}
    assert by_account == {"Borealis": str(newer), "Helios Energy": str(third)}
    # What Gmail has and nobody told us of yet is no reason to say less.
    assert read_thread(gmail_message_id="ffff")["state"] == "linked"


def test_another_mailbox_is_never_looked_at(
    read_thread: Open, desk: Desk, sign_in: SignIn, alice: SignedInClient
) -> None:
    """Ids of Gmail are each mailbox's own: with Alice's, Bob learns nothing, in his Gmail or in hers."""
    desk.receive(desk.letter(), thread=THREAD)
    bob = sign_in(desk.book.bob)
    own = read_thread(by=bob, written_from=BOB)
    assert (own["state"], own["places"], own["logged"]) == ("not_read", [], 0)
    hers = read_thread(by=bob)
    assert (hers["mailbox"]["is_yours"], hers["state"], hers["places"]) == (False, "not_read", [])
    assert "not the Gmail that you connected" in hers["words"]
    assert read_thread(written_from=BOB)["places"] == []


def test_waiting_mail_asks_and_one_call_answers(read_thread: Open, desk: Desk, alice: SignedInClient) -> None:
    shared = [desk.account("Shared One"), desk.account("Shared Two")]
    for account_id in shared:
        desk.contact(account_id, "Una Both", "una@both.example")
    message = desk.receive(desk.letter(sender="Una <una@both.example>"), thread=THREAD)
    found = read_thread({"email": "una@both.example", "name": "Una"})
    assert (found["state"], found["logged"], found["places"]) == ("waiting", 0, [])
    assert found["words"].startswith("It waits under Unmatched. An address in it belongs to more than one account")
    [question] = found["questions"]
    assert (question["mail_message_id"], question["email"]) == (str(message), "una@both.example")
    assert {one["account_name"] for one in question["accounts"]} == {"Shared One", "Shared Two"}
    assert found["strangers"] == []
    # Beside mail that stands nowhere, the accounts of its people are shown.
    assert {one["name"] for one in found["accounts"]} == {"Shared One", "Shared Two"}
    answer = {"account_id": question["accounts"][0]["account_id"], "whole_thread": True}
    assert alice.post(f"/api/v1/mails/{question['mail_message_id']}/link", json=answer).status_code == 200
    after = read_thread()
    assert (after["state"], after["questions"]) == ("linked", [])


def test_somebody_whom_nobody_knows_is_offered_as_a_contact_and_their_mail_placed(
    read_thread: Open, desk: Desk, alice: SignedInClient
) -> None:
    alike = desk.account("Quist Lighting")
    message = desk.receive(desk.letter(sender=STRANGER), thread=THREAD)
    found = read_thread(NORA, {"email": ALICE, "name": "Alice"}, {"email": "no-reply@quist.example", "name": "Bot"})
    assert found["strangers"] == [
        {
            "email": "nora@quist.example",
            "first_name": "Nora",
            "last_name": "Quist",
            "account_id": None,
            "account_name": "",
        }
    ]
    [question] = found["questions"]
    assert (question["mail_message_id"], question["email"]) == (str(message), "")
    assert [(one["account_id"], one["because"]) for one in question["accounts"]] == [(str(alike), "is called so")]
    made = {"first_name": "Nora", "last_name": "Quist", "email": "nora@quist.example"}
    assert alice.post(f"/api/v1/accounts/{alike}/contacts", json=made).status_code == 201
    after = read_thread(NORA)
    assert (after["state"], after["strangers"], after["questions"]) == ("linked", [], [])
    assert [one["account_name"] for one in after["places"]] == ["Quist Lighting"]


@ON_SQLITE
def test_a_stranger_belongs_to_their_domain_first_and_else_to_the_conversation(read_thread: Open, desk: Desk) -> None:
    other = desk.account("Borealis", "borealis.example")
    desk.receive(desk.letter(), thread=THREAD)
    found = read_thread(NORA, {"email": "ann@borealis.example", "name": ""})
    by_email = {one["email"]: one["account_id"] for one in found["strangers"]}
    assert by_email == {"nora@quist.example": str(desk.book.account), "ann@borealis.example": str(other)}


@ON_SQLITE
def test_who_was_ruled_out_for_an_account_is_no_stranger(read_thread: Open, desk: Desk, runtime: Runtime) -> None:
    message = desk.receive(desk.letter(), thread=THREAD)
    with runtime.db.transaction() as session:
        correct.never_pair(
            session,
            mail_message_id=message,
            account_id=desk.book.account,
            email_norm="tom@helios.example",
            by=desk.book.alice,
            now=desk.now,
        )
    assert read_thread(TOM)["strangers"] == []


@ON_SQLITE
def test_what_is_not_logged_says_why(read_thread: Open, desk: Desk, runtime: Runtime, alice: SignedInClient) -> None:
    assert read_thread()["state"] == "unknown"
    with runtime.db.transaction() as session:
        ref = MessageRef(gmail_message_id="19ab", gmail_thread_id=THREAD)
        ledger.add(session, desk.boxes[ALICE], [ref], desk.now)
    assert read_thread()["state"] == "coming"
    desk.take(desk.incoming(desk.letter(sender=f"Bob <{BOB}>"), thread="19ac"))
    among_us = read_thread(gmail_thread_id="19ac")
    assert (among_us["state"], among_us["words"]) == ("excluded", "It is not logged: Only colleagues are in it.")
    message = desk.receive(desk.letter(), thread="19ad")
    desk.unlink(message)
    removed = read_thread(gmail_thread_id="19ad")
    assert (removed["state"], removed["logged"], removed["places"]) == ("removed", 0, [])
    assert "took it off the timeline" in removed["words"]
    with runtime.db.transaction() as session:
        exclusions.exclude(
            session,
            kind=ExclusionKind.THREAD,
            value="19ae",
            label="Private",
            mailbox_id=desk.boxes[ALICE],
            by=desk.book.alice,
            now=desk.now,
        )
    desk.take(desk.incoming(desk.letter(text="x"), thread="19ae"))
    assert "a conversation that you left out" in read_thread(gmail_thread_id="19ae")["words"]


@ON_SQLITE
def test_a_mailbox_that_is_not_read_is_told(desk: Desk, alice: SignedInClient, runtime: Runtime) -> None:
    asked = {"written_from": ALICE, "gmail_thread_id": THREAD, "people": [TOM]}
    found = alice.post("/api/v1/panel/thread", json=asked).get_json()
    assert (found["state"], found["mailbox"]["is_read"]) == ("not_read", False)
    assert found["words"] == "Rapport does not read this mailbox: nothing of it is logged by itself."
    assert [one["name"] for one in found["accounts"]] == ["Helios Energy"]
    # What was logged before the access ended still says where it stands.
    desk.receive(desk.letter(), thread=THREAD)
    with runtime.db.transaction() as session:
        session.get_one(Mailbox, desk.boxes[ALICE]).state = MailboxState.NEEDS_RECONNECT
    assert alice.post("/api/v1/panel/thread", json=asked).get_json()["state"] == "linked"


@ON_SQLITE
def test_snoozed_tasks_are_not_among_the_open_ones(read_thread: Open, desk: Desk, alice: SignedInClient) -> None:
    desk.receive(desk.letter(), thread=THREAD)
    later = (desk.now + timedelta(days=2)).date().isoformat()
    alice.post(f"/api/v1/tasks/{desk.book.to_do}/snooze", json={"through": later})
    [cta] = read_thread()["accounts"][0]["ctas"]
    assert [one["title"] for one in cta["tasks"]] == ["Send the welcome email"]


@ON_SQLITE
def test_who_only_looks_is_told_why_nothing_can_be_changed(read_thread: Open, desk: Desk, sign_in: SignIn) -> None:
    """A viewer whose mailbox was connected keeps what was logged."""
    desk.users[BOB] = desk.book.charlie
    with desk.db.transaction() as session:
        session.get_one(Mailbox, desk.boxes[BOB]).user_id = desk.book.charlie
    desk.receive(desk.letter(to=BOB), whose=BOB, thread=THREAD)
    [place] = read_thread(by=sign_in(desk.book.charlie), written_from=BOB)["places"]
    assert place["can_correct"] is False
    assert "moving mail is for TAMs, managers and admins" in place["why_not"]


def test_odd_addresses_are_nobody_and_asking_leaves_no_line(read_thread: Open, runtime: Runtime) -> None:
    odd = [
        {"email": one, "name": "A\0\u202e"} for one in ("a\0b@quist.example", "@", "x", "\0", "é@é.example", "a@b@c")
    ]
    found = read_thread(*odd)
    assert {one["email"] for one in found["strangers"]} <= {"ab@quist.example", "é@é.example", "a@b@c"}
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(AuditEntry.id))) == 0


@ON_SQLITE
@pytest.mark.parametrize(
    "changes",
    [
        {"gmail_thread_id": "x"},
        {"gmail_thread_id": "1" * 21},
        {"gmail_message_id": "thread-f:1"},
        {"people": [TOM] * 101},
        {"people": ["tom@helios.example"]},
        {"written_from": ""},
    ],
)
def test_what_is_no_conversation_is_refused(alice: SignedInClient, changes: dict[str, object]) -> None:
    asked = {"written_from": ALICE, "gmail_thread_id": THREAD, "people": [TOM]} | changes
    assert alice.post("/api/v1/panel/thread", json=asked).status_code == 422
