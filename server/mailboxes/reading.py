"""Switching the reading of a mailbox on and off, what it is asked to cover, and who reads it just now.

Locks are taken in one order everywhere: the mailbox's row first, then that of its reading.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from server.errors import Conflict, Invalid, NotFound
from server.mailboxes import ledger, pause
from server.mailboxes.models import LedgerState, Mailbox, MailboxMessage, MailboxReading, MailboxState, Phase
from server.timeline.models import Level

READ_JOB = "mail.read"
RECONCILE_JOB = "mail.reconcile"
RELEVEL_JOB = "mail.relevel"
DEFAULT_DAYS = 30
MOST_DAYS = 3650

# Longer than the slowest call with its token renewals, and begun anew with each page.
LEASE = timedelta(seconds=180)


class LaneLost(Exception):
    """Another reader has this mailbox now, or it must not be called: whoever read it lets go."""


def of(session: Session, mailbox_id: uuid.UUID) -> MailboxReading | None:
    """None when reading was never switched on."""
    return session.get(MailboxReading, mailbox_id)


def start(session: Session, mailbox_id: uuid.UUID, *, level: Level, days: int, now: datetime) -> MailboxReading:
    """Read everything of the last `days`, then what comes. Begun again, it lists the window anew: nothing is missed.

    Raises Conflict when the mailbox is not connected, Invalid for a window that is none.
    """
    mailbox = session.get(Mailbox, mailbox_id, with_for_update=True)
    if mailbox is None or mailbox.state != MailboxState.CONNECTED:
        raise Conflict("Gmail is not connected.", cure="Connect it first.")
    window_from = now - timedelta(days=checked_days(days))
    reading = session.get(MailboxReading, mailbox_id, with_for_update=True)
    is_known = reading is not None
    if reading is None:
        reading = MailboxReading(id=mailbox_id, level=level)
        session.add(reading)
    was_level, reading.level = reading.level, level
    reading.window_from = window_from
    reading.history_id = reading.caught_up_at = None
    # While nobody read, mail may have been deleted, or got labels: no history of ours tells.
    reading.recheck_since, reading.recheck_after = (window_from if is_known else None), None
    reading.failures, reading.problem = 0, None
    reading.started_at = reading.next_look_at = now
    _list_from(reading, window_from, Phase.BACKFILLING)
    _reopen_excluded_by_level(session, reading, was_level, now)
    ledger.reopen(session, mailbox_id, rules=[ledger.BEFORE_WINDOW], now=now)
    return reading


def stop(session: Session, mailbox_id: uuid.UUID) -> None:
    """Read no more. What is logged stays, and so does the ledger."""
    reading = _locked(session, mailbox_id)
    reading.phase = Phase.OFF
    reading.gap_since = reading.gap_reason = None
    reading.watch_expires_at = reading.watch_asked_at = None


def change_level(
    session: Session, mailbox_id: uuid.UUID, *, level: Level, is_for_past: bool = False, now: datetime
) -> None:
    """What colleagues see of mail that comes from now on. After `nothing`, what was left out is read after all.

    `is_for_past`: of what is logged already, too, as soon as somebody has gone through it. Raises Invalid.
    """
    if is_for_past and level == Level.NOTHING:
        raise Invalid(
            "Mail that is logged already can be hidden down to people and time, not to nothing.",
            cure="Choose “People and time only” for it, or take single mails off at their entries.",
            fields={"past": "Not together with “Nothing”."},
        )
    reading = _locked(session, mailbox_id)
    if is_for_past:
        reading.past_level = level
    was_level, reading.level = reading.level, level
    _reopen_excluded_by_level(session, reading, was_level, now)


def widen(
    session: Session,
    mailbox_id: uuid.UUID,
    *,
    days: int | None = None,
    rule: str | None = None,
    now: datetime,
) -> int:
    """Bring what was out of scope: an older beginning of the window, or what a rule that is gone had left out.

    An older window is listed; what stands in the ledger as excluded by `rule` is read again: how many those are.
    """
    reading = _locked(session, mailbox_id)
    reopened = ledger.reopen(session, mailbox_id, states=[LedgerState.EXCLUDED], rules=[rule], now=now) if rule else 0
    window_from = now - timedelta(days=checked_days(days)) if days is not None else reading.window_from
    if window_from < reading.window_from:
        reading.window_from = window_from
        reopened += ledger.reopen(session, mailbox_id, rules=[ledger.BEFORE_WINDOW], now=now)
        if reading.phase != Phase.OFF:
            # The cursor stays: history goes on from it when the listing is done.
            _list_from(reading, window_from, Phase.BACKFILLING)
    reading.next_look_at = min(reading.next_look_at, now)
    return reopened


def checked_days(days: int) -> int:
    """Raises Invalid."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"Rapport reads at least 1 and at most {MOST_DAYS} days back.", fields={"days": "1 to 3650"})
    return days


def lose_history(reading: MailboxReading, *, now: datetime) -> None:
    """Gmail forgot our cursor. List the window again, look at the labels of what we know of it, and say so until then.

    All of the window, since mail of any age may have come out of spam, or been brought from elsewhere, meanwhile.
    """
    open_gap(reading, since=reading.caught_up_at or now, reason="Gmail no longer had the list of changes.")
    reading.history_id = None
    reading.recheck_since, reading.recheck_after = reading.window_from, None
    _list_from(reading, reading.window_from, Phase.RESCANNING)


def open_gap(reading: MailboxReading, *, since: datetime, reason: str) -> None:
    """Mail may be missing since then. A gap that is already known keeps its beginning."""
    reading.gap_since = min(reading.gap_since or since, since)
    reading.gap_reason = reason


def close_gap(session: Session, mailbox_id: uuid.UUID) -> bool:
    """Whether no gap is left: it ends when what was listed for it is in the ledger and all of it was read."""
    reading = session.get_one(MailboxReading, mailbox_id)
    if reading.gap_since is None:
        return True
    is_busy = reading.list_from is not None or reading.recheck_since is not None or reading.history_id is None
    if is_busy or session.scalar(select(exists().where(*_to_read(mailbox_id)))):
        return False
    reading.gap_since = reading.gap_reason = None
    return True


def take_lane(session: Session, mailbox_id: uuid.UUID, *, holder: str, now: datetime) -> bool:
    """Whether `holder` may now read this mailbox. False while another reads it, or nobody may."""
    try:
        hold(session, mailbox_id, holder=holder, now=now, is_new=True)
    except LaneLost:
        return False
    return True


def hold(
    session: Session, mailbox_id: uuid.UUID, *, holder: str, now: datetime, is_new: bool = False
) -> MailboxReading:
    """The reading, locked, with a new lease. Raises LaneLost when it is no longer `holder`'s to read.

    Begins each transaction of a reader that writes, so that whoever was stopped, paused or replaced writes nothing.
    """
    # Shared with those who add rows that name the mailbox, against those who connect it anew or end it.
    mailbox = session.get(Mailbox, mailbox_id, with_for_update={"read": True, "key_share": True})
    reading = session.get(MailboxReading, mailbox_id, with_for_update=True, populate_existing=True)
    if mailbox is None or reading is None or reading.phase == Phase.OFF:
        raise LaneLost
    if mailbox.state != MailboxState.CONNECTED or pause.is_paused(mailbox, now):
        raise LaneLost
    is_free = reading.holder is None or reading.held_until is None or reading.held_until <= now
    if reading.holder != holder and not (is_new and is_free):
        raise LaneLost
    reading.holder, reading.held_until = holder, now + LEASE
    return reading


def still_holds(session: Session, mailbox_id: uuid.UUID, *, holder: str, now: datetime) -> bool:
    """Whether to go on: asked before each call to Gmail. Locks nothing and lengthens nothing."""
    found = session.scalar(
        select(MailboxReading.id)
        .join(Mailbox, Mailbox.id == MailboxReading.id)
        .where(MailboxReading.id == mailbox_id, MailboxReading.holder == holder, *_may_be_read(now))
    )
    return found is not None


def leave_lane(session: Session, mailbox_id: uuid.UUID, *, holder: str) -> None:
    session.execute(
        update(MailboxReading)
        .where(MailboxReading.id == mailbox_id, MailboxReading.holder == holder)
        .values(holder=None, held_until=None)
    )


def look_now(session: Session, *, email: str, now: datetime) -> uuid.UUID | None:
    """A push came for this address: the mailbox to look at, or None when it is not read."""
    return session.scalar(
        update(MailboxReading)
        .where(
            MailboxReading.id.in_(select(Mailbox.id).where(Mailbox.email == email)),
            MailboxReading.phase != Phase.OFF,
        )
        .values(next_look_at=now)
        .returning(MailboxReading.id)
        .execution_options(synchronize_session=False)
    )


def due_mailboxes(session: Session, now: datetime) -> list[uuid.UUID]:
    """Mailboxes to look at: time has come or rows are due, nobody reads them, and nobody asked for rest.

    After a failure of Gmail's rows do not wake it either before its time.
    """
    has_due_rows = exists().where(*_to_read(MailboxReading.id), MailboxMessage.not_before <= now)
    statement = (
        select(MailboxReading.id)
        .join(Mailbox, Mailbox.id == MailboxReading.id)
        .where(
            *_may_be_read(now),
            or_(MailboxReading.held_until.is_(None), MailboxReading.held_until <= now),
            or_(MailboxReading.next_look_at <= now, and_(MailboxReading.failures == 0, has_due_rows)),
        )
    )
    return list(session.scalars(statement))


def begin_again(session: Session, mailbox_id: uuid.UUID, now: datetime) -> None:
    """The mailbox was connected anew: go on from the cursor at once, and ask for a new watch."""
    session.execute(
        update(MailboxReading)
        .where(MailboxReading.id == mailbox_id)
        .values(next_look_at=now, watch_expires_at=None, watch_asked_at=None, failures=0, problem=None)
        .execution_options(synchronize_session=False)
    )


def _may_be_read(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Mailbox.state == MailboxState.CONNECTED,
        MailboxReading.phase != Phase.OFF,
        pause.not_paused(now),
    )


def _to_read(mailbox_id: object) -> tuple[ColumnElement[bool], ...]:
    return (MailboxMessage.mailbox_id == mailbox_id, MailboxMessage.state == LedgerState.TO_READ)


def _list_from(reading: MailboxReading, since: datetime, phase: Phase) -> None:
    reading.phase = phase
    reading.list_from = since
    reading.list_page_token = reading.pinned_history_id = None
    reading.listed = 0


def _reopen_excluded_by_level(session: Session, reading: MailboxReading, was_level: str, now: datetime) -> None:
    if was_level == Level.NOTHING and reading.level != Level.NOTHING:
        ledger.reopen(session, reading.id, rules=[ledger.MAILBOX_LEVEL], now=now)
        reading.next_look_at = now


def _locked(session: Session, mailbox_id: uuid.UUID) -> MailboxReading:
    """Raises NotFound when reading was never switched on."""
    reading = session.get(MailboxReading, mailbox_id, with_for_update=True)
    if reading is None:
        raise NotFound("This mailbox is not read.", cure="Start reading on the mailbox page.")
    return reading
