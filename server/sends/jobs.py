"""The outbox's jobs. They take ids, may run twice, and hold no rule."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.ids import new_id
from server.logs import logger
from server.mailboxes import connection
from server.mailboxes.opening import lose_access, open_mailbox
from server.runtime import Runtime
from server.sends import claim as claims
from server.sends import leftover_drafts
from server.sends.deliver import Delivery, Next

DRAIN = "sends.drain"
_SLICE = 25
# Well under the queue's time-out for a job, so that a slow Gmail ends a slice and not a kill in its middle.
_SLICE_LASTS = timedelta(seconds=240)

log = logger(__name__)


def wake(runtime: Runtime, mailbox_id: uuid.UUID) -> None:
    """Nudge: after the commit, never before."""
    runtime.jobs.wake(DRAIN, mailbox_id=str(mailbox_id))


def drain(runtime: Runtime, *, mailbox_id: str) -> None:
    """Send what is due from one mailbox, one by one, at most a slice; then nudge again if more is due."""
    lane = _Lane(runtime=runtime, box=uuid.UUID(mailbox_id), holder=str(new_id()))
    with runtime.db.transaction() as session:
        if not lane.take(session):
            return
    try:
        more = _work(lane)
    finally:
        with runtime.db.transaction() as session:
            claims.leave_lane(session, mailbox_id=lane.box, holder=lane.holder)
    if more:
        wake(runtime, lane.box)


@dataclass(frozen=True, kw_only=True)
class _Lane:
    """One worker's hold on one mailbox."""

    runtime: Runtime
    box: uuid.UUID
    holder: str

    def take(self, session: Session) -> bool:
        return claims.take_lane(session, mailbox_id=self.box, holder=self.holder, now=self.runtime.clock.now())


def _work(lane: _Lane) -> bool:
    """Whether to come back soon: the slice or its time is used up."""
    runtime = lane.runtime
    with runtime.db.reading() as session:
        granted_at = connection.by_id(session, lane.box).connected_at
    mailbox = open_mailbox(runtime, lane.box)
    if mailbox is None:
        return False
    stop_at = runtime.clock.now() + _SLICE_LASTS
    for _ in range(_SLICE):
        with runtime.db.transaction() as session:
            now = runtime.clock.now()
            # Asked for each email: the person may have disconnected, another worker may have taken over.
            if not lane.take(session) or not connection.still_holds(session, lane.box, granted_at=granted_at):
                return False
            leftover = claims.next_leftover(session, mailbox_id=lane.box, now=now)
            email = None if leftover else claims.claim_next(session, mailbox_id=lane.box, now=now)
        if leftover is not None:
            after = leftover_drafts.remove(runtime.db, runtime.clock, mailbox, leftover)
        elif email is not None:
            after = Delivery(db=runtime.db, clock=runtime.clock, mailbox=mailbox, email=email).run()
        else:
            return False
        if after is Next.RECONNECT:
            lose_access(runtime, lane.box, granted_at)
        if after is not Next.GO_ON:
            return False
        if runtime.clock.now() >= stop_at:
            return True
    return True


def sweep(runtime: Runtime) -> int:
    """Nudge every mailbox that has something due: what nobody nudged, and what a dead worker left. How many."""
    now: datetime = runtime.clock.now()
    with runtime.db.reading() as session:
        boxes = claims.due_mailboxes(session, now=now)
    for box in boxes:
        wake(runtime, box)
    return len(boxes)
