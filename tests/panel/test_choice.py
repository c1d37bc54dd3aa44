"""Choosing who may read a mail before it is sent: on one's own mailbox, and for one mail."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.mail import choices
from server.mail.models import MailChoice
from server.mailboxes import reading
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import Desk
from tests.panel.conftest import Ask
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
TOM, PRIYA = "tom@helios.example", "priya@helios.example"


@pytest.fixture
def is_read(runtime: Runtime, desk: Desk) -> None:
    with runtime.db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=Level.SUBJECT, days=30, now=desk.now)


def choose(client: SignedInClient, *to: str, level: str | None, **draft: object) -> dict[str, Any]:
    asked = {"written_from": ALICE, "to": list(to), "level": level, **draft}
    answer = client.post("/api/v1/panel/choice", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def rows(runtime: Runtime) -> list[MailChoice]:
    with runtime.db.reading() as session:
        return list(session.scalars(select(MailChoice)))


def test_what_is_chosen_stands_beside_the_draft_until_it_is_taken_back(
    alice: SignedInClient, beside: Ask, is_read: None, runtime: Runtime
) -> None:
    chosen = choose(alice, TOM, level="full")
    assert (chosen["level"], chosen["level_words"]) == ("full", "Colleagues can read it.")
    assert (chosen["choice"], chosen["usual_level"]) == ({"level": "full"}, "subject")
    assert [one["level"] for one in chosen["levels"]] == ["full", "subject", "metadata", "nothing"]
    assert chosen["levels"][-1]["words"] == "Nothing of it is logged."
    assert beside(TOM)["filing"] == chosen
    assert beside("TOM@helios.example")["filing"]["choice"] == {"level": "full"}, "another spelling is nobody else"
    assert beside(TOM, cc=[PRIYA])["filing"]["choice"] is None, "other people, another mail"
    assert choose(alice, TOM, level=None)["choice"] is None
    assert rows(runtime) == []


def test_nothing_is_shown_as_left_out_and_the_last_word_counts(
    alice: SignedInClient, beside: Ask, is_read: None, runtime: Runtime
) -> None:
    choose(alice, TOM, PRIYA, level="metadata")
    found = choose(alice, PRIYA, level="nothing", cc=[TOM])
    assert (found["outcome"], found["words"], found["level"]) == ("excluded", "It is not logged: you chose so.", "")
    assert beside(TOM, PRIYA)["filing"]["choice"] == {"level": "nothing"}
    assert len(rows(runtime)) == 1, "one choice for one mail"


@ON_SQLITE
def test_a_conversation_has_a_choice_of_its_own(alice: SignedInClient, beside: Ask, is_read: None) -> None:
    choose(alice, TOM, level="nothing", gmail_thread_id="19aa")
    assert beside(TOM)["filing"]["choice"] is None
    assert beside(TOM, gmail_thread_id="19bb")["filing"]["choice"] is None
    assert beside(TOM, gmail_thread_id="19aa")["filing"]["choice"] == {"level": "nothing"}
    choose(alice, TOM, level="full")
    assert beside(TOM, gmail_thread_id="19aa")["filing"]["choice"] == {"level": "nothing"}


@ON_SQLITE
def test_full_for_one_mail_of_a_mailbox_that_logs_nothing(
    alice: SignedInClient, beside: Ask, desk: Desk, runtime: Runtime
) -> None:
    with runtime.db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=Level.NOTHING, days=30, now=desk.now)
    assert beside(TOM)["filing"]["outcome"] == "excluded"
    found = choose(alice, TOM, level="full")
    assert (found["outcome"], found["level"], found["usual_level"]) == ("linked", "full", "nothing")


@ON_SQLITE
def test_it_ends_after_a_day_and_goes_at_night(
    alice: SignedInClient, sign_in: SignIn, desk: Desk, is_read: None, runtime: Runtime
) -> None:
    def shown() -> Any:
        """To Alice, who signs in anew: her session has ended by then."""
        draft = {"written_from": ALICE, "to": [TOM]}
        answer = sign_in(desk.book.alice).post("/api/v1/panel/situation", json=draft)
        return answer.get_json()["filing"]["choice"]

    choose(alice, TOM, level="nothing")
    runtime.clock.advance(hours=23)  # type: ignore[attr-defined]
    assert shown() == {"level": "nothing"}
    with runtime.db.transaction() as session:
        assert choices.remove_ended(session, now=runtime.clock.now()) == 0
    runtime.clock.advance(hours=1)  # type: ignore[attr-defined]
    assert shown() is None
    with runtime.db.transaction() as session:
        assert choices.count_ended(session, now=runtime.clock.now()) == 1
        assert choices.remove_ended(session, now=runtime.clock.now()) == 1
    assert rows(runtime) == []


@ON_SQLITE
def test_no_address_is_kept_and_the_deed_stands_in_the_log(
    alice: SignedInClient, is_read: None, runtime: Runtime
) -> None:
    choose(alice, TOM, level="nothing", cc=[PRIYA])
    [row] = rows(runtime)
    said = " ".join(str(getattr(row, column.key)) for column in MailChoice.__table__.columns)
    assert "helios" not in said
    assert "tom" not in said
    with runtime.db.reading() as session:
        assert [one.deed for one in session.scalars(select(AuditEntry))] == ["panel.PanelChoice"]


@ON_SQLITE
def test_a_mailbox_that_is_not_read_or_not_ones_own_gives_no_choice(
    alice: SignedInClient, beside: Ask, desk: Desk, runtime: Runtime
) -> None:
    not_read = alice.post("/api/v1/panel/choice", json={"written_from": ALICE, "to": [TOM], "level": "full"})
    assert (not_read.status_code, not_read.get_json()["cure"]) == (
        409,
        "Switch the reading on under Mailbox, then choose.",
    )
    filing = beside(TOM)["filing"]
    assert (filing["levels"], filing["usual_level"], filing["choice"]) == ([], "", None)
    with runtime.db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=Level.FULL, days=30, now=desk.now)
    theirs = alice.post("/api/v1/panel/choice", json={"written_from": BOB, "to": [TOM], "level": "full"})
    assert (theirs.status_code, theirs.get_json()["detail"]) == (403, "This mailbox is not yours.")
    assert rows(runtime) == []


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong", [{"level": "everything"}, {"level": ""}, {"to": []}, {"gmail_thread_id": "../1"}, {"more": 1}]
)
def test_what_is_no_choice_is_refused(alice: SignedInClient, is_read: None, wrong: dict[str, object]) -> None:
    asked = {"written_from": ALICE, "to": [TOM], "level": "full", **wrong}
    assert alice.post("/api/v1/panel/choice", json=asked).status_code == 422


@ON_SQLITE
def test_the_choice_is_used_up_by_the_mail_that_leaves(
    alice: SignedInClient, beside: Ask, desk: Desk, is_read: None, runtime: Runtime
) -> None:
    choose(alice, TOM, level="nothing")
    runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
    letter = desk.letter(sender=f"Alice <{ALICE}>", to=TOM, text="Between us", at=runtime.clock.now())
    decision, _ = desk.take(desk.incoming(letter, labels=("SENT",)))
    assert decision.reason == "chosen_nothing"
    assert beside(TOM)["filing"]["choice"] is None
    with runtime.db.transaction() as session:
        now = runtime.clock.now() + timedelta(days=2)
        assert choices.remove_ended(session, now=now) == 0, "what was used stays with its mail"
    [row] = rows(runtime)
    assert (row.people_key, row.used_at is not None) == (None, True)
