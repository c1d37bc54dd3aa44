"""The worker: only the jobs of its list, and a real process that performs one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from server import worker
from server.ctas.models import CtaTask, EmailTaskSend
from server.db import Database
from server.jobqueue import RqJobQueue
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.schema import newest
from server.sends import jobs
from server.sends.models import OutboundState
from tests.cast import ALICE, Book, connect_mailbox, load_cast, welcome_only
from tests.conftest import ENVELOPE_SCOPES
from tests.sends.outbox import Outbox


def test_an_unknown_job_is_refused(runtime: Runtime) -> None:
    with pytest.raises(KeyError):
        worker.run(runtime, "os.getpid", {})


def test_a_job_takes_only_its_own_ids(runtime: Runtime) -> None:
    for ids in ({}, {"mailbox": "x"}, {"mailbox_id": "x", "runtime": "y"}):
        with pytest.raises(TypeError):
            worker.run(runtime, jobs.DRAIN, ids)


def test_every_job_and_what_follows_it_is_in_the_list() -> None:
    assert set(worker.AFTERWARDS) <= set(worker.JOBS)
    assert set(worker.AFTERWARDS.values()) <= set(worker.JOBS)


@pytest.fixture
def outbox(runtime: Runtime, sandbox: RunningSandbox, sqlite_database: Database) -> Outbox:
    """In an SQLite file, whichever database the other tests use."""
    here = replace(runtime, db=sqlite_database)
    now = here.clock.now()
    with here.db.transaction() as session:
        session.execute(text("create table alembic_version (version_num varchar(32) not null primary key)"))
        session.execute(text("insert into alembic_version values (:newest)"), {"newest": newest()})
        book: Book = load_cast(session, now, sources=welcome_only())
        mailbox_id = connect_mailbox(
            session,
            user_id=book.alice,
            email=ALICE,
            granted=sandbox.tokens_for(ALICE, ENVELOPE_SCOPES),
            vault=here.vault,
            now=now,
        )
    return Outbox(runtime=here, sandbox=sandbox, book=book, mailbox_id=mailbox_id)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_worker_process_sends_settles_and_ends_after_the_job_it_has(
    outbox: Outbox, valkey_url: str, job_queue: RqJobQueue, tmp_path: Path
) -> None:
    email_id = outbox.put()
    with outbox.db.transaction() as session:
        session.add(EmailTaskSend(cta_task_id=outbox.book.email_task, outbound_email_id=email_id))
    outbox.sandbox.add_fault("messages.get", "slow-after", slow_s=2)
    environment = {
        "RAPPORT_ENV": "test",
        "RAPPORT_DATA_DIR": str(tmp_path),
        "DATABASE_URL": outbox.db.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": valkey_url,
        "RAPPORT_SANDBOX_URL": outbox.sandbox.base_url,
        "PATH": "/usr/bin:/bin",
    }
    log = tmp_path / "worker.log"
    jobs.wake(outbox.runtime, outbox.mailbox_id)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "worker"], env=environment, stdout=stream, stderr=stream
        )
    try:
        _wait_for(lambda: outbox.state(email_id) == OutboundState.SENT, log)
        process.send_signal(signal.SIGTERM)  # in the middle of the job: the read-back is slow
        assert process.wait(30) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    outbox.assert_sent_once(email_id)
    assert outbox.row(email_id).seen_in_sent_at is not None, "the job was finished first"
    with outbox.db.reading() as session:
        assert session.get_one(CtaTask, outbox.book.email_task).done_at is not None
    assert job_queue.queue().jobs == []


def _wait_for(is_so: object, log: Path) -> None:
    assert callable(is_so)
    end = time.monotonic() + 40
    while not is_so():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
