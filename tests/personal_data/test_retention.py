"""How long each kind is kept: what the night takes, what it leaves, and that it may be killed at any point."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DatabaseError

from server.audit.models import AuditEntry
from server.auth.models import UserSession
from server.ctas.models import ComposePreview
from server.db import Database
from server.errors import Conflict, Invalid
from server.mail.models import MailContent, MailMessage
from server.personal_data import retain, rules
from server.personal_data.models import RetentionRun
from server.sends import decide
from server.sends.models import OutboundContent, OutboundEmail, OutboundState
from server.timeline.models import TimelineEntry
from tests.conftest import SignedInClient, StandingClock
from tests.mail.letters import STRANGER
from tests.personal_data.world import ADDRESS, FIRST, HERSELF, World

SignIn = Callable[[uuid.UUID], SignedInClient]
YEARS = 366
WORDS = "Text removed after 24 months by the retention rule."


def count(db: Database, model: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def night_after(world: World, clock: StandingClock, *, days: int) -> RetentionRun:
    """A whole night, so many days from now."""
    clock._now = datetime.now(UTC) + timedelta(days=days)
    assert not retain.run(world.db, clock, stop_at=clock.now() + timedelta(minutes=4))
    with world.db.reading() as session:
        found = retain.latest(session)
        assert found is not None
        return found


def test_old_texts_go_and_what_happened_stays(world: World, clock: StandingClock) -> None:
    mail = world.desk.receive(world.desk.letter(sender=HERSELF, subject="Seats", text="Five more, please."))
    email = world.put_email("old")
    world.drain()
    assert night_after(world, clock, days=700).removed == {}
    assert night_after(world, clock, days=2 * YEARS + 2).removed == {"mail_text": 1, "sent_text": 1}
    entry = world.desk.entry(mail, world.book.account)
    assert (entry.subject, entry.body_text) == ("Seats", WORDS)
    with world.db.reading() as session:
        sent = session.scalars(select(TimelineEntry).where(TimelineEntry.source_key == f"outbound:{email}")).one()
        row = session.get_one(OutboundEmail, email)
    assert (sent.subject, sent.body_text) == (f"For {FIRST}", WORDS)
    assert (row.to_email, row.state, row.text_removed_months) == (ADDRESS, OutboundState.SENT, 24)
    assert (count(world.db, MailContent), count(world.db, OutboundContent)) == (0, 0)


def test_an_email_whose_text_is_gone_shows_why_and_is_not_sent_again(
    world: World, clock: StandingClock, sign_in: SignIn
) -> None:
    email = world.put_email("old")
    with world.db.transaction() as session:
        session.get_one(OutboundEmail, email).state = OutboundState.FAILED
    night_after(world, clock, days=2 * YEARS + 2)
    page = sign_in(world.book.alice).get(f"/emails/{email}")
    assert WORDS in page.text
    assert "Send again" not in page.text
    with world.db.transaction() as session, pytest.raises(Conflict):
        decide.send_again(session, session.get_one(OutboundEmail, email), now=clock.now())


def test_an_email_that_still_moves_keeps_its_text(world: World, clock: StandingClock) -> None:
    world.put_email("waits")
    assert "sent_text" not in night_after(world, clock, days=3 * YEARS).removed
    assert count(world.db, OutboundContent) == 1


def test_mail_that_nobody_placed_goes_after_three_months_and_is_not_read_again(
    world: World, clock: StandingClock
) -> None:
    letter = world.desk.letter(sender=STRANGER)
    world.desk.receive(letter)
    assert night_after(world, clock, days=80).removed == {}
    assert night_after(world, clock, days=95).removed == {"waiting_mail": 1}
    assert count(world.db, MailMessage) == 0
    assert world.desk.ledger_of(letter) == ("excluded", "kept_no_longer")


def test_ended_sessions_and_old_previews_go_by_themselves(world: World, clock: StandingClock, sign_in: SignIn) -> None:
    sign_in(world.book.alice)
    with world.db.transaction() as session:
        session.add(ComposePreview(user_id=world.book.alice, html="<p>Hi</p>", created_at=datetime.now(UTC)))
    assert night_after(world, clock, days=0).removed == {}
    assert night_after(world, clock, days=1).removed == {"ended_sessions": 1, "previews": 1}
    assert count(world.db, UserSession) == 0


def line(at: datetime) -> AuditEntry:
    return AuditEntry(
        at=at, user_id=None, user_name="Dana", role="admin", deed="x", outcome="done", record={}, ip="", request_id=""
    )


def test_old_lines_of_the_audit_log_go_and_the_database_keeps_the_young_ones(
    world: World, clock: StandingClock
) -> None:
    now = datetime.now(UTC)
    with world.db.transaction() as session:
        session.add_all(line(now - timedelta(days=days)) for days in (1, 300, 400, 800))
        rules.choose(session, {"audit_log": 12}, by=world.book.dana, now=now)
    assert night_after(world, clock, days=0).removed == {"audit_log": 2}
    assert count(world.db, AuditEntry) == 2
    with pytest.raises(DatabaseError, match="kept for a year"), world.db.transaction() as session:
        session.execute(delete(AuditEntry))


def test_a_rule_without_an_end_takes_nothing(world: World, clock: StandingClock) -> None:
    world.desk.receive(world.desk.letter())
    with world.db.transaction() as session:
        rules.choose(session, {"mail_text": None}, by=world.book.dana, now=clock.now())
    assert "mail_text" not in night_after(world, clock, days=9 * YEARS).removed
    assert count(world.db, MailContent) == 1


def test_a_night_that_is_killed_is_taken_up_where_it_stood(world: World, clock: StandingClock) -> None:
    world.desk.receive(world.desk.letter())
    world.put_email("old")
    world.drain()
    clock._now = datetime.now(UTC) + timedelta(days=3 * YEARS)
    # Its time is up after the first small transaction, as when its worker dies there.
    assert retain.run(world.db, clock, stop_at=clock.now())
    with world.db.reading() as session:
        begun = retain.latest(session)
        assert begun is not None
        assert (begun.removed, begun.finished_at) == ({"mail_text": 1}, None)
        assert not retain.is_due(session, clock.now()), "its worker may live"
        assert retain.is_due(session, clock.advance(minutes=11)), "it went silent"
    assert not retain.run(world.db, clock, stop_at=clock.now() + timedelta(minutes=4))
    with world.db.reading() as session:
        ended = retain.latest(session)
        assert ended is not None
        assert ended.id == begun.id
        assert ended.finished_at is not None
        assert ended.removed == {"mail_text": 1, "sent_text": 1}


def test_the_night_comes_once_a_day_after_two(db: Database, clock: StandingClock) -> None:
    clock._now = datetime(2026, 11, 23, 1, 59, tzinfo=UTC)

    def is_due() -> bool:
        with db.reading() as session:
            return retain.is_due(session, clock.now())

    assert not is_due()
    clock.advance(minutes=1)
    assert is_due()
    retain.run(db, clock, stop_at=clock.now() + timedelta(minutes=4))
    assert not is_due()
    clock.advance(hours=23, minutes=59)
    assert not is_due()
    clock.advance(minutes=1)
    assert is_due()


@pytest.mark.parametrize(
    ("said", "kind"),
    [({"audit_log": "11"}, "audit_log"), ({"mail_text": "0"}, "mail_text"), ({"mail_text": "soon"}, "mail_text"),
     ({"sent_text": "241"}, "sent_text"), ({"waiting_mail": "-3"}, "waiting_mail"), ({"mail_text": "٣"}, "mail_text")],
)  # fmt: skip
def test_months_that_cannot_be_meant_are_refused_with_the_field(said: dict[str, str], kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked({"audit_log": "24", "mail_text": "24", "sent_text": "24", "waiting_mail": "3"} | said)
    assert set(refused.value.fields) == {kind}


def test_twelve_months_are_never_less_than_the_year_that_the_database_keeps() -> None:
    for day in range(4 * 365 + 2):
        now = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=day)
        assert now - rules.ends_before(now, 12) >= timedelta(days=365)
