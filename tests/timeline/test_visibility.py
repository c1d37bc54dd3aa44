"""Who sees what of a mail, on every surface: one policy function decides, and no surface goes around it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.db import Database
from server.runtime import Runtime
from server.timeline import queries
from server.timeline.models import Level
from server.timeline.record import Participant
from server.timeline.scopes import Scope
from server.timeline.visibility import HIDDEN_SUBJECT, Viewer
from tests.cast import ALICE, BOB, CHARLIE, Book, load_cast, welcome_only
from tests.conftest import SignedInClient, StandingClock
from tests.timeline.mails import put
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
SERVER = Path(__file__).parents[2] / "server"

SUBJECT, TEXT, BCC = "Quarterly numbers slipped", "The confidential forecast is lower.", "hidden.party@helios.example"


def people(book: Book) -> tuple[Participant, ...]:
    return (
        Participant(part="from", name="Alice Moreau", email=ALICE),
        Participant(part="to", name="Priya Nair", email="priya@helios.example", contact_id=book.priya),
        Participant(part="cc", name="Bob Lindqvist", email=BOB),
        Participant(part="bcc", name="Hidden Party", email=BCC, contact_id=book.tom),
    )


@dataclass(frozen=True)
class Expected:
    subject: bool
    text: bool
    bcc: bool


# Alice wrote it, Bob has a copy, Charlie and Dana (an admin) are colleagues.
ALL, NO_BCC = Expected(subject=True, text=True, bcc=True), Expected(subject=True, text=True, bcc=False)
TABLE = {
    (Level.FULL, "alice"): ALL,
    (Level.FULL, "bob"): NO_BCC,
    (Level.FULL, "charlie"): NO_BCC,
    (Level.FULL, "dana"): NO_BCC,
    (Level.SUBJECT, "alice"): ALL,
    (Level.SUBJECT, "bob"): NO_BCC,
    (Level.SUBJECT, "charlie"): Expected(subject=True, text=False, bcc=False),
    (Level.SUBJECT, "dana"): Expected(subject=True, text=False, bcc=False),
    (Level.METADATA, "alice"): ALL,
    (Level.METADATA, "bob"): NO_BCC,
    (Level.METADATA, "charlie"): Expected(subject=False, text=False, bcc=False),
    (Level.METADATA, "dana"): Expected(subject=False, text=False, bcc=False),
}
PAGES = {
    "account page": "/accounts/{account}",
    "account partial": "/accounts/{account}/timeline",
    "person page": "/contacts/{priya}",
    "everything page": "/timeline?view=all",
    "rest of the conversation": "/timeline/{entry}/rest",
    "CTA page": "/ctas/{cta}",
    "text": "/mail/{entry}/body",
    "why": "/mail/{entry}/why",
    "API of the account": "/api/v1/accounts/{account}/timeline",
    "API of the contact": "/api/v1/contacts/{priya}/timeline",
    "API of everything": "/api/v1/timeline",
    "search of everything": "/timeline?view=all&q=slipped",
    "search by text": "/timeline?view=all&q=confidential",
    "search by Bcc": "/timeline?view=all&q=hidden.party",
    "search by API": "/api/v1/timeline?q=forecast",
    "suggestions": "/search/suggest?q=slipped",
    "search": "/search?q=confidential",
    "cockpit": "/cockpit",
    "accounts": "/accounts?view=all",
    "person in Bcc": "/contacts/{tom}",
    "API of the person in Bcc": "/api/v1/contacts/{tom}/timeline",
}


@pytest.fixture
def mail(runtime: Runtime, book: Book) -> Callable[[Level], uuid.UUID]:
    def put_it(level: Level) -> uuid.UUID:
        with runtime.db.transaction() as session:
            return put(
                session,
                book.account,
                SUBJECT,
                runtime.clock.now(),
                level=level,
                text=TEXT,
                direction="out",
                people=people(book),
                holders=[book.bob],
                senders=[book.alice],
            )

    return put_it


@ON_SQLITE
@pytest.mark.peer_case(42, 43, 44, 45)
@pytest.mark.parametrize("level", [Level.FULL, Level.SUBJECT, Level.METADATA])
def test_no_surface_shows_more_than_the_level_leaves(
    book: Book, sign_in: SignIn, mail: Callable[[Level], uuid.UUID], level: Level
) -> None:
    """Cases 42 to 45: the level holds in pages, API and search alike; owners see all; Bcc is for the sender."""
    entry = mail(level)
    ids = {"account": book.account, "priya": book.priya, "tom": book.tom, "entry": entry, "cta": book.cta}
    for name in ("alice", "bob", "charlie", "dana"):
        expected, client = TABLE[(level, name)], sign_in(getattr(book, name))
        answers = {surface: client.get(path.format(**ids)) for surface, path in PAGES.items()}
        for surface, answer in answers.items():
            # A search page repeats what was typed: that says nothing of what was found.
            shown = re.sub(r'value="[^"]*"|“[^”]*”|<title>.*?</title>', "", answer.text)
            assert answer.status_code < 500, surface
            assert expected.subject or SUBJECT not in shown, (surface, name, "subject")
            assert expected.text or TEXT not in shown, (surface, name, "text")
            assert expected.bcc or BCC not in shown, (surface, name, "bcc")
            assert expected.bcc or "Hidden Party" not in shown, (surface, name, "bcc")
        check_what_must_be_shown(answers, expected, name)


def check_what_must_be_shown(answers: dict[str, object], expected: Expected, name: str) -> None:
    texts = {surface: answer.text for surface, answer in answers.items()}  # type: ignore[attr-defined]
    for surface in ("account page", "person page", "everything page", "API of the account", "API of everything"):
        assert (SUBJECT in texts[surface]) is expected.subject, (surface, name)
        assert (HIDDEN_SUBJECT in texts[surface]) is not expected.subject, (surface, name)
    for surface in ("API of the account", "API of the contact", "API of everything", "text"):
        assert (TEXT in texts[surface]) is expected.text, (surface, name)
    # Found by what one may see, and by nothing else.
    found = {
        "search of everything": expected.subject,
        "search by text": expected.text,
        "search by Bcc": expected.bcc,
        "person in Bcc": expected.bcc,
    }
    for surface, is_found in found.items():
        assert ("rp-entry-top" in texts[surface]) is is_found, (surface, name)


@pytest.fixture
def small_book(db: Database, clock: StandingClock) -> Book:
    with db.transaction() as session:
        return load_cast(session, clock.now(), sources=welcome_only())


@pytest.mark.peer_case(41)
def test_rights_hang_on_ids_and_not_on_addresses_that_look_alike(
    db: Database, clock: StandingClock, small_book: Book
) -> None:
    """Case 41: ann@x.example must not see what joann@x.example holds, nor the owner of a mailbox that is named so."""
    with db.transaction() as session:
        put(
            session,
            small_book.account,
            SUBJECT,
            clock.now(),
            level=Level.METADATA,
            text=TEXT,
            holders=[small_book.alice],
            people=people(small_book),
            mailbox_email="joann@rapport.example",
        )
    for email in ("ann@rapport.example", "joann@rapport.example", ALICE, "%", CHARLIE):
        viewer = Viewer(user_id=small_book.charlie, email=email)
        with db.reading() as session:
            [one] = queries.entries(session, viewer, Scope(account_id=small_book.account)).entries
            assert (one.subject, one.body_text, one.seen.level) == (HIDDEN_SUBJECT, "", Level.METADATA)
            assert queries.entries(session, viewer, Scope(words="slipped")).entries == ()


@pytest.mark.peer_case(44)
def test_the_owner_of_a_mail_always_sees_all_of_it(db: Database, clock: StandingClock, small_book: Book) -> None:
    """Case 44: at the most careful level, too, and found by every word of it."""
    with db.transaction() as session:
        put(
            session, small_book.account, SUBJECT, clock.now(), level=Level.METADATA, text=TEXT, holders=[small_book.bob]
        )
    viewer = Viewer(user_id=small_book.bob, email=BOB)
    with db.reading() as session:
        [one] = queries.entries(session, viewer, Scope(words="forecast slipped")).entries
    assert (one.subject, one.body_text, one.seen.reason) == (SUBJECT, TEXT, "")


@pytest.mark.peer_case(45)
def test_bcc_is_for_the_sender_alone(db: Database, clock: StandingClock, small_book: Book) -> None:
    """Case 45: another holder of the same mail does not see whom it went to in Bcc."""
    with db.transaction() as session:
        put(session, small_book.account, SUBJECT, clock.now(), people=people(small_book), senders=[small_book.alice],
            holders=[small_book.bob])  # fmt: skip
    for user_id, sees in ((small_book.alice, True), (small_book.bob, False), (small_book.dana, False)):
        with db.reading() as session:
            [one] = queries.entries(session, Viewer(user_id=user_id, email=""), Scope()).entries
        assert (BCC in {person.email for person in one.seen.people}) is sees


def test_a_level_that_nobody_knows_shows_the_least(db: Database, clock: StandingClock, small_book: Book) -> None:
    with db.transaction() as session:
        for level in ("", "everything", Level.NOTHING):
            put(session, small_book.account, SUBJECT, clock.now(), level=level, text=TEXT)  # type: ignore[arg-type]
    with db.reading() as session:
        for one in queries.entries(session, Viewer(user_id=small_book.dana, email=""), Scope()).entries:
            assert (one.subject, one.body_text) == (HIDDEN_SUBJECT, "")


def test_who_can_read_the_rest_is_said_by_name(db: Database, clock: StandingClock, small_book: Book) -> None:
    everybody = [small_book.alice, small_book.bob, small_book.charlie, small_book.dana]
    told = []
    with db.transaction() as session:
        stranger = Viewer(user_id=uuid.UUID(int=1), email="")
        for number in (0, 1, 2, 4):
            put(session, small_book.account, "x", clock.now(), level=Level.SUBJECT, holders=everybody[:number])
        for one in queries.entries(session, stranger, Scope()).entries:
            told.append(one.seen.reason)
    assert sorted(told) == [
        "Nobody here can read the text: it is kept by its people and time only.",
        "Only Alice Moreau and Bob Lindqvist can read the text: it is their own mail.",
        "Only Alice Moreau can read the text: it is their own mail.",
        "Only Alice Moreau, Bob Lindqvist, Charlie Okoye and 1 more can read the text: it is their own mail.",
    ]


# Whoever is named here writes entries or counts them, and shows nothing of them.
MAY_KNOW_THE_ROWS = {
    "ctas/guard.py": "asks who wrote to whom and when, which everybody may know",
    "ctas/settle.py": "wakes tasks by answers: keeps their ids and days, and shows nothing of them",
    "triggers/look/silence.py": "asks when the last conversation was",
    "mail/entries.py": "writes entries",
    "mail/logged.py": "asks whether an entry stands",
    "mail/removal.py": "takes entries away",
}
ROWS = re.compile(r"\b(TimelineEntry|TimelineParticipant|TimelineHolder)\b(?!Schema)")


def test_nobody_reads_the_rows_of_the_timeline_around_the_policy() -> None:
    """A new reader must take SeenEntry from timeline.queries; who only writes or counts is named above."""
    found = {
        str(path.relative_to(SERVER))
        for path in SERVER.rglob("*.py")
        if path.parent.name not in ("timeline", "versions") and ROWS.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(MAY_KNOW_THE_ROWS)


def test_only_the_policy_reads_levels_and_holders_within_the_timeline() -> None:
    inside = {
        path.name
        for path in (SERVER / "timeline").glob("*.py")
        if re.search(r"\bTimelineHolder\b|\.level\b", path.read_text(encoding="utf-8"))
    }
    assert inside == {"models.py", "record.py", "visibility.py", "cut.py", "present.py", "api.py"}
