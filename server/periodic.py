"""The clock: looks for what is due and was not nudged. Several may run; looking twice does no harm."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import timedelta

from server.cockpit import jobs as cockpit_jobs
from server.ctas import jobs as cta_jobs
from server.logs import logger
from server.mail import jobs as mail_jobs
from server.mailboxes import leavers
from server.personal_data import jobs as personal_data_jobs
from server.runtime import Runtime
from server.sends import jobs as send_jobs
from server.triggers import jobs as trigger_jobs

TICK = timedelta(seconds=2)
SETTLE_EVERY_TICKS = 5
REMATCH_EVERY_TICKS = 15
RETAIN_EVERY_TICKS = 30
TRIGGERS_EVERY_TICKS = 30
DIGEST_EVERY_TICKS = 30
_LOOKS_UP_EVERY_S = 0.1

log = logger(__name__)


def tick(runtime: Runtime, number: int) -> None:
    """One look. Errors are logged and the next tick tries again: a database that restarts must not stop the clock."""
    looks: list[Callable[[Runtime], object]] = [cta_jobs.release_later, send_jobs.sweep, mail_jobs.sweep]
    if number % SETTLE_EVERY_TICKS == 0:
        looks += [cta_jobs.settle_email_tasks, cta_jobs.look_for_answers]
    if number % REMATCH_EVERY_TICKS == 0:
        looks += [mail_jobs.wake_added, leavers.end_leavers]
    if number % DIGEST_EVERY_TICKS == 7:
        looks.append(cockpit_jobs.wake_digests)
    if number % RETAIN_EVERY_TICKS == RETAIN_EVERY_TICKS - 1:
        looks.append(personal_data_jobs.wake_at_night)
    if number % TRIGGERS_EVERY_TICKS == TRIGGERS_EVERY_TICKS // 2:
        looks.append(trigger_jobs.wake)
    for look in looks:
        try:
            look(runtime)
        except Exception:
            log.exception("tick_failed", look=look.__name__)


def main(runtime: Runtime) -> None:
    """Tick until SIGTERM or SIGINT."""
    # A list and no Event: its lock is not for handlers, and of two signals at once the second waits for ever.
    asked: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: asked.append(number))
    log.info("clock_started", every_s=TICK.total_seconds())
    number = 0
    while not asked:
        tick(runtime, number)
        number += 1
        next_at = time.monotonic() + TICK.total_seconds()
        while not asked and time.monotonic() < next_at:
            time.sleep(_LOOKS_UP_EVERY_S)
