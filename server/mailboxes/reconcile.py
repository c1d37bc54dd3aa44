"""Reconciliation to zero: what Gmail lists of the window, compared with what the ledger says became of it.

It asks Gmail afresh and trusts no cursor. Memory does not grow with the mailbox: only ids that the ledger does not
know are held. It needs no lane, so that mail is read meanwhile: what comes while it lists stands in the history.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.clock import Clock
from server.db import Database
from server.logs import logger
from server.mailboxes import connection, ledger, pause
from server.mailboxes.halt import Halt, halt
from server.mailboxes.history import brings
from server.mailboxes.ledger import HIDING_LABELS
from server.mailboxes.listing import window_page
from server.mailboxes.models import (
    LedgerState,
    Mailbox,
    MailboxReading,
    MailboxState,
    Phase,
    Reconciliation,
)
from server.mailboxes.nights import next_night
from server.mailboxes.reading import LaneLost, open_gap
from server.ports.errors import AccessLost, HistoryExpired, PortError, Throttled
from server.ports.gmail import GmailMailbox, MessageRef

IsReally = Callable[[Session, Sequence[str]], set[str]]

_AGAIN_AFTER = timedelta(minutes=10)
_LASTS_AT_MOST = timedelta(minutes=15)
_KEPT_FOR = timedelta(days=90)
# The two ways of listing differ by a second at the window's edge.
_EDGE = timedelta(seconds=2)

log = logger(__name__)


@dataclass(kw_only=True)
class _Tally:
    listed: int = 0
    states: Counter[LedgerState] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    not_really_logged: list[str] = field(default_factory=list)
    not_really_waiting: list[str] = field(default_factory=list)
    listed_though_hidden: list[str] = field(default_factory=list)
    unknown: dict[str, MessageRef] = field(default_factory=dict)


def reconcile(
    db: Database,
    clock: Clock,
    mailbox_id: uuid.UUID,
    gmail: GmailMailbox,
    *,
    is_really_logged: IsReally,
    is_really_waiting: IsReally | None = None,
) -> Reconciliation | Halt:
    """Compare and keep the result. `is_really_logged` gives those of the Gmail ids that a linked message stands for,
    `is_really_waiting` those that stand stored for a person to decide.

    What no reading had brought goes onto the work list, and the mailbox has a gap until it is read. Halt says why
    nothing could be compared; `reconcile_at` then says when it is tried again. Never raises for what Gmail answers.
    """
    one = _Comparison(
        db=db,
        clock=clock,
        mailbox_id=mailbox_id,
        gmail=gmail,
        is_really_logged=is_really_logged,
        is_really_waiting=is_really_waiting,
    )
    try:
        return one.run()
    except (LaneLost, HistoryExpired):
        # Without the history nobody can tell what is on its way from what was missed: the reader lists anew first.
        stopped = Halt.LATER
    except (Throttled, AccessLost) as error:
        stopped = halt(db, clock, mailbox_id, error)
    except PortError as error:
        log.info("reconciliation_halted", mailbox_id=str(mailbox_id), reason=error.reason)
        stopped = Halt.LATER
    with db.transaction() as session:
        ask_for(session, mailbox_id, clock.now() + _AGAIN_AFTER)
    return stopped


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    db: Database
    clock: Clock
    mailbox_id: uuid.UUID
    gmail: GmailMailbox
    is_really_logged: IsReally
    is_really_waiting: IsReally | None

    def run(self) -> Reconciliation:
        """Raises LaneLost when the mailbox cannot be compared now, and what the port raises."""
        before, can_search = self._begin()
        tally = self._list(before, can_search=can_search)
        coming = self._what_history_brings(before, tally) if tally.unknown else set()
        return self._write(before, tally, coming)

    def _begin(self) -> tuple[MailboxReading, bool]:
        now = self.clock.now()
        with self.db.transaction() as session:
            mailbox = connection.by_id(session, self.mailbox_id)
            reading = session.get(MailboxReading, self.mailbox_id, with_for_update=True)
            if reading is None or reading.phase != Phase.FOLLOWING or not _may_be_called(mailbox, now):
                raise LaneLost
            reading.reconcile_at = now + _LASTS_AT_MOST
        return reading, connection.can_read_text(mailbox)

    def _check(self) -> None:
        """Before each call: the person may have disconnected, Google may have asked somebody else for rest."""
        with self.db.reading() as session:
            if not _may_be_called(connection.by_id(session, self.mailbox_id), self.clock.now()):
                raise LaneLost

    def _list(self, before: MailboxReading, *, can_search: bool) -> _Tally:
        tally, token = _Tally(), None
        while True:
            self._check()
            page = window_page(self.gmail, since=before.window_from + _EDGE, can_search=can_search, page_token=token)
            with self.db.reading() as session:
                self._compare(session, page.refs, tally)
            token = page.next_page_token
            if token is None:
                return tally

    def _compare(self, session: Session, refs: Sequence[MessageRef], tally: _Tally) -> None:
        by_id = {ref.gmail_message_id: ref for ref in refs}
        states = ledger.states_of(session, self.mailbox_id, list(by_id))
        tally.listed += len(by_id)
        tally.not_really_logged += _denied(session, states, LedgerState.LOGGED, self.is_really_logged)
        if self.is_really_waiting is not None:
            tally.not_really_waiting += _denied(session, states, LedgerState.WAITING, self.is_really_waiting)
        tally.unknown.update({message_id: by_id[message_id] for message_id in by_id if message_id not in states})
        for message_id, (state, rule) in states.items():
            tally.states[state] += 1
            if state is LedgerState.EXCLUDED:
                tally.excluded[rule or "unnamed"] += 1
            if state is LedgerState.GONE or rule in ledger.HIDING_RULES:
                tally.listed_though_hidden.append(message_id)

    def _what_history_brings(self, before: MailboxReading, tally: _Tally) -> set[str]:
        """Those of the unknown that the reader will meet by itself: they came after its cursor."""
        coming: set[str] = set()
        token: str | None = None
        while before.history_id is not None:
            self._check()
            page = self.gmail.history(start_history_id=before.history_id, page_token=token)
            coming |= {
                record.gmail_message_id
                for record in page.records
                if record.gmail_message_id in tally.unknown and brings(record, HIDING_LABELS)
            }
            token = page.next_page_token
            if token is None:
                break
        return coming

    def _write(self, before: MailboxReading, tally: _Tally, coming: set[str]) -> Reconciliation:
        now = self.clock.now()
        with self.db.transaction() as session:
            # In the order of all others: the rows that we add lock the mailbox's, too.
            session.get_one(Mailbox, self.mailbox_id, with_for_update={"read": True, "key_share": True})
            reading = session.get_one(MailboxReading, self.mailbox_id, with_for_update=True)
            if (reading.started_at, reading.window_from) != (before.started_at, before.window_from):
                raise LaneLost
            # Looked up once more: the reader may have brought them while we listed.
            arrived = ledger.states_of(session, self.mailbox_id, list(tally.unknown))
            missed = [ref for key, ref in tally.unknown.items() if key not in arrived and key not in coming]
            found = _result(before, tally, missed=len(missed), now=now)
            if found.unexplained:
                self._alarm(session, reading, found)
                ledger.add(session, self.mailbox_id, missed, now)
                untrue = [*tally.not_really_logged, *tally.not_really_waiting]
                ledger.reopen(session, self.mailbox_id, gmail_message_ids=untrue, now=now)
            ledger.reopen(
                session,
                self.mailbox_id,
                gmail_message_ids=tally.listed_though_hidden,
                states=[LedgerState.GONE, LedgerState.EXCLUDED],
                now=now,
            )
            session.execute(
                delete(Reconciliation).where(
                    Reconciliation.mailbox_id == self.mailbox_id, Reconciliation.at < now - _KEPT_FOR
                )
            )
            session.add(found)
            session.flush()
            # After an alarm, soon again: that what was missed is now explained has to be shown and not believed.
            reading.reconcile_at = (
                now + _AGAIN_AFTER if found.unexplained else next_night(session, self.mailbox_id, now)
            )
        return found

    def _alarm(self, session: Session, reading: MailboxReading, found: Reconciliation) -> None:
        earlier = last_reconciliation(session, self.mailbox_id)
        was_whole_at = earlier.at if earlier is not None and earlier.unexplained == 0 else reading.window_from
        reason = f"A comparison with Gmail found {found.unexplained} messages that Rapport had not read."
        open_gap(reading, since=was_whole_at, reason=reason)
        log.error(
            "mail_unexplained",
            mailbox_id=str(self.mailbox_id),
            unexplained=found.unexplained,
            missed=found.missed,
            listed=found.listed,
        )


def _denied(
    session: Session, states: Mapping[str, tuple[LedgerState, str | None]], wanted: LedgerState, is_really: IsReally
) -> list[str]:
    """Those that the ledger says are in this state and the store does not."""
    said = [message_id for message_id, (state, _) in states.items() if state is wanted]
    really = is_really(session, said) if said else set()
    return [message_id for message_id in said if message_id not in really]


def _result(before: MailboxReading, tally: _Tally, *, missed: int, now: datetime) -> Reconciliation:
    unexplained = missed + len(tally.not_really_logged) + len(tally.not_really_waiting)
    waiting = tally.states[LedgerState.WAITING] - len(tally.not_really_waiting)
    return Reconciliation(
        mailbox_id=before.id,
        at=now,
        window_from=before.window_from,
        listed=tally.listed,
        logged=tally.states[LedgerState.LOGGED] - len(tally.not_really_logged),
        excluded=dict(tally.excluded.most_common()),
        waiting=waiting + tally.states[LedgerState.QUARANTINED],
        gone=tally.states[LedgerState.GONE],
        on_their_way=tally.states[LedgerState.TO_READ] + len(tally.unknown) - missed,
        missed=missed,
        unexplained=unexplained,
    )


def last_reconciliation(session: Session, mailbox_id: uuid.UUID) -> Reconciliation | None:
    return session.scalars(
        select(Reconciliation)
        .where(Reconciliation.mailbox_id == mailbox_id)
        .order_by(Reconciliation.at.desc(), Reconciliation.id.desc())
        .limit(1)
    ).one_or_none()


def ask_for(session: Session, mailbox_id: uuid.UUID, at: datetime) -> None:
    """Compare at this time: now, when a person asks. Nothing where reading was never switched on."""
    reading = session.get(MailboxReading, mailbox_id, with_for_update=True)
    if reading is not None:
        reading.reconcile_at = at


def due_reconciliations(session: Session, now: datetime) -> list[uuid.UUID]:
    """Mailboxes to compare: the first time as soon as their window was listed, then each night."""
    statement = (
        select(MailboxReading.id)
        .join(Mailbox, Mailbox.id == MailboxReading.id)
        .where(
            Mailbox.state == MailboxState.CONNECTED,
            MailboxReading.phase == Phase.FOLLOWING,
            pause.not_paused(now),
            (MailboxReading.reconcile_at.is_(None)) | (MailboxReading.reconcile_at <= now),
        )
    )
    return list(session.scalars(statement))


def _may_be_called(mailbox: Mailbox, now: datetime) -> bool:
    return mailbox.state == MailboxState.CONNECTED and not pause.is_paused(mailbox, now)
