"""A worker for the test that kills: for each line (seconds ahead of the clock) it forks a child that drains for ever.

Prints the child's pid, and "over" when the child has ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

sys.path.insert(0, os.getcwd())  # noqa: PTH109  a script's path begins with its own folder

from server import logs
from server.app import build_runtime
from server.runtime import Runtime
from server.sends import jobs
from server.settings import Settings


class AheadClock:
    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


def main() -> None:
    logs.configure()
    given = json.loads(sys.argv[1])
    settings = Settings.from_env(
        {
            "RAPPORT_ENV": "test",
            "RAPPORT_DATA_DIR": given["folder"],
            "DATABASE_URL": given["database_url"],
            "RAPPORT_SANDBOX_URL": given["sandbox_url"],
        }
    )
    runtime = build_runtime(settings)
    runtime.db.dispose()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            work(replace(runtime, clock=AheadClock(timedelta(seconds=float(line)))), given["mailbox_id"])
        say(pid)
        os.waitpid(pid, 0)
        say("over")


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def work(runtime: Runtime, mailbox_id: str) -> None:
    runtime.db.after_fork()
    while True:
        jobs.drain(runtime, mailbox_id=mailbox_id)
        time.sleep(0.01)


if __name__ == "__main__":
    main()
