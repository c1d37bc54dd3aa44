"""The Cockpit's jobs: the morning digest."""

from __future__ import annotations

import uuid

from server.cockpit import digest, digest_mail
from server.logs import logger
from server.ports.errors import OutcomeUnknown, Rejected
from server.ports.post import NotNow
from server.runtime import Runtime

DIGEST = "cockpit.send_digest"

log = logger(__name__)


def wake_digests(runtime: Runtime) -> None:
    """Nudge for everybody whose morning it is."""
    if runtime.post is None:
        return
    with runtime.db.reading() as session:
        found = digest.due(session, runtime.clock.now())
    for user_id in found:
        runtime.jobs.wake(DIGEST, user_id=str(user_id))


def send_digest(runtime: Runtime, user_id: str) -> None:
    """Claim the day, then write and send. May run twice: only one gets the day."""
    who, now = uuid.UUID(user_id), runtime.clock.now()
    if runtime.post is None:
        return
    with runtime.db.transaction() as session:
        claimed = digest.claim(session, who, now)
    if claimed is None:
        return
    day, before = claimed
    with runtime.db.reading() as session:
        morning = digest.morning(session, who, day=day, now=now)
    if not morning.parts:
        log.info("digest_empty", user_id=user_id)
        return
    try:
        runtime.post.send(digest_mail.letter(morning, base_url=runtime.settings.base_url))
    except NotNow as error:
        with runtime.db.transaction() as session:
            digest.give_back(session, who, day, before)
        log.warning("digest_not_now", user_id=user_id, reason=error.reason)
    except (Rejected, OutcomeUnknown) as error:
        log.warning("digest_not_sent", user_id=user_id, outcome=type(error).__name__, reason=error.reason)
    else:
        log.info("digest_sent", user_id=user_id, parts=len(morning.parts))
