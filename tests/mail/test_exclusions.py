"""What is left out is not stored: neither from now on nor from before."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from server.db import Database
from server.errors import Forbidden, Invalid, NotFound
from server.mail import exclusions
from server.mail.decide import Outcome
from server.mail.exclusions import Excluded
from server.mail.models import (
    ExclusionKind,
    MailCopy,
    MailExclusion,
    MailLink,
    MailParticipant,
    MailState,
    Route,
    RulesChange,
)
from server.mail.rules import load_rules
from server.timeline.models import Level, TimelineEntry
from tests.cast import ALICE, BOB
from tests.mail.letters import STRANGER, Desk
from tests.mail.test_correct import sent_from_here

ADDRESS, DOMAIN, LABEL, THREAD = ExclusionKind


def exclude(desk: Desk, kind: ExclusionKind, value: str, *, whose: str | None = None, by: str = ALICE) -> Excluded:
    with desk.db.transaction() as session:
        return exclusions.exclude(
            session, kind=kind, value=value, label=value, mailbox_id=desk.boxes[whose] if whose else None,
            by=desk.users[by], now=desk.now,
        )  # fmt: skip


def include(desk: Desk, excluded: Excluded) -> int:
    assert excluded.exclusion_id is not None
    with desk.db.transaction() as session:
        return exclusions.include_again(session, exclusion_id=excluded.exclusion_id, by=desk.book.alice, now=desk.now)


def version(db: Database) -> int:
    with db.transaction() as session:
        return load_rules(session).version


@pytest.mark.parametrize("value", ["PRIYA@helios.example", " priya@Helios.example "])
def test_an_address_left_out_for_everybody_goes_with_all_mail_that_it_is_in(db: Database, value: str):
    desk = Desk.open(db)
    first = desk.letter(to=f"{ALICE}, {BOB}")
    gone = [desk.receive(first), desk.receive(desk.letter(sender=STRANGER, cc="priya@helios.example"))]
    desk.receive(first, whose=BOB)
    stays = desk.receive(desk.letter(sender="tom@helios.example"))
    before = version(db)
    done = exclude(desk, ADDRESS, value)
    assert (done.removed, done.is_new) == (2, True)
    assert done.warning == "Priya Nair of Helios Energy has this address: their mail is not kept any more."
    assert not any(desk.is_stored(message_id) for message_id in gone)
    assert desk.accounts_of(stays) == {desk.book.account}
    assert desk.ledger_of(first) == desk.ledger_of(first, whose=BOB) == ("excluded", "excluded_address")
    assert version(db) == before + 1
    decision, _ = desk.take(desk.incoming(desk.letter(text="Later")))
    assert (decision.outcome, decision.reason) == (Outcome.EXCLUDED, "excluded_address")


def test_a_pair_takes_only_the_copies_of_that_mailbox(db: Database):
    desk = Desk.open(db)
    shared = desk.letter(to=f"{ALICE}, {BOB}")
    message_id = desk.receive(shared, level=Level.METADATA)
    desk.receive(shared, whose=BOB, level=Level.FULL)
    own = desk.receive(desk.letter(text="To Alice alone"))
    done = exclude(desk, ADDRESS, "priya@helios.example", whose=ALICE)
    assert done.removed == 2
    assert not desk.is_stored(own)
    assert desk.entry(message_id, desk.book.account).level == Level.FULL
    assert desk.ledger_of(shared) == ("excluded", "excluded_pair")
    assert desk.ledger_of(shared, whose=BOB) == ("logged", None)
    with db.reading() as session:
        told = session.scalars(select(RulesChange.what)).all()
    assert told == ["Alice Moreau: something is left out of their own mailbox."]


def test_bcc_goes_with_the_copy_that_alone_told_of_it(db: Database):
    desk = Desk.open(db)
    words = {"sender": ALICE, "to": "tom@helios.example, x@quist.example", "text": "Hello"}
    at = desk.now
    sent = desk.letter(**words, bcc="priya@helios.example", at=at, message_id="m@rapport.example")
    got = desk.letter(**words, cc="", at=at, message_id="m@rapport.example")
    message_id = desk.receive(sent, labels=["SENT"])
    assert desk.receive(got, whose=BOB) == message_id
    exclude(desk, DOMAIN, "quist.example", whose=ALICE)
    with db.reading() as session:
        parts = session.scalars(select(MailParticipant.part).where(MailParticipant.mail_message_id == message_id)).all()
    assert sorted(parts) == ["from", "to", "to"]


def test_a_domain_goes_by_whole_labels(db: Database):
    desk = Desk.open(db)
    here, below, alike = (
        desk.receive(desk.letter(sender=f"x@{host}"))
        for host in ("acme.example", "mail.acme.example", "notacme.example")
    )
    assert exclude(desk, DOMAIN, "@Acme.example").removed == 2
    assert [desk.is_stored(one) for one in (here, below, alike)] == [False, False, True]


def test_a_conversation_is_left_out_of_one_mailbox(db: Database):
    desk = Desk.open(db)
    one, two = desk.letter(text="one"), desk.letter(text="two")
    ids = [desk.receive(one, thread="abc1"), desk.receive(two, thread="abc1")]
    other = desk.receive(desk.letter(text="other"), thread="abc2")
    done = exclude(desk, THREAD, "abc1", whose=ALICE)
    assert done.removed == 2
    assert [desk.is_stored(message_id) for message_id in (*ids, other)] == [False, False, True]
    assert desk.ledger_of(one) == ("excluded", "excluded_thread")
    assert include(desk, done) == 2
    assert desk.accounts_of(desk.receive(one, thread="abc1")) == {desk.book.account}


def test_a_label_is_asked_for_again_since_gmail_alone_knows_it(db: Database):
    desk = Desk.open(db)
    logged, waiting = desk.letter(), desk.letter(sender=STRANGER)
    desk.receive(logged)
    desk.receive(waiting)
    done = exclude(desk, LABEL, "Label_7", whose=ALICE)
    assert (done.removed, done.reread) == (0, 2)
    assert desk.ledger_of(logged) == desk.ledger_of(waiting) == ("to_read", None)
    decision, _ = desk.take(desk.incoming(logged, labels=["INBOX", "Label_7"]))
    assert decision.reason == "excluded_label"


@pytest.mark.peer_case(14)
def test_what_is_let_in_again_is_read_again(db: Database):
    """Case 14: enabling a label later does not bring old mail."""
    desk = Desk.open(db)
    labelled, other = desk.letter(), desk.letter(sender="ann@acme.example")
    by_label, by_pair = (
        exclude(desk, LABEL, "Label_7", whose=ALICE),
        exclude(desk, ADDRESS, "ann@acme.example", whose=ALICE),
    )
    desk.take(desk.incoming(labelled, labels=["Label_7"]))
    desk.take(desk.incoming(other))
    assert include(desk, by_label) == 1
    assert desk.ledger_of(labelled) == ("to_read", None)
    assert desk.ledger_of(other) == ("excluded", "excluded_pair")
    assert include(desk, by_pair) == 1
    assert desk.ledger_of(other) == ("to_read", None)
    with pytest.raises(NotFound):
        include(desk, by_pair)


def test_the_same_exclusion_stands_once(db: Database):
    desk = Desk.open(db)
    first = exclude(desk, ADDRESS, "ann@acme.example")
    second = exclude(desk, ADDRESS, "Ann@ACME.example", by=BOB)
    own = exclude(desk, ADDRESS, "ann@acme.example", whose=ALICE)
    assert (second.exclusion_id, second.is_new, own.is_new) == (first.exclusion_id, False, True)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(MailExclusion)) == 2


@pytest.mark.parametrize(
    ("kind", "value", "whose", "said"),
    [
        (ADDRESS, "ann", None, "not an e-mail address"),
        (ADDRESS, ALICE, ALICE, "an address of ours"),
        (ADDRESS, BOB, None, "an address of ours"),
        (DOMAIN, "co.uk", None, "many companies have domains under"),
        (DOMAIN, "not a domain", None, "is no domain"),
        (DOMAIN, "rapport.example", ALICE, "our own domain"),
        (LABEL, "Label_7", None, "those of one mailbox"),
        (LABEL, "INBOX", ALICE, "on nearly all of your mail"),
        (THREAD, "", ALICE, "no label or conversation"),
        (THREAD, "not hex", ALICE, "no label or conversation"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_cure(
    sqlite_database: Database, kind: ExclusionKind, value: str, whose: str | None, said: str
):
    desk = Desk.open(sqlite_database)
    with pytest.raises(Invalid, match=said) as refused:
        exclude(desk, kind, value, whose=whose)
    assert refused.value.cure


def test_nobody_changes_the_mailbox_of_another(sqlite_database: Database):
    desk = Desk.open(sqlite_database)
    with pytest.raises(Forbidden, match="not your mailbox"):
        exclude(desk, ADDRESS, "ann@acme.example", whose=BOB, by=ALICE)
    own = exclude(desk, ADDRESS, "ann@acme.example", whose=BOB, by=BOB)
    with pytest.raises(Forbidden):
        include(desk, own)


def test_free_mail_for_everybody_is_possible_and_says_what_it_means(sqlite_database: Database):
    desk = Desk.open(sqlite_database)
    desk.contact(desk.book.account, "Gil Free", "gil@gmail.com")
    warning = exclude(desk, DOMAIN, "gmail.com").warning
    assert "Anybody can have an address at gmail.com, customers too." in warning
    assert "1 address of a contact is there." in warning


def test_more_than_one_slice_goes_at_once(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch):
    desk = Desk.open(sqlite_database)
    ids = [desk.receive(desk.letter(text=f"Number {number}")) for number in range(7)]
    monkeypatch.setattr(exclusions, "_SLICE", 3)
    assert exclude(desk, DOMAIN, "helios.example").removed == 7
    assert not any(desk.is_stored(message_id) for message_id in ids)


def test_what_the_outbox_recorded_of_its_own_mail_stays(db: Database):
    desk = Desk.open(db)
    message_id, email = sent_from_here(desk)
    exclude(desk, ADDRESS, "priya@helios.example")
    assert not desk.is_stored(message_id)
    with db.reading() as session:
        entry = session.scalars(select(TimelineEntry)).one()
        assert (entry.source_key, entry.mail_message_id) == (f"outbound:{email.id}", None)


def test_a_tombstone_stays_what_it_is(db: Database):
    desk = Desk.open(db)
    message_id = desk.receive(desk.letter())
    desk.unlink(message_id)
    assert exclude(desk, DOMAIN, "helios.example").removed == 0
    assert desk.mail(message_id).state == MailState.REMOVED


def domain(desk: Desk, deed: object, value: str) -> object:
    with desk.db.transaction() as session:
        return deed(session, domain=value, by=desk.book.dana, now=desk.now)  # type: ignore[operator]


def test_a_new_domain_of_ours_makes_mail_among_colleagues_internal(db: Database):
    desk = Desk.open(db)
    among_us = desk.letter(sender="carol@rapport-group.example")
    internal = desk.receive(among_us)
    mixed = desk.receive(desk.letter(cc="carol@eu.rapport-group.example"))
    done = domain(desk, exclusions.own_domain_add, "Rapport-Group.example")
    assert isinstance(done, Excluded)
    assert (done.removed, done.is_new) == (1, True)
    assert not desk.is_stored(internal)
    assert desk.ledger_of(among_us) == ("excluded", "internal_only")
    assert desk.accounts_of(mixed) == {desk.book.account}
    with db.reading() as session:
        ours = select(MailParticipant.is_ours).where(MailParticipant.email_norm == "carol@eu.rapport-group.example")
        assert session.scalars(ours).all() == [True]
    assert domain(desk, exclusions.own_domain_remove, "rapport-group.example") == 1
    assert desk.ledger_of(among_us) == ("to_read", None)
    with db.reading() as session:
        assert session.scalars(ours).all() == [False]
    with pytest.raises(NotFound, match="not on this list"):
        domain(desk, exclusions.own_domain_remove, "rapport.example")
    with pytest.raises(Invalid, match="would become colleagues"):
        domain(desk, exclusions.own_domain_add, "gmail.com")


def test_a_domain_that_is_no_longer_shared_speaks_for_its_company_again(db: Database):
    desk = Desk.open(db)
    acme = desk.account("Acme", "acme.example")
    done = domain(desk, exclusions.shared_domain_add, "acme.example")
    assert isinstance(done, Excluded)
    assert done.warning == "It is a domain of Acme."
    waiting = desk.letter(sender="ann@acme.example")
    message_id = desk.receive(waiting)
    bulk = desk.letter(sender="news@acme.example", headers={"List-Id": "<news.acme.example>"})
    decision, _ = desk.take(desk.incoming(bulk))
    assert (desk.mail(message_id).state, decision.reason) == (MailState.WAITING, "bulk")
    assert domain(desk, exclusions.shared_domain_remove, "acme.example") == 2
    assert desk.accounts_of(message_id) == {acme}
    assert desk.ledger_of(waiting) == desk.ledger_of(bulk) == ("to_read", None)


def test_leaving_out_wins_over_a_persons_link_and_takes_every_route(db: Database):
    desk = Desk.open(db)
    mail = desk.letter(sender=STRANGER)
    message_id = desk.receive(mail)
    desk.receive(mail, route=Route.IMPORT)
    desk.link_to(message_id, desk.book.account)
    assert exclude(desk, ADDRESS, "nora@quist.example").removed == 1
    assert not desk.is_stored(message_id)
    with db.reading() as session:
        assert session.scalars(select(MailCopy.id)).all() == []


def test_what_was_linked_by_bcc_alone_goes_with_the_senders_copy(db: Database):
    """Else the timeline of the account would tell colleagues whom Alice wrote to in secret."""
    desk = Desk.open(db)
    beta, one, two = desk.account("Beta"), desk.account("One"), desk.account("Two")
    desk.contact(beta, "Bea Secret", "bea@beta.example")
    for account_id in (one, two):
        desk.contact(account_id, "Con Sultant", "con@sult.example")
    words = {"sender": ALICE, "to": "priya@helios.example", "cc": BOB, "message_id": "m@rapport.example"}
    at = desk.now
    secret = "bea@beta.example, con@sult.example"
    message_id = desk.receive(desk.letter(**words, at=at, bcc=secret), labels=["SENT"])
    desk.receive(desk.letter(**words, at=at), whose=BOB)
    assert desk.accounts_of(message_id) == {desk.book.account, beta}
    exclude(desk, ADDRESS, "bea@beta.example", whose=ALICE)
    assert desk.accounts_of(message_id) == {desk.book.account}
    with db.reading() as session:
        links = session.scalars(select(MailLink).where(MailLink.mail_message_id == message_id)).all()
    assert "beta" not in str([(link.address, link.candidates) for link in links])
    assert desk.mail(message_id).ties == {}


def test_a_mail_that_stood_by_bcc_alone_waits_for_its_other_holder(db: Database):
    desk = Desk.open(db)
    words = {"sender": ALICE, "to": f"nora@quist.example, {BOB}", "message_id": "m@rapport.example", "at": desk.now}
    message_id = desk.receive(desk.letter(**words, bcc="priya@helios.example"), labels=["SENT"])
    got = desk.letter(**words)
    desk.receive(got, whose=BOB)
    assert desk.accounts_of(message_id) == {desk.book.account}
    exclude(desk, ADDRESS, "priya@helios.example", whose=ALICE)
    assert (desk.accounts_of(message_id), desk.mail(message_id).state) == (set(), MailState.WAITING)
    assert desk.ledger_of(got, whose=BOB) == ("waiting", "nobody_known")
