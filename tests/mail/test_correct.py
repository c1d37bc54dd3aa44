"""What a person decides stands: through reading again, other holders, later rules."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import func, select

from server.contacts.models import ContactAddress
from server.db import Database
from server.email_templates.models import EmailTemplateVersion
from server.errors import Conflict, Invalid, NotFound
from server.mail.decide import Outcome, decide
from server.mail.models import (
    LinkRule,
    LinkState,
    MailContent,
    MailKey,
    MailMessage,
    MailParticipant,
    MailReference,
    MailState,
    Route,
)
from server.mail.rules import load_rules
from server.mail.store import take_in
from server.messages.model import Mail
from server.messages.read import read_mail
from server.sends.models import OutboundEmail, OutboundState
from server.timeline.models import TimelineEntry
from server.timeline.record import EmailActivity, Participant, record_email
from tests.cast import ALICE, BOB
from tests.mail.letters import STRANGER, Desk, without_text


def number(db: Database, model: type[MailMessage | MailContent | MailParticipant | MailReference | MailKey]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_mail_taken_off_its_last_account_leaves_a_tombstone_without_content(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(references=["an-earlier-one@helios.example"])
    message_id = desk.receive(mail)
    assert desk.accounts_of(message_id) == {desk.book.account}
    keys = number(db, MailKey)
    desk.unlink(message_id)
    stone = desk.mail(message_id)
    assert (stone.state, stone.subject, stone.rfc_message_id, stone.ties) == (MailState.REMOVED, "", None, {})
    assert [number(db, model) for model in (MailContent, MailParticipant, MailReference)] == [0, 0, 0]
    assert number(db, MailKey) == keys > 0
    assert desk.accounts_of(message_id) == set()
    assert desk.ledger_of(mail) == ("excluded", "unlinked")
    word = desk.link(message_id, desk.book.account)
    assert (word.state, word.by_person_id, word.address, word.candidates) == ("unlinked", desk.book.alice, None, [])


def test_what_was_taken_off_never_comes_back_by_any_route(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(to=f"{ALICE}, {BOB}", message_id="one@helios.example")
    message_id = desk.receive(mail)
    desk.unlink(message_id)
    words = mail.envelope
    rewritten = desk.letter(to=f"{ALICE}, {BOB}", message_id="rewritten@gateway.example", at=words.sent_at)
    for copy in (
        desk.incoming(mail),
        desk.incoming(mail, whose=BOB),
        desk.incoming(rewritten, whose=BOB, gmail_id="b0b"),
        desk.incoming(mail, whose=BOB, route=Route.IMPORT),
        desk.incoming(mail, route=Route.BCC),
    ):
        decision, _ = desk.take(copy)
        assert (decision.outcome, decision.reason) == (Outcome.EXCLUDED, "unlinked")
    assert number(db, MailMessage) == 1
    assert desk.accounts_of(message_id) == set()


def test_a_mail_that_turns_out_to_be_one_taken_off_goes_with_it(db: Database):
    """Its Message-ID was rewritten on the way, so that it is known again only by its text."""
    desk = Desk.open(db)
    mail = desk.letter(message_id="one@helios.example")
    desk.unlink(desk.receive(mail))
    rewritten = desk.letter(message_id="two@gateway.example", at=mail.envelope.sent_at)
    envelope_only = desk.incoming(rewritten, whose=BOB)
    with db.transaction() as session:
        rules = load_rules(session)
        bare = without_text(envelope_only)
        first = take_in(session, bare, decide(session, bare, rules), salt=rules.salt, now=desk.now)
        assert first.state == MailState.LINKED
        decision = decide(session, envelope_only, rules, message_id=first.id)
        again = take_in(session, envelope_only, decision, salt=rules.salt, now=desk.now)
        assert (again.id, again.state) == (first.id, MailState.REMOVED)
    assert desk.accounts_of(first.id) == set()
    assert number(db, MailContent) == 0


def test_a_reader_who_comes_at_the_same_moment_finds_the_persons_word(db: Database):
    """The reader has decided; before it stores, the person takes the mail off."""
    desk = Desk.open(db)
    mail = desk.letter()
    message_id = desk.receive(mail)
    with db.reading() as session:
        rules = load_rules(session)
        decision = decide(session, desk.incoming(mail, whose=BOB), rules)
        assert session.get_one(MailMessage, message_id).state == MailState.LINKED
    desk.unlink(message_id)
    with db.transaction() as session:
        session.get_one(MailMessage, message_id)
        stored = take_in(session, desk.incoming(mail, whose=BOB), decision, salt=rules.salt, now=desk.now)
        assert stored.state == MailState.REMOVED
    assert desk.accounts_of(message_id) == set()


@pytest.mark.peer_case(39)
def test_a_persons_word_survives_reading_again(db: Database):
    """Case 39: re-matching removed manual corrections elsewhere."""
    desk = Desk.open(db)
    acme = desk.account("Acme", "acme.example")
    mail = desk.letter(cc="ann@acme.example")
    message_id = desk.receive(mail)
    assert desk.accounts_of(message_id) == {desk.book.account, acme}
    desk.unlink(message_id, acme)
    for copy in (desk.incoming(mail), desk.incoming(mail, whose=BOB)):
        desk.take(copy)
    assert desk.accounts_of(message_id) == {desk.book.account}
    assert desk.link(message_id, acme).state == LinkState.UNLINKED


def test_a_moved_mail_tells_who_moved_it_from_where_and_shows_its_people(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    message_id = desk.receive(desk.letter(cc="somebody@nowhere.example"))
    desk.move(message_id, desk.book.account, acme)
    assert desk.accounts_of(message_id) == {acme}
    moved = desk.link(message_id, acme)
    assert (moved.rule, moved.by_person_id, moved.address) == (LinkRule.PERSON, desk.book.alice, "priya@helios.example")
    [lost] = moved.candidates
    assert lost["lost_because"] == "Alice Moreau moved it"
    assert (lost["account"], lost["rule"]) == ("Helios Energy", LinkRule.CONTACT_ADDRESS)
    assert desk.people_of(message_id, acme) == {
        ALICE: None, "priya@helios.example": None, "somebody@nowhere.example": None
    }  # fmt: skip
    assert desk.entry(message_id, acme).body_text.strip() == "Shall we talk?"
    desk.move(message_id, acme, desk.book.account)
    back = desk.link(message_id, desk.book.account)
    assert (back.state, back.rule) == (LinkState.LINKED, LinkRule.CONTACT_ADDRESS)
    assert back.by_person_id == desk.book.alice
    assert desk.people_of(message_id, desk.book.account)["priya@helios.example"] == desk.book.priya


def test_what_cannot_be_moved_is_refused_with_words(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    message_id = desk.receive(desk.letter())
    with pytest.raises(Invalid, match="this account already"):
        desk.move(message_id, desk.book.account, desk.book.account)
    with pytest.raises(Conflict, match="does not stand"):
        desk.move(message_id, acme, desk.book.account)
    with pytest.raises(NotFound, match="no such account"):
        desk.move(message_id, desk.book.account, uuid.uuid4())
    with pytest.raises(NotFound, match="no such mail"):
        desk.unlink(uuid.uuid4())
    desk.unlink(message_id)
    with pytest.raises(Conflict, match="does not stand"):
        desk.unlink(message_id)


def test_a_moved_conversation_takes_along_what_comes_later_but_not_a_word_on_one_mail(db: Database):
    desk = Desk.open(db)
    acme, berta = desk.account("Acme"), desk.account("Berta")
    first, second, third = (desk.receive(desk.letter(text=text), thread="t1") for text in ("one", "two", "three"))
    stranger = desk.receive(desk.letter(sender=STRANGER, text="May I join?"), thread="t2")
    desk.move(second, desk.book.account, berta)
    desk.move(first, desk.book.account, acme, whole=True)
    assert [desk.accounts_of(one) for one in (first, second, third)] == [{acme}, {berta}, {acme}]
    assert desk.mail(stranger).state == MailState.WAITING
    later = desk.receive(desk.letter(text="four"), thread="t1")
    assert desk.accounts_of(later) == {acme}
    assert desk.link(later, acme).by_person_id == desk.book.alice
    desk.move(later, acme, desk.book.account, whole=True)
    assert [desk.accounts_of(one) for one in (first, second, third, later)] == [
        {desk.book.account}, {berta}, {desk.book.account}, {desk.book.account}
    ]  # fmt: skip


def test_a_conversation_taken_off_stays_off_with_all_that_comes(db: Database):
    desk = Desk.open(db)
    one, two = (desk.receive(desk.letter(text=text), thread="t1") for text in ("one", "two"))
    desk.unlink(one, whole=True)
    assert [desk.mail(message_id).state for message_id in (one, two)] == [MailState.REMOVED] * 2
    decision, _ = desk.take(desk.incoming(desk.letter(text="three"), thread="t1"))
    assert (decision.outcome, decision.reason) == (Outcome.EXCLUDED, "unlinked")
    acme = desk.account("Acme", "acme.example")
    other = desk.receive(desk.letter(text="four", cc="ann@acme.example"), thread="t1")
    assert desk.accounts_of(other) == {acme}


def test_a_waiting_mail_that_a_person_places_stands_at_once_and_its_text_is_asked_for(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER)
    message_id = desk.receive(mail)
    assert (desk.mail(message_id).state, number(db, MailContent)) == (MailState.WAITING, 0)
    desk.link_to(message_id, desk.book.account)
    assert desk.accounts_of(message_id) == {desk.book.account}
    entry = desk.entry(message_id, desk.book.account)
    assert (entry.subject, entry.body_text) == ("Renewal", "")
    assert desk.people_of(message_id, desk.book.account) == {ALICE: None, "nora@quist.example": None}
    assert desk.link(message_id, desk.book.account).address == "nora@quist.example"
    assert desk.ledger_of(mail) == ("to_read", None)
    assert desk.receive(mail) == message_id
    assert desk.entry(message_id, desk.book.account).body_text.strip() == "Shall we talk?"
    assert desk.ledger_of(mail) == ("logged", None)


def test_a_tie_that_a_person_answers_keeps_who_lost(db: Database):
    desk = Desk.open(db)
    acme, berta = desk.account("Acme"), desk.account("Berta")
    for account_id in (acme, berta):
        desk.contact(account_id, "Con Sultant", "con@sultant.example")
    mail = desk.letter(sender="con@sultant.example", cc="priya@helios.example")
    message_id = desk.receive(mail)
    assert list(desk.mail(message_id).ties) == ["con@sultant.example"]
    desk.unlink(message_id)
    waiting = desk.mail(message_id)
    assert (waiting.state, waiting.waiting_reason, number(db, MailContent)) == (MailState.WAITING, "tie", 0)
    assert desk.ledger_of(mail) == ("waiting", "tie")
    desk.link_to(message_id, berta)
    assert (desk.mail(message_id).ties, desk.accounts_of(message_id)) == ({}, {berta})
    [lost] = desk.link(message_id, berta).candidates
    assert (lost["account"], lost["lost_because"]) == ("Acme", "Alice Moreau chose another account")
    assert lost["rule"] == LinkRule.CONTACT_ADDRESS


def sent_from_here(desk: Desk) -> tuple[uuid.UUID, OutboundEmail]:
    """A mail that Alice sent to Priya from Rapport, recorded by the outbox and then read in her mailbox."""
    with desk.db.transaction() as session:
        version = session.scalars(select(EmailTemplateVersion.id).limit(1)).first()
        email = OutboundEmail(
            dedupe_key="one", mailbox_id=desk.boxes[ALICE], user_id=desk.book.alice, account_id=desk.book.account,
            contact_id=desk.book.priya, email_template_version_id=version, template_label="Welcome", from_name="Alice",
            from_email=ALICE, to_name="Priya", to_email="priya@helios.example", subject="Welcome",
            state=OutboundState.SENT, epoch=1, attempts=1, not_before=desk.now, queued_at=desk.now, changed_at=desk.now,
        )  # fmt: skip
        session.add(email)
        session.flush()
        record_email(
            session,
            EmailActivity(
                source_key=f"outbound:{email.id}", account_id=email.account_id, author_id=email.user_id,
                subject="Welcome", body_text="Hello", occurred_at=datetime.now(UTC), mailbox_email=ALICE,
                gmail_message_id="5e27", gmail_thread_id="5e27", email_template_version_id=version,
                template_label="Welcome", participants=[Participant(part="to", name="", email=email.to_email)],
            ),
            now=desk.now,
        )  # fmt: skip
    return read_in_sent(desk, email), email


def read_in_sent(desk: Desk, email: OutboundEmail) -> uuid.UUID:
    mail = desk.letter(
        sender=ALICE, to=email.to_email, subject="Welcome", headers={"X-Rapport-Id": str(email.id)}, at=email.queued_at
    )
    return desk.receive(mail, labels=["SENT"], gmail_id="5e27")


def test_what_was_sent_from_here_has_one_entry_wherever_a_person_moves_it(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    message_id, email = sent_from_here(desk)
    entry = desk.entry(message_id, desk.book.account)
    assert (entry.source_key, entry.template_label) == (f"outbound:{email.id}", "Welcome")
    desk.move(message_id, desk.book.account, acme)
    assert read_in_sent(desk, email) == message_id
    assert desk.accounts_of(message_id) == {acme}
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(TimelineEntry)) == 1


def report(desk: Desk, of: str, original: str) -> Mail:
    """A delivery report: anybody can write one."""
    raw = (
        f"From: Mail Delivery <mailer-daemon@mx.example>\r\nTo: {ALICE}\r\nSubject: Undelivered\r\n"
        f"Date: {format_datetime(desk.now)}\r\nMessage-ID: <{original}.report@mx.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {of}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{original}>\r\n\r\n--b--\r\n"
    )
    return read_mail(raw.encode())


def is_dead(db: Database, email: str) -> bool | None:
    with db.reading() as session:
        found = select(ContactAddress.bounce_is_permanent).where(ContactAddress.email_norm == email)
        return session.scalars(found).one()


def test_a_report_of_what_we_never_sent_marks_nobody(db: Database):
    desk = Desk.open(db)
    desk.receive(report(desk, "tom@helios.example", "made-up@rapport.example"))
    assert is_dead(db, "tom@helios.example") is None
    desk.receive(desk.letter(sender=ALICE, to="nora@quist.example, priya@helios.example", message_id="real@r.example"))
    desk.receive(report(desk, "tom@helios.example", "real@r.example"))
    assert is_dead(db, "tom@helios.example") is True


def test_a_mark_goes_when_mail_comes_from_the_address(db: Database):
    desk = Desk.open(db)
    desk.receive(desk.letter(sender=ALICE, to="priya@helios.example"), labels=["SENT"])
    desk.receive(report(desk, "priya@helios.example", "rewritten@gateway.example"))
    assert is_dead(db, "priya@helios.example") is True
    desk.receive(desk.letter(at=desk.now - timedelta(days=1)))
    assert is_dead(db, "priya@helios.example") is True
    desk.receive(desk.letter())
    assert is_dead(db, "priya@helios.example") is None


def test_two_mails_that_turn_out_to_be_one_keep_whom_each_told_of(db: Database):
    """Alice's copy, with Bcc, and Bob's, with another Message-ID, were known apart until the text was here."""
    desk = Desk.open(db)
    words = {"sender": ALICE, "to": f"priya@helios.example, {BOB}", "at": desk.now}
    sent = desk.letter(**words, bcc="tom@helios.example", message_id="one@r.example", references=["root@r.example"])
    got = desk.letter(**words, message_id="two@gateway.example")
    kept = desk.receive(got, whose=BOB)
    bare = without_text(desk.incoming(sent, labels=["SENT"]))
    other = desk.take(bare)[1]
    assert other != kept
    into = desk.receive(sent, labels=["SENT"])
    with db.reading() as session:
        parts = session.execute(
            select(MailParticipant.part, MailParticipant.email_norm).where(MailParticipant.mail_message_id == into)
        ).all()
        named = session.scalars(select(MailReference.rfc_message_id).where(MailReference.mail_message_id == into)).all()
        ids = {session.get_one(MailMessage, into).rfc_message_id, *named}
        assert session.scalar(select(func.count()).select_from(MailMessage)) == 1
    assert ("bcc", "tom@helios.example") in [tuple(row) for row in parts]
    assert len(parts) == 4
    assert ids == {"one@r.example", "two@gateway.example", "root@r.example"}
