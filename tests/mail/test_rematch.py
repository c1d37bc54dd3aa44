"""What is known later links the older mail, in whatever order things come."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from server.accounts.models import AccountDomain
from server.contacts.models import ContactAddress, FormerAccount
from server.db import Database
from server.mail import again, rematch
from server.mail.models import (
    ExclusionKind,
    LinkRule,
    MailExclusion,
    MailLink,
    MailParticipant,
    MailState,
    NeverPair,
    SharedDomain,
)
from server.mail.rules import load_rules
from tests.cast import ALICE
from tests.mail.letters import STRANGER, Desk

NORA = "nora@quist.example"


def look(desk: Desk, *, since: datetime | None = None, **page: object) -> list[uuid.UUID]:
    with desk.db.reading() as session:
        return rematch.look(session, since=since, now=desk.now, **page)  # type: ignore[arg-type]


def rematch_all(desk: Desk, *, since: datetime | None = None) -> int:
    """As the job does it; how many mails changed."""
    changed = 0
    for message_id in look(desk, since=since):
        with desk.db.transaction() as session:
            changed += rematch.relink(session, message_id, load_rules(session), desk.now)
    return changed


def links(desk: Desk) -> set[tuple[object, ...]]:
    """All that matters of links and people, without ids of rows and times."""
    with desk.db.reading() as session:
        found: set[tuple[object, ...]] = {
            (one.account_id, one.state, one.rule, one.address, one.contact_id)
            for one in session.scalars(select(MailLink))
        }
        return found | {
            (one.email_norm, one.account_id, one.contact_id) for one in session.scalars(select(MailParticipant))
        }


@pytest.mark.peer_case(34)
def test_a_contact_who_is_added_after_their_mail_gets_it(db: Database):
    """Case 34: contact created after the mail, and the mail stays unlinked."""
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER)
    message_id = desk.receive(mail)
    assert look(desk) == []
    nora = desk.contact(desk.book.account, "Nora Quist", NORA)
    assert look(desk, since=desk.now - timedelta(minutes=5)) == [message_id]
    assert rematch_all(desk) == 1
    assert desk.accounts_of(message_id) == {desk.book.account}
    found = desk.link(message_id, desk.book.account)
    assert (found.rule, found.contact_id, found.by_person_id) == (LinkRule.CONTACT_ADDRESS, nora, None)
    assert desk.people_of(message_id, desk.book.account)[NORA] == nora
    assert desk.ledger_of(mail) == ("to_read", None)
    desk.receive(mail)
    assert desk.entry(message_id, desk.book.account).body_text.strip() == "Shall we talk?"
    before = links(desk)
    assert (rematch_all(desk), look(desk), links(desk)) == (0, [], before)


@pytest.mark.peer_case(35)
def test_the_first_mail_of_a_contact_is_linked_without_being_an_answer(db: Database):
    """Case 35: mail from an existing contact stays "Unlinked" unless it is a reply."""
    desk = Desk.open(db)
    desk.contact(desk.book.account, "Nora Quist", NORA)
    assert desk.accounts_of(desk.receive(desk.letter(sender=STRANGER))) == {desk.book.account}


@pytest.mark.peer_case(34)
@pytest.mark.parametrize("order", list(itertools.permutations(("mail", "contact", "alternate", "domain"))))
def test_the_order_of_mail_contact_address_and_domain_does_not_matter(
    sqlite_database: Database, order: tuple[str, ...]
):
    """Case 34: both ways, idempotently."""
    desk = Desk.open(sqlite_database)
    acme = desk.account("Acme")
    at = desk.now

    def mail() -> None:
        desk.receive(
            desk.letter(sender="Nora.Quist@acme.example", cc="n.quist+work@gmail.com, x@eu.acme.example", at=at)
        )

    def contact() -> None:
        desk.contact(desk.book.account, "Nora Quist", "nora.quist@acme.example")

    def alternate() -> None:
        """Another person's address, who is at Acme."""
        desk.contact(acme, "Nils Quist", "nquist@googlemail.com")

    def domain() -> None:
        with desk.db.transaction() as session:
            session.add(AccountDomain(account_id=acme, domain="acme.example"))

    deeds: dict[str, Callable[[], None]] = {
        "mail": mail, "contact": contact, "alternate": alternate, "domain": domain
    }  # fmt: skip
    for name in order:
        deeds[name]()
        rematch_all(desk)
    with desk.db.reading() as session:
        contacts = {row.email_norm: row.contact_id for row in session.scalars(select(ContactAddress))}
    nora, nils = contacts["nora.quist@acme.example"], contacts["nquist@googlemail.com"]
    assert {one for one in links(desk) if len(one) == 5} == {
        (desk.book.account, "linked", "contact_address", "nora.quist@acme.example", nora),
        (acme, "linked", "normalised_address", "n.quist+work@gmail.com", nils),
    }
    assert {one for one in links(desk) if len(one) == 3} == {
        ("nora.quist@acme.example", desk.book.account, nora),
        ("n.quist+work@gmail.com", acme, nils),
        ("x@eu.acme.example", acme, None),
        (ALICE, None, None),
    }


def test_a_guess_by_domain_gives_way_to_the_contact_who_is_known_now(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme", "quist.example")
    message_id = desk.receive(desk.letter(sender=STRANGER))
    with_another = desk.receive(desk.letter(sender=STRANGER, cc="ann@quist.example"))
    assert desk.accounts_of(message_id) == {acme}
    desk.contact(desk.book.account, "Nora Quist", NORA)
    assert rematch_all(desk) == 2
    assert desk.accounts_of(message_id) == {desk.book.account}
    assert desk.accounts_of(with_another) == {desk.book.account, acme}
    assert desk.link(with_another, acme).address == "ann@quist.example"


def test_a_persons_word_is_not_touched_by_what_is_known_later(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    moved = desk.receive(desk.letter(sender=STRANGER, text="one"))
    desk.link_to(moved, acme)
    removed = desk.receive(desk.letter(sender=STRANGER, text="two"))
    desk.link_to(removed, acme)
    desk.unlink(removed, acme)
    desk.contact(desk.book.account, "Nora Quist", NORA)
    rematch_all(desk)
    assert desk.accounts_of(moved) == {acme, desk.book.account}
    desk.unlink(moved)
    rematch_all(desk)
    assert desk.accounts_of(moved) == {acme}
    assert desk.mail(removed).state == MailState.REMOVED


def test_a_domain_added_later_links_what_waits_but_no_free_or_shared_one(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    waiting = [desk.receive(desk.letter(sender=f"x@{host}")) for host in ("a.acme.example", "gmail.com", "hub.example")]
    with desk.db.transaction() as session:
        session.add(SharedDomain(domain="hub.example", by_person_id=desk.book.dana, created_at=desk.now))
        session.add_all(
            AccountDomain(account_id=acme, domain=host) for host in ("acme.example", "gmail.com", "hub.example")
        )
    rematch_all(desk)
    assert [desk.accounts_of(message_id) for message_id in waiting] == [{acme}, set(), set()]


def test_who_waits_in_the_same_conversation_follows(db: Database):
    desk = Desk.open(db)
    first = desk.receive(desk.letter(sender=STRANGER, cc="helper@gmail.com"), thread="t1")
    second = desk.receive(desk.letter(sender="helper@gmail.com", text="I am the helper"), thread="t1")
    apart = desk.receive(desk.letter(sender="helper@gmail.com", text="Another matter"), thread="t2")
    desk.contact(desk.book.account, "Nora Quist", NORA)
    rematch_all(desk)
    assert [desk.accounts_of(one) for one in (first, second, apart)] == [{desk.book.account}] * 2 + [set()]
    assert desk.link(second, desk.book.account).rule == LinkRule.THREAD


def test_a_contact_who_changes_company_keeps_the_past_where_it_was(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme")
    before = desk.receive(desk.letter(sender=STRANGER, text="before"))
    moved_at = desk.now + timedelta(minutes=1)
    desk.now = moved_at
    after = desk.receive(desk.letter(sender=STRANGER, text="after"))
    nora = desk.contact(acme, "Nora Quist", NORA)
    with desk.db.transaction() as session:
        session.add(FormerAccount(contact_id=nora, account_id=desk.book.account, until=moved_at))
    for _ in range(2):
        rematch_all(desk)
        assert [desk.accounts_of(one) for one in (before, after)] == [{desk.book.account}, {acme}]
        assert desk.people_of(before, desk.book.account)[NORA] == nora


def test_two_accounts_that_claim_an_address_are_a_question_not_a_guess(db: Database):
    desk = Desk.open(db)
    message_id = desk.receive(desk.letter(sender=STRANGER))
    for name in ("Acme", "Berta"):
        desk.contact(desk.account(name), "Nora Quist", NORA)
    rematch_all(desk)
    mail = desk.mail(message_id)
    assert (mail.state, mail.waiting_reason, list(mail.ties)) == (MailState.WAITING, "tie", [NORA])


def test_the_look_goes_page_by_page_and_not_further_back_than_half_a_year(db: Database):
    desk = Desk.open(db)
    ids = [desk.receive(desk.letter(sender=STRANGER, text=f"Number {number}")) for number in range(5)]
    desk.receive(desk.letter(sender=STRANGER, cc="priya@helios.example", at=desk.now - timedelta(days=181)))
    desk.contact(desk.book.account, "Nora Quist", NORA)
    pages = []
    after = None
    while page := look(desk, limit=2, after=after):
        pages.append(page)
        after = page[-1]
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert look(desk, since=desk.now + timedelta(hours=2)) == []


def test_a_pair_that_was_ruled_out_while_mail_was_stored_is_found_by_the_look(db: Database):
    desk = Desk.open(db)
    message_id = desk.receive(desk.letter())
    with desk.db.transaction() as session:
        session.add(
            NeverPair(
                email_norm="priya@helios.example", account_id=desk.book.account, by_person_id=desk.book.alice,
                created_at=desk.now,
            )
        )  # fmt: skip
    assert rematch_all(desk, since=desk.now - timedelta(minutes=5)) == 1
    assert desk.mail(message_id).state == MailState.WAITING


@pytest.mark.parametrize(("ruled_out", "stays"), [("ann@gmail.com", False), ("a.nn+y@gmail.com", True)])
def test_a_pair_that_was_ruled_out_takes_off_what_stands_by_another_spelling_of_it(
    db: Database, ruled_out: str, stays: bool
):
    desk = Desk.open(db)
    desk.contact(desk.book.account, "Ann Lee", "ann@gmail.com")
    message_id = desk.receive(desk.letter(sender="a.nn+x@gmail.com"))
    assert desk.link(message_id, desk.book.account).address == "a.nn+x@gmail.com"
    with desk.db.transaction() as session:
        session.add(
            NeverPair(
                email_norm=ruled_out, account_id=desk.book.account, by_person_id=desk.book.alice, created_at=desk.now
            )
        )
    rematch_all(desk)
    assert desk.accounts_of(message_id) == ({desk.book.account} if stays else set())


def test_what_was_left_out_since_is_removed_when_it_is_looked_at(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER)
    message_id = desk.receive(mail)
    with desk.db.transaction() as session:
        session.add(
            MailExclusion(
                kind=ExclusionKind.ADDRESS, value=NORA, label=NORA, mailbox_id=desk.boxes[ALICE],
                by_person_id=desk.book.alice, created_at=desk.now,
            )
        )  # fmt: skip
    desk.contact(desk.book.account, "Nora Quist", NORA)
    rematch_all(desk)
    assert not desk.is_stored(message_id)
    assert desk.ledger_of(mail) == ("excluded", "excluded_pair")


def test_a_stored_mail_comes_in_again_as_it_was(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(
        cc="Ann <ann@acme.example>", bcc="secret@acme.example", sender=ALICE, to="priya@helios.example",
        references=["a@x.example", "b@x.example"], subject="Zürich",
    )  # fmt: skip
    message_id = desk.receive(mail, labels=["SENT"])
    with desk.db.reading() as session:
        found = again.incoming_again(session, desk.mail(message_id))
    was, now = mail.envelope, found.envelope
    for name in ("rfc_message_id", "references", "subject", "sent_at", "sender", "to", "cc", "bcc", "kind"):
        assert getattr(now, name) == getattr(was, name), name
    assert (found.is_sent, found.user_id, found.mailbox_id) == (True, desk.book.alice, desk.boxes[ALICE])


def test_mail_of_machines_is_read_again_once_a_night_when_somebody_new_is_known(db: Database):
    desk = Desk.open(db)
    bulk = desk.letter(sender="news@quist.example", headers={"List-Unsubscribe": "<https://quist.example/off>"})
    decision, _ = desk.take(desk.incoming(bulk))
    assert decision.reason == "bulk"

    def reopen() -> int:
        with desk.db.transaction() as session:
            return rematch.reopen_bulk(session, desk.now)

    assert reopen() == 1
    desk.take(desk.incoming(bulk))
    acme = desk.account("Acme", "quist.example")
    assert reopen() == 0
    desk.now += timedelta(hours=21)
    assert reopen() == 1
    message_id = desk.receive(bulk)
    assert desk.accounts_of(message_id) == {acme}
    other = desk.letter(sender="news@else.example", headers={"List-Unsubscribe": "<https://else.example/off>"})
    desk.take(desk.incoming(other))
    desk.now += timedelta(hours=21)
    assert reopen() == 0
    assert desk.ledger_of(other) == ("excluded", "bulk")
