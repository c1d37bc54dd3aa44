"""What was chosen for one mail before it was sent holds for that mail, however often and by whatever way it is read."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from server.mail import again, choices, chosen, correct
from server.mail.decide import Outcome
from server.mail.incoming import Incoming, parties_of
from server.mail.ingest import keep
from server.mail.models import MailChoice, MailCopy, MailKey, MailMessage, MailParticipant, Route
from server.mail.rules import load_rules
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState
from server.messages.model import Mail
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.mail.letters import Desk

TOM = "Tom Becker <tom@helios.example>"
FROM_ALICE = f"Alice <{ALICE}>"
NOTHING = ("excluded", "chosen_nothing")


def choose(desk: Desk, level: Level, *to: str, whose: str = ALICE, thread: str | None = None) -> None:
    letter = desk.letter(sender=whose, to=", ".join(to or (TOM,)))
    with desk.db.transaction() as session:
        rules = load_rules(session)
        people = choices.people_key(desk.boxes[whose], parties_of(_sent(desk, letter, whose), rules), rules.salt)
        assert people is not None
        choices.put(session, desk.boxes[whose], people, gmail_thread_id=thread, level=level, now=desk.now)


def bind(desk: Desk, gmail_id: str, *, whose: str = ALICE) -> None:
    with desk.db.transaction() as session:
        row = session.scalars(select(MailChoice).where(MailChoice.used_at.is_(None))).one()
        chosen.bind(session, row, gmail_id, user_id=desk.users[whose], now=desk.now)


def _sent(desk: Desk, letter: Mail, whose: str = ALICE, **more: object) -> Incoming:
    return desk.incoming(letter, whose=whose, labels=("SENT",), **more)  # type: ignore[arg-type]


def mail(desk: Desk, *, to: str = TOM, text: str = "Hello", **words: object) -> Mail:
    return desk.letter(sender=FROM_ALICE, to=to, text=text, **words)


def count(desk: Desk, *models: type[MailMessage] | type[MailParticipant] | type[MailCopy] | type[MailKey]) -> list[int]:
    with desk.db.reading() as session:
        return [len(session.scalars(select(model)).all()) for model in models]


def copies(desk: Desk, message_id: uuid.UUID) -> dict[str, tuple[str, str | None]]:
    """Whose: (level, own level)."""
    names = {user_id: email for email, user_id in desk.users.items()}
    with desk.db.reading() as session:
        found = session.scalars(select(MailCopy).where(MailCopy.mail_message_id == message_id)).all()
        return {names[one.user_id]: (one.level, one.own_level) for one in found}


def shown_at(desk: Desk, message_id: uuid.UUID) -> str:
    return desk.entry(message_id, desk.book.account).level


def test_nothing_of_a_mail_that_was_chosen_so_is_stored_and_reading_it_again_says_the_same(desk: Desk) -> None:
    choose(desk, Level.NOTHING)
    letter = mail(desk)
    for _ in range(3):
        decision, stored = desk.take(_sent(desk, letter))
        assert (decision.outcome, decision.reason, stored) == (Outcome.EXCLUDED, "chosen_nothing", None)
        assert desk.ledger_of(letter, labels=("SENT",)) == NOTHING
    assert count(desk, MailMessage, MailParticipant, MailCopy, MailKey) == [0, 0, 0, 0]


def test_only_the_first_of_two_mails_to_the_same_people_has_it(desk: Desk) -> None:
    choose(desk, Level.NOTHING)
    first, second = mail(desk, text="One"), mail(desk, text="Two")
    assert desk.take(_sent(desk, first))[0].reason == "chosen_nothing"
    assert desk.take(_sent(desk, second))[0].outcome is Outcome.LINKED
    assert desk.take(_sent(desk, first))[0].reason == "chosen_nothing"
    assert desk.take(_sent(desk, second))[0].outcome is Outcome.LINKED


def test_a_choice_that_was_bound_to_the_second_is_left_by_the_first(desk: Desk) -> None:
    choose(desk, Level.NOTHING)
    first, second = mail(desk, text="One"), mail(desk, text="Two")
    bind(desk, "19b2")
    assert desk.take(_sent(desk, first, gmail_id="19b1"))[0].outcome is Outcome.LINKED
    assert desk.take(_sent(desk, second, gmail_id="19b2"))[0].reason == "chosen_nothing"


@pytest.mark.parametrize(
    ("usual", "level"),
    [(Level.SUBJECT, Level.FULL), (Level.SUBJECT, Level.METADATA), (Level.NOTHING, Level.FULL)],
)
def test_the_level_is_that_copys_own(desk: Desk, usual: Level, level: Level) -> None:
    choose(desk, level)
    letter = mail(desk)
    _, message_id = desk.take(_sent(desk, letter, level=usual))
    assert message_id is not None
    assert copies(desk, message_id) == {ALICE: (usual, level)}
    assert shown_at(desk, message_id) == level
    with desk.db.transaction() as session:
        again.decide_anew(session, message_id, load_rules(session), takes_away=True, now=desk.now)
    assert shown_at(desk, message_id) == level, "a replay of the rules changes nothing of it"


def test_what_a_person_said_later_is_not_overwritten_by_reading_it_again(desk: Desk) -> None:
    choose(desk, Level.FULL)
    letter = mail(desk)
    _, message_id = desk.take(_sent(desk, letter))
    assert message_id is not None
    desk.restrict(message_id, Level.METADATA, desk.book.alice)
    desk.take(_sent(desk, letter))
    assert shown_at(desk, message_id) == Level.METADATA
    desk.restrict(message_id, Level.NOTHING, desk.book.alice)
    assert desk.take(_sent(desk, letter))[0].reason == "unlinked"


def test_the_most_careful_holder_still_decides(desk: Desk) -> None:
    letter = mail(desk, cc=BOB)
    choose(desk, Level.FULL, TOM, BOB)
    letter = mail(desk, cc=BOB)
    _, message_id = desk.take(_sent(desk, letter, level=Level.METADATA))
    assert message_id is not None
    assert shown_at(desk, message_id) == Level.FULL
    desk.take(desk.incoming(letter, whose=BOB, level=Level.SUBJECT))
    assert shown_at(desk, message_id) == Level.SUBJECT


@pytest.mark.parametrize("who_first", [ALICE, BOB])
def test_nothing_is_said_of_ones_own_copy_and_a_colleague_keeps_theirs(desk: Desk, who_first: str) -> None:
    choose(desk, Level.NOTHING, TOM, BOB)
    letter = mail(desk, cc=BOB)
    own, theirs = _sent(desk, letter), desk.incoming(letter, whose=BOB, level=Level.SUBJECT)
    for one in (own, theirs) if who_first == ALICE else (theirs, own):
        desk.take(one)
    [message_id] = _ids(desk)
    assert copies(desk, message_id) == {BOB: (Level.SUBJECT, None)}
    assert shown_at(desk, message_id) == Level.SUBJECT
    assert desk.ledger_of(letter, labels=("SENT",)) == NOTHING


@pytest.mark.parametrize("level", [Level.FULL, Level.METADATA])
def test_a_mail_that_was_read_before_it_was_known_for_which_one_the_choice_was(desk: Desk, level: Level) -> None:
    _, message_id = desk.take(_sent(desk, mail(desk), gmail_id="19b1"))
    assert message_id is not None
    desk.now += timedelta(minutes=5)
    choose(desk, level)
    bind(desk, "19b1")
    assert shown_at(desk, message_id) == level
    assert copies(desk, message_id) == {ALICE: (Level.SUBJECT, level)}


def test_nothing_for_a_mail_that_was_read_already_takes_it_away_without_a_tombstone(desk: Desk) -> None:
    letter = mail(desk, cc=BOB)
    desk.take(_sent(desk, letter, gmail_id="19b1"))
    choose(desk, Level.NOTHING, TOM, BOB)
    bind(desk, "19b1")
    assert count(desk, MailMessage, MailCopy) == [0, 0]
    assert desk.ledger()["19b1"] == NOTHING
    assert desk.take(_sent(desk, letter, gmail_id="19b1"))[0].reason == "chosen_nothing"
    decision, _ = desk.take(desk.incoming(letter, whose=BOB))
    assert decision.outcome is Outcome.LINKED, "Bob decides of his own copy, whoever was read first"


def test_full_for_a_mail_that_the_mailbox_had_left_out_has_it_read_again(desk: Desk) -> None:
    letter = mail(desk)
    assert desk.take(_sent(desk, letter, gmail_id="19b1", level=Level.NOTHING))[0].reason == "mailbox_level"
    choose(desk, Level.FULL)
    bind(desk, "19b1")
    assert desk.ledger()["19b1"] == (LedgerState.TO_READ, None)
    _, message_id = desk.take(_sent(desk, letter, gmail_id="19b1", level=Level.NOTHING))
    assert message_id is not None
    assert shown_at(desk, message_id) == Level.FULL


def test_a_free_choice_is_not_for_what_stands_here_already(desk: Desk) -> None:
    letter = mail(desk)
    _, message_id = desk.take(_sent(desk, letter))
    desk.now -= timedelta(seconds=50)  # chosen for the next mail, and Gmail's clock is nearly a minute off
    choose(desk, Level.NOTHING)
    assert message_id is not None
    desk.take(_sent(desk, letter))
    with desk.db.transaction() as session:
        again.decide_anew(session, message_id, load_rules(session), takes_away=True, now=desk.now)
    assert desk.is_stored(message_id)
    assert _free_choices(desk) == 1


@pytest.mark.parametrize(
    ("after_choice", "is_meant"),
    [
        (timedelta(seconds=-50), True),
        (timedelta(minutes=-5), False),
        (timedelta(hours=23), True),
        (timedelta(hours=25), False),
    ],
)
def test_it_is_for_what_leaves_within_a_day_after_it(desk: Desk, after_choice: timedelta, is_meant: bool) -> None:
    choose(desk, Level.NOTHING)
    letter = mail(desk, at=desk.now + after_choice)
    assert (desk.take(_sent(desk, letter))[0].reason == "chosen_nothing") is is_meant


def test_what_comes_in_and_what_others_send_uses_nothing_up(desk: Desk) -> None:
    choose(desk, Level.NOTHING)
    desk.receive(desk.letter(sender=TOM, to=ALICE, text="In"))
    desk.take(_sent(desk, desk.letter(sender=f"Bob <{BOB}>", to=TOM, text="Bob’s"), BOB))
    desk.take(desk.incoming(mail(desk, text="Half"), labels=("DRAFT",)))
    assert _free_choices(desk) == 1


def test_a_reply_takes_the_choice_of_its_conversation_before_one_of_none(desk: Desk) -> None:
    choose(desk, Level.METADATA)
    choose(desk, Level.FULL, thread="19aa")
    elsewhere = mail(desk, text="Elsewhere")
    reply = mail(desk, text="Reply")
    _, first = desk.take(_sent(desk, reply, thread="19aa"))
    _, second = desk.take(_sent(desk, elsewhere, thread="19bb"))
    assert first is not None
    assert second is not None
    assert (shown_at(desk, first), shown_at(desk, second)) == (Level.FULL, Level.METADATA)


def test_a_mail_that_was_taken_back_leaves_its_choice_to_the_one_in_its_place(desk: Desk) -> None:
    """Undo Send: the first is gone before it was read, and what leaves then is another message."""
    choose(desk, Level.NOTHING)
    undone = mail(desk)
    with desk.db.transaction() as session:
        row = desk._row(session, _sent(desk, undone, gmail_id="19b1"))
        assert row is not None
        ledger.settle(session, row, LedgerState.GONE, now=desk.now)
    bind(desk, "19b1")
    assert desk.take(_sent(desk, mail(desk, text="Better"), gmail_id="19b2"))[0].reason == "chosen_nothing"
    assert desk.take(_sent(desk, mail(desk, text="Next"), gmail_id="19b3"))[0].outcome is Outcome.LINKED


@pytest.mark.parametrize("who_first", [Route.BCC, Route.GMAIL])
def test_the_same_mail_by_our_own_bcc_follows_the_choice(desk: Desk, who_first: Route) -> None:
    choose(desk, Level.NOTHING)
    letter = mail(desk)
    by_bcc = replace(_sent(desk, letter, route=Route.BCC), mailbox_id=desk.boxes[ALICE])
    for route in (who_first, Route.GMAIL if who_first is Route.BCC else Route.BCC):
        if route is Route.BCC:
            _keep(desk, by_bcc)
        else:
            desk.take(_sent(desk, letter))
    assert count(desk, MailMessage, MailCopy) == [0, 0]
    assert desk.ledger_of(letter, labels=("SENT",)) == NOTHING
    assert _free_choices(desk) == 0


def test_a_bcc_that_stood_here_before_the_choice_was_known_goes_with_it(desk: Desk) -> None:
    """With others in Bcc, our own Bcc does not tell to whom it went; the copy in Gmail does."""
    choose(desk, Level.NOTHING, TOM, "Priya Nair <priya@helios.example>")
    open_ones = mail(desk, message_id="m1")
    whole = desk.letter(
        sender=FROM_ALICE, to=TOM, bcc="Priya Nair <priya@helios.example>", text="Hello", message_id="m1", at=desk.now
    )
    _keep(desk, replace(_sent(desk, open_ones, route=Route.BCC), mailbox_id=desk.boxes[ALICE]))
    assert count(desk, MailMessage) == [1]
    assert desk.take(_sent(desk, whole))[0].reason == "chosen_nothing"
    assert count(desk, MailMessage) == [0]


def test_who_brings_a_mail_back_has_said_something_later(desk: Desk) -> None:
    choose(desk, Level.METADATA)
    letter = mail(desk)
    _, message_id = desk.take(_sent(desk, letter))
    assert message_id is not None
    desk.unlink(message_id)
    with desk.db.transaction() as session:
        correct.bring_back(session, mail_message_id=message_id, by=desk.book.alice, now=desk.now)
    _, restored = desk.take(_sent(desk, letter))
    assert restored is not None
    assert copies(desk, restored) == {ALICE: (Level.SUBJECT, None)}


def _keep(desk: Desk, incoming: Incoming) -> None:
    with desk.db.transaction() as session:
        keep(session, load_rules(session), incoming, now=desk.now)


def _ids(desk: Desk) -> list[uuid.UUID]:
    with desk.db.reading() as session:
        return list(session.scalars(select(MailMessage.id)))


def _free_choices(desk: Desk) -> int:
    with desk.db.reading() as session:
        found: list[datetime | None] = list(session.scalars(select(MailChoice.used_at)))
    return sum(one is None for one in found)
