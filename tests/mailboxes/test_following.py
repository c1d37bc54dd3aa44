"""A mailbox is listed, then followed: each message stands in the ledger once, whatever happens on the way."""

from __future__ import annotations

import pytest

from server.mailboxes import reading
from server.mailboxes.halt import Halt
from server.mailboxes.models import LedgerState, MailboxReading, Phase
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail


def test_the_window_is_listed_and_then_followed(any_reader: Reader) -> None:
    inside = any_reader.put(a_mail(days_ago=29), a_mail(days_ago=1), a_mail())
    outside = any_reader.put(a_mail(days_ago=31), a_mail(days_ago=400))
    any_reader.start(days=30)
    any_reader.run()
    assert any_reader.states() == dict.fromkeys(inside, "logged")
    later = any_reader.put(a_mail())
    any_reader.run()
    assert any_reader.states() == dict.fromkeys([*inside, *later], "logged")
    assert not set(outside) & set(any_reader.states())
    assert any_reader.reading().phase == Phase.FOLLOWING


def test_a_mailbox_of_many_pages_is_listed_to_the_edge_of_the_window(
    any_reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.mailboxes.listing.PAGE_SIZE", 4)
    ids = any_reader.put(*(a_mail(days_ago=day + 0.5) for day in range(20)))
    any_reader.start(days=10)
    any_reader.run()
    assert any_reader.states() == dict.fromkeys(ids[:10], "logged")
    assert any_reader.reading().listed == 10


def test_an_empty_mailbox_is_up_to_date(any_reader: Reader) -> None:
    any_reader.start()
    any_reader.run()
    assert any_reader.health().is_well
    (first,) = any_reader.put(a_mail())
    any_reader.run()
    assert any_reader.states() == {first: "logged"}


@pytest.mark.peer_case(13)
@pytest.mark.parametrize("call", ["messages.list", "history.list"])
def test_an_empty_page_is_not_the_end(any_reader: Reader, call: str) -> None:
    """Case 13: a page without messages or history but with a token is legal; paging goes on until no token comes."""
    ids = any_reader.put(a_mail(), a_mail())
    any_reader.sandbox.add_fault(call, "empty-page", times=2)
    any_reader.start()
    any_reader.run()
    any_reader.sandbox.add_fault(call, "empty-page", times=2)
    ids += any_reader.put(a_mail())
    any_reader.run()
    assert any_reader.states() == dict.fromkeys(ids, "logged")


@pytest.mark.peer_case(12)
def test_mail_that_is_archived_on_arrival_is_seen(any_reader: Reader) -> None:
    """Case 12: no look is limited to the inbox: what a filter of Gmail archives at once is there all the same."""
    any_reader.start()
    any_reader.run()
    ids = any_reader.put(a_mail(labels=()), a_mail(labels=("SENT",)), a_mail(labels=("CATEGORY_UPDATES",)))
    any_reader.run()
    assert any_reader.states() == dict.fromkeys(ids, "logged")


@pytest.mark.peer_case(12)
def test_all_pages_of_history_have_one_start(reader: Reader) -> None:
    """Case 12: the start id stays while paging; the cursor moves with the last page alone."""
    reader.start()
    reader.run()
    before = reader.reading().history_id
    ids = reader.put(*(a_mail(str(number)) for number in range(501)))
    reader.sandbox.add_fault("history.list", "empty-page", skip=1)
    reader.run()
    assert reader.calls("history.list") == 4, "one of the first look, then two pages and an empty one between"
    assert reader.states() == dict.fromkeys(ids, "logged")
    assert reader.reading().history_id != before


def test_a_cursor_does_not_move_before_the_last_page(reader: Reader) -> None:
    reader.start()
    reader.run()
    before = reader.reading()
    ids = reader.put(*(a_mail(str(number)) for number in range(501)))
    reader.sandbox.add_fault("history.list", "503", skip=1)
    assert reader.follow().halt is Halt.LATER
    assert len(reader.states()) == 500, "the first page is kept"
    assert reader.reading().history_id == before.history_id
    assert reader.reading().caught_up_at == before.caught_up_at
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "logged")


def test_a_listing_goes_on_where_it_was_cut(any_reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.mailboxes.listing.PAGE_SIZE", 4)
    ids = any_reader.put(*(a_mail(str(number)) for number in range(10)))
    any_reader.start()
    any_reader.sandbox.add_fault("messages.list", "cut-after", skip=1)
    assert any_reader.follow().halt is Halt.LATER
    cut = any_reader.reading()
    assert (cut.phase, cut.listed, cut.history_id) == (Phase.BACKFILLING, 4, None)
    late = any_reader.put(a_mail("late"))
    assert any_reader.follow().halt is None
    assert any_reader.calls("messages.list") == 4, "the cut page is asked for again, and no other"
    assert any_reader.calls("getProfile") == 1, "the history goes on from before the first page"
    any_reader.read()
    assert any_reader.states() == dict.fromkeys([*ids, *late], "logged")


def test_a_place_that_gmail_no_longer_knows_begins_the_listing_anew(reader: Reader) -> None:
    ids = reader.put(a_mail(), a_mail())
    reader.start()
    pinned = reader.gmail().profile().history_id
    with reader.runtime.db.transaction() as session:
        place = session.get_one(MailboxReading, reader.mailbox_id)
        place.pinned_history_id, place.list_page_token = pinned, "forgotten"
    reader.run()
    assert reader.states() == dict.fromkeys(ids, "logged")


def test_a_push_that_comes_while_we_look_asks_for_another_look(reader: Reader, stepping_clock: SteppingClock) -> None:
    reader.start()
    reader.run()
    assert reader.reading().next_look_at > stepping_clock.now()
    with reader.runtime.db.transaction() as session:
        assert reading.look_now(session, email=reader.email, now=stepping_clock.now()) == reader.mailbox_id
        assert reading.look_now(session, email="nobody@rapport.example", now=stepping_clock.now()) is None
    with reader.runtime.db.reading() as session:
        assert reading.due_mailboxes(session, stepping_clock.now()) == [reader.mailbox_id]
    reader.run()
    with reader.runtime.db.reading() as session:
        assert reading.due_mailboxes(session, stepping_clock.now()) == []
        assert reading.due_mailboxes(session, stepping_clock.advance(seconds=61)) == [reader.mailbox_id]


@pytest.mark.peer_case(9)
@pytest.mark.parametrize("when", ["backfill", "history"])
def test_mail_deleted_between_list_and_get_is_gone_and_wedges_nothing(any_reader: Reader, when: str) -> None:
    """Case 9: a 404 skips that message and goes on with the others."""
    any_reader.start()
    if when == "history":
        any_reader.run()
    first, lost, last = any_reader.put(a_mail("1"), a_mail("2"), a_mail("3"))
    assert any_reader.follow().halt is None
    any_reader.sandbox.delete(any_reader.email, lost)
    assert any_reader.read() is None
    assert any_reader.states() == {first: "logged", lost: "gone", last: "logged"}
    any_reader.run()
    assert any_reader.states()[lost] == "gone"
    assert any_reader.health().is_well


@pytest.mark.peer_case(3)
def test_what_was_logged_stays_when_it_is_deleted_in_gmail(any_reader: Reader) -> None:
    """Case 3: a deletion is noted by a rule: what is logged stays logged, what was still to be read is gone."""
    any_reader.start()
    logged, unread = any_reader.put(a_mail(), a_mail())
    any_reader.run()
    (unread,) = any_reader.put(a_mail())
    any_reader.follow()
    any_reader.sandbox.delete(any_reader.email, logged)
    any_reader.sandbox.delete(any_reader.email, unread)
    any_reader.run()
    row, gone = any_reader.row(logged), any_reader.row(unread)
    assert row is not None
    assert gone is not None
    assert (row.state, row.deleted_at is not None) == (LedgerState.LOGGED, True)
    assert (gone.state, gone.deleted_at is not None) == (LedgerState.GONE, True)


def test_a_look_twice_at_the_same_history_changes_nothing(reader: Reader) -> None:
    ids = reader.put(a_mail(), a_mail())
    reader.start()
    reader.run()
    cursor = reader.reading().history_id
    ids += reader.put(a_mail())
    reader.sandbox.change_labels(reader.email, ids[0], add=["TRASH"])
    reader.run()
    with reader.runtime.db.transaction() as session:
        session.get_one(MailboxReading, reader.mailbox_id).history_id = cursor
    assert reader.follow().added == 0
    reader.read()
    assert reader.states() == {ids[0]: "excluded:trash", ids[1]: "logged", ids[2]: "logged"}
