"""A conversation is one entry: its latest mail, the others below it, automatic mail small and never on top."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.db import Database
from server.ids import new_id
from server.timeline import queries
from server.timeline.queries import SeenThread
from server.timeline.record import Participant
from server.timeline.scopes import Scope
from server.timeline.visibility import Viewer
from tests.cast import Book, add_contact, load_cast, welcome_only
from tests.conftest import StandingClock
from tests.timeline.mails import put

AUTOMATIC = "it is an automatic reply (Auto-Submitted: auto-replied)"


@pytest.fixture
def book(db: Database, clock: StandingClock) -> Book:
    with db.transaction() as session:
        return load_cast(session, clock.now(), sources=welcome_only())


def viewer_of(book: Book) -> Viewer:
    return Viewer(user_id=book.bob, email="bob@rapport.example")


def shown(threads: Sequence[SeenThread]) -> list[tuple[str, int, int, list[str]]]:
    return [(one.head.subject, one.count, one.from_them, [rest.subject for rest in one.rest]) for one in threads]


def test_a_conversation_is_one_entry_with_its_latest_first(db: Database, clock: StandingClock, book: Book) -> None:
    start, talk = clock.now() - timedelta(days=3), new_id()
    with db.transaction() as session:
        put(session, book.account, "Hello", start, thread=talk, direction="out")
        put(session, book.account, "Re: Hello", start + timedelta(hours=1), thread=talk)
        put(session, book.account, "Another thing", start + timedelta(hours=2))
        put(session, book.account, "Re: Re: Hello", start + timedelta(hours=3), thread=talk)
    with db.reading() as session:
        found = queries.of_account(session, viewer_of(book), book.account).threads
    assert shown(found) == [("Re: Re: Hello", 3, 2, ["Re: Hello", "Hello"]), ("Another thing", 1, 1, [])]
    assert found[0].since == start


def test_automatic_mail_is_no_headline_while_there_is_another(db: Database, clock: StandingClock, book: Book) -> None:
    """Nor does it bring an old conversation to the top."""
    start, talk, alone = clock.now() - timedelta(days=3), new_id(), new_id()
    with db.transaction() as session:
        put(session, book.account, "Are you there?", start, thread=talk)
        put(session, book.account, "Newer", start + timedelta(hours=1))
        put(session, book.account, "Out of office", start + timedelta(hours=2), thread=talk, fold_reason=AUTOMATIC)
        put(session, book.account, "Invitation", start + timedelta(hours=3), thread=alone, fold_reason=AUTOMATIC)
        put(session, book.account, "Update", start + timedelta(hours=4), thread=alone, fold_reason=AUTOMATIC)
    with db.reading() as session:
        found = queries.of_account(session, viewer_of(book), book.account).threads
    assert shown(found) == [
        ("Update", 2, 2, ["Invitation"]),
        ("Newer", 1, 1, []),
        ("Are you there?", 2, 2, ["Out of office"]),
    ]
    assert found[2].rest[0].fold_reason == AUTOMATIC


def test_the_rest_of_a_long_conversation_is_asked_for(db: Database, clock: StandingClock, book: Book) -> None:
    talk, start = new_id(), clock.now() - timedelta(days=1)
    with db.transaction() as session:
        ids = [put(session, book.account, f"{n}", start + timedelta(minutes=n), thread=talk) for n in range(6)]
    with db.reading() as session:
        [one] = queries.of_account(session, viewer_of(book), book.account).threads
        rest = queries.rest_of_thread(session, viewer_of(book), Scope(), head_id=one.head.id)
    assert (one.head.id, one.count, one.rest) == (ids[5], 6, ())
    assert [entry.subject for entry in rest] == ["4", "3", "2", "1", "0"]


def all_pages(
    db: Database, viewer: Viewer, account: uuid.UUID, *, meanwhile: list[datetime] | None = None
) -> list[str]:
    """Subjects page by page; `meanwhile`: after each page mail arrives in every conversation."""
    subjects: list[str] = []
    cursor = None
    while True:
        with db.reading() as session:
            found = queries.of_account(session, viewer, account, limit=3, cursor=cursor)
            subjects += [one.head.subject for one in found.threads]
        cursor = found.next_cursor
        if cursor is None:
            return subjects
        if meanwhile:
            at = meanwhile.pop()
            with db.transaction() as session:
                for number in range(10):
                    put(session, account, f"late {number}", at, thread=uuid.UUID(int=number))
                put(session, account, "a new one", at)


def test_pages_stay_as_they_were_while_mail_arrives(db: Database, clock: StandingClock, book: Book) -> None:
    """A conversation on a later page that gets mail meanwhile is neither lost nor shown twice."""
    with db.transaction() as session:
        for number in range(10):
            for mail in range(2):
                at = clock.now() - timedelta(days=number, hours=-mail)
                put(session, book.account, f"{number}/{mail}", at, thread=uuid.UUID(int=number))
    expected = [f"{number}/1" for number in range(10)]
    assert all_pages(db, viewer_of(book), book.account) == expected
    moments = [clock.now() + timedelta(hours=1), clock.now() - timedelta(days=5, minutes=1), clock.now()]
    assert all_pages(db, viewer_of(book), book.account, meanwhile=moments) == expected


def test_each_account_folds_its_own_copy_of_a_conversation(db: Database, clock: StandingClock, book: Book) -> None:
    with db.transaction() as session:
        other = load_other(session, clock.now())
        talk, message = new_id(), new_id()
        for account in (book.account, other):
            put(session, account, "To both", clock.now(), thread=talk, message_id=message)
        put(session, other, "Only to the other", clock.now() + timedelta(minutes=1), thread=talk)
    with db.reading() as session:
        everything = queries.threads(session, viewer_of(book), Scope()).threads
        mine = queries.threads(session, viewer_of(book), Scope(tam_id=book.alice)).threads
    assert shown(everything) == [("Only to the other", 2, 2, ["To both"]), ("To both", 1, 1, [])]
    assert [one.head.account_id for one in mine] == [book.account]


def load_other(session: Session, now: datetime) -> uuid.UUID:
    account = Account(name="Borealis", name_key="borealis", created_at=now, updated_at=now)
    session.add(account)
    session.flush()
    return account.id


def test_a_person_has_what_they_took_part_in(db: Database, clock: StandingClock, book: Book) -> None:
    talk = new_id()
    priya = (Participant(part="from", name="Priya", email="priya@helios.example", contact_id=book.priya),)
    tom = (Participant(part="from", name="Tom", email="tom@helios.example", contact_id=book.tom),)
    hidden = (*tom, Participant(part="bcc", name="Priya", email="priya@helios.example", contact_id=book.priya))
    with db.transaction() as session:
        put(session, book.account, "Priya writes", clock.now(), thread=talk, people=priya)
        put(session, book.account, "Tom answers", clock.now() + timedelta(minutes=1), thread=talk, people=tom)
        put(session, book.account, "In Bcc", clock.now() + timedelta(minutes=2), people=hidden, senders=[book.alice])
    with db.reading() as session:
        alice = Viewer(user_id=book.alice, email="alice@rapport.example")
        assert shown(queries.of_contact(session, viewer_of(book), book.priya).threads) == [("Priya writes", 1, 1, [])]
        assert [one.head.subject for one in queries.of_contact(session, alice, book.priya).threads] == [
            "In Bcc",
            "Priya writes",
        ]


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (Scope(direction="in"), ["In"]),
        (Scope(direction="out"), ["Out"]),
        (Scope(activity_type="customer_call"), []),
        (Scope(words="priya"), ["Out", "In"]),
        (Scope(words="Übergabe"), ["Out"]),
        (Scope(words="helios agenda"), ["In"]),
        (Scope(words="100%"), []),
        (Scope(words="_"), []),
    ],
)
def test_the_filters_of_everything(
    db: Database, clock: StandingClock, book: Book, scope: Scope, found: list[str]
) -> None:
    with db.transaction() as session:
        put(session, book.account, "In", clock.now(), text="The agenda.")
        put(session, book.account, "Out", clock.now() + timedelta(minutes=1), text="Die Übergabe.", direction="out")
    with db.reading() as session:
        page = queries.threads(session, viewer_of(book), scope)
    assert [one.head.subject for one in page.threads] == found


def test_who_was_emailed_last_is_not_who_wrote_last(db: Database, clock: StandingClock, book: Book) -> None:
    to_tom = Participant(part="to", name="Tom", email="tom@helios.example", contact_id=book.tom)
    with db.transaction() as session:
        sam = add_contact(session, book.account, "Sam", "Reed", "reed@helios.example", clock.now())
        put(session, book.account, "Priya to Tom and us", clock.now(), people=(to_tom,))
        put(session, book.account, "From us", clock.now() - timedelta(days=2), people=(to_tom,), direction="out")
    with db.reading() as session:
        assert queries.last_emailed(session, [book.tom, sam]) == {book.tom: clock.now() - timedelta(days=2)}
