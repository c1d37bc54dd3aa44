"""Mail by Bcc, by forwarding and from files takes the same path as mail from Gmail, and meets it there."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.auth.models import User
from server.db import Database
from server.mail.decide import Outcome
from server.mail.holders import Holder, holder
from server.mail.ingest import Arrival, Ingested, Intake, ingest, mails_in, source_of
from server.mail.models import ExclusionKind, MailContent, MailCopy, MailExclusion, MailParticipant, Route
from server.mail.rules import load_rules, note_change
from server.messages.read import Unreadable, read_mail
from server.timeline.models import Level, TimelineEntry, TimelineHolder, TimelineParticipant
from server.timeline.visibility import Holder as SeenHolder
from server.timeline.visibility import Viewer, seen
from tests.cast import ALICE, BOB
from tests.conftest import StandingClock
from tests.mail.letters import Desk
from tests.mail.raw_letters import entries, inline_forward, messages, raw_letter, routes, stored

AT = datetime(2026, 11, 23, 8, 15, 42, tzinfo=UTC)
SECRET = "log+aaaaaaaaaaaaaaaaaaaaaaaaaa@in.rapport.example"
TO_PRIYA = {"sender": f"Alice Moreau <{ALICE}>", "to": "priya@helios.example", "at": AT}


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk.open(db)


def holder_of(desk: Desk, user_id: uuid.UUID) -> Holder:
    with desk.db.reading() as session:
        return holder(session, session.get_one(User, user_id))


def arrival(
    desk: Desk, raw: bytes, route: Route, *, whose: uuid.UUID | None = None, received_at: datetime = AT
) -> Arrival:
    owner = holder_of(desk, whose or desk.book.alice)
    return Arrival(holder=owner, route=route, source=source_of(raw), level=Level.SUBJECT, received_at=received_at)


def take(desk: Desk, raw: bytes, route: Route = Route.BCC, *, whose: uuid.UUID | None = None) -> list[Ingested]:
    """As the entrypoints do it: read, then all in one transaction."""
    incomings = mails_in(raw, read_mail(raw), arrival(desk, raw, route, whose=whose))
    return Intake(desk.db, StandingClock()).take(incomings)


def by_gmail(desk: Desk, raw: bytes, *, whose: str = ALICE, labels: tuple[str, ...] = ("SENT",)) -> uuid.UUID:
    return desk.receive(read_mail(raw), whose=whose, labels=labels)


def test_a_bcc_copy_is_logged_with_its_holder_its_route_and_its_direction(desk: Desk):
    [done] = take(desk, raw_letter(**TO_PRIYA))
    assert (done.outcome, done.is_new, [link.account for link in done.links]) == (
        Outcome.LINKED,
        True,
        ["Helios Energy"],
    )
    [entry] = entries(desk.db)
    assert (entry.account_id, entry.direction, entry.author_id) == (desk.book.account, "out", desk.book.alice)
    assert (entry.occurred_at, entry.level, entry.mail_message_id) == (AT, Level.SUBJECT, done.message_id)
    with desk.db.reading() as session:
        [copy] = session.scalars(select(MailCopy))
        [kept] = session.scalars(select(TimelineHolder))
    assert (copy.route, copy.is_sent, copy.mailbox_id) == (Route.BCC, True, desk.boxes[ALICE])
    assert (kept.user_id, kept.is_sender) == (desk.book.alice, True)


@pytest.mark.parametrize("first", ["gmail", "bcc"])
def test_the_bcc_copy_and_the_one_that_gmail_brings_are_one_mail_in_either_order(desk: Desk, first: str):
    raw = raw_letter(**TO_PRIYA)
    deeds = [lambda: by_gmail(desk, raw), lambda: take(desk, b"Received: by mx.rapport.example\n" + raw)]
    for deed in deeds if first == "gmail" else reversed(deeds):
        deed()
    assert len(messages(desk.db)) == len(entries(desk.db)) == 1
    assert routes(desk.db) == [Route.BCC, Route.GMAIL]


def test_what_is_excluded_leaves_no_trace(desk: Desk):
    before = stored(desk.db)
    [done] = take(desk, raw_letter(sender=ALICE, to=BOB, at=AT))
    assert (done.outcome, done.reason, done.message_id) == (Outcome.EXCLUDED, "internal_only", None)
    with desk.db.transaction() as session:
        session.add(
            MailExclusion(
                kind=ExclusionKind.ADDRESS, value="priya@helios.example", label="Priya", mailbox_id=desk.boxes[ALICE],
                by_person_id=desk.book.alice, created_at=AT,
            )
        )  # fmt: skip
    [done] = take(desk, raw_letter(**TO_PRIYA))
    assert (done.outcome, done.reason) == (Outcome.EXCLUDED, "excluded_pair")
    assert stored(desk.db) == before


def test_a_choice_that_was_made_after_the_rules_were_read_holds(desk: Desk):
    raw = raw_letter(**TO_PRIYA)
    with desk.db.transaction() as session:
        old = load_rules(session)
    with desk.db.transaction() as session:
        note_change(session, what="Priya is left out.", by=desk.book.alice, now=AT)
        session.add(
            MailExclusion(
                kind=ExclusionKind.ADDRESS, value="priya@helios.example", label="Priya", mailbox_id=None,
                by_person_id=desk.book.alice, created_at=AT,
            )
        )  # fmt: skip
    with desk.db.transaction() as session:
        [done] = ingest(session, old, raw, arrival(desk, raw, Route.BCC), now=AT)
    assert (done.outcome, done.reason) == (Outcome.EXCLUDED, "excluded_address")


def test_of_what_waits_for_a_person_the_text_is_kept_for_it_cannot_be_asked_for_again(desk: Desk):
    [done] = take(desk, raw_letter(sender="nora@quist.example", at=AT))
    assert (done.outcome, done.reason) == (Outcome.WAITING, "nobody_known")
    with desk.db.reading() as session:
        assert session.get_one(MailContent, done.message_id).text.strip() == "Shall we talk on Thursday?"


def test_the_inner_mail_of_a_forward_is_what_is_matched_and_shown(desk: Desk):
    text = inline_forward("Mon, Nov 23, 2026 at 8:15 AM", text="Can we move the renewal?\n")
    raw = raw_letter(sender=ALICE, to=SECRET, subject="Fwd: Renewal", text=text,
                     at=AT + timedelta(hours=1))  # fmt: skip
    [done] = take(desk, raw, Route.FORWARD)
    assert done.outcome is Outcome.LINKED
    [entry] = entries(desk.db)
    assert (entry.subject, entry.direction, entry.occurred_at) == ("Renewal", "in", AT.replace(second=0))
    assert "Can we move the renewal?" in entry.body_text
    assert "For the record" not in entry.body_text
    with desk.db.reading() as session:
        people = session.scalars(select(MailParticipant.email_norm).order_by(MailParticipant.position)).all()
        [kept] = session.scalars(select(TimelineHolder))
    assert people == ["priya@helios.example", ALICE]
    assert (kept.user_id, kept.is_sender) == (desk.book.alice, False)


def test_mails_that_hang_on_a_forward_are_logged_each_with_its_own_message_id(desk: Desk):
    first = raw_letter(at=AT, message_id="one@helios.example")
    second = raw_letter(at=AT + timedelta(minutes=5), subject="Prices", message_id="two@helios.example")
    raw = raw_letter(sender=ALICE, to=SECRET, subject="Fwd: two", text="Both",
                     at=AT + timedelta(hours=1), attached=(first, second))  # fmt: skip
    done = take(desk, raw, Route.FORWARD)
    assert [one.outcome for one in done] == [Outcome.LINKED, Outcome.LINKED]
    assert [one.rfc_message_id for one in messages(desk.db)] == ["one@helios.example", "two@helios.example"]
    assert [entry.occurred_at for entry in entries(desk.db)] == [AT, AT + timedelta(minutes=5)]


@pytest.mark.parametrize("first", ["gmail", "forward"])
def test_an_attached_forward_of_a_mail_that_a_colleague_has_is_one_mail_with_two_holders(desk: Desk, first: str):
    inner = raw_letter(to=f"{ALICE}, {BOB}", at=AT)
    raw = raw_letter(sender=ALICE, to=SECRET, at=AT, attached=(inner,))
    deeds = [
        lambda: by_gmail(desk, inner, whose=BOB, labels=("INBOX",)),
        lambda: take(desk, raw, Route.FORWARD),
    ]
    for deed in deeds if first == "gmail" else reversed(deeds):
        deed()
    [entry] = entries(desk.db)
    with desk.db.reading() as session:
        holders = set(
            session.scalars(select(TimelineHolder.user_id).where(TimelineHolder.timeline_entry_id == entry.id))
        )
    assert holders == {desk.book.alice, desk.book.bob}


def forward_of_bobs_mail(text: str) -> bytes:
    return raw_letter(
        sender=ALICE, to=SECRET, subject="Fwd: Renewal", at=AT,
        text=inline_forward("Mon, Nov 23, 2026 at 8:15 AM", to=BOB, text=text),
    )  # fmt: skip


def test_an_inline_forward_of_a_mail_that_we_know_is_that_mail_if_it_has_its_text(desk: Desk):
    by_gmail(desk, raw_letter(to=BOB, at=AT, text="Our new prices:\n100 per seat.\n"), whose=BOB, labels=("INBOX",))
    [done] = take(desk, forward_of_bobs_mail("Our *new prices:* 100\nper seat."), Route.FORWARD)
    assert not done.is_new
    assert len(entries(desk.db)) == 1


def test_nobody_becomes_a_holder_of_a_colleagues_mail_by_making_up_a_forward_of_it(desk: Desk):
    theirs = by_gmail(desk, raw_letter(to=BOB, at=AT, text="The secret price is 100."), whose=BOB, labels=("INBOX",))
    [done] = take(desk, forward_of_bobs_mail("I guess that it said something."), Route.FORWARD)
    assert done.is_new
    with desk.db.reading() as session:
        holders = session.scalars(select(MailCopy.user_id).where(MailCopy.mail_message_id == theirs)).all()
    assert holders == [desk.book.bob]


def test_nobody_becomes_a_holder_of_a_colleagues_mail_by_knowing_its_message_id_and_date(desk: Desk):
    known = {"to": BOB, "cc": ALICE, "at": AT, "message_id": "guessed@helios.example"}
    theirs = by_gmail(desk, raw_letter(**known, text="The secret price is 100."), whose=BOB, labels=("INBOX",))
    [done] = take(desk, raw_letter(**known, text="Whatever."), Route.FORWARD)
    assert (done.is_new, done.message_id == theirs) == (True, False)
    [again] = take(desk, raw_letter(**known, text="The secret price is 100.\n\nThis mail was scanned."), Route.FORWARD)
    assert again.message_id == theirs  # a gateway put a line below it; whoever brings it has all of it


def test_a_forward_in_which_no_mail_can_be_read_is_refused_in_words(desk: Desk):
    raw = raw_letter(sender=ALICE, to=SECRET, text="Log this.", at=AT)
    with pytest.raises(Unreadable, match="no forwarded mail"):
        take(desk, raw, Route.FORWARD)


def test_a_customers_mail_that_was_passed_on_by_itself_is_logged_as_it_is_with_the_forward_inside_it(desk: Desk):
    text = inline_forward("Mon, Nov 23, 2026 at 7:00 AM", sender="Someone <else@quist.example>", text="Older words")
    [done] = take(desk, raw_letter(subject="Fwd: Older", text=text, at=AT), Route.FORWARD)
    assert done.outcome is Outcome.LINKED
    assert entries(desk.db)[0].subject == "Fwd: Older"


def test_secret_addresses_are_nobody_in_a_mail(desk: Desk):
    secret = "log+aaaaaaaaaaaaaaaaaaaaaaaaaa@elsewhere.example"
    take(desk, raw_letter(**TO_PRIYA, cc=f"LOG+{secret[4:].upper()}"))
    with desk.db.reading() as session:
        shown = [*session.scalars(select(MailParticipant.email)), *session.scalars(select(TimelineParticipant.email))]
    assert shown
    assert not [email for email in shown if "log+" in email.lower()]
    [done] = take(desk, raw_letter(sender=ALICE, to=BOB, cc=secret, at=AT))
    assert done.reason == "internal_only"


def test_the_same_bytes_change_nothing_the_second_time(desk: Desk):
    raw = raw_letter(**TO_PRIYA)
    [first] = take(desk, raw)
    before = stored(desk.db)
    [again] = take(desk, raw)
    assert (again.is_new, again.message_id) == (False, first.message_id)
    assert stored(desk.db) == before


@pytest.mark.peer_case(48)
def test_case_48_a_mail_without_message_id_and_date_is_one_mail_however_often_it_comes(desk: Desk):
    raw = raw_letter(at=None, message_id="")
    take(desk, raw)
    take(desk, raw)
    assert len(messages(desk.db)) == 1


@pytest.mark.peer_case(48)
def test_case_48_different_mails_with_the_same_message_id_stay_two(desk: Desk):
    for minutes, text in ((0, "The first."), (7, "The second.")):
        take(desk, raw_letter(at=AT + timedelta(minutes=minutes), text=text, message_id="same@broken.example"))
    assert len(messages(desk.db)) == len(entries(desk.db)) == 2


@pytest.mark.peer_case(47)
@pytest.mark.parametrize("second", [Route.BCC, Route.IMPORT])
def test_case_47_the_original_message_id_is_kept_so_that_a_second_route_finds_the_mail(desk: Desk, second: Route):
    raw = raw_letter(**TO_PRIYA, message_id="Original.ID+1@mail.Rapport.example")
    take(desk, raw, Route.IMPORT)
    take(desk, b"X-Way: another\n" + raw, second)
    by_gmail(desk, raw)
    [message] = messages(desk.db)
    assert message.rfc_message_id == "Original.ID+1@mail.Rapport.example"


@pytest.mark.peer_case(49)
def test_case_49_the_same_mail_at_the_same_time_stands_once_and_whole(desk: Desk):
    letters = [
        raw_letter(
            **TO_PRIYA | {"at": AT + timedelta(seconds=number)}, cc="tom@helios.example", subject=f"No. {number}"
        )
        for number in range(8)
    ]
    together = threading.Barrier(4)

    def bring(number: int) -> None:
        intake = Intake(desk.db, StandingClock())
        together.wait()
        for raw in letters:
            copy = (f"Received: by {number % 2}.mx.example\n").encode() + raw
            intake.take(mails_in(copy, read_mail(copy), arrival(desk, copy, Route.IMPORT)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(bring, range(4)))
    found = stored(desk.db)
    assert (found["mail_message"], found["timeline_entry"], found["mail_link"]) == (8, 8, 8)
    assert found["mail_content"] == found["mail_thread"] == 8
    assert found["mail_participant"] == 8 * 3
    assert found["timeline_participant"] == 8 * 3
    assert found["mail_copy"] == 8 * 2  # two different files of each


@pytest.mark.peer_case(50)
def test_case_50_foreign_mail_that_looks_like_ours_by_its_id_is_logged_like_any_other(desk: Desk):
    made_up = {"X-Rapport-Id": str(uuid.uuid4())}
    for number, owner in enumerate((ALICE, "Priya Nair <priya@helios.example>")):
        raw = raw_letter(
            sender=owner, to="tom@helios.example" if owner == ALICE else ALICE, at=AT + timedelta(minutes=number),
            message_id=f"{number}@rapport.example", headers=made_up,
        )  # fmt: skip
        [done] = take(desk, raw)
        assert done.outcome is Outcome.LINKED
        assert [link.rule for link in done.links] == ["contact_address"]
    assert len(entries(desk.db)) == 2


@pytest.mark.peer_case(51)
def test_case_51_answers_to_a_mail_that_we_never_saw_are_one_conversation(desk: Desk):
    outside = {"In-Reply-To": "<never-seen@elsewhere.example>", "References": "<never-seen@elsewhere.example>"}
    take(desk, raw_letter(at=AT, subject="Re: Plan", headers=outside))
    take(desk, raw_letter(**TO_PRIYA | {"at": AT + timedelta(hours=1)}, subject="Re: Plan", headers=outside))
    assert len({message.mail_thread_id for message in messages(desk.db)}) == 1
    assert len({entry.thread_key for entry in entries(desk.db)}) == 1


@pytest.mark.peer_case(52)
@pytest.mark.parametrize("first", ["gmail", "bcc"])
def test_case_52_a_message_id_that_was_rewritten_on_the_way_makes_no_second_mail(desk: Desk, first: str):
    ours = raw_letter(**TO_PRIYA, message_id="made-by-the-client@rapport.example")
    theirs = raw_letter(**TO_PRIYA, message_id="CAB+rewritten@mail.gmail.com")
    gmail = {"labels": ("SENT",), "thread": "18c0ffee18c0ffee"}
    deeds = [lambda: desk.receive(read_mail(theirs), **gmail), lambda: take(desk, ours)]
    for deed in deeds if first == "gmail" else reversed(deeds):
        deed()
    assert len(messages(desk.db)) == len(entries(desk.db)) == 1
    answer = raw_letter(at=AT + timedelta(hours=1), headers={"In-Reply-To": "<CAB+rewritten@mail.gmail.com>"})
    desk.receive(read_mail(answer), thread="18c0ffee18c0ffee")
    assert len({entry.thread_key for entry in entries(desk.db)}) == 1


@pytest.mark.peer_case(53)
def test_case_53_automatic_mail_is_a_folded_entry_and_nothing_else(desk: Desk):
    [answer] = take(
        desk, raw_letter(at=AT, subject="Automatic reply: Renewal", headers={"Auto-Submitted": "auto-replied"})
    )
    assert answer.outcome is Outcome.LINKED
    [entry] = entries(desk.db)
    assert entry.fold_reason == "Auto-Submitted: auto-replied"
    forward = raw_letter(
        sender=ALICE, to=SECRET, at=AT + timedelta(hours=1), subject="Fwd: Prices",
        text=inline_forward("Mon, Nov 23, 2026 at 8:45 AM", text="Prices", subject="Prices"),
        headers={"Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    take(desk, forward, Route.FORWARD)
    assert [bool(one.fold_reason) for one in entries(desk.db)] == [True, True]


@pytest.mark.peer_case(45)
def test_case_45_bcc_of_the_senders_own_copy_is_shown_to_the_sender_alone(desk: Desk):
    raw = raw_letter(**TO_PRIYA, bcc="sam@helios.example")
    take(desk, raw, Route.IMPORT)
    with desk.db.reading() as session:
        [entry] = session.scalars(select(TimelineEntry))
        people = session.scalars(select(TimelineParticipant)).all()
        kept = [
            SeenHolder(user_id=one.user_id, name="", is_sender=one.is_sender)
            for one in session.scalars(select(TimelineHolder))
        ]

        def shown(user_id: uuid.UUID, email: str) -> set[str]:
            found = seen(Viewer(user_id=user_id, email=email), entry, people, kept)
            return {person.email for person in found.people if person.part == "bcc"}

        assert shown(desk.book.alice, ALICE) == {"sam@helios.example"}
        assert shown(desk.book.bob, BOB) == set()


@pytest.mark.peer_case(25)
@pytest.mark.parametrize(
    "to",
    [
        "undisclosed-recipients:;",
        "Team: ;",
        "not an address",
        "<>, ,;",
        '"Nair, Priya" <priya@helios.example',
        "@",
        "a@b@c",
    ],
)
def test_case_25_headers_without_a_usable_address_are_tolerated(desk: Desk, to: str):
    raw = f"From: Priya <priya@helios.example>\nTo: {to}\nCc: ;;,<\nReply-To: =?x?\nDate: yesterday\n\nHello\n".encode()
    [done] = take(desk, raw, Route.IMPORT)
    assert done.outcome is Outcome.LINKED
