"""The jobs of mail. They take ids, may run twice, and hold no rule."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import insert_if_absent
from server.ids import new_id
from server.mail import relevel, rematch, replay
from server.mail.logged import really_logged, really_waiting
from server.mail.models import ExclusionKind, MailCursor, MailMessage, MailReplay
from server.mail.read_mailbox import Reader
from server.mail.rules import load_rules
from server.mailboxes import connection, reading, reconcile
from server.mailboxes.follow import follow
from server.mailboxes.halt import Halt, halt
from server.mailboxes.models import Mailbox
from server.mailboxes.opening import open_mailbox
from server.ports.errors import PortError
from server.ports.gmail import GmailMailbox
from server.runtime import Runtime

READ = reading.READ_JOB
RECONCILE = reading.RECONCILE_JOB
RELEVEL = reading.RELEVEL_JOB
REMATCH = "mail.rematch"
REPLAY = "mail.replay"
_LOOKED, _LOOKED_AT_ALL = "mail.rematch", "mail.rematch_all"
_A_DAY = timedelta(days=1)
_PAGE = 500
# Well under the queue's time-out for a job.
_SLICE_LASTS = timedelta(seconds=240)


def read(runtime: Runtime, *, mailbox_id: str) -> None:
    """Bring the mailbox's ledger to Gmail's present and read what is due; then nudge again if more is."""
    box, holder = uuid.UUID(mailbox_id), str(new_id())
    with runtime.db.transaction() as session:
        if not reading.take_lane(session, box, holder=holder, now=runtime.clock.now()):
            return
    more = False
    try:
        gmail = open_mailbox(runtime, box)
        if gmail is not None:
            more = _Slice(runtime=runtime, box=box, holder=holder, gmail=gmail).work()
    finally:
        with runtime.db.transaction() as session:
            reading.leave_lane(session, box, holder=holder)
    if more:
        runtime.jobs.wake(READ, mailbox_id=mailbox_id)


@dataclass(frozen=True, kw_only=True)
class _Slice:
    """One worker's turn with one mailbox."""

    runtime: Runtime
    box: uuid.UUID
    holder: str
    gmail: GmailMailbox

    def work(self) -> bool:
        """Whether to come back soon: the time is used up and rows are still due."""
        runtime = self.runtime
        with runtime.db.transaction() as session:
            mailbox = connection.by_id(session, self.box)
            position = reading.of(session, self.box)
            failed_before = position.failures if position is not None else 0
            labels = load_rules(session).exclusions.values(self.box, ExclusionKind.LABEL)
        followed = follow(
            runtime.db,
            runtime.clock,
            self.box,
            self.gmail,
            holder=self.holder,
            poll_interval=timedelta(seconds=runtime.settings.poll_interval_s),
            excluded_labels=labels,
            push_topic=runtime.settings.gmail_push_topic,
        )
        if followed.halt is Halt.RECONNECT:
            _lose_access(self.runtime, mailbox)
        if followed.halt in (Halt.RECONNECT, Halt.PAUSED, Halt.LANE_LOST):
            return False
        return self._read(mailbox, failed_before)

    def _read(self, mailbox: Mailbox, failed_before: int) -> bool:
        stop_at = self.runtime.clock.now() + _SLICE_LASTS
        while self.runtime.clock.now() < stop_at:
            try:
                if self._read_batch(mailbox) == 0:
                    return self._end()
            except PortError as error:
                how = halt(self.runtime.db, self.runtime.clock, self.box, error, failed_before=failed_before)
                if how is Halt.RECONNECT:
                    _lose_access(self.runtime, mailbox)
                return False
            except reading.LaneLost:
                return False
        return True

    def _read_batch(self, mailbox: Mailbox) -> int:
        """Raises LaneLost when the person stopped it, Google asked for rest, or another worker took over."""
        runtime = self.runtime
        with runtime.db.transaction() as session:
            position = reading.hold(session, self.box, holder=self.holder, now=runtime.clock.now())
            reader = Reader(
                db=runtime.db,
                clock=runtime.clock,
                gmail=self.gmail,
                mailbox_id=self.box,
                user_id=mailbox.user_id,
                holder=self.holder,
                level=position.level,
                window_from=position.window_from,
                may_read_text=connection.can_read_text(mailbox),
            )
        return reader.read_batch()

    def _end(self) -> bool:
        with self.runtime.db.transaction() as session:
            reading.hold(session, self.box, holder=self.holder, now=self.runtime.clock.now())
            reading.close_gap(session, self.box)
        return False


def _lose_access(runtime: Runtime, mailbox: Mailbox) -> None:
    with runtime.db.transaction() as session:
        connection.lose_access(
            session,
            mailbox_id=mailbox.id,
            granted_at=mailbox.connected_at,
            reason="Google no longer accepts the permission you gave.",
            now=runtime.clock.now(),
        )


def compare(runtime: Runtime, *, mailbox_id: str) -> None:
    """Reconcile one mailbox: a listing of its own against the ledger."""
    box = uuid.UUID(mailbox_id)
    with runtime.db.reading() as session:
        mailbox = connection.by_id(session, box)
    gmail = open_mailbox(runtime, box)
    if gmail is None:
        return
    found = reconcile.reconcile(
        runtime.db,
        runtime.clock,
        box,
        gmail,
        is_really_logged=lambda session, gmail_ids: really_logged(session, box, gmail_ids),
        is_really_waiting=lambda session, gmail_ids: really_waiting(session, box, gmail_ids),
    )
    if found is Halt.RECONNECT:
        _lose_access(runtime, mailbox)
    elif not isinstance(found, Halt) and found.missed:
        runtime.jobs.wake(READ, mailbox_id=mailbox_id)


def sweep(runtime: Runtime) -> int:
    """Nudge for every mailbox whose time has come, or that has rows due; how many."""
    now: datetime = runtime.clock.now()
    with runtime.db.reading() as session:
        boxes = reading.due_mailboxes(session, now)
        nights = reconcile.due_reconciliations(session, now)
    for box in boxes:
        runtime.jobs.wake(READ, mailbox_id=str(box))
    for box in nights:
        runtime.jobs.wake(RECONCILE, mailbox_id=str(box))
    return len(boxes) + len(nights)


def rematch_added(runtime: Runtime) -> None:
    """Link the older mail of contacts, addresses and domains that came since the last look; once a day, of all."""
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        rematch.reopen_bulk(session, now)
        looked = _cursor(session, _LOOKED, now)
        everything = _cursor(session, _LOOKED_AT_ALL, now)
        is_daily = everything.at <= now - _A_DAY
        since = None if is_daily else looked.at
    after: uuid.UUID | None = None
    while True:
        with runtime.db.transaction() as session:
            rules = load_rules(session)
            found = rematch.look(session, since=since, now=now, limit=_PAGE, after=after)
        for message_id in found:
            with runtime.db.transaction() as session:
                rematch.relink(session, message_id, rules, runtime.clock.now())
        if len(found) < _PAGE:
            break
        after = found[-1]
    with runtime.db.transaction() as session:
        _cursor(session, _LOOKED, now).at = now
        if is_daily:
            _cursor(session, _LOOKED_AT_ALL, now).at = now


def _cursor(session: Session, name: str, now: datetime) -> MailCursor:
    """Locked. The first time, nothing was looked at yet."""
    insert_if_absent(session, MailCursor(id=new_id(), name=name, at=now - _A_DAY))
    return session.scalars(select(MailCursor).where(MailCursor.name == name).with_for_update()).one()


def go_on_with_replay(runtime: Runtime, *, replay_id: str) -> None:
    """A slice of a preview or of what was confirmed; then nudge for the next."""
    if replay.run_slice(runtime.db, runtime.clock, uuid.UUID(replay_id)):
        runtime.jobs.wake(REPLAY, replay_id=replay_id)


def relevel_past(runtime: Runtime, *, mailbox_id: str) -> None:
    """Bring what is logged of a mailbox to the level that its owner chose for the past."""
    stop_at = runtime.clock.now() + _SLICE_LASTS
    while relevel.run_some(runtime.db, runtime.clock, uuid.UUID(mailbox_id)):
        if runtime.clock.now() >= stop_at:
            runtime.jobs.wake(RELEVEL, mailbox_id=mailbox_id)
            return


def wake_added(runtime: Runtime) -> None:
    """Look for what was added, and go on with replays and levels whose worker died."""
    with runtime.db.reading() as session:
        releveled = relevel.under_way(session)
        has_mail = session.scalars(select(MailMessage.id).limit(1)).first() is not None
        unfinished = session.scalars(
            select(MailReplay.id).where(MailReplay.state.in_(("previewing", "applying")))
        ).all()
    if has_mail:
        runtime.jobs.wake(REMATCH)
    for replay_id in unfinished:
        runtime.jobs.wake(REPLAY, replay_id=str(replay_id))
    for mailbox_id in releveled:
        runtime.jobs.wake(RELEVEL, mailbox_id=str(mailbox_id))
