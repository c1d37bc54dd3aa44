"""A process that has everything loaded, and forks those who are killed: workers and web servers, ready in milliseconds.

It reads lines of JSON, {"role": "worker" or "web", "database_url": …}, and writes lines of words:
"born <role> <pid>", and of its children "busy <pid>", "idle <pid>", "raised <pid> <error>", "pushed <pid> <status>".
{"role": "warm", "mailboxes": […]} is done by itself and answered with "warm": whoever is born later has every
statement compiled and every module loaded.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import redis
from flask import Flask, Response
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer
from werkzeug.serving import WSGIRequestHandler, make_server

from server import logs, worker
from server.app import create_app
from server.db import Database, make_engine
from server.jobqueue import NudgeJob, RqJobQueue
from server.mail import jobs as mail_jobs
from server.runtime import Runtime
from server.settings import Settings
from tests.chaos.runtime import runtime_by
from tests.chaos.shared_clock import SharedClock

_DIE_WITH_THE_PARENT = 1  # prctl's PR_SET_PDEATHSIG
_PATIENCE_S = 5


@dataclass(frozen=True, kw_only=True)
class Nursery:
    """`_by_database` has one runtime and its application for each database, whose address stays for all seeds."""

    runtime: Runtime
    listener: socket.socket
    _by_database: dict[str, tuple[Runtime, Flask]] = field(default_factory=dict)

    def run(self) -> None:
        # Children that end leave nothing behind.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for line in sys.stdin:
            asked = json.loads(line)
            runtime, app = self._of(asked["database_url"])
            if asked["role"] == "warm":
                for mailbox_id in asked["mailboxes"]:
                    worker.run(runtime, mail_jobs.READ, {"mailbox_id": mailbox_id})
                    worker.run(runtime, mail_jobs.RECONCILE, {"mailbox_id": mailbox_id})
                runtime.db.dispose()
                # Children share what stands still; the collector must not touch it.
                gc.collect()
                gc.freeze()
                say("warm")
                continue
            pid = os.fork()
            if pid == 0:
                self._be(asked["role"], runtime, app)
            say("born", asked["role"], pid)

    def _of(self, database_url: str) -> tuple[Runtime, Flask]:
        if database_url not in self._by_database:
            runtime = replace(self.runtime, db=Database(make_engine(database_url)))
            self._by_database[database_url] = runtime, create_app(runtime)
        return self._by_database[database_url]

    def _be(self, role: str, runtime: Runtime, app: Flask) -> None:
        try:
            ctypes.CDLL(None).prctl(_DIE_WITH_THE_PARENT, signal.SIGKILL)
            runtime.db.after_fork()
            if role == "worker":
                self._work(runtime)
            else:
                self._serve(app)
        finally:
            os._exit(1)

    def _work(self, runtime: Runtime) -> None:
        """Take nudges from the queue for ever, one after the other."""
        assert isinstance(runtime.jobs, RqJobQueue)
        queue = runtime.jobs.queue()
        waiting = redis.Redis.from_url(runtime.settings.redis_url)
        while True:
            found = waiting.blpop([queue.key], timeout=_PATIENCE_S)
            if found is None:
                continue
            say("busy", os.getpid())
            _perform(runtime, waiting, _text(found[1]))
            say("idle", os.getpid())

    def _serve(self, app: Flask) -> None:
        @app.after_request
        def tell(response: Response) -> Response:
            say("pushed", os.getpid(), response.status_code)
            return response

        port = self.listener.getsockname()[1]
        server = make_server(
            "127.0.0.1", port, app, threaded=True, fd=self.listener.fileno(), request_handler=_QuietRequests
        )
        server.serve_forever(poll_interval=0.02)


class _QuietRequests(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


def _perform(runtime: Runtime, connection: redis.Redis, job_id: str) -> None:
    """As `worker.perform`, in this process: what is killed is the process that does the work."""
    try:
        job = NudgeJob.fetch(job_id, connection=connection, serializer=JSONSerializer)
        asked = job.kwargs
        connection.delete(job.key)
        worker.run(runtime, asked["job"], asked["ids"])
    except NoSuchJobError:
        # The queue lost all it held just now; the clock's next look brings it again.
        return
    except Exception as error:
        logs.logger(__name__).exception("job_failed")
        say("raised", os.getpid(), type(error).__name__)


def say(*words: object) -> None:
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def main() -> None:
    logs.configure()
    given = json.loads(sys.argv[1])
    settings = Settings.from_env(given["environ"])
    clock = SharedClock(Path(given["clock"]))
    # The database is another one for each seed: a child opens its own.
    runtime = runtime_by(clock, settings, database_url="sqlite://")
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    say("ready", listener.getsockname()[1])
    Nursery(runtime=runtime, listener=listener).run()


if __name__ == "__main__":
    main()
