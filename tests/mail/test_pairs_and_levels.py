"""Pairs that are ruled out, who reads a mail, what is dismissed, and what is brought back."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from server.db import Database
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.mail import correct
from server.mail.models import MailCopy, MailState, NeverPair, Route
from server.mail.rules import load_rules
from server.mail.store import add_to_tombstone
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.mail.letters import STRANGER, Desk


def never(desk: Desk, message_id: uuid.UUID, account_id: uuid.UUID, email: str) -> int:
    with desk.db.transaction() as session:
        return correct.never_pair(
            session, mail_message_id=message_id, account_id=account_id, email_norm=email, by=desk.book.alice,
            now=desk.now,
        )  # fmt: skip


def test_a_pair_ruled_out_goes_from_all_past_mails_and_comes_back_when_allowed(db: Database):
    desk = Desk.open(db)
    alone = desk.letter()
    mails = [
        desk.receive(alone),
        desk.receive(desk.letter(text="Again")),
        desk.receive(desk.letter(to=BOB, text="To Bob")),
    ]
    with_tom = desk.receive(desk.letter(cc="tom@helios.example", text="With Tom"))
    moved = desk.receive(desk.letter(text="Decided by a person"))
    acme = desk.account("Acme")
    desk.move(moved, desk.book.account, acme)
    desk.move(moved, acme, desk.book.account)
    assert never(desk, mails[0], desk.book.account, "Priya@Helios.example") == 4
    assert [desk.accounts_of(one) for one in mails] == [set()] * 3
    assert {desk.mail(one).state for one in mails} == {MailState.WAITING}
    assert desk.ledger_of(alone) == ("waiting", "nobody_known")
    assert desk.accounts_of(with_tom) == {desk.book.account}
    assert desk.link(with_tom, desk.book.account).address == "tom@helios.example"
    assert set(desk.people_of(with_tom, desk.book.account)) == {ALICE, "tom@helios.example"}
    assert desk.accounts_of(moved) == {desk.book.account}
    assert desk.mail(desk.receive(desk.letter(text="A new one"))).state == MailState.WAITING
    with db.transaction() as session:
        pair_id = session.scalars(select(NeverPair.id)).one()
        correct.allow_pair(session, never_pair_id=pair_id, by=desk.book.alice, now=desk.now)
    assert [desk.accounts_of(one) for one in mails] == [{desk.book.account}] * 3
    assert desk.ledger_of(alone) == ("to_read", None)
    with db.transaction() as session, pytest.raises(NotFound):
        correct.allow_pair(session, never_pair_id=pair_id, by=desk.book.alice, now=desk.now)


def test_a_pair_is_ruled_out_and_allowed_in_every_spelling_of_its_address(db: Database):
    desk = Desk.open(db)
    desk.contact(desk.book.account, "Ann Lee", "ann@gmail.com")
    mails = [desk.receive(desk.letter(sender=sender)) for sender in ("ann@gmail.com", "a.nn+x@gmail.com")]
    placed = desk.receive(desk.letter(sender="an.n@gmail.com"))
    desk.move(placed, desk.book.account, acme := desk.account("Acme"))
    desk.move(placed, acme, desk.book.account)
    assert never(desk, placed, desk.book.account, "ann@gmail.com") == 3
    assert [desk.accounts_of(one) for one in (*mails, placed)] == [set()] * 3
    with db.transaction() as session:
        pair_id = session.scalars(select(NeverPair.id)).one()
        assert correct.allow_pair(session, never_pair_id=pair_id, by=desk.book.alice, now=desk.now) == 2
    assert [desk.accounts_of(one) for one in mails] == [{desk.book.account}] * 2


def test_a_pair_ruled_out_at_a_mail_that_the_person_had_placed_takes_that_one_off_too(db: Database):
    desk = Desk.open(db)
    message_id = desk.receive(desk.letter(sender=STRANGER))
    desk.link_to(message_id, desk.book.account)
    assert never(desk, message_id, desk.book.account, "nora@quist.example") == 1
    assert desk.mail(message_id).state == MailState.REMOVED
    other = desk.receive(desk.letter())
    with pytest.raises(Invalid, match="not an e-mail address"):
        never(desk, other, desk.book.account, "nora")


def test_only_a_holder_says_who_reads_a_mail_and_the_most_careful_one_decides(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(to=f"{ALICE}, {BOB}")
    message_id = desk.receive(mail, level=Level.SUBJECT)
    desk.receive(mail, whose=BOB, level=Level.FULL)

    def level() -> str:
        return desk.entry(message_id, desk.book.account).level

    with pytest.raises(Forbidden, match="own mail"):
        desk.restrict(message_id, Level.FULL, desk.book.dana)
    assert level() == Level.SUBJECT
    desk.restrict(message_id, Level.METADATA, desk.book.bob)
    assert level() == Level.METADATA
    desk.restrict(message_id, Level.FULL, desk.book.alice)
    assert level() == Level.METADATA
    desk.restrict(message_id, None, desk.book.bob)
    assert level() == Level.FULL
    desk.restrict(message_id, None, desk.book.alice)
    assert level() == Level.SUBJECT
    desk.receive(mail, route=Route.IMPORT, level=Level.FULL)
    desk.restrict(message_id, Level.METADATA, desk.book.alice)
    assert level() == Level.METADATA
    assert desk.mail(message_id).level_by_person == Level.METADATA


def test_nothing_takes_a_mail_away_and_leaves_a_colleague_their_own(db: Database):
    desk = Desk.open(db)
    mine = desk.receive(desk.letter())
    desk.restrict(mine, Level.NOTHING, desk.book.alice)
    assert desk.mail(mine).state == MailState.REMOVED
    shared = desk.letter(to=f"{ALICE}, {BOB}")
    message_id = desk.receive(shared)
    desk.receive(shared, whose=BOB, level=Level.FULL)
    desk.restrict(message_id, Level.NOTHING, desk.book.alice)
    assert desk.entry(message_id, desk.book.account).level == Level.METADATA
    with db.reading() as session:
        assert session.scalars(select(MailCopy.user_id).where(MailCopy.mail_message_id == message_id)).all() == [
            desk.book.bob
        ]
    assert desk.ledger_of(shared) == ("excluded", "unlinked")
    assert desk.ledger_of(shared, whose=BOB) == ("logged", None)


def test_what_is_no_customer_mail_is_dismissed_by_its_holder_alone(db: Database):
    desk = Desk.open(db)
    waiting, linked = desk.letter(sender=STRANGER), desk.receive(desk.letter())
    message_id = desk.receive(waiting)

    def dismiss(by: uuid.UUID) -> int:
        with db.transaction() as session:
            return correct.dismiss(session, mail_message_ids=[message_id, linked], by=by, now=desk.now)

    with pytest.raises(Forbidden, match="not yours"):
        dismiss(desk.book.bob)
    assert [dismiss(desk.book.alice), dismiss(desk.book.alice)] == [1, 0]
    assert desk.mail(message_id).state == MailState.REMOVED
    assert desk.accounts_of(linked) == {desk.book.account}
    decision, _ = desk.take(desk.incoming(waiting))
    assert decision.reason == "unlinked"


def test_a_click_too_many_can_be_taken_back_where_a_mailbox_has_the_mail(db: Database):
    desk = Desk.open(db)
    mail = desk.letter()
    message_id = desk.receive(mail)
    desk.unlink(message_id)
    with db.transaction() as session, pytest.raises(Forbidden):
        correct.bring_back(session, mail_message_id=message_id, by=desk.book.bob, now=desk.now)
    desk.link_to(message_id, desk.book.account)
    assert desk.ledger_of(mail) == ("to_read", None)
    assert desk.accounts_of(desk.receive(mail)) == {desk.book.account}
    imported = desk.receive(desk.letter(text="From a file"), route=Route.IMPORT)
    desk.unlink(imported)
    with pytest.raises(Conflict, match="cannot be brought back"):
        desk.link_to(imported, desk.book.account)


def test_what_one_holder_dismisses_stays_a_question_to_the_other(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER, to=f"{ALICE}, {BOB}")
    message_id = desk.receive(mail)
    desk.receive(mail, whose=BOB)
    for by, state in ((desk.book.alice, MailState.WAITING), (desk.book.bob, MailState.REMOVED)):
        with db.transaction() as session:
            assert correct.dismiss(session, mail_message_ids=[message_id], by=by, now=desk.now) == 1
        assert desk.mail(message_id).state == state
    assert desk.ledger_of(mail) == desk.ledger_of(mail, whose=BOB) == ("excluded", "unlinked")


def test_whoever_comes_late_to_a_mail_taken_off_gets_it_back_too(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(to=f"{ALICE}, {BOB}")
    message_id = desk.receive(mail)
    desk.unlink(message_id)
    late = desk.incoming(mail, whose=BOB)
    decision, _ = desk.take(late)
    with db.transaction() as session:
        salt = load_rules(session).salt
        assert add_to_tombstone(session, late, decision, salt=salt, now=desk.now)
        other = desk.incoming(desk.letter(text="Another"), whose=BOB)
        assert not add_to_tombstone(session, other, decision, salt=salt, now=desk.now)
    desk.link_to(message_id, desk.book.account)
    assert desk.ledger_of(mail) == desk.ledger_of(mail, whose=BOB) == ("to_read", None)


def test_a_mail_that_has_its_text_is_logged_as_soon_as_a_person_places_it(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER)
    message_id = desk.receive(mail, route=Route.BCC)
    assert desk.receive(mail) == message_id
    assert desk.ledger_of(mail) == ("waiting", "nobody_known")
    desk.link_to(message_id, desk.book.account)
    assert desk.ledger_of(mail) == ("logged", None)
