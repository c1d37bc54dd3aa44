"""The night's job. It may run twice, and takes up what a dead worker left."""

from __future__ import annotations

from datetime import timedelta

from server.personal_data import retain
from server.runtime import Runtime

RETAIN = "personal_data.retain"
# Well under the queue's time-out for a job.
_SLICE_LASTS = timedelta(seconds=240)


def retain_tonight(runtime: Runtime) -> None:
    """A slice of the night's work; then nudge for the next."""
    if retain.run(runtime.db, runtime.clock, stop_at=runtime.clock.now() + _SLICE_LASTS):
        runtime.jobs.wake(RETAIN)


def wake_at_night(runtime: Runtime) -> None:
    """Nudge when the night has come."""
    with runtime.db.reading() as session:
        is_due = retain.is_due(session, runtime.clock.now())
    if is_due:
        runtime.jobs.wake(RETAIN)
