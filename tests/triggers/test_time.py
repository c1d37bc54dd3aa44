"""Days are those of the account's TAM, and no clock however odd fires twice or loses anything."""

from __future__ import annotations

import threading

import pytest

from server.measures.models import MeasureName
from server.triggers import queries, save
from server.triggers.jobs import look_at_book
from server.triggers.models import FiringOutcome, TriggerKind
from server.triggers.save import By
from tests.triggers.watching import Triggers, at, day

ON = "2026-09-01 08:00"


def first_look(triggers: Triggers, *looks: str) -> str | None:
    """The first of these looks that opened a CTA; none may open a second."""
    opened = [look for look in looks if triggers.look(look)]
    assert len(opened) <= 1
    return opened[0] if opened else None


def renewal(triggers: Triggers, zone: str, renews: str, **params: int) -> None:
    triggers.add_account(tam=triggers.add_tam("Ann", zone), renewal_on=day(renews))
    triggers.on(TriggerKind.BEFORE_RENEWAL, params, ON)


@pytest.mark.parametrize(
    ("zone", "renews", "before", "from_then_on"),
    [
        # Days of 23 and of 25 hours: midnight is one hour off what it was the day before.
        ("Europe/Berlin", "2027-04-07", "2027-03-27 22:50", "2027-03-27 23:10"),
        ("Europe/Berlin", "2027-04-08", "2027-03-28 21:50", "2027-03-28 22:10"),
        ("Europe/Berlin", "2026-11-04", "2026-10-24 21:50", "2026-10-24 22:10"),
        ("Europe/Berlin", "2026-11-05", "2026-10-25 22:50", "2026-10-25 23:10"),
        ("America/New_York", "2027-03-25", "2027-03-15 03:50", "2027-03-15 04:10"),
        ("America/New_York", "2026-11-12", "2026-11-02 04:50", "2026-11-02 05:10"),
        ("Pacific/Auckland", "2026-11-30", "2026-11-19 10:50", "2026-11-19 11:10"),
        ("America/Los_Angeles", "2026-11-30", "2026-11-20 07:50", "2026-11-20 08:10"),
        ("Asia/Kolkata", "2026-11-30", "2026-11-19 18:20", "2026-11-19 19:10"),
    ],
)
def test_the_day_begins_where_the_tam_is(
    triggers: Triggers, zone: str, renews: str, before: str, from_then_on: str
) -> None:
    # Of the days that are said here, the last ones are 10 or 11 before the renewal: the day after is 10 before.
    renewal(triggers, zone, renews, days=10)
    assert first_look(triggers, before, from_then_on) == from_then_on


@pytest.mark.parametrize(
    ("renews", "months", "last_without", "first_with"),
    [
        ("2027-08-31", 4, "2027-04-29 12:00", "2027-04-30 12:00"),
        ("2027-08-31", 6, "2027-02-27 12:00", "2027-02-28 12:00"),
        ("2028-08-31", 6, "2028-02-28 12:00", "2028-02-29 12:00"),
        ("2028-02-29", 12, "2027-02-27 12:00", "2027-02-28 12:00"),
        ("2027-12-31", 7, "2027-05-30 12:00", "2027-05-31 12:00"),
        ("2027-10-01", 7, "2027-02-28 12:00", "2027-03-01 12:00"),
    ],
)
def test_months_end_where_they_end(
    triggers: Triggers, renews: str, months: int, last_without: str, first_with: str
) -> None:
    renewal(triggers, "UTC", renews, months=months)
    assert first_look(triggers, last_without, first_with) == first_with


def test_a_clock_that_jumps_fires_nothing_twice_and_loses_nothing(triggers: Triggers) -> None:
    renewal(triggers, "Europe/Berlin", "2027-04-01", days=30)
    # A day too early by a jump ahead, then back, then as it should be.
    looks = ("2027-03-01 12:00", "2027-03-02 12:00", "2027-03-01 12:05", "2027-03-02 12:10", "2027-03-03 00:00")
    assert first_look(triggers, *looks) == "2027-03-02 12:00"


def test_after_a_clock_was_set_back_what_is_due_then_still_fires(triggers: Triggers) -> None:
    ann = triggers.add_tam("Ann")
    triggers.add_account("Early", tam=ann, renewal_on=day("2027-04-01"))
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"days": 30}, ON)
    assert triggers.look("2027-03-12 12:00") == 1
    triggers.add_account("Later", tam=ann, renewal_on=day("2027-04-05"))
    assert triggers.look("2027-03-05 12:00") == 0
    assert triggers.look("2027-03-06 12:00") == 1


def test_a_worker_that_was_down_for_two_days_fires_each_missed_occasion_once(triggers: Triggers) -> None:
    ann = triggers.add_tam("Ann")
    for number in range(1, 5):
        triggers.add_account(f"Renews {number}", tam=ann, renewal_on=day(f"2027-04-0{number}"))
    short = triggers.add_account("Over meanwhile", tam=ann, renewal_on=day("2027-03-04"))
    moody = triggers.add_account("Moody", tam=ann)
    triggers.on(
        TriggerKind.BEFORE_RENEWAL, {"days": 30}, ON, name="Thirty days", reason="renewal_near", cta_type="renewal"
    )
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"days": 1}, ON, name="One day", cta_type="renewal")
    triggers.on(TriggerKind.SENTIMENT_IS, {"word": "red"}, ON, cta_type="risk")
    triggers.look("2027-03-02 12:00")
    before = len(triggers.ctas())
    # Nobody looks from here on. One account's renewal comes and goes, another is red for an hour.
    triggers.measure(moody, MeasureName.SENTIMENT, "red", "2027-03-03 10:00")
    triggers.measure(moody, MeasureName.SENTIMENT, "yellow", "2027-03-03 11:00")
    opened = triggers.look("2027-03-05 12:30")
    missed = {one.account_id for one in triggers.ctas()[before:]}
    assert {short, moody} <= missed
    assert opened == 2 + 3
    assert triggers.look("2027-03-05 13:30") == 0
    assert triggers.look("2027-03-06 13:30") == 0


def test_a_silence_that_ended_before_anybody_looked_opens_nothing(triggers: Triggers) -> None:
    account = triggers.add_account(tam=triggers.add_tam("Ann"), contract_start_on=day("2026-09-01"))
    triggers.on(TriggerKind.NO_CONVERSATION, {"days": 60}, ON)
    triggers.look("2026-10-30 12:00")
    triggers.talk(account, "2026-11-01 10:00")
    assert triggers.look("2026-11-02 12:00") == 0


def test_silence_is_counted_in_days_of_the_tam(triggers: Triggers) -> None:
    account = triggers.add_account(tam=triggers.add_tam("Ana", "Pacific/Auckland"))
    triggers.on(TriggerKind.NO_CONVERSATION, {"days": 10}, ON)
    # In Auckland that is the second of November, 00:30.
    triggers.talk(account, "2026-11-01 11:30")
    assert first_look(triggers, "2026-11-11 10:50", "2026-11-11 11:10") == "2026-11-11 11:10"


def test_two_clocks_at_once_open_one_cta_for_each_account(triggers: Triggers) -> None:
    ann = triggers.add_tam("Ann")
    for number in range(8):
        triggers.add_account(f"Account {number}", tam=ann, renewal_on=day("2027-04-01"))
    triggers.on(TriggerKind.BEFORE_RENEWAL, {"days": 30}, ON)
    together, wrong = threading.Barrier(3), []

    def look() -> None:
        together.wait()
        try:
            look_at_book(triggers.db, at("2027-03-02 12:00"))
        except Exception as error:  # what a thread raises is seen by nobody else
            wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(triggers.ctas()) == 8
    assert [one.outcome for one in triggers.firings()] == [FiringOutcome.OPENED] * 8


def test_two_triggers_for_the_same_thing_open_one_cta(triggers: Triggers) -> None:
    triggers.add_account(tam=triggers.add_tam("Ann"), renewal_on=day("2027-04-01"))
    for name in ("One", "Two"):
        triggers.on(TriggerKind.BEFORE_RENEWAL, {"days": 30}, ON, name=name, cta_type="renewal")
    assert triggers.look("2027-03-02 12:00") == 1
    assert sorted(one.outcome for one in triggers.firings()) == [FiringOutcome.OPENED, FiringOutcome.UPDATED]


def test_turned_off_and_on_again_it_watches_from_then_on(triggers: Triggers) -> None:
    ann = triggers.add_tam("Ann")
    triggers.add_account("While off", tam=ann, renewal_on=day("2027-04-01"))
    triggers.add_account("Afterwards", tam=ann, renewal_on=day("2027-04-20"))
    slug = triggers.on(TriggerKind.BEFORE_RENEWAL, {"days": 30}, ON)
    with triggers.db.transaction() as session:
        row = queries.by_slug(session, slug)
        by = By(user_id=None, now=at("2027-03-01 12:00"))
        save.turn(session, row, on=False, also_held=False, by=by, seen_version=row.row_version)
    assert triggers.look("2027-03-10 12:00") == 0
    triggers.turn_on(slug, "2027-03-10 13:00")
    assert triggers.look("2027-03-10 14:00") == 0
    assert triggers.look("2027-03-21 14:00") == 1
    assert triggers.ctas()[0].name == "Look at Afterwards"
