"""A mail left Gmail: the panel asks until the server itself has read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.mail.models import MailChoice, MailMessage
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


def ask_by_people(client: SignedInClient, *to: str, **more: object) -> dict[str, Any]:
    answer = client.post("/api/v1/panel/sent", json={"gmail_message_id": None, "to": list(to), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_without_its_id_it_is_found_by_all_to_whom_it_went(alice: SignedInClient, desk: Desk, is_read: None) -> None:
    left_at = (desk.now + timedelta(minutes=1)).isoformat()
    assert ask_by_people(alice, TOM, left_at=left_at)["state"] == "coming"
    send(desk, TOM, "19a1")
    found = ask_by_people(alice, "TOM@helios.example", left_at=left_at)
    assert (found["state"], len(found["stands"])) == ("logged", 1)
    assert ask_by_people(alice, TOM, cc=["priya@helios.example"], left_at=left_at)["state"] == "coming"
    with_bcc = desk.letter(sender=f"Alice <{ALICE}>", to=TOM, bcc="priya@helios.example", text="Both")
    desk.take(desk.incoming(with_bcc, labels=("SENT",), gmail_id="19a2"))
    assert ask_by_people(alice, TOM, bcc=["priya@helios.example"], left_at=left_at)["state"] == "logged"


@ON_SQLITE
def test_an_older_mail_to_the_same_people_is_another_one(
    alice: SignedInClient, desk: Desk, runtime: Runtime, is_read: None
) -> None:
    send(desk, TOM, "19a1")
    runtime.clock.advance(minutes=10)  # type: ignore[attr-defined]
    soon = (desk.now + timedelta(minutes=1)).isoformat()
    assert ask_by_people(alice, TOM, left_at=soon)["state"] == "logged", "clocks differ by a minute or two"
    now = runtime.clock.now()
    for left_at in (now, now + timedelta(hours=5)):
        assert ask_by_people(alice, TOM, left_at=left_at.isoformat())["state"] == "coming"


@ON_SQLITE
def test_what_is_not_seen_for_long_is_not_waited_for(
    alice: SignedInClient, desk: Desk, runtime: Runtime, is_read: None
) -> None:
    left_at = runtime.clock.now().isoformat()
    assert ask_by_people(alice, TOM, left_at=left_at)["state"] == "coming"
    runtime.clock.advance(minutes=4)  # type: ignore[attr-defined]
    for found in (
        ask_by_people(alice, TOM, left_at=left_at),
        alice.post("/api/v1/panel/sent", json={"gmail_message_id": "19a9", "left_at": left_at}).get_json(),
    ):
        assert found["state"] == "unseen"
        assert found["words"].startswith("Rapport has not seen it yet.")


@ON_SQLITE
def test_what_was_taken_back_says_so(alice: SignedInClient, desk: Desk, is_read: None) -> None:
    letter = desk.letter(sender=f"Alice <{ALICE}>", to=TOM, text="Oh no")
    desk.take(desk.incoming(letter, labels=("DRAFT",), gmail_id="19a1"))
    assert ask(alice, "19a1")["state"] == "gone", "Undo Send makes it a draft again"
    assert ask(alice, "19a1")["words"] == "You took it back: nothing is logged."


def choose(client: SignedInClient, level: str) -> None:
    answer = client.post("/api/v1/panel/choice", json={"written_from": ALICE, "to": [TOM], "level": level})
    assert answer.status_code == 200, answer.text


def test_the_choice_is_bound_to_the_mail_that_left_before_and_after_it_was_read(
    alice: SignedInClient, desk: Desk, runtime: Runtime, is_read: None
) -> None:
    choose(alice, "nothing")
    early = {"gmail_message_id": "19a1", "to": [TOM], "choice": True}
    assert alice.post("/api/v1/panel/sent", json=early).get_json()["state"] == "coming"
    desk.now = runtime.clock.now()
    send(desk, TOM, "19a2")
    send(desk, TOM, "19a1")
    assert ask(alice, "19a2")["state"] == "logged"
    found = ask(alice, "19a1")
    assert (found["state"], found["words"]) == ("excluded", "It is not logged: You chose so before you sent it.")
    choose(alice, "nothing")
    late = {"gmail_message_id": "19a2", "to": [TOM], "choice": True}
    assert alice.post("/api/v1/panel/sent", json=late).get_json()["state"] == "excluded"
    assert alice.post("/api/v1/panel/sent", json=late).get_json()["state"] == "excluded"
    with runtime.db.reading() as session:
        assert session.scalars(select(MailMessage)).all() == []


@ON_SQLITE
def test_without_the_flag_the_choice_waits(alice: SignedInClient, desk: Desk, runtime: Runtime, is_read: None) -> None:
    choose(alice, "nothing")
    alice.post("/api/v1/panel/sent", json={"gmail_message_id": "19a1", "to": [TOM]})
    with runtime.db.reading() as session:
        assert session.scalars(select(MailChoice)).one().used_at is None


@ON_SQLITE
def test_what_was_left_out_by_choice_is_known_without_its_id(
    alice: SignedInClient, desk: Desk, runtime: Runtime, is_read: None
) -> None:
    choose(alice, "nothing")
    left_at = runtime.clock.now().isoformat()
    assert ask_by_people(alice, TOM, left_at=left_at, choice=True)["state"] == "coming"
    desk.now = runtime.clock.now()
    send(desk, TOM, "19a1")
    assert ask_by_people(alice, TOM, left_at=left_at, choice=True)["state"] == "excluded"
    assert ask_by_people(alice, TOM, left_at=left_at)["state"] == "coming", "the next mail had no choice"


@ON_SQLITE
@pytest.mark.parametrize("left_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_clock_that_is_far_off_breaks_nothing(alice: SignedInClient, is_read: None, left_at: str) -> None:
    assert ask_by_people(alice, TOM, left_at=left_at)["state"] in ("coming", "unseen")


@ON_SQLITE
def test_a_mail_that_nothing_names_is_refused(alice: SignedInClient, is_read: None) -> None:
    for wrong in ({}, {"gmail_message_id": None}, {"gmail_message_id": None, "to": [TOM], "left_at": "yesterday"}):
        assert alice.post("/api/v1/panel/sent", json=wrong).status_code == 422, wrong


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
