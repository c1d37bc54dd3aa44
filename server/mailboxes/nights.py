"""When a mailbox's quiet hour comes: after three in the night where its owner lives."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.mailboxes.models import Mailbox

_HOUR = 3


def next_night(session: Session, mailbox_id: uuid.UUID, now: datetime) -> datetime:
    """The next quiet hour, spread over sixty minutes so that not all mailboxes ask Gmail at once."""
    zone = session.scalar(
        select(User.time_zone).join(Mailbox, Mailbox.user_id == User.id).where(Mailbox.id == mailbox_id)
    )
    return quiet_hour(now, zone or "UTC", mailbox_id)


def quiet_hour(now: datetime, time_zone: str, mailbox_id: uuid.UUID) -> datetime:
    """`time_zone` is an IANA name. Where the clock skips that hour, the instant just after stands for it."""
    here = now.astimezone(_zone(time_zone))
    quiet = here.replace(hour=_HOUR, minute=mailbox_id.int % 60, second=0, microsecond=0)
    if quiet <= here:
        quiet += timedelta(days=1)
    return quiet.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return ZoneInfo("UTC")
