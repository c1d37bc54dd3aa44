"""Gmail forgets the cursor: the window is listed again, and the mailbox says so until all of it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.mailboxes.halt import Halt
from server.mailboxes.health import HealthState
from server.mailboxes.models import MailboxState, Phase
from tests.conftest import SteppingClock
from tests.mailboxes.reader import Reader, a_mail


@pytest.fixture
def followed(any_reader: Reader) -> Reader:
    """Read once, with three mails on the ledger."""
    any_reader.put(a_mail(days_ago=20), a_mail(days_ago=2), a_mail())
    any_reader.start()
    any_reader.run()
    return any_reader


@pytest.mark.peer_case(5)
def test_an_expired_cursor_is_a_rescan_and_no_error(followed: Reader) -> None:
    """Case 5: a 404 of the cursor rescans the window; the mailbox stays connected and nothing is doubled."""
    followed.put(a_mail("older than the window", days_ago=50))
    before = followed.states()
    followed.sandbox.expire_history(followed.email)
    listed = followed.calls("messages.list")
    followed.run()
    assert followed.states() == before
    assert followed.calls("messages.list") == listed + 1
    assert followed.reading().listed == len(before), "what is older than the window is not listed"
    assert followed.mailbox().state == MailboxState.CONNECTED
    assert followed.health().is_well


@pytest.mark.peer_case(6)
def test_mail_of_the_gap_is_there_afterwards(followed: Reader) -> None:
    """Case 6: recovery does not begin at "now": what arrived while the history was lost is read."""
    during = followed.put(*(a_mail(str(number)) for number in range(3)))
    followed.sandbox.expire_history(followed.email)
    after = followed.put(a_mail("after"))
    followed.run()
    assert {key: followed.states()[key] for key in (*during, *after)} == dict.fromkeys([*during, *after], "logged")


@pytest.mark.peer_case(6)
def test_a_gap_of_more_than_500_is_brought_whole(reader: Reader) -> None:
    """Case 6: nothing stops at 500."""
    reader.start()
    reader.run()
    during = reader.put(*(a_mail(str(number)) for number in range(520)))
    reader.sandbox.expire_history(reader.email)
    reader.follow()
    assert set(during) == set(reader.states())


@pytest.mark.peer_case(7)
def test_deletions_and_labels_of_the_gap_are_seen(followed: Reader) -> None:
    """Case 7: a recovery that lists what is there also learns what went, and what was put into the trash."""
    deleted, trashed, untouched = followed.put(a_mail("1"), a_mail("2"), a_mail("3"))
    (spam,) = followed.put(a_mail("4", labels=("SPAM",)))
    followed.run()
    assert followed.states()[spam] == "excluded:spam"
    followed.sandbox.delete(followed.email, deleted)
    followed.sandbox.change_labels(followed.email, trashed, add=["TRASH"], remove=["INBOX"])
    followed.sandbox.change_labels(followed.email, spam, add=["INBOX"], remove=["SPAM"])
    followed.sandbox.expire_history(followed.email)
    followed.run()
    states = followed.states()
    assert (states[trashed], states[untouched], states[spam]) == ("excluded:trash", "logged", "logged")
    row = followed.row(deleted)
    assert row is not None
    assert (row.state, row.deleted_at is not None) == ("logged", True)


@pytest.mark.peer_case(7)
@pytest.mark.parametrize("cut", ["getProfile", "messages.list", "batch", "history.list"])
def test_a_recovery_that_is_cut_goes_on(followed: Reader, cut: str) -> None:
    """Case 7: the cursor is pinned before the listing, which goes on where it was cut; then the history follows."""
    during = followed.put(*(a_mail(str(number)) for number in range(3)))
    followed.sandbox.delete(followed.email, during[0])
    followed.sandbox.expire_history(followed.email)
    # The first answer of history.list is the 404 itself.
    followed.sandbox.add_fault(cut, "cut-before", skip=1 if cut == "history.list" else 0, mailbox=followed.email)
    found = followed.follow()
    assert found.halt is Halt.LATER, cut
    assert followed.reading().gap_since is not None
    assert not followed.health().is_well
    late = followed.put(a_mail("late"))
    followed.run()
    states = followed.states()
    assert [states[key] for key in (*during[1:], *late)] == ["logged"] * 3
    assert followed.health().is_well


@pytest.mark.parametrize("label", ["SPAM", "TRASH"])
def test_old_mail_that_came_out_of_spam_or_trash_in_the_gap_is_read(any_reader: Reader, label: str) -> None:
    (old,) = any_reader.put(a_mail("old", days_ago=20, labels=(label,)))
    any_reader.start()
    any_reader.run()
    assert any_reader.states() == {}
    any_reader.sandbox.change_labels(any_reader.email, old, add=["INBOX"], remove=[label])
    any_reader.sandbox.expire_history(any_reader.email)
    any_reader.run()
    assert any_reader.states() == {old: "logged"}


def test_history_lost_again_during_the_rescan_is_a_rescan_again(followed: Reader) -> None:
    followed.put(a_mail())
    followed.sandbox.expire_history(followed.email)
    followed.sandbox.add_fault("history.list", "expired-history", skip=1, times=2)
    followed.run()
    assert set(followed.states().values()) == {"logged"}
    assert followed.health().is_well


@pytest.mark.peer_case(1)
def test_a_mailbox_with_a_gap_is_never_called_well(followed: Reader) -> None:
    """Case 1: while mail may be missing the state says so, until the last of it is read."""
    followed.put(a_mail("1"), a_mail("2"))
    followed.sandbox.expire_history(followed.email)
    assert followed.follow().halt is None
    assert followed.reading().phase == Phase.FOLLOWING
    assert followed.health().state is HealthState.GAP
    followed.sandbox.add_fault("messages.get", "500", times=2)
    followed.read()
    assert followed.health().state is HealthState.GAP, "what could not be read yet is still missing"
    clock = followed.runtime.clock
    assert isinstance(clock, SteppingClock)
    clock.advance(seconds=31)
    followed.run()
    assert followed.health().is_well


def test_the_window_bounds_a_rescan_however_long_nobody_looked(followed: Reader) -> None:
    clock = followed.runtime.clock
    assert isinstance(clock, SteppingClock)
    with followed.runtime.db.transaction() as session:
        reading = session.merge(followed.reading())
        reading.caught_up_at = clock.now() - timedelta(days=200)
    followed.sandbox.expire_history(followed.email)
    followed.sandbox.add_fault("messages.list", "503")
    followed.follow()
    assert followed.reading().list_from == followed.reading().window_from
