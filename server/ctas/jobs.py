"""The CTAs' jobs."""

from __future__ import annotations

from server.ctas import settle
from server.runtime import Runtime

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
