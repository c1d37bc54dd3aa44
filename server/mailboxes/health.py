"""How a mailbox does, in words that a TAM understands. It is never called well while we know of something missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.mailboxes.ledger import Counts
from server.mailboxes.models import LedgerState, Mailbox, MailboxReading, MailboxState, Phase, Reconciliation
from server.mailboxes.pause import is_paused

# A night and a half: one comparison that failed is caught up by the next.
_COMPARED_WITHIN = timedelta(hours=36)


class HealthState(StrEnum):
    """From the worst to the best."""

    DISCONNECTED = "disconnected"
    NEEDS_RECONNECT = "needs_reconnect"
    OFF = "off"
    PAUSED = "paused"
    GAP = "gap"
    UNEXPLAINED = "unexplained"
    NEEDS_YOU = "needs_you"
    LATE = "late"
    NOT_COMPARED = "not_compared"
    BACKFILLING = "backfilling"
    CATCHING_UP = "catching_up"
    UP_TO_DATE = "up_to_date"


@dataclass(frozen=True, kw_only=True)
class Health:
    """`tone` is success, info, warning, danger or neutral; `cure` is "" where there is nothing to do."""

    state: HealthState
    label: str
    tone: str
    sentence: str
    cure: str = ""

    @property
    def is_well(self) -> bool:
        return self.state is HealthState.UP_TO_DATE


def health(
    reading: MailboxReading | None,
    mailbox: Mailbox,
    counts: Counts,
    now: datetime,
    poll_interval: timedelta,
    last_reconciliation: Reconciliation | None = None,
) -> Health:
    """The worst that is known. Pure: it asks nobody and changes nothing."""
    return (
        _of_access(reading, mailbox)
        or _of_rest(mailbox, now)
        or _of_gaps(reading, counts, last_reconciliation)
        or _of_pace(reading, counts, now, poll_interval, last_reconciliation)
    )


def _of_access(reading: MailboxReading | None, mailbox: Mailbox) -> Health | None:
    if mailbox.state == MailboxState.DISCONNECTED:
        return Health(
            state=HealthState.DISCONNECTED,
            label="Disconnected",
            tone="neutral",
            sentence="Rapport has no access to this mailbox and reads nothing.",
            cure="Connect Gmail; reading goes on from where it stopped.",
        )
    if mailbox.state == MailboxState.NEEDS_RECONNECT:
        return Health(
            state=HealthState.NEEDS_RECONNECT,
            label="Reconnect needed",
            tone="danger",
            sentence="Google no longer lets Rapport read this mailbox. New mail is not on the timeline.",
            cure="Reconnect Gmail; what came meanwhile is then read, and nothing is lost.",
        )
    if reading is None or reading.phase == Phase.OFF:
        return Health(
            state=HealthState.OFF,
            label="Not read",
            tone="neutral",
            sentence="Rapport does not read this mailbox. Only what you send from Rapport is on the timeline.",
            cure="Start reading when you are ready.",
        )
    return None


def _of_rest(mailbox: Mailbox, now: datetime) -> Health | None:
    if not is_paused(mailbox, now) or mailbox.paused_until is None:
        return None
    minutes = max(1, round((mailbox.paused_until - now).total_seconds() / 60))
    return Health(
        state=HealthState.PAUSED,
        label="Paused by Gmail",
        tone="warning",
        sentence=f"{mailbox.pause_reason or 'Gmail asked to slow down.'} "
        f"Rapport rests for {_many(minutes, 'more minute')}.",
        cure="Nothing to do: it goes on by itself, and nothing is lost.",
    )


def _of_gaps(reading: MailboxReading | None, counts: Counts, last: Reconciliation | None) -> Health | None:
    if reading is not None and reading.gap_since is not None:
        return Health(
            state=HealthState.GAP,
            label="Mail may be missing",
            tone="danger",
            sentence=f"{reading.gap_reason or 'Rapport lost its place.'} "
            f"Mail since {reading.gap_since:%d %B %Y} is being read again.",
            cure="Nothing to do: this stays here until everything is read.",
        )
    if last is not None and last.unexplained:
        return Health(
            state=HealthState.UNEXPLAINED,
            label="To be compared again",
            tone="danger",
            sentence=f"The last comparison with Gmail found {_many(last.unexplained, 'message')} without explanation. "
            "Rapport reads them and compares again.",
            cure="Nothing to do; if it stays, tell whoever runs Rapport.",
        )
    aside = counts.of(LedgerState.QUARANTINED)
    if aside:
        return Health(
            state=HealthState.NEEDS_YOU,
            label="Needs you",
            tone="warning",
            sentence=f"{_many(aside, 'message')} could not be read. Everything else is.",
            cure="Try them again, or look at them in Gmail.",
        )
    return None


def _of_pace(
    reading: MailboxReading | None,
    counts: Counts,
    now: datetime,
    poll_interval: timedelta,
    last: Reconciliation | None,
) -> Health:
    assert reading is not None, "a mailbox that is not read was told before"
    to_read = counts.of(LedgerState.TO_READ)
    if reading.phase != Phase.FOLLOWING or reading.caught_up_at is None:
        listed = f"{_many(reading.listed, 'message')} found so far, {to_read:,} of them still to be read."
        return Health(
            state=HealthState.BACKFILLING,
            label="Reading your mail",
            tone="info",
            sentence=f"Rapport is looking through your mail: {listed}",
        )
    behind = now - reading.caught_up_at
    if behind > 2 * poll_interval:
        minutes = max(1, round(behind.total_seconds() / 60))
        return Health(
            state=HealthState.LATE,
            label="Behind",
            tone="warning",
            sentence=f"Rapport last looked {_many(minutes, 'minute')} ago. {reading.problem or ''}".strip(),
            cure="It tries again by itself; if this stays, tell whoever runs Rapport.",
        )
    compared_at = last.at if last is not None else reading.started_at
    if now - compared_at > _COMPARED_WITHIN:
        return Health(
            state=HealthState.NOT_COMPARED,
            label="Not compared lately",
            tone="warning",
            sentence=f"Not compared with Gmail since {compared_at:%d %B %Y}. Whether mail is missing is not known.",
            cure="Compare now; if this comes back, tell whoever runs Rapport.",
        )
    if to_read:
        return Health(
            state=HealthState.CATCHING_UP,
            label="Catching up",
            tone="info",
            sentence=f"{_many(to_read, 'message')} still to be read.",
        )
    return Health(
        state=HealthState.UP_TO_DATE,
        label="Up to date",
        tone="success",
        sentence="Every message of your mailbox since the chosen day is accounted for.",
    )


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
