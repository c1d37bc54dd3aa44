"""Asking Gmail to push: once a day, so that a day on which it fails leaves six more before the watch ends."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from server.logs import logger
from server.mailboxes.lane import Lane
from server.mailboxes.models import MailboxReading
from server.ports.errors import Missing, PortError, Rejected
from server.ports.gmail import GmailMailbox

# A watch lives for seven days.
_RENEW_WITHIN = timedelta(days=6)
_ASK_AGAIN_AFTER = timedelta(hours=1)

log = logger(__name__)


def keep_watching(lane: Lane, *, topic: str) -> None:
    """Begin or renew the watch when it is time. A refusal is logged and not raised: polling goes on without it.

    The history id of the answer is not used: the cursor alone says what is in the ledger.
    """
    before = lane.position()
    if not is_due(before, lane.clock.now()):
        return
    expires_at: datetime | None = None
    try:
        expires_at = lane.ask(lambda: lane.gmail.watch(topic=topic)).expires_at
    except (Missing, Rejected) as error:
        log.warning("watch_refused", mailbox_id=str(lane.mailbox_id), reason=error.reason)
    with lane.step(before) as (_, reading):
        reading.watch_asked_at = lane.clock.now()
        reading.watch_expires_at = expires_at or reading.watch_expires_at


def is_due(reading: MailboxReading, now: datetime) -> bool:
    if reading.watch_asked_at is not None and now - reading.watch_asked_at < _ASK_AGAIN_AFTER:
        return False
    return reading.watch_expires_at is None or reading.watch_expires_at - now < _RENEW_WITHIN


def end(gmail: GmailMailbox, mailbox_id: uuid.UUID) -> None:
    """Ask Gmail to push no more: before the access is given back, and when reading is switched off. Never raises."""
    try:
        gmail.stop_watch()
    except PortError as error:
        # It ends by itself within a week, and until then its pushes are answered and forgotten.
        log.info("watch_not_stopped", mailbox_id=str(mailbox_id), reason=error.reason or type(error).__name__)
