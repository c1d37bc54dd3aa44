"""The outbox's jobs. They take ids, may run twice, and hold no rule."""

from __future__ import annotations

import uuid
from datetime import datetime

from server.ids import new_id
from server.logs import logger
from server.mailboxes import connection
from server.mailboxes.opening import open_mailbox
from server.runtime import Runtime
from server.sends import claim as claims
from server.sends.deliver import Delivery, Next

DRAIN = "sends.drain"
_SLICE = 25

log = logger(__name__)


def wake(runtime: Runtime, mailbox_id: uuid.UUID) -> None:
    """Nudge: after the commit, never before."""
    runtime.jobs.wake(DRAIN, mailbox_id=str(mailbox_id))


def drain(runtime: Runtime, *, mailbox_id: str) -> None:
    """Send what is due from one mailbox, one by one, at most a slice; then nudge again if more is due."""
    box, holder = uuid.UUID(mailbox_id), str(new_id())
    with runtime.db.transaction() as session:
        if not claims.take_lane(session, mailbox_id=box, holder=holder, now=runtime.clock.now()):
            return
    try:
        more = _send_slice(runtime, box, holder)
    finally:
        with runtime.db.transaction() as session:
            claims.leave_lane(session, mailbox_id=box, holder=holder)
    if more:
        wake(runtime, box)


def _send_slice(runtime: Runtime, box: uuid.UUID, holder: str) -> bool:
    mailbox = open_mailbox(runtime, box)
    if mailbox is None:
        return False
    for _ in range(_SLICE):
        with runtime.db.transaction() as session:
            now = runtime.clock.now()
            if not claims.take_lane(session, mailbox_id=box, holder=holder, now=now):
                return False
            email = claims.claim_next(session, mailbox_id=box, now=now)
        if email is None:
            return False
        after = Delivery(db=runtime.db, clock=runtime.clock, mailbox=mailbox, email=email).run()
        if after is Next.RECONNECT:
            with runtime.db.transaction() as session:
                connection.lose_access(
                    session,
                    mailbox_id=box,
                    reason="Google no longer accepts the permission you gave.",
                    now=runtime.clock.now(),
                )
            return False
        if after is Next.REST:
            return False
    return True


def sweep(runtime: Runtime) -> int:
    """Nudge every mailbox that has something due: what nobody nudged, and what a dead worker left. How many."""
    now: datetime = runtime.clock.now()
    with runtime.db.reading() as session:
        boxes = claims.due_mailboxes(session, now=now)
    for box in boxes:
        wake(runtime, box)
    return len(boxes)
