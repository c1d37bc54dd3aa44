"""How a mailbox does: the worst that is known, in words, and never "up to date" while something may be missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.ids import new_id
from server.mailboxes.health import Health, HealthState, health
from server.mailboxes.ledger import Counts
from server.mailboxes.models import LedgerState, Mailbox, MailboxReading, MailboxState, Phase, Reconciliation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLL = timedelta(seconds=60)


def a_reading(**changed: Any) -> MailboxReading:
    values: dict[str, Any] = {
        "phase": Phase.FOLLOWING, "caught_up_at": NOW - POLL, "gap_since": None, "listed": 1204, "problem": None,
        "started_at": NOW - POLL,
    }  # fmt: skip
    return MailboxReading(**{**values, **changed})


def health_of(
    found: MailboxReading | None = None,
    *,
    state: str = MailboxState.CONNECTED,
    paused_until: datetime | None = None,
    by_state: dict[LedgerState, int] | None = None,
    unexplained: int | None = None,
    compared_at: datetime = NOW,
) -> Health:
    mailbox = Mailbox(state=state, paused_until=paused_until, pause_reason="Gmail asked to slow down.")
    last = None
    if unexplained is not None:
        last = Reconciliation(mailbox_id=new_id(), at=compared_at, unexplained=unexplained)
    counts = Counts(by_state={LedgerState.LOGGED: 800, **(by_state or {})}, by_rule={})
    return health(found or a_reading(), mailbox, counts, NOW, POLL, last)


@pytest.mark.peer_case(1)
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, HealthState.UP_TO_DATE),
        ({"unexplained": 0}, HealthState.UP_TO_DATE),
        ({"state": MailboxState.DISCONNECTED}, HealthState.DISCONNECTED),
        ({"state": MailboxState.NEEDS_RECONNECT}, HealthState.NEEDS_RECONNECT),
        ({"found": a_reading(phase=Phase.OFF)}, HealthState.OFF),
        ({"paused_until": NOW + POLL}, HealthState.PAUSED),
        ({"paused_until": NOW}, HealthState.UP_TO_DATE),
        ({"found": a_reading(gap_since=NOW, gap_reason="Gmail no longer had the list.")}, HealthState.GAP),
        ({"unexplained": 3}, HealthState.UNEXPLAINED),
        ({"by_state": {LedgerState.QUARANTINED: 1}}, HealthState.NEEDS_YOU),
        ({"found": a_reading(phase=Phase.BACKFILLING)}, HealthState.BACKFILLING),
        ({"found": a_reading(phase=Phase.RESCANNING)}, HealthState.BACKFILLING),
        ({"found": a_reading(caught_up_at=None)}, HealthState.BACKFILLING),
        ({"found": a_reading(caught_up_at=NOW - 3 * POLL)}, HealthState.LATE),
        ({"by_state": {LedgerState.TO_READ: 7}}, HealthState.CATCHING_UP),
        ({"unexplained": 0, "compared_at": NOW - timedelta(hours=35)}, HealthState.UP_TO_DATE),
        ({"unexplained": 0, "compared_at": NOW - timedelta(hours=37)}, HealthState.NOT_COMPARED),
        ({"found": a_reading(started_at=NOW - timedelta(hours=37))}, HealthState.NOT_COMPARED),
        ({"by_state": {LedgerState.WAITING: 7, LedgerState.EXCLUDED: 9}}, HealthState.UP_TO_DATE),
    ],
)
def test_each_state_is_told(given: dict[str, Any], expected: HealthState) -> None:
    """Case 1: "up to date" is said only when nothing is known to be missing."""
    found = health_of(**given)
    assert found.state is expected
    assert found.is_well == (expected is HealthState.UP_TO_DATE)
    assert found.sentence.endswith((".", "!"))
    assert (found.tone == "success") == found.is_well
    assert found.label


def test_a_mailbox_that_was_never_switched_on_is_off() -> None:
    mailbox = Mailbox(state=MailboxState.CONNECTED, paused_until=None)
    assert health(None, mailbox, Counts(by_state={}, by_rule={}), NOW, POLL).state is HealthState.OFF


def test_the_worst_is_told_first() -> None:
    everything: dict[str, Any] = {
        "found": a_reading(gap_since=NOW, gap_reason="Lost.", caught_up_at=NOW - timedelta(days=1)),
        "by_state": {LedgerState.QUARANTINED: 1, LedgerState.TO_READ: 5},
        "unexplained": 2,
    }
    assert health_of(**everything, paused_until=NOW + POLL, state="needs_reconnect").state == "needs_reconnect"
    assert health_of(**everything, paused_until=NOW + POLL).state == "paused"
    assert health_of(**everything).state == "gap"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"paused_until": NOW + timedelta(minutes=14)}, "Gmail asked to slow down. Rapport rests for 14 more minutes."),
        ({"paused_until": NOW + timedelta(seconds=20)}, "Rapport rests for 1 more minute."),
        ({"by_state": {LedgerState.QUARANTINED: 1}}, "1 message could not be read."),
        ({"by_state": {LedgerState.TO_READ: 1204}}, "1,204 messages still to be read."),
        ({"found": a_reading(phase=Phase.BACKFILLING), "by_state": {LedgerState.TO_READ: 4}}, "1,204 messages found"),
        ({"found": a_reading(caught_up_at=NOW - timedelta(minutes=9), problem="Gmail did not answer.")}, "9 minutes"),
        ({"found": a_reading(gap_since=NOW, gap_reason="Gmail no longer had it.")}, "Mail since 22 November 2026"),
        ({"unexplained": 0, "compared_at": NOW - timedelta(days=2)}, "Not compared with Gmail since 20 November 2026."),
        ({"unexplained": 1}, "found 1 message without explanation"),
    ],
)
def test_the_words_are_those_of_a_person(given: dict[str, Any], words: str) -> None:
    assert words in health_of(**given).sentence
