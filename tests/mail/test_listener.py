"""Real SMTP conversations with the real listener on loopback, into both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.auth.models import User
from server.db import Database
from server.mail import inbound
from server.mail.listener import LARGEST
from server.mail.models import InboundAddress, MailCopy, Route
from server.mailboxes.models import MailboxAlias, MailboxReading, Phase
from server.messages.read import read_mail
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.mail.letters import Desk
from tests.mail.listening import AT, DOMAIN, PRIYA, Listening, secret_of, to_priya
from tests.mail.raw_letters import entries, inline_forward, messages, raw_letter, routes, stored


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk.open(db)


@pytest.fixture
def post(desk: Desk) -> Iterator[Listening]:
    with Listening(desk.db) as found:
        yield found


@pytest.fixture
def alices(desk: Desk) -> str:
    return secret_of(desk, desk.book.alice)


def test_a_bcc_is_on_the_timeline_when_the_server_says_250(desk: Desk, post: Listening, alices: str):
    assert post.deliver(to_priya(), alices)[0] == 250
    [entry] = entries(desk.db)
    assert (entry.account_id, entry.direction, entry.subject) == (desk.book.account, "out", "Renewal")
    assert routes(desk.db) == [Route.BCC]


def test_the_address_is_the_same_in_capitals(desk: Desk, post: Listening, alices: str):
    assert post.deliver(to_priya(), alices.upper())[0] == 250
    assert len(entries(desk.db)) == 1


def test_two_copies_of_one_mail_are_one_entry(desk: Desk, post: Listening, alices: str):
    assert post.deliver(to_priya(), alices)[0] == 250
    before = stored(desk.db)
    assert post.deliver(to_priya(), alices)[0] == 250
    assert stored(desk.db) == before
    assert post.deliver(b"Received: from elsewhere by mx\r\n" + to_priya(), alices)[0] == 250
    desk.receive(read_mail(to_priya()), labels=("SENT",))
    assert len(messages(desk.db)) == len(entries(desk.db)) == 1


def test_several_secret_addresses_in_one_mail_make_several_holders(desk: Desk, post: Listening, alices: str):
    both = raw_letter(sender=PRIYA, to=f"{ALICE}, {BOB}", at=AT)
    assert post.deliver(both, alices, secret_of(desk, desk.book.bob), alices)[0] == 250
    with desk.db.reading() as session:
        assert {copy.user_id for copy in session.query(MailCopy)} == {desk.book.alice, desk.book.bob}
    assert len(entries(desk.db)) == 1


def test_who_may_not_use_an_address_does_not_keep_its_owner_from_using_it(desk: Desk, post: Listening, alices: str):
    assert post.deliver(to_priya(), secret_of(desk, desk.book.bob), alices)[0] == 250
    with desk.db.reading() as session:
        assert [copy.user_id for copy in session.query(MailCopy)] == [desk.book.alice]


def test_a_forward_is_the_mail_inside_it(desk: Desk, post: Listening, alices: str):
    written = AT.strftime("%a, %b %d, %Y at %I:%M %p")
    forward = raw_letter(sender=ALICE, to=alices, subject="Fwd: Renewal", at=AT + timedelta(minutes=5),
                         text=inline_forward(written, text="We take it.\n"))  # fmt: skip
    assert post.deliver(forward, alices)[0] == 250
    attached = raw_letter(sender=ALICE, to=alices, subject="Fwd: Prices", at=AT + timedelta(minutes=9),
                          attached=(raw_letter(subject="Prices", at=AT + timedelta(minutes=3)),))  # fmt: skip
    assert post.deliver(attached, alices)[0] == 250
    assert [(one.subject, one.direction) for one in entries(desk.db)] == [("Renewal", "in"), ("Prices", "in")]
    assert routes(desk.db) == [Route.FORWARD, Route.FORWARD]


def test_a_forward_of_nothing_is_refused_with_the_cure(desk: Desk, post: Listening, alices: str):
    code, words = post.deliver(raw_letter(sender=ALICE, to=alices, at=AT, text="Log this"), alices)
    assert (code, "as an attachment" in words) == (554, True)


@pytest.mark.parametrize("header", ["Delivered-To", "X-Forwarded-For", "To", "Cc"])
def test_mail_that_is_passed_on_by_itself_is_taken_when_it_was_for_its_owner(
    desk: Desk, post: Listening, alices: str, header: str
):
    words = {"to": ALICE} if header == "To" else {"to": "list@helios.example"}
    words |= {"cc": ALICE} if header == "Cc" else {}
    headers = {header: ALICE} if header not in ("To", "Cc") else {}
    assert post.deliver(raw_letter(at=AT, headers=headers, **words), alices)[0] == 250
    assert [one.direction for one in entries(desk.db)] == ["in"]


def test_mail_from_another_address_of_the_owner_is_theirs(desk: Desk, post: Listening, alices: str):
    with desk.db.transaction() as session:
        session.add(MailboxAlias(mailbox_id=desk.boxes[ALICE], email_norm="success@helpers.example"))
    assert post.deliver(to_priya(sender="Success <Success+eu@helpers.example>"), alices)[0] == 250
    assert [one.direction for one in entries(desk.db)] == ["out"]


def test_nobody_else_may_use_an_address(desk: Desk, post: Listening, alices: str):
    before = stored(desk.db)
    answer = post.deliver(raw_letter(sender="mallory@quist.example", to="someone@quist.example", at=AT), alices)
    assert answer == (550, "5.7.1 This address takes mail from and to Alice only.")
    assert post.deliver(raw_letter(sender=BOB, to=PRIYA, at=AT), alices)[0] == 550
    assert stored(desk.db) == before


def test_an_address_that_nobody_has_is_refused_before_the_mail_is_sent(desk: Desk, post: Listening, alices: str):
    unknown = [
        "log+aaaaaaaaaaaaaaaaaaaaaaaaaa@" + DOMAIN,
        "log+short@" + DOMAIN,
        ALICE.split("@")[0] + "@" + DOMAIN,
        "log@" + DOMAIN,
    ]
    for address in unknown:
        assert post.deliver(to_priya(), address) == (550, "5.1.1 Nobody has this address (any more)")
    assert post.deliver(to_priya(), alices.replace(DOMAIN, "other.example"))[0] == 550
    with desk.db.transaction() as session:
        renewed = inbound.renew(session, desk.book.alice, DOMAIN, desk.now)
    assert post.deliver(to_priya(), alices)[0] == 550
    assert post.deliver(to_priya(), renewed)[0] == 250
    with desk.db.transaction() as session:
        session.get_one(User, desk.book.alice).deactivated_at = desk.now
    assert post.deliver(to_priya(), renewed)[0] == 550


def test_an_unknown_address_among_known_ones_is_refused_alone(desk: Desk, post: Listening, alices: str):
    with post.connect() as smtp:
        refused = smtp.sendmail("a@mx.example", [alices, "log+aaaaaaaaaaaaaaaaaaaaaaaaaa@" + DOMAIN], to_priya())
    assert list(refused) == ["log+aaaaaaaaaaaaaaaaaaaaaaaaaa@" + DOMAIN]
    assert len(entries(desk.db)) == 1


def test_mail_that_is_too_large_is_refused_when_it_is_announced_and_when_it_is_not(
    desk: Desk, post: Listening, alices: str
):
    with post.connect() as smtp:
        smtp.ehlo()
        assert smtp.esmtp_features["size"] == str(LARGEST)
        assert smtp.mail("a@mx.example", [f"SIZE={LARGEST + 1}"])[0] == 552
    assert (
        post.deliver(to_priya(text="x" * 70 + "\n") + b"y" * 998 + (b"\r\n" + b"y" * 998) * (LARGEST // 1000), alices)[
            0
        ]
        == 552
    )
    assert messages(desk.db) == []


def test_8_bit_and_international_mail_is_taken_as_it_is(desk: Desk, post: Listening, alices: str):
    raw = (
        f"From: Alice <{ALICE}>\r\nTo: Zoë Ångström <{PRIYA}>\r\nSubject: Prüfung – été\r\n"
        f"Date: {AT:%d %b %Y %H:%M:%S} +0000\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSchöne Grüße\r\n..\r\n"
    ).encode()
    assert post.deliver(raw, alices, options=("BODY=8BITMIME", "SMTPUTF8"))[0] == 250
    [entry] = entries(desk.db)
    assert (entry.subject, "Schöne Grüße" in entry.body_text) == ("Prüfung – été", True)


def test_very_long_lines_are_no_reason_to_lose_a_mail(desk: Desk, post: Listening, alices: str):
    assert post.deliver(to_priya() + b"z" * 200_000 + b"\r\n", alices)[0] == 250


def test_mail_without_a_message_id_is_taken_once(desk: Desk, post: Listening, alices: str):
    for _ in range(2):
        assert post.deliver(to_priya(message_id=""), alices)[0] == 250
    assert len(messages(desk.db)) == 1


def test_what_is_no_mail_is_refused_with_the_reason(desk: Desk, post: Listening, alices: str):
    code, words = post.deliver(b"\x00\x01\x02 binary\r\nnoise", alices)
    assert (code, words.startswith("5.6.0 ")) == (554, True)


@pytest.mark.peer_case(53)
def test_case_53_what_comes_back_is_accepted_excluded_and_never_answered(desk: Desk, post: Listening, alices: str):
    before = stored(desk.db)
    returned = raw_letter(
        sender="MAILER-DAEMON@mx.example", to=ALICE, at=AT, headers={"Auto-Submitted": "auto-replied"}
    )
    assert post.deliver(returned, alices, sender="") == (250, "2.0.0 Taken")
    assert stored(desk.db) == before
    assert post.deliver(to_priya(headers={"Auto-Submitted": "auto-generated"}), alices)[0] == 250
    assert [one.fold_reason for one in entries(desk.db)] == [None]  # our own mail is never folded, only never answered
    found = stored(desk.db)
    with desk.db.reading() as session:
        assert session.execute(text("SELECT count(*) FROM cta_task")).scalar_one() == 2  # those of the cast
        assert session.execute(text("SELECT count(*) FROM outbound_email")).scalar_one() == 0
    assert found["timeline_entry"] == 1


def asked(subject: str, text: str, **more: object) -> bytes:
    return raw_letter(sender="Gmail Team <forwarding-noreply@google.com>", to="log@in.rapport.example", at=AT,
                      subject=subject, text=text, **more)  # type: ignore[arg-type]  # fmt: skip


def question_of(desk: Desk) -> tuple[str | None, str | None]:
    with desk.db.reading() as session:
        [found] = session.query(InboundAddress).filter_by(user_id=desk.book.alice)
        return found.question_code, found.question_email


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            f"(#525425415) Gmail Forwarding Confirmation - Receive Mail from {ALICE}",
            "Click the link\nhttps://x.example",
        ),
        (f"(#525425415) Confirmação de encaminhamento do Gmail: {ALICE}", "..."),
        ("Gmail Forwarding Confirmation", f"{ALICE} has requested to forward.\nConfirmation code: 525425415\n"),
    ],
)
def test_gmails_question_before_it_forwards_is_kept_for_its_owner(
    desk: Desk, post: Listening, alices: str, subject: str, text: str
):
    before = stored(desk.db)
    assert post.deliver(asked(subject, text), alices, sender="forwarding-noreply@google.com")[0] == 250
    assert question_of(desk) == ("525425415", ALICE)
    assert stored(desk.db) == before


def test_a_question_about_somebody_elses_mail_is_refused(desk: Desk, post: Listening, alices: str):
    subject = "(#525425415) Gmail Forwarding Confirmation - Receive Mail from mallory@evil.example"
    assert post.deliver(asked(subject, "..."), alices)[0] == 550
    assert question_of(desk) == (None, None)


def test_a_question_that_google_did_not_ask_is_refused_where_the_mail_server_tells(desk: Desk, alices: str):
    subject = f"(#525425415) Gmail Forwarding Confirmation - Receive Mail from {ALICE}"
    results = "mx.in.example; dkim={} header.d=google.com"
    with Listening(desk.db, trusted_mx="mx.in.example") as post:
        fake = asked(subject, "...", headers={"Authentication-Results": results.format("fail")})
        assert post.deliver(fake, alices)[0] == 550
        assert question_of(desk) == (None, None)
        real = asked(subject, "...", headers={"Authentication-Results": results.format("pass")})
        assert post.deliver(real, alices)[0] == 250
        assert question_of(desk) == ("525425415", ALICE)


def test_the_level_is_that_of_the_mailbox(desk: Desk, post: Listening, alices: str):
    with desk.db.transaction() as session:
        session.add(
            MailboxReading(
                id=desk.boxes[ALICE], phase=Phase.FOLLOWING, level=Level.METADATA, window_from=AT, listed=0, failures=0,
                next_look_at=AT, started_at=AT,
            )
        )  # fmt: skip
    assert post.deliver(to_priya(), alices)[0] == 250
    assert entries(desk.db)[0].level == Level.METADATA


def test_an_address_is_made_once_and_long_enough_not_to_be_guessed(desk: Desk, alices: str):
    assert secret_of(desk, desk.book.alice) == alices
    assert len(alices.split("@")[0]) == len("log+") + 26
    assert secret_of(desk, desk.book.bob) != alices
    with desk.db.reading() as session:
        assert session.query(InboundAddress).count() == 2
