"""The clock's ticks."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server import periodic
from server.ctas import jobs as cta_jobs
from server.ctas.models import CtaTask, EmailTaskSend
from server.db import Database, make_engine
from server.mail import jobs as mail_jobs
from server.mailboxes import leavers
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.sends import jobs as send_jobs
from tests.cast import Book
from tests.sends.outbox import Outbox


@pytest.fixture
def outbox(runtime: Runtime, sandbox: RunningSandbox, book: Book, alices_mailbox: object) -> Outbox:
    return Outbox(runtime=runtime, sandbox=sandbox, book=book, mailbox_id=alices_mailbox)  # type: ignore[arg-type]


def test_each_tick_nudges_what_is_due_and_every_fifth_settles_tasks(outbox: Outbox) -> None:
    email_id = outbox.put()
    with outbox.db.transaction() as session:
        session.add(EmailTaskSend(cta_task_id=outbox.book.email_task, outbound_email_id=email_id))
    periodic.tick(outbox.runtime, 1)
    assert len(outbox.runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]
    outbox.drain()
    periodic.tick(outbox.runtime, 1)
    assert _done_at(outbox) is None
    periodic.tick(outbox.runtime, periodic.SETTLE_EVERY_TICKS)
    assert _done_at(outbox) is not None


def _done_at(outbox: Outbox) -> object:
    with outbox.db.reading() as session:
        return session.get_one(CtaTask, outbox.book.email_task).done_at


def test_a_tick_that_fails_is_logged_and_the_next_one_works(outbox: Outbox, tmp_path: Path) -> None:
    empty = Database(make_engine(f"sqlite:///{tmp_path}/without-tables.sqlite3"))
    outbox.put()
    with capture_logs() as logged:
        periodic.tick(replace(outbox.runtime, db=empty), 0)
        periodic.tick(outbox.runtime, 1)
    empty.dispose()
    looks = [entry.get("look") for entry in logged if entry["event"] == "tick_failed"]
    assert looks == [
        *(cta_jobs.release_later.__name__, send_jobs.sweep.__name__, mail_jobs.sweep.__name__),
        *(cta_jobs.settle_email_tasks.__name__, cta_jobs.look_for_answers.__name__),
        *(mail_jobs.wake_added.__name__, leavers.end_leavers.__name__),
    ]
    assert len(outbox.runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]


def test_the_clock_ends_when_it_is_told_to(tmp_path: Path) -> None:
    environment = {"RAPPORT_ENV": "test", "RAPPORT_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "server", "clock"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as clock:
        assert clock.stderr is not None
        for line in clock.stderr:
            if "clock_started" in line:
                break
        clock.send_signal(signal.SIGTERM)
        assert clock.wait(20) == 0
        clock.stderr.read()
