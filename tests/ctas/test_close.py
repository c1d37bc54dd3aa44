"""Closing with what the type demands, reopening, and putting a whole CTA off."""

from __future__ import annotations

import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from server.ctas import change, close, history, queries, snooze
from server.ctas.models import Cta
from server.ctas.open import Outcome, Wanted, open_cta
from server.errors import Conflict, Forbidden, Invalid
from server.runtime import Runtime
from tests.cast import Book
from tests.ctas.doing import Person

DAY = timedelta(days=1)


def of_type(runtime: Runtime, book: Book, cta_type: str, *, trigger_id: uuid.UUID | None = None) -> uuid.UUID:
    with runtime.db.transaction() as session:
        wanted = Wanted(
            account_id=book.account, name="Look after them", cta_type=cta_type, priority="high", trigger_id=trigger_id
        )
        return open_cta(session, wanted, by_id=book.alice, now=runtime.clock.now()).cta.id


def test_a_status_closes_only_the_types_that_have_it_and_may_ask_for_a_sentence(runtime: Runtime, book: Book) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    objective = of_type(runtime, book, "objective")
    with runtime.db.transaction() as session:
        cta = queries.held(session, objective)
        for status in ("work_in_progress", "closed_not_needed", "no_such_status"):
            with pytest.raises(Invalid, match="is not a status to close"):
                close.close(session, [cta], status=status, note="", asker=alice, now=now)
        with pytest.raises(Invalid) as told:
            close.close(session, [cta], status="closed_lost_product_gaps", note="  ", asker=alice, now=now)
        assert "note" in told.value.fields
        bob = Person(user_id=book.bob)
        with pytest.raises(Forbidden):
            close.close(session, [cta], status="closed_success", note="", asker=bob, now=now)
        close.close(session, [cta], status="closed_lost_product_gaps", note=" No SSO. ", asker=alice, now=now)
        assert (cta.status, cta.closed_at, cta.closing_note) == ("closed_lost_product_gaps", now, "No SSO.")
        with pytest.raises(Conflict, match="closed already"):
            close.close(session, [cta], status="closed_success", note="", asker=alice, now=now)


def test_closing_counts_required_tasks_that_stay_undone_and_is_undone_with_its_status(
    runtime: Runtime, book: Book
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        cta = queries.held(session, book.cta)
        before = cta.status
        assert len(close.still_open(session, book.cta)) == 2
        deed = close.close(session, [cta], status="closed_success", note="", asker=alice, now=now)
        assert deed.label == "Closed: success, with 2 required tasks not done"
    with runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)
    with runtime.db.reading() as session:
        cta = queries.cta(session, book.cta)
        assert (cta.status, cta.is_open) == (before, True)
        assert [one.undone_at for one in history.of_cta(session, book.cta)] == [now]


def test_reopening_takes_back_what_its_trigger_looks_for_unless_another_has_it(runtime: Runtime, book: Book) -> None:
    alice, now, trigger = Person(user_id=book.alice), runtime.clock.now(), uuid.uuid4()
    first = of_type(runtime, book, "risk", trigger_id=trigger)
    with runtime.db.transaction() as session:
        cta = queries.held(session, first)
        key = cta.open_key
        assert key is not None
        close.close(session, [cta], status="closed_success", note="", asker=alice, now=now)
        assert cta.open_key is None
        close.reopen(session, cta, asker=alice, now=now)
        assert (cta.open_key, cta.is_open, cta.status) == (key, True, "work_in_progress")
        deed = close.close(session, [cta], status="closed_success", note="", asker=alice, now=now)
    second = of_type(runtime, book, "risk", trigger_id=trigger)
    assert second != first
    with pytest.raises(Conflict, match="opened for the same"), runtime.db.transaction() as session:
        close.reopen(session, queries.held(session, first), asker=alice, now=now)
    with pytest.raises(Conflict, match="opened for the same"), runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)
    with runtime.db.reading() as session:
        assert not queries.cta(session, first).is_open


def test_a_snooze_ends_with_its_day_where_the_owner_is_and_suppresses_its_like_until_then(
    runtime: Runtime, book: Book
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    today = now.astimezone(ZoneInfo("Europe/Paris")).date()
    cta_id = of_type(runtime, book, "risk", trigger_id=uuid.uuid4())
    like = Wanted(account_id=book.account, name="Again", cta_type="risk", priority="high", trigger_id=uuid.uuid4())
    with runtime.db.transaction() as session:
        cta = queries.held(session, cta_id)
        for through, words in ((today - DAY, "This day is over"), (today + 367 * DAY, "more than a year")):
            with pytest.raises(Invalid, match=words):
                snooze.snooze(session, cta, through=through, reason="", asker=alice, today=today, now=now)
        deed = snooze.snooze(session, cta, through=today + DAY, reason="Away", asker=alice, today=today, now=now)
        assert deed is not None
        assert deed.label.endswith(": Away")
        assert cta.is_snoozed(today + DAY)
        assert not cta.is_snoozed(today + 2 * DAY)
        assert open_cta(session, like, by_id=None, now=now).outcome is Outcome.SUPPRESSED
        after = now + 2 * DAY
        assert open_cta(session, like, by_id=None, now=after).outcome is Outcome.UPDATED
        change.undo(session, deed, asker=alice, now=now)
        assert cta.snoozed_through is None
        snooze.snooze(session, cta, through=today, reason="", asker=alice, today=today, now=now)
        assert snooze.wake(session, cta, asker=alice, now=now) is not None
        assert snooze.wake(session, cta, asker=alice, now=now) is None
    with runtime.db.reading() as session:
        assert session.get_one(Cta, cta_id).snooze_reason is None
