"""Erasing somebody: others keep theirs, nothing comes back, and each odd case has its answer."""

from __future__ import annotations

import io
import uuid

import pytest
from sqlalchemy import func, select

from server.accounts.import_report import ImportOptions
from server.accounts.models import Account
from server.contacts import add, erased
from server.contacts.import_contacts import import_contacts
from server.contacts.models import Contact, ContactAddress
from server.errors import Conflict, Invalid, NotFound
from server.mail import correct
from server.mail.decide import Outcome
from server.mail.models import MailContent, Route
from server.mailboxes.opening import open_mailbox
from server.personal import Kind
from server.personal_data import erase as erasing
from server.personal_data import held, receipts, subjects
from server.personal_data.models import ErasureReceipt
from server.personal_data.preview import foresee
from server.sends import claim, decide, jobs
from server.sends.deliver import Delivery
from server.sends.models import OutboundEmail, OutboundState
from server.timeline.models import TimelineEntry
from tests.cast import ALICE, BOB, add_contact
from tests.mail.letters import PRIYA, STRANGER
from tests.personal_data.world import ADDRESS, FIRST, HERSELF, LAST, MARKS, World, tables_with


def test_mail_that_others_took_part_in_stays_with_them_and_without_her(world: World) -> None:
    message_id = world.mail_with_others()
    world.erase()
    entry = world.desk.entry(message_id, world.book.account)
    assert entry.subject == "Plans for [erased]"
    assert entry.body_text.startswith("Hi [erased], hi all,")
    assert set(world.desk.people_of(message_id, world.book.account)) == {
        "alice@rapport.example", "priya@helios.example", "tom@helios.example",
    }  # fmt: skip
    with world.db.reading() as session:
        content = session.get_one(MailContent, message_id)
    assert "more seats" not in content.text, "what she wrote is not kept as a quotation"


def test_mail_of_hers_does_not_come_back_when_the_mailbox_is_read_again(world: World) -> None:
    desk = world.desk
    hers, alone = desk.letter(sender=HERSELF), desk.letter(sender=ALICE, to=HERSELF)
    desk.receive(hers)
    desk.receive(alone, labels=["SENT"])
    world.erase()
    assert desk.ledger_of(hers) == ("excluded", "erased_on_request")
    for letter, labels in ((hers, ["INBOX"]), (alone, ["SENT"])):
        decision, message_id = desk.take(desk.incoming(letter, labels=labels))
        assert (decision.outcome, decision.reason, message_id) == (Outcome.EXCLUDED, "erased_on_request", None)
    # Nor for a colleague who has a copy, nor from a file, nor what she writes later, nor under a tag.
    new = desk.letter(sender=f"<{ADDRESS.replace('@', '+news@')}>")
    for incoming in (
        desk.incoming(hers, whose=BOB), desk.incoming(hers, route=Route.IMPORT), desk.incoming(new),
    ):  # fmt: skip
        assert desk.take(incoming)[0].reason == "erased_on_request"
    assert tables_with(world.db) == {}


def test_a_tombstone_is_not_brought_back_by_a_person(world: World) -> None:
    letter = world.desk.letter(sender=HERSELF)
    message_id = world.desk.receive(letter)
    world.erase()
    with world.db.transaction() as session:
        correct.bring_back(session, mail_message_id=message_id, by=world.book.alice, now=world.desk.now)
    assert world.desk.take(world.desk.incoming(letter))[0].reason == "erased_on_request"


def test_adding_her_again_is_refused_until_an_admin_lets_the_address_in(world: World) -> None:
    world.erase()

    def add_her() -> uuid.UUID:
        with world.db.transaction() as session:
            return add.add_contact(
                session, account_id=world.book.account, first_name=FIRST, last_name=LAST, email=ADDRESS.upper(),
                now=world.desk.now,
            )  # fmt: skip

    with pytest.raises(Conflict, match="erased on request"):
        add_her()
    with world.db.transaction() as session:
        assert erased.let_in(session, ADDRESS) == 2, "the address and the Salesforce id"
    add_her()
    assert world.desk.take(world.desk.incoming(world.desk.letter(sender=HERSELF)))[0].outcome is Outcome.LINKED


CSV = f"""Contact ID,Account ID,Email,First Name,Last Name
003000000000001AAA,001000000000001AAA,new-address@helios.example,{FIRST},{LAST}
003000000000002AAA,001000000000001AAA,{ADDRESS},{FIRST},{LAST}
003000000000003AAA,001000000000001AAA,nadia@helios.example,Nadia,Rahal
"""


def test_an_import_leaves_her_out_with_a_warning_for_each_line_and_takes_the_others(world: World) -> None:
    with world.db.transaction() as session:
        session.get_one(Account, world.book.account).salesforce_id = "001000000000001AAA"
    world.erase()
    with world.db.transaction() as session:
        report = import_contacts(session, io.BytesIO(CSV.encode()), options=ImportOptions(), now=world.desk.now)
    assert report.error_total == 0
    assert report.created == 1
    said = [warning for warning in map(str, report.warnings) if "erased on request" in warning]
    assert [("Line 2" in one, "Line 3" in one) for one in said] == [(True, False), (False, True)]
    assert tables_with(world.db) == {}


def test_erasing_twice_says_that_it_was_done(world: World) -> None:
    first = world.erase()
    with pytest.raises(NotFound):
        world.subject()
    with world.db.reading() as session:
        again = subjects.of_address(session, ADDRESS)
        assert erased.receipt_of(session, ADDRESS) == first.id
    with pytest.raises(Conflict, match="erased before"):
        world.erase(again)
    with world.db.reading() as session:
        assert session.scalar(select(func.count(ErasureReceipt.id))) == 1


def test_nobody_is_erased_of_whom_nothing_is_held(world: World) -> None:
    with world.db.reading() as session:
        nobody = subjects.of_address(session, "nobody@nowhere.example")
    with pytest.raises(NotFound, match="Nothing is held"):
        world.erase(nobody)


@pytest.mark.parametrize("email", [BOB, "somebody.new@rapport.example"])
def test_a_colleague_is_not_erased_as_a_customer(world: World, email: str) -> None:
    with world.db.transaction() as session:
        contact = add_contact(session, world.book.account, "Bob", "Lindqvist", email, world.desk.now)
    with world.db.reading() as session:
        subject = subjects.of_contact(session, contact)
    with pytest.raises(Conflict, match="address of ours"):
        world.erase(subject)


def test_whoever_shares_the_address_keeps_it_and_its_mail(world: World) -> None:
    with world.db.transaction() as session:
        other = add_contact(session, world.book.account, "Vera", "Stand-in", ADDRESS, world.desk.now)
    world.desk.receive(world.desk.letter(sender=f"<{ADDRESS}>", subject="Ours"))
    email = world.put_email("to-her")
    others_email = world.put_email("to-vera", contact=other)
    with pytest.raises(Conflict, match="2 contacts"), world.db.reading() as session:
        subjects.of_address(session, ADDRESS)
    receipt = world.erase()
    assert any("another contact" in sentence and count == 1 for sentence, count in receipt.kept.items())
    with world.db.reading() as session:
        assert session.get(Contact, world.zebra) is None
        assert (
            session.scalars(select(ContactAddress.contact_id).where(ContactAddress.email_norm == ADDRESS)).one()
            == other
        )
        assert session.get_one(OutboundEmail, email).is_erased
        assert session.get_one(OutboundEmail, others_email).to_email == ADDRESS
    assert world.desk.take(world.desk.incoming(world.desk.letter(sender=f"<{ADDRESS}>")))[0].outcome is Outcome.LINKED


def test_somebody_of_the_same_name_keeps_their_name_in_texts(world: World) -> None:
    with world.db.transaction() as session:
        add_contact(session, world.book.account, FIRST, LAST, "other@elsewhere.example", world.desk.now)
    message_id = world.desk.receive(world.desk.letter(text=f"{FIRST} {LAST} of Elsewhere called; not {ADDRESS}."))
    world.erase()
    with world.db.reading() as session:
        assert (
            session.get_one(MailContent, message_id).text.strip()
            == f"{FIRST} {LAST} of Elsewhere called; not [erased]."
        )


def test_an_address_that_is_no_contact_is_found_and_erased(world: World) -> None:
    desk = world.desk
    desk.receive(desk.letter(sender=STRANGER))
    stays = desk.receive(desk.letter(sender=PRIYA, cc=STRANGER, text="Nora knows."))
    with world.db.reading() as session:
        nora = subjects.of_address(session, "Nora@quist.example")
        counts = {one.kind: one.count for one in held.summary(session, nora)}
    assert (counts[Kind.WAITING_MAIL], counts[Kind.MAIL_ENVELOPE], counts[Kind.MAIL_TEXT]) == (1, 1, 1)
    world.erase(nora)
    assert tables_with(world.db, ("nora@quist", "nora quist")) == {}
    assert desk.accounts_of(stays) == {world.book.account}
    assert desk.take(desk.incoming(desk.letter(sender=STRANGER)))[0].reason == "erased_on_request"


def test_the_preview_is_what_happens_and_changes_nothing(full_world: World) -> None:
    before = tables_with(full_world.db)
    foreseen = foresee(full_world.db, full_world.subject(), now=full_world.runtime.clock.now())
    assert tables_with(full_world.db) == before
    done = full_world.erase()
    assert (foreseen.gone, foreseen.kept) == (done.gone, done.kept)


def test_only_their_own_address_confirms(world: World) -> None:
    subject = world.subject()
    erasing.demand_confirmed(subject, f" {ADDRESS.upper()} ")
    for typed in ("", "yes", "priya@helios.example"):
        with pytest.raises(Invalid):
            erasing.demand_confirmed(subject, typed)


def test_a_worker_that_holds_her_email_is_fenced_off_and_its_draft_is_removed(world: World) -> None:
    email_id = world.put_email("leased")
    mailbox = open_mailbox(world.runtime, world.desk.boxes[ALICE])
    assert mailbox is not None
    with world.db.transaction() as session:
        leased = claim.claim_next(session, mailbox_id=world.desk.boxes[ALICE], now=world.runtime.clock.now())
    assert leased is not None
    world.erase()
    Delivery(db=world.db, clock=world.runtime.clock, mailbox=mailbox, email=leased).run()
    with world.db.reading() as session:
        assert session.get_one(OutboundEmail, email_id).state == OutboundState.CANCELLED
    assert world.sandbox.deliveries() == []
    assert tables_with(world.db) == {}


def test_an_email_that_is_being_handed_to_gmail_is_recorded_as_sent_without_her(world: World) -> None:
    email_id = world.put_email("in-flight")
    world.sandbox.add_fault("drafts.send", "cut-after")
    world.drain()
    with world.db.reading() as session:
        assert session.get_one(OutboundEmail, email_id).state == OutboundState.SENDING
    world.erase()
    world.runtime.clock.advance(seconds=10)  # type: ignore[attr-defined]
    jobs.drain(world.runtime, mailbox_id=str(world.desk.boxes[ALICE]))
    with world.db.reading() as session:
        email = session.get_one(OutboundEmail, email_id)
        assert (email.state, email.to_email) == (OutboundState.SENT, "")
        assert session.scalar(select(func.count(TimelineEntry.id))) == 0
    assert len(world.sandbox.deliveries()) == 1
    assert tables_with(world.db) == {}


def test_what_failed_cannot_be_sent_again_to_somebody_who_was_erased(world: World) -> None:
    email_id = world.put_email("fails")
    with world.db.transaction() as session:
        session.get_one(OutboundEmail, email_id).state = OutboundState.FAILED
    world.erase()
    with world.db.transaction() as session, pytest.raises(Conflict, match="text of this email is gone"):
        decide.send_again(session, session.get_one(OutboundEmail, email_id), now=world.desk.now)


def test_the_receipt_says_nothing_of_whom(full_world: World) -> None:
    receipt = full_world.erase()
    for written in (receipts.as_text(receipt), receipts.as_json(receipt)):
        assert [mark for mark in MARKS if mark in written.lower()] == []
        assert str(receipt.id) in written
