"""What to do when Gmail does not answer as hoped: rest, ask the person to reconnect, or come back later."""

from __future__ import annotations

import uuid
from datetime import timedelta
from enum import Enum, auto

from server.clock import Clock
from server.db import Database
from server.logs import logger
from server.mailboxes import pause
from server.mailboxes.models import MailboxReading
from server.ports.errors import AccessLost, PortError, Throttled

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)
# Google's stamp is no exact time, and may already be past: whoever calls again at once is told to wait longer.
_SHORTEST_REST = timedelta(seconds=5)

log = logger(__name__)


class Halt(Enum):
    """Why reading stopped. RECONNECT: the caller, who knows which grant it used, says that access is lost."""

    PAUSED = auto()
    RECONNECT = auto()
    LATER = auto()
    LANE_LOST = auto()


def halt(db: Database, clock: Clock, mailbox_id: uuid.UUID, error: PortError, *, failed_before: int = 0) -> Halt:
    """Note a failure that concerns the whole mailbox, and say how to stop. The cursor and the work list stay.

    `failed_before`: how many looks had failed when this one began, where its first half has reset the count.
    """
    log.info("reading_halted", mailbox_id=str(mailbox_id), kind=type(error).__name__, reason=error.reason)
    now = clock.now()
    if isinstance(error, AccessLost):
        return Halt.RECONNECT
    if isinstance(error, Throttled):
        heed(db, clock, mailbox_id, error)
        return Halt.PAUSED
    with db.transaction() as session:
        reading = session.get_one(MailboxReading, mailbox_id, with_for_update=True)
        failures = max(reading.failures, failed_before)
        wait = min(_FIRST_WAIT * 2 ** min(failures, 10), _LONGEST_WAIT)
        reading.failures = failures + 1
        reading.problem = "Gmail did not answer."
        reading.next_look_at = now + wait
    return Halt.LATER


def heed(db: Database, clock: Clock, mailbox_id: uuid.UUID, error: PortError) -> None:
    """Rest if that is what Google asks for, whoever called: a page has no other part in the reading."""
    if not isinstance(error, Throttled):
        return
    until = max(error.retry_at, clock.now() + _SHORTEST_REST)
    with db.transaction() as session:
        pause.pause(session, mailbox_id, until, "Gmail asked to slow down.")
