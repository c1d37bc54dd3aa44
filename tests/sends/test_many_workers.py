"""Several workers at once, and workers that are killed: each email still leaves once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.sends import claim, jobs
from server.sends.models import SendLane
from tests.conftest import SteppingClock
from tests.sends.outbox import Outbox

KILLS = 5


def test_two_workers_at_one_mailbox_send_each_email_once(outbox: Outbox) -> None:
    emails = outbox.put_many(20)
    deadline = time.monotonic() + 60

    def work(_: int) -> None:
        while outbox.states()["sent"] < len(emails) and time.monotonic() < deadline:
            outbox.drain()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    _assert_each_left_once(outbox, emails)
    assert outbox.calls("drafts.create") == outbox.calls("drafts.send") == len(emails)


def test_two_workers_that_both_believe_to_hold_the_lane_send_each_email_once(outbox: Outbox) -> None:
    """A worker that froze longer than its lease, in each of many places: rows have leases of their own."""
    emails = outbox.put_many(12)

    def work(_: int) -> None:
        while outbox.states()["sent"] < len(emails):
            with outbox.db.transaction() as session:
                row = claim.claim_next(session, mailbox_id=outbox.mailbox_id, now=outbox.runtime.clock.now())
            if row is not None:
                outbox.deliver(row)

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(work, range(2)))
    _assert_each_left_once(outbox, emails)


def test_one_worker_at_a_time_holds_a_lane_until_it_leaves_or_dies(
    outbox: Outbox, stepping_clock: SteppingClock
) -> None:
    def take(holder: str) -> bool:
        with outbox.db.transaction() as session:
            return claim.take_lane(session, mailbox_id=outbox.mailbox_id, holder=holder, now=stepping_clock.now())

    assert take("a")
    assert not take("b")
    assert take("a"), "its holder takes it as often as it likes"
    with outbox.db.transaction() as session:
        claim.leave_lane(session, mailbox_id=outbox.mailbox_id, holder="b")
    assert not take("b"), "only its holder can leave it"
    with outbox.db.transaction() as session:
        claim.leave_lane(session, mailbox_id=outbox.mailbox_id, holder="a")
    assert take("b")
    stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
    assert take("a")


def test_workers_that_are_killed_anywhere_lose_nothing_and_send_nothing_twice(
    outbox: Outbox, stepping_clock: SteppingClock, tmp_path: Path
) -> None:
    emails = outbox.put_many(12)
    chance = random.Random(f"kill -9 on {outbox.db.engine.dialect.name}")
    for fault, times in (("cut-after", 2), ("cut-before", 1), ("503-after", 1)):
        outbox.sandbox.add_fault("drafts.send", fault, times=times)
    ahead = timedelta()
    with _worker(outbox, ahead, tmp_path) as worker:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.0, 0.25))  # the point of the kill: there is nothing to wait for
            worker.kill_work()
            ahead += claim.LEASE + timedelta(seconds=1)
            worker.start_work(ahead)
        worker.kill_work()
    stepping_clock.advance(seconds=ahead.total_seconds())
    for _ in range(8):
        stepping_clock.advance(seconds=claim.LEASE.total_seconds() + 1)
        outbox.drain()
        if outbox.states() == {"sent": len(emails)}:
            break
    _assert_each_left_once(outbox, emails)


class _Worker:
    """A process that forks a drain whenever it is told to, and kills it with SIGKILL."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._pid = 0

    def start_work(self, ahead: timedelta) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{ahead.total_seconds()}\n")
        self._process.stdin.flush()
        self._pid = int(self._process.stdout.readline())

    def kill_work(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            assert self._process.stdout is not None
            assert self._process.stdout.readline().strip() == "over"
            self._pid = 0


class _worker:  # noqa: N801  used as a `with` statement
    def __init__(self, outbox: Outbox, ahead: timedelta, folder: Path) -> None:
        settings = {
            "database_url": outbox.db.engine.url.render_as_string(hide_password=False),
            "sandbox_url": outbox.sandbox.base_url,
            "mailbox_id": str(outbox.mailbox_id),
            "folder": str(folder),
        }
        self._ahead = ahead
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forking_worker.py")), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parent.parent.parent,
        )

    def __enter__(self) -> _Worker:
        worker = _Worker(self._process)
        worker.start_work(self._ahead)
        return worker

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _assert_each_left_once(outbox: Outbox, emails: list) -> None:
    assert outbox.states() == {"sent": len(emails)}
    everybody = sorted(delivery["to"] for delivery in outbox.sandbox.deliveries())
    assert everybody == sorted(f"person{number}@helios.example" for number in range(len(emails)))
    assert sorted(outbox.timeline_keys()) == sorted(f"outbound:{email_id}" for email_id in emails)


def test_a_lane_is_free_again_when_a_drain_crashes(outbox: Outbox) -> None:
    outbox.put()

    class Broken:
        def open(self, *_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError):
        jobs.drain(replace(outbox.runtime, gmail=Broken()), mailbox_id=str(outbox.mailbox_id))  # type: ignore[arg-type]
    with outbox.db.reading() as session:
        assert session.get_one(SendLane, outbox.mailbox_id).holder is None
