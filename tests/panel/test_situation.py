"""What stands beside a mail that is being written: who, what is open, and where it would go."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.contacts.models import Contact
from server.ctas import queries
from server.mailboxes import reading
from server.mailboxes.models import Mailbox, MailboxState
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER, Desk
from tests.panel.conftest import Ask
from tests.web.pages import ON_SQLITE, add_note

SignIn = Callable[[uuid.UUID], SignedInClient]
TOM = "tom@helios.example"


def read_mailbox(runtime: Runtime, desk: Desk, *, level: Level = Level.FULL) -> None:
    with runtime.db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=level, days=30, now=desk.now)


def test_the_account_stands_there_with_the_rule_its_ctas_and_the_last_entries(
    beside: Ask, desk: Desk, runtime: Runtime
) -> None:
    for number in range(4):
        add_note(runtime, desk.book.account, f"Note {number}")
    found = beside(TOM)
    [account] = found["accounts"]
    assert (account["name"], account["lifecycle_stage"]) == ("Helios Energy", "Onboarding")
    assert account["why"] == "Tom Becker’s address tom@helios.example is that of a contact of Helios Energy."
    assert account["href"].endswith(f"/accounts/{desk.book.account}")
    [cta] = account["ctas"]
    assert (cta["name"], cta["priority"], cta["type"]) == ("Onboard Helios Energy", "high", "lifecycle")
    task, to_do = cta["tasks"]
    assert (to_do["kind"], to_do["template_slug"]) == ("to_do", None)
    assert (task["title"], task["template_slug"], task["is_mine"]) == (
        "Send the welcome email",
        "onboarding-welcome",
        True,
    )
    assert len(account["entries"]) == 3
    [recipient] = found["recipients"]
    assert [one["full_name"] for one in recipient["contacts"]] == ["Tom Becker"]
    assert recipient["contacts"][0]["role_label"] == "GitLab admin"


@ON_SQLITE
def test_a_colleagues_task_is_told_from_ones_own(sign_in: SignIn, desk: Desk) -> None:
    bob = sign_in(desk.book.bob)
    found = bob.post("/api/v1/panel/situation", json={"written_from": BOB, "to": [TOM]}).get_json()
    assert found["accounts"][0]["ctas"][0]["tasks"][0]["is_mine"] is False


def test_what_is_snoozed_is_not_among_what_is_open(beside: Ask, alice: SignedInClient, desk: Desk) -> None:
    later = (desk.now + timedelta(days=2)).date().isoformat()
    alice.post(f"/api/v1/tasks/{desk.book.email_task}/snooze", json={"through": later})
    [other] = beside(TOM)["accounts"][0]["ctas"][0]["tasks"]
    assert other["kind"] == "to_do"
    found = alice.post("/api/v1/panel/templates", json={"account_ids": [str(desk.book.account)]}).get_json()
    assert all("For the task" not in one["why"] for one in found["items"])
    alice.post(f"/api/v1/tasks/{desk.book.email_task}/snooze", json={"through": None})
    assert len(beside(TOM)["accounts"][0]["ctas"][0]["tasks"]) == 2


@ON_SQLITE
@pytest.mark.parametrize(
    ("level", "words"),
    [
        (Level.FULL, "Colleagues can read it."),
        (Level.SUBJECT, "Colleagues see the subject, and only you the text."),
        (Level.METADATA, "Colleagues see who wrote to whom and when, and only you the rest."),
    ],
)
def test_the_chip_says_where_it_goes_and_who_may_read_it(
    beside: Ask, desk: Desk, runtime: Runtime, level: Level, words: str
) -> None:
    read_mailbox(runtime, desk, level=level)
    filing = beside(TOM)["filing"]
    assert (filing["outcome"], filing["words"]) == ("linked", "It goes on the timeline of Helios Energy.")
    assert (filing["level"], filing["level_words"]) == (level, words)
    assert (filing["choice"], filing["usual_level"]) == (None, level)


@ON_SQLITE
def test_what_does_not_go_anywhere_says_why(beside: Ask, desk: Desk, runtime: Runtime) -> None:
    read_mailbox(runtime, desk)
    nobody = beside()["filing"]
    assert nobody["words"] == "Nobody is written to yet."
    among_us = beside(BOB)["filing"]
    assert (among_us["outcome"], among_us["level"]) == ("excluded", "")
    assert among_us["words"].startswith("It is not logged: ")
    waiting = beside("zoe@nowhere.example")["filing"]
    assert waiting["outcome"] == "waiting"
    assert waiting["words"].startswith("It will wait under Unmatched.")


@ON_SQLITE
def test_several_accounts_are_all_named(beside: Ask, desk: Desk, runtime: Runtime) -> None:
    read_mailbox(runtime, desk)
    other = desk.account("Yak Ltd", "yak.example")
    found = beside(TOM, cc=["sales@yak.example"])
    assert found["filing"]["words"] == "It goes on the timeline of Helios Energy and Yak Ltd."
    assert {one["id"] for one in found["accounts"]} == {str(desk.book.account), str(other)}


@ON_SQLITE
def test_a_mailbox_that_is_not_read_and_one_of_somebody_else_are_told(
    beside: Ask, alice: SignedInClient, desk: Desk, runtime: Runtime
) -> None:
    assert beside(TOM)["mailbox"] == {"email": ALICE, "is_yours": True, "is_connected": True, "is_read": False}
    assert beside(TOM)["filing"]["words"] == (
        "Rapport does not read this mailbox, so nothing of it is logged by itself."
    )
    read_mailbox(runtime, desk)
    assert beside(TOM)["mailbox"]["is_read"] is True
    other = alice.post("/api/v1/panel/situation", json={"written_from": BOB, "to": [TOM]}).get_json()
    assert (other["mailbox"]["is_yours"], other["mailbox"]["is_read"]) == (False, False)
    with runtime.db.transaction() as session:
        session.get_one(Mailbox, desk.boxes[ALICE]).state = MailboxState.NEEDS_RECONNECT
    assert beside(TOM)["mailbox"]["is_read"] is False


def test_what_is_foreseen_is_what_is_decided_when_the_mail_is_read(beside: Ask, desk: Desk, runtime: Runtime) -> None:
    """The same people in a mail that was really sent: nobody is told one thing and sees another."""
    read_mailbox(runtime, desk)
    shared = desk.account("Shared One", "shared.example"), desk.account("Shared Two", "shared.example")
    desk.contact(shared[0], "Una Both", "una@both.example")
    desk.contact(shared[1], "Una Both", "una@both.example")
    for number, to in enumerate(
        (
            [TOM],
            ["TOM+renewal@helios.example"],
            ["somebody@helios.example"],
            ["una@both.example"],
            ["somebody@shared.example"],
            [BOB],
            [STRANGER],
            [TOM, "una@both.example", BOB],
        )
    ):
        foreseen = beside(*to)
        letter = desk.letter(sender=f"Alice <{ALICE}>", to=", ".join(to), subject=f"No. {number}", text=f"No. {number}")
        decision, _ = desk.take(desk.incoming(letter, labels=("SENT",)))
        assert foreseen["filing"]["outcome"] == decision.outcome, to
        assert {one["id"] for one in foreseen["accounts"]} == {str(link.account_id) for link in decision.links}, to


def test_a_reply_follows_its_conversation(beside: Ask, desk: Desk, runtime: Runtime) -> None:
    read_mailbox(runtime, desk)
    desk.receive(desk.letter(sender=f"Tom <{TOM}>", text="Hi", message_id="a1"), thread="19aa")
    found = beside(STRANGER, gmail_thread_id="19aa")
    decision, _ = desk.take(
        desk.incoming(
            desk.letter(sender=f"Alice <{ALICE}>", to=STRANGER, references=("a1@x",), text="Re"),
            labels=("SENT",),
            thread="19aa",
        )
    )
    assert {one["id"] for one in found["accounts"]} == {str(link.account_id) for link in decision.links}


@ON_SQLITE
def test_who_opted_out_is_marked(beside: Ask, desk: Desk) -> None:
    [recipient] = beside("sam@helios.example")["recipients"]
    assert recipient["contacts"][0]["opted_out_at"] is not None


@ON_SQLITE
def test_looking_stores_nothing_and_leaves_no_line(beside: Ask, runtime: Runtime, desk: Desk) -> None:
    beside(TOM, cc=["new@nowhere.example"])
    with runtime.db.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []
        assert len(session.scalars(select(Contact)).all()) == 3


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ["a"] * 101},
        {"to": [""]},
        {"to": "tom@helios.example"},
        {"gmail_thread_id": "../1"},
        {"written_from": ""},
        {"subject": "not asked for"},
    ],
)
def test_a_malformed_draft_is_refused_by_field(alice: SignedInClient, wrong: dict[str, object]) -> None:
    answer = alice.post("/api/v1/panel/situation", json={"written_from": ALICE, "to": [], **wrong})
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]["json"]) == set(wrong)


@ON_SQLITE
@pytest.mark.parametrize("address", ["no address", "a@", "@b", "a\x00b@x.example", "ü@ü.example", "x" * 320])
def test_what_is_no_address_yet_breaks_nothing(beside: Ask, address: str) -> None:
    """People type: half an address stands in the field before a whole one does."""
    assert beside(address)["recipients"][0]["email"] == address


def test_an_address_with_a_character_that_no_database_keeps_is_nobodys(beside: Ask) -> None:
    assert beside("a\0b@helios.example")["recipients"][0]["contacts"] == []


@ON_SQLITE
def test_a_task_that_waits_says_so_and_one_that_nobody_answered_offers_what_follows(beside: Ask, desk: Desk) -> None:
    def task() -> dict[str, object]:
        tasks = beside(TOM)["accounts"][0]["ctas"][0]["tasks"]
        return next(one for one in tasks if one["kind"] == "email")

    today = desk.now.date()
    with desk.db.transaction() as session:
        found = queries.task(session, desk.book.email_task)
        found.waits_days, found.waiting_since, found.silent_on = 3, desk.now, today + timedelta(days=3)
        found.silent_template_id = found.email_template_id
    assert (task()["state"], task()["waits_days"], task()["reply"]) == ("waiting", 3, None)
    with desk.db.transaction() as session:
        queries.task(session, desk.book.email_task).silent_on = today - timedelta(days=1)
    assert (task()["state"], task()["template_slug"]) == ("silent", "onboarding-welcome")
    with desk.db.transaction() as session:
        queries.task(session, desk.book.email_task).replied_at = desk.now
    assert task()["reply"] == {"who": "The customer", "text": "", "is_bounce": False}
