"""The CTAs' jobs."""

from __future__ import annotations

from server.ctas import work
from server.runtime import Runtime

SETTLE = "ctas.settle_email_tasks"


def settle_email_tasks(runtime: Runtime) -> None:
    """Tasks whose emails have left are done. Runs after each drain and on the clock."""
    with runtime.db.transaction() as session:
        work.settle_email_tasks(session)
