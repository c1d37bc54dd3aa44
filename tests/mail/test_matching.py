"""Whom mail belongs to, one failure of others after the other. The wide set of shapes is in test_labelled."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.auth.models import User
from server.contacts.models import ContactAddress, FormerAccount
from server.mail import correct, exclusions
from server.mail.decide import Outcome
from server.mail.models import ExclusionKind, LinkRule, MailParticipant, NeverPair, SharedDomain
from server.mailboxes import aliases
from server.messages.read import read_mail
from server.timeline.models import TimelineHolder
from tests.cast import ALICE, BOB
from tests.mail.letters import STRANGER, Desk


@pytest.mark.peer_case(23)
@pytest.mark.parametrize("sender", ["PRIYA@helios.example", "priya@HELIOS.Example", "Priya@Helios.EXAMPLE"])
def test_case_counts_on_neither_side(desk: Desk, sender: str) -> None:
    """Case 23: mixed-case addresses did not match."""
    desk.contact(desk.book.account, "Omar Haddad", "Omar.Haddad@Studio.Example")
    assert desk.accounts_of(desk.receive(desk.letter(sender=sender))) == {desk.book.account}
    assert desk.accounts_of(desk.receive(desk.letter(sender="omar.haddad@studio.example"))) == {desk.book.account}


@pytest.mark.peer_case(24)
def test_mail_from_an_alias_is_ours(desk: Desk) -> None:
    """Case 24: mail by a send-as alias was not attributed to the user."""
    alias = "cs-team@helios.example"  # a guest address at the customer's own domain
    with desk.db.transaction() as session:
        assert aliases.learn(session, desk.boxes[ALICE], alias)
    to_priya = desk.receive(desk.letter(sender=alias, to="priya@helios.example"), labels=["SENT"])
    assert desk.entry(to_priya, desk.book.account).direction == "out"
    between_us = desk.letter(sender=alias, to=BOB)
    decision, stored = desk.take(desk.incoming(between_us))
    assert (decision.outcome, decision.reason, stored) == (Outcome.EXCLUDED, "internal_only", None)


@pytest.mark.peer_case(25)
@pytest.mark.parametrize(
    "headers",
    [
        {"to": "undisclosed-recipients:;"},
        {"to": "Team: priya@helios.example, ;"},
        {"cc": "<>, , @, nobody, <priya@helios.example"},
        {"to": "a@b@c.example, priya@helios.example"},
    ],
)
def test_addresses_that_are_none_stop_nothing(desk: Desk, headers: dict[str, str]) -> None:
    """Case 25: an empty or invalid address threw, and the sync stopped."""
    mail = desk.letter()
    raw = (
        "From: Priya Nair <priya@helios.example>\r\nSubject: Odd\r\nDate: Mon, 6 Apr 2026 09:00:00 +0000\r\n"
        + "".join(f"{name.capitalize()}: {value}\r\n" for name, value in headers.items())
        + "\r\nHello"
    )
    odd = read_mail(raw.encode())
    assert odd.envelope.sender == mail.envelope.sender
    assert desk.accounts_of(desk.receive(odd)) == {desk.book.account}


@pytest.mark.peer_case(26)
def test_a_mail_with_anybody_from_outside_is_never_internal(desk: Desk) -> None:
    """Case 26: the rule for internal domains dropped mail of domains that others share."""
    guest = desk.letter(sender=BOB, to=ALICE, cc="rektor@uni-shared.example")
    decision, _ = desk.take(desk.incoming(guest))
    assert (decision.outcome, decision.reason) == (Outcome.WAITING, "nobody_known")


@pytest.mark.peer_case(27)
def test_somebody_known_at_a_free_mail_domain_is_known(desk: Desk) -> None:
    """Case 27: the list of free-mail domains blocked known people."""
    desk.contact(desk.book.account, "Rosa Mendes", "rosa.helios@gmx.de")
    assert desk.accounts_of(desk.receive(desk.letter(sender="rosa.helios@gmx.de"))) == {desk.book.account}
    decision, _ = desk.take(desk.incoming(desk.letter(sender="somebody.else@gmx.de")))
    assert decision.outcome is Outcome.WAITING


@pytest.mark.peer_case(28)
def test_domains_that_many_share_say_nothing(desk: Desk) -> None:
    """Case 28: a provider that the list lacked grouped strangers together."""
    one, other = desk.account("One", "proton.me", "shared.example"), desk.account("Other", "shared.example")
    for sender in ("x@proton.me", "x@shared.example"):
        decision, _ = desk.take(desk.incoming(desk.letter(sender=sender)))
        assert decision.outcome is Outcome.WAITING
    lost = decision.lost
    assert {item.candidate.account_id for item in lost} == {one, other}
    assert {item.because for item in lost} == {"2 accounts share this domain"}
    desk.account("Third", "regional-isp.example")
    with desk.db.transaction() as session:
        by = session.scalars(select(User.id)).first()
        assert by is not None
        session.add(SharedDomain(domain="regional-isp.example", by_person_id=by, created_at=desk.now))
    decision, _ = desk.take(desk.incoming(desk.letter(sender="x@regional-isp.example")))
    assert decision.outcome is Outcome.WAITING


@pytest.mark.peer_case(29)
def test_our_own_domain_links_nothing(desk: Desk) -> None:
    """Case 29: a company record came into being for addresses of the own domain."""
    desk.account("Our own company", "rapport.example")
    mail = desk.letter(sender="somebody@rapport.example", to="priya@helios.example", cc=ALICE)
    assert desk.accounts_of(desk.receive(mail)) == {desk.book.account}


@pytest.mark.peer_case(30)
@pytest.mark.parametrize("host", ["notacme.example", "acme.example.evil.example", "acme-example.example"])
def test_domains_are_compared_label_by_label(desk: Desk, host: str) -> None:
    """Case 30: companies were searched for by the end of the domain's text."""
    desk.account("Acme", "acme.example")
    decision, _ = desk.take(desk.incoming(desk.letter(sender=f"a@{host}")))
    assert decision.outcome is Outcome.WAITING


@pytest.mark.peer_case(31)
def test_the_registrable_domain_is_what_counts(desk: Desk) -> None:
    """Case 31: mail.company made a second company, and public suffixes are no company."""
    acme = desk.account("Acme", "acme-widgets.co.uk")
    message = desk.receive(desk.letter(sender="a@mail.eu.acme-widgets.co.uk"))
    assert desk.link(message, acme).rule == LinkRule.DOMAIN
    decision, _ = desk.take(desk.incoming(desk.letter(sender="a@other-widgets.co.uk")))
    assert decision.outcome is Outcome.WAITING


@pytest.mark.peer_case(32)
def test_tags_and_dots_are_read_but_never_written(desk: Desk) -> None:
    """Case 32: plus-addresses were not seen as the same person, and dots mean something everywhere but at Gmail."""
    jane = desk.contact(desk.book.account, "Jane Miller", "jane.miller@gmail.com")
    other = desk.account("Other")
    desk.contact(other, "Jane Other", "jane.miller@other.example")
    message = desk.receive(desk.letter(sender="janemiller+renewal@gmail.com"))
    link = desk.link(message, desk.book.account)
    assert (link.rule, link.contact_id) == (LinkRule.NORMALISED_ADDRESS, jane)
    decision, _ = desk.take(desk.incoming(desk.letter(sender="janemiller@other.example")))
    assert decision.outcome is Outcome.WAITING
    exact = desk.contact(other, "Jane Tagged", "jane.miller+work@gmail.com")
    message = desk.receive(desk.letter(sender="jane.miller+work@gmail.com"))
    assert desk.link(message, other).contact_id == exact
    assert desk.accounts_of(message) == {other}
    with desk.db.reading() as session:
        kept = set(session.scalars(select(ContactAddress.email).where(ContactAddress.contact_id == jane)))
        seen = set(session.scalars(select(MailParticipant.email).where(MailParticipant.contact_id == jane)))
    assert (kept, seen) == ({"jane.miller@gmail.com"}, {"janemiller+renewal@gmail.com"})


@pytest.mark.peer_case(33)
def test_googlemail_is_gmail(desk: Desk) -> None:
    """Case 33: googlemail.com and gmail.com were two."""
    desk.contact(desk.book.account, "Theo Lang", "theo.lang@googlemail.com")
    assert desk.accounts_of(desk.receive(desk.letter(sender="theolang@gmail.com"))) == {desk.book.account}


@pytest.mark.peer_case(36)
def test_somebody_in_copy_who_answers_stays_in_the_conversation(desk: Desk) -> None:
    """Case 36: someone in cc answered, and a new lead was made."""
    first = desk.letter(sender=ALICE, to="priya@helios.example", cc=STRANGER)
    desk.receive(first, labels=["SENT"], thread="t1")
    answer = desk.letter(sender=STRANGER, references=[first.envelope.rfc_message_id or ""])
    link = desk.link(desk.receive(answer, thread="t1"), desk.book.account)
    assert (link.rule, link.address) == (LinkRule.THREAD, "nora@quist.example")


@pytest.mark.peer_case(37)
def test_a_mail_to_three_customers_is_on_three_timelines(desk: Desk) -> None:
    """Case 37: only the first address in To counted."""
    accounts = [desk.account(name, f"{name}.example") for name in ("one", "two")]
    for name, account in zip(("one", "two"), accounts, strict=True):
        desk.contact(account, f"Contact {name}", f"c@{name}.example")
    mail = desk.letter(sender=ALICE, to="x@unknown.example, c@one.example, priya@helios.example", cc="c@two.example")
    message = desk.receive(mail, labels=["SENT"])
    assert desk.accounts_of(message) == {desk.book.account, *accounts}
    assert desk.entry(message, accounts[0]).others == 3


@pytest.mark.peer_case(38)
def test_a_tie_is_asked_and_never_guessed(desk: Desk) -> None:
    """Case 38: two contacts share an address, and one was taken silently."""
    other = desk.account("Other")
    desk.contact(other, "Priya Nair", "priya@helios.example")
    decision, message = desk.take(desk.incoming(desk.letter()))
    assert (decision.outcome, decision.reason) == (Outcome.WAITING, "tie")
    assert message is not None
    mail = desk.mail(message)
    assert {key: set(ids) for key, ids in mail.ties.items()} == {
        "priya@helios.example": {str(desk.book.account), str(other)}
    }
    # Somebody sure beside her links the mail; she is asked about all the same.
    both = desk.receive(desk.letter(cc="tom@helios.example"))
    assert desk.accounts_of(both) == {desk.book.account}


@pytest.mark.peer_case(40)
def test_forged_references_attach_nothing(desk: Desk) -> None:
    """Case 40: References of a stranger attached mail to another customer."""
    known = desk.letter()
    message = desk.receive(known, thread="t1")
    forged = desk.letter(sender=STRANGER, references=[known.envelope.rfc_message_id or ""])
    assert desk.take(desk.incoming(forged, thread="t1"))[0].outcome is Outcome.WAITING
    # Nor does a second one, for which the first would vouch; nor in a mailbox that has no such thread.
    again = desk.letter(sender=STRANGER, references=[forged.envelope.rfc_message_id or ""])
    assert desk.take(desk.incoming(again, thread="t1"))[0].outcome is Outcome.WAITING
    elsewhere = desk.letter(sender=STRANGER, to=BOB, references=[known.envelope.rfc_message_id or ""])
    assert desk.take(desk.incoming(elsewhere, whose=BOB))[0].outcome is Outcome.WAITING
    # And what a person says of the conversation is not said of what a stranger slips into it.
    other = desk.account("Other")
    with desk.db.transaction() as session:
        correct.move(
            session, mail_message_id=message, from_account_id=desk.book.account, to_account_id=other,
            whole_thread=True, by=desk.book.alice, now=desk.now,
        )  # fmt: skip
    assert desk.accounts_of(
        desk.receive(desk.letter(references=[known.envelope.rfc_message_id or ""]), thread="t1")
    ) == {other}
    assert desk.take(desk.incoming(desk.letter(sender=STRANGER), thread="t1"))[0].outcome is Outcome.WAITING


@pytest.mark.peer_case(46)
@pytest.mark.parametrize("first", [ALICE, BOB])
def test_one_mail_in_two_mailboxes_is_one_entry_with_two_holders(desk: Desk, first: str) -> None:
    """Case 46: the same mail was shown twice, or lost for the second user."""
    second = BOB if first == ALICE else ALICE
    mail = desk.letter(to=f"{ALICE}, {BOB}")
    message = desk.receive(mail, whose=first)
    assert desk.receive(mail, whose=second) == message
    assert desk.receive(mail, whose=first) == message
    entry = desk.entry(message, desk.book.account)
    with desk.db.reading() as session:
        holders = select(TimelineHolder.user_id).where(TimelineHolder.timeline_entry_id == entry.id)
        assert set(session.scalars(holders)) == {desk.users[ALICE], desk.users[BOB]}


def test_a_contact_who_was_corrected_keeps_their_own_address(desk: Desk) -> None:
    """Not everybody who changes the account leaves a company: an import may only have put them right."""
    one, other = desk.account("Acme EMEA", "acme.example"), desk.account("Acme US")
    ann = desk.contact(other, "Ann Lee", "ann@acme.example")
    with desk.db.transaction() as session:
        session.add(FormerAccount(contact_id=ann, account_id=one, until=desk.now))
    assert desk.accounts_of(desk.receive(desk.letter(sender="ann@acme.example"))) == {other}


def test_a_pair_that_is_never_linked_is_so_in_every_spelling(desk: Desk) -> None:
    desk.contact(desk.book.account, "Ann Lee", "ann.lee@gmail.com")
    with desk.db.transaction() as session:
        pair = {"account_id": desk.book.account, "by_person_id": desk.book.alice, "created_at": desk.now}
        session.add(NeverPair(email_norm="ann.lee@gmail.com", **pair))
    for sender in ("ann.lee@gmail.com", "annlee@gmail.com", "ann.lee+work@googlemail.com"):
        assert desk.take(desk.incoming(desk.letter(sender=sender)))[0].outcome is Outcome.WAITING


def test_an_address_that_is_left_out_is_so_in_every_spelling(desk: Desk) -> None:
    with desk.db.transaction() as session:
        exclusions.exclude(
            session, kind=ExclusionKind.ADDRESS, value="Ann.Lee@gmail.com", label="my sister",
            mailbox_id=desk.boxes[ALICE], by=desk.book.alice, now=desk.now,
        )  # fmt: skip
    for sender in ("ann.lee@gmail.com", "annlee@gmail.com", "ann.lee+home@googlemail.com"):
        decision, _ = desk.take(desk.incoming(desk.letter(sender=sender)))
        assert (decision.outcome, decision.reason) == (Outcome.EXCLUDED, "excluded_pair")
    to_bob, _ = desk.take(desk.incoming(desk.letter(sender="ann.lee@gmail.com", to=BOB), whose=BOB))
    assert to_bob.outcome is Outcome.WAITING
