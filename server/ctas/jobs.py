"""The CTAs' jobs."""

from __future__ import annotations

from server.ctas import leave, settle
from server.runtime import Runtime
from server.sends import jobs as send_jobs

SETTLE = "ctas.settle_email_tasks"
LISTEN = "ctas.look_for_answers"


def settle_email_tasks(runtime: Runtime) -> None:
    """Tasks whose emails have left are done or wait for the customer. Runs after each drain and on the clock."""
    with runtime.db.transaction() as session:
        settle.settle_email_tasks(session)


def look_for_answers(runtime: Runtime) -> None:
    """Tasks that were answered wake. Runs after mail was read and on the clock."""
    with runtime.db.transaction() as session:
        settle.look_for_answers(session)


def release_later(runtime: Runtime) -> None:
    """Emails whose time has come leave, unless something is against it that their writer did not know. On the clock."""
    with runtime.db.transaction() as session:
        boxes = leave.release(session, now=runtime.clock.now())
    for box in boxes:
        send_jobs.wake(runtime, box)
