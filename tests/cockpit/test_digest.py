"""The morning digest: at whose hour, on whose days, once; through a real mail server."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from server.auth.models import User
from server.cockpit import digest, jobs
from server.cockpit.models import Digest
from server.ctas.models import CtaComment, CtaMention
from server.db import Database
from server.playbooks.models import CompanyDay
from server.post_settings import SmtpServer
from server.runtime import Runtime
from tests.cast import ALICE, Book
from tests.cockpit.conftest import Add
from tests.cockpit.post_office import PostOffice, open_office
from tests.conftest import SignedInClient, StandingClock
from tests.web.pages import ON_SQLITE


class SetClock(StandingClock):
    def set(self, when: datetime) -> datetime:
        self._now = when
        return when


@pytest.fixture
def office(runtime: Runtime) -> Iterator[tuple[PostOffice, Runtime, SetClock]]:
    """The post office, and the runtime by it and by a clock that is set by hand."""
    clock = SetClock()
    with open_office() as (found, post):
        yield found, replace(runtime, post=post, clock=clock), clock


def want(db: Database, user_id: uuid.UUID, hour: int, **user: str) -> None:
    with db.transaction() as session:
        session.add(Digest(id=user_id, is_on=True, hour=hour, changed_at=datetime(2026, 1, 1, tzinfo=UTC)))
        for name, value in user.items():
            setattr(session.get_one(User, user_id), name, value)


def is_due(runtime: Runtime, user_id: uuid.UUID) -> bool:
    with runtime.db.reading() as session:
        return user_id in digest.due(session, runtime.clock.now())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@ON_SQLITE
@pytest.mark.parametrize(
    ("zone", "country", "hour", "when", "is_theirs"),
    [
        ("Europe/Paris", "FR", 7, "2026-11-23T06:59+01:00", False),
        ("Europe/Paris", "FR", 7, "2026-11-23T07:00+01:00", True),
        ("Europe/Paris", "FR", 7, "2026-11-23T23:59+01:00", True),
        ("Asia/Tokyo", "JP", 7, "2026-11-24T06:30+09:00", False),
        ("Asia/Tokyo", "JP", 7, "2026-11-24T07:30+09:00", True),
        # Saturday; Sunday in a country that works on it; a holiday of France, and of no one in Germany.
        ("Europe/Paris", "FR", 7, "2026-11-21T09:00+01:00", False),
        ("Asia/Jerusalem", "IL", 7, "2026-11-22T09:00+02:00", True),
        ("Europe/Paris", "FR", 7, "2026-07-14T09:00+02:00", False),
        ("Europe/Berlin", "DE", 7, "2026-07-14T09:00+02:00", True),
        ("America/New_York", "US", 2, "2026-11-02T01:59-05:00", False),
        ("America/New_York", "US", 2, "2026-11-02T02:00-05:00", True),
    ],
)
def test_it_comes_at_their_hour_on_their_working_days(
    office: tuple[PostOffice, Runtime, SetClock],
    book: Book,
    zone: str,
    country: str,
    hour: int,
    when: str,
    is_theirs: bool,
) -> None:
    _, runtime, clock = office
    want(runtime.db, book.alice, hour, time_zone=zone, country=country)
    clock.set(at(when))
    assert is_due(runtime, book.alice) is is_theirs


def work_on(db: Database, day: date) -> None:
    with db.transaction() as session:
        session.add(CompanyDay(day_on=day, country="", is_workday=True, name="A Sunday that is worked on"))


def test_an_hour_that_the_change_of_the_clocks_leaves_out_is_not_lost(
    office: tuple[PostOffice, Runtime, SetClock], book: Book
) -> None:
    _, runtime, clock = office
    want(runtime.db, book.alice, 2)
    work_on(runtime.db, date(2027, 3, 28))  # In Paris 2:00 to 2:59 does not happen.
    clock.set(at("2027-03-28T01:59+01:00"))
    assert not is_due(runtime, book.alice)
    clock.set(at("2027-03-28T03:00+02:00"))
    assert is_due(runtime, book.alice)


def test_an_hour_that_comes_twice_brings_one(
    office: tuple[PostOffice, Runtime, SetClock], book: Book, add: Add
) -> None:
    found, runtime, clock = office
    add("Late", due=date(2026, 10, 20))
    want(runtime.db, book.alice, 2)
    work_on(runtime.db, date(2026, 10, 25))  # In Paris 2:00 to 2:59 comes twice.
    for when in ("02:10+02:00", "02:50+02:00", "02:10+01:00", "02:50+01:00", "09:00+01:00"):
        clock.set(at(f"2026-10-25T{when}"))
        jobs.send_digest(runtime, str(book.alice))
    assert found.tries == 1


def test_a_worker_that_was_down_sends_one_for_today_and_none_for_yesterday(
    office: tuple[PostOffice, Runtime, SetClock], book: Book
) -> None:
    found, runtime, clock = office
    want(runtime.db, book.alice, 7)
    for when in ("2026-11-24T08:00+01:00", "2026-11-27T11:00+01:00", "2026-11-27T11:01+01:00"):
        clock.set(at(when))
        jobs.send_digest(runtime, str(book.alice))
    # The clock of the machine was wrong, and is set back.
    for when in ("2026-11-26T08:00+01:00", "2026-11-27T12:00+01:00"):
        clock.set(at(when))
        jobs.send_digest(runtime, str(book.alice))
    assert [letter["Subject"].split(":")[0] for letter in found.letters] == ["Your Tuesday", "Your Friday"]


def test_it_says_what_waits_with_links(
    office: tuple[PostOffice, Runtime, SetClock], book: Book, add: Add, today: date
) -> None:
    found, runtime, clock = office
    add("<b>Late</b> & \N{SNOWMAN}", due=date(2026, 11, 20), tasks=[(date(2026, 11, 19), False, book.alice)])
    for number in range(12):
        add(f"Today {number:02}", due=date(2026, 11, 23))
    with runtime.db.transaction() as session:
        comment = CtaComment(cta_id=book.cta, author_id=book.bob, text="Look", created_at=runtime.clock.now())
        session.add(comment)
        session.flush()
        session.add(CtaMention(cta_comment_id=comment.id, user_id=book.alice))
    want(runtime.db, book.alice, 7)
    clock.set(at("2026-11-23T08:00+01:00"))
    jobs.send_digest(runtime, str(book.alice))
    [letter] = found.letters
    assert letter["To"] == ALICE
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Subject"].startswith("Your Monday: comments that name you (1), overdue (")
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<b>Late</b> & \N{SNOWMAN}" in text
    assert "&lt;b&gt;Late&lt;/b&gt; &amp; \N{SNOWMAN}" in html
    assert "<b>Late" not in html
    assert 9 <= text.count("- Today ") <= 10
    assert re.search(r"- and [23] more", text)
    assert f"http://127.0.0.1:8400/ctas/{book.cta}" in text
    assert "/settings/digest" in html


def test_what_is_known_not_sent_is_tried_again_and_what_is_unknown_is_not(
    office: tuple[PostOffice, Runtime, SetClock], book: Book, add: Add
) -> None:
    found, runtime, clock = office
    want(runtime.db, book.alice, 7)
    clock.set(at("2026-11-23T08:00+01:00"))
    add("Late", due=date(2026, 11, 20))
    found.answers = ["451 later, please", "gone"]
    jobs.send_digest(runtime, str(book.alice))
    assert is_due(runtime, book.alice)
    jobs.send_digest(runtime, str(book.alice))
    assert not is_due(runtime, book.alice)
    jobs.send_digest(runtime, str(book.alice))
    assert found.tries == 2
    clock.set(at("2026-11-24T08:00+01:00"))
    found.answers = ["550 never"]
    jobs.send_digest(runtime, str(book.alice))
    assert not is_due(runtime, book.alice)
    clock.set(at("2026-11-25T08:00+01:00"))
    down = replace(runtime, post=_nowhere())
    jobs.send_digest(down, str(book.alice))
    assert is_due(runtime, book.alice)


def _nowhere() -> object:
    from server.adapters.smtp_post import SmtpPost

    return SmtpPost(host="127.0.0.1", port=1, tls=None, user=None, password=None, sender="r@rapport.example")


def test_nobody_gets_one_who_did_not_ask_or_has_nothing_to_do(
    office: tuple[PostOffice, Runtime, SetClock], book: Book
) -> None:
    found, runtime, clock = office
    clock.set(at("2026-11-23T08:00+01:00"))
    jobs.send_digest(runtime, str(book.alice))
    want(runtime.db, book.bob, 7)
    jobs.send_digest(runtime, str(book.bob))
    assert found.tries == 0
    assert not is_due(runtime, book.bob)


def test_the_page_switches_it_on_and_says_when_no_mail_server_is_set(
    runtime: Runtime, book: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    client = sign_in(book.alice)
    assert "An admin has to set RAPPORT_SMTP_URL" in client.get("/settings/digest").text
    assert client.post("/settings/digest", data={"is_on": "1", "hour": "0"}).status_code == 303
    with runtime.db.reading() as session:
        found = session.get_one(Digest, book.alice)
        assert (found.is_on, found.hour) == (True, 0)
        # Switched on after its hour: it begins with the next morning.
        assert found.last_for_on is not None
    for hour in ("24", "-1", "x", "\N{SUPERSCRIPT TWO}", ""):
        assert client.post("/settings/digest", data={"is_on": "1", "hour": hour}).status_code == 422
    assert client.post("/settings/digest", data={"hour": "9"}).status_code == 303
    with runtime.db.reading() as session:
        assert session.get_one(Digest, book.alice).is_on is False


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.com",
        "http://mail.example.com",
        "smtp://user@mail.example.com?starttls",
        "smtp://mail.example.com:x?starttls",
        "smtp://mail.example.com/a?starttls",
        "smtp://mail.example.com?tls",
    ],
)
def test_an_address_of_a_mail_server_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        SmtpServer.from_url(url)


def test_an_address_of_a_mail_server_is_read() -> None:
    found = SmtpServer.from_url("smtp://us%40er:p%3Aw@mail.example.com?starttls")
    assert (found.host, found.port, found.user, found.password) == ("mail.example.com", 587, "us@er", "p:w")
    assert found.has_starttls
    assert SmtpServer.from_url("smtps://mail.example.com").port == 465
    assert "p:w" not in repr(found)
