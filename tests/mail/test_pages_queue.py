"""The queue of the unmatched over HTTP: one's own mail only, the most first, and a click each to place it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from server.accounts.models import AccountDomain
from server.contacts.models import Contact
from server.mail import waiting
from server.mail.cures import name_parts
from server.mail.models import MailExclusion, MailMessage, MailState
from server.runtime import Runtime
from tests.cast import ALICE, BOB
from tests.conftest import SignedInClient
from tests.mail.letters import STRANGER, Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
PARTIAL = {"HX-Request": "true"}
NORM = "nora@quist.example"


@pytest.fixture
def alice(runtime: Runtime, desk: Desk, sign_in: SignIn) -> SignedInClient:
    return sign_in(desk.book.alice)


@pytest.fixture
def waits(desk: Desk) -> list[uuid.UUID]:
    """Two mails of a stranger in Alice's mailbox."""
    return [desk.receive(desk.letter(sender=STRANGER, subject=f"Offer {n}")) for n in range(2)]


def heads(page: str) -> list[str]:
    return re.findall(r'<h2 id="who-[^"]+">([^<]+)</h2>', page)


def test_strangers_are_asked_about_the_most_mails_first(desk: Desk) -> None:
    for count, sender in ((1, "one@a.example"), (3, "Three <three@b.example>"), (2, "two@c.example")):
        for number in range(count):
            desk.receive(desk.letter(sender=sender, cc="three@b.example", subject=f"{number}"))
    with desk.db.reading() as session:
        found, more = waiting.strangers(session, desk.book.alice)
        assert [(one.norm, one.count) for one in found] == [
            ("three@b.example", 6),
            ("two@c.example", 2),
            ("one@a.example", 1),
        ]
        assert not more
        assert [mail.subject for mail in found[1].latest] == ["1", "0"]
        assert len(found[0].latest) == 3
        assert waiting.count_questions(session, desk.book.alice) == 3
        assert waiting.count_questions(session, desk.book.bob) == 0


def test_whom_a_colleague_put_in_bcc_is_no_question_to_others(desk: Desk) -> None:
    mail = desk.letter(
        sender=f"Alice <{ALICE}>", to=f"nora@quist.example, {BOB}", bcc="secret@hush.example", message_id="x@r.example"
    )
    desk.receive(mail, labels=["SENT"])
    desk.receive(mail, whose=BOB)
    with desk.db.reading() as session:
        for user_id, expected in ((desk.book.alice, {NORM, "secret@hush.example"}), (desk.book.bob, {NORM})):
            found, _ = waiting.strangers(session, user_id)
            assert {one.norm for one in found} == expected


def test_accounts_are_suggested_by_common_mails_then_by_name_and_domain(desk: Desk) -> None:
    quist, other = desk.account("Quist AB", "quist.se"), desk.account("Other")
    desk.receive(desk.letter(cc=STRANGER))  # stands at Helios by Priya
    desk.receive(desk.letter(sender=STRANGER))
    with desk.db.reading() as session:
        [one], _ = waiting.strangers(session, desk.book.alice)
    assert [(each.account_id, each.because) for each in one.suggestions] == [
        (desk.book.account, "was on 1 mail with them"),
        (quist, "has the domain quist.se"),
    ]
    assert other not in {each.account_id for each in one.suggestions}


@ON_SQLITE
@pytest.mark.usefixtures("waits")
def test_the_queue_is_for_the_eyes_of_the_holder_alone(desk: Desk, alice: SignedInClient, sign_in: SignIn) -> None:
    page = alice.get("/mail/unmatched").text
    assert heads(page) == ["Nora Quist"]
    assert "Offer 1" in page
    assert 'value="Nora"' in page
    for user_id in (desk.book.bob, desk.book.charlie, desk.book.dana):
        client = sign_in(user_id)
        assert heads(client.get("/mail/unmatched").text) == []
        for deed in ("link", "dismiss", "contact", "domain"):
            form = {"norm": NORM, "to_account_id": str(desk.book.account), "last_name": "Q", "domain": "quist.example"}
            assert client.post(f"/mail/unmatched/{deed}", data=form).status_code in (403, 404), deed
    assert heads(alice.get("/mail/unmatched").text) == ["Nora Quist"]


@ON_SQLITE
def test_a_stranger_becomes_a_contact_and_their_mail_moves(
    desk: Desk, alice: SignedInClient, waits: list[uuid.UUID], runtime: Runtime
) -> None:
    form = {"norm": NORM, "to_account_id": str(desk.book.account), "first_name": " Nora ", "last_name": "Quist"}
    answer = alice.post("/mail/unmatched/contact", data=form, headers=PARTIAL)
    assert answer.status_code == 200
    assert "Nora Quist is a contact of Helios Energy now. 2 mails are on its timeline." in answer.text
    assert [desk.accounts_of(message) for message in waits] == [{desk.book.account}] * 2
    assert desk.link(waits[0], desk.book.account).rule == "contact_address"
    with runtime.db.reading() as session:
        [contact] = session.scalars(select(Contact).where(Contact.last_name == "Quist")).all()
        assert contact.full_name == "Nora Quist"
    assert "Everything has its place" in alice.get("/mail/unmatched").text
    again = alice.post("/mail/unmatched/contact", data=form, headers=PARTIAL)
    assert again.status_code == 422
    assert "No mail of this address waits any more." in again.text


@ON_SQLITE
def test_a_domain_is_added_unless_it_says_nothing(
    desk: Desk, alice: SignedInClient, waits: list[uuid.UUID], runtime: Runtime
) -> None:
    desk.receive(desk.letter(sender="someone@gmail.com"))
    page = alice.get("/mail/unmatched").text
    assert "Add the domain quist.example" in page
    assert "Anybody can have an address at gmail.com." in page
    form = {"to_account_id": str(desk.book.account), "norm": "someone@gmail.com", "domain": "gmail.com"}
    assert alice.post("/mail/unmatched/domain", data=form).status_code == 422
    form = {"to_account_id": str(desk.book.account), "norm": NORM, "domain": "quist.example"}
    assert "2 mails are on its timeline" in alice.post("/mail/unmatched/domain", data=form, headers=PARTIAL).text
    with runtime.db.reading() as session:
        assert "quist.example" in session.scalars(select(AccountDomain.domain)).all()
    assert desk.link(waits[0], desk.book.account).rule == "domain"


@ON_SQLITE
def test_only_these_mails_are_linked(desk: Desk, alice: SignedInClient, waits: list[uuid.UUID]) -> None:
    form = {"norm": NORM, "to_account_id": str(desk.book.account)}
    assert alice.post("/mail/unmatched/link", data=form).status_code == 303
    assert [desk.accounts_of(message) for message in waits] == [{desk.book.account}] * 2
    later = desk.receive(desk.letter(sender=STRANGER, subject="Another"))
    assert desk.mail(later).state == MailState.WAITING


@ON_SQLITE
@pytest.mark.parametrize(("kind", "value"), [("address", NORM), ("domain", "quist.example")])
def test_an_address_or_its_domain_is_never_logged(
    desk: Desk, alice: SignedInClient, waits: list[uuid.UUID], runtime: Runtime, kind: str, value: str
) -> None:
    alice.post("/mail/unmatched/exclude", data={"norm": NORM, "kind": kind})
    assert not any(desk.is_stored(message) for message in waits)
    with runtime.db.reading() as session:
        [row] = session.scalars(select(MailExclusion)).all()
    assert (row.kind, row.value, row.mailbox_id) == (kind, value, desk.boxes[ALICE])
    assert value in alice.get("/mail/rules").text


@ON_SQLITE
def test_what_is_no_customer_mail_goes_for_good(
    desk: Desk, alice: SignedInClient, waits: list[uuid.UUID], runtime: Runtime
) -> None:
    assert "2 mails are taken away" in alice.post("/mail/unmatched/dismiss", data={"norm": NORM}, headers=PARTIAL).text
    with runtime.db.reading() as session:
        assert {session.get_one(MailMessage, message).state for message in waits} == {MailState.REMOVED}


@ON_SQLITE
def test_a_tie_is_a_question_with_its_candidates(desk: Desk, alice: SignedInClient, sign_in: SignIn) -> None:
    one, two, third = desk.account("One"), desk.account("Two"), desk.account("Third")
    desk.contact(one, "Con Sultant", "con@sult.example")
    desk.contact(two, "Con Sultant", "con@sult.example")
    message = desk.receive(desk.letter(sender="con@sult.example"))
    page = alice.get("/mail/unmatched").text
    assert heads(page) == ["Which account is con@sult.example?"]
    assert set(re.findall(r'name="to_account_id" value="([^"]+)"', page)) == {str(one), str(two)}
    form = {"norm": "con@sult.example", "to_account_id": str(two)}
    assert sign_in(desk.book.dana).post("/mail/unmatched/choose", data=form).status_code == 404
    assert alice.post("/mail/unmatched/choose", data=form | {"to_account_id": str(third)}).status_code == 404
    assert alice.post("/mail/unmatched/choose", data=form).status_code == 303
    assert desk.accounts_of(message) == {two}
    assert heads(alice.get("/mail/unmatched").text) == []


@ON_SQLITE
def test_rubbish_is_refused_in_words(desk: Desk, alice: SignedInClient, waits: list[uuid.UUID]) -> None:
    for deed in ("contact", "domain", "link", "exclude", "dismiss", "choose"):
        for form in ({}, {"norm": "\0"}, {"norm": NORM, "to_account_id": "x"}, {"to_account_id": str(uuid.uuid4())}):
            if deed in ("exclude", "dismiss") and form.get("norm") == NORM:
                continue
            assert alice.post(f"/mail/unmatched/{deed}", data=form).status_code in (404, 422), (deed, form)
    nameless = {"norm": NORM, "to_account_id": str(desk.book.account)}
    assert alice.post("/mail/unmatched/contact", data=nameless).status_code == 422
    assert alice.get("/mail/unmatched?page=-1&x=%00").status_code == 200
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("name", "email", "parts"),
    [
        ("Priya Nair", "p@x.example", ("Priya", "Nair")),
        ("Nair, Priya", "p@x.example", ("Priya", "Nair")),
        ("", "priya.nair+x@x.example", ("Priya", "Nair")),
        ("Anna Maria von Berg", "a@x.example", ("Anna Maria von", "Berg")),
        ("Cher", "c@x.example", ("", "Cher")),
        ("", "4711@x.example", ("", "")),
    ],
)
def test_names_to_begin_with(name: str, email: str, parts: tuple[str, str]) -> None:
    assert name_parts(name, email) == parts


def test_a_tie_in_bcc_is_a_question_to_the_sender_alone_and_stays_one(desk: Desk) -> None:
    for name in ("One", "Two"):
        desk.contact(desk.account(name), "Con Sultant", "con@sult.example")
    words = {"sender": ALICE, "to": f"nora@quist.example, {BOB}", "message_id": "x@r.example", "at": desk.now}
    message = desk.receive(desk.letter(**words, bcc="con@sult.example"), labels=["SENT"])
    assert desk.receive(desk.letter(**words), whose=BOB) == message
    with desk.db.reading() as session:
        assert [tie.norm for tie in waiting.ties(session, desk.book.alice)] == ["con@sult.example"]
        assert waiting.ties(session, desk.book.bob) == []
        asked = [waiting.count_questions(session, user_id) for user_id in (desk.book.alice, desk.book.bob)]
    assert asked == [1, 0]
