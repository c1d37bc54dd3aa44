"""Nudges on a real queue: few, harmless, and never more than what we have written ourselves."""

from __future__ import annotations

import json
import socket
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rq import Queue, SimpleWorker
from rq.job import Callback
from rq.serializers import JSONSerializer
from rq.webhook import Webhook
from structlog.testing import capture_logs

from server.jobqueue import ENTRY, QUEUE_NAME, NudgeJob, RqJobQueue

IDS = {"mailbox_id": "one"}


class Bystander:
    """What a hostile job would run; it only counts."""

    calls = 0

    @classmethod
    def called(cls, *_: object) -> None:
        cls.calls += 1


def called(*_: object) -> None:
    Bystander.called()


@pytest.fixture(autouse=True)
def _nobody_called() -> None:
    Bystander.calls = 0


def work(queue: RqJobQueue) -> None:
    """Do what waits, in this process."""
    worker = SimpleWorker([queue.queue()], connection=queue.connection, serializer=JSONSerializer, job_class=NudgeJob)
    worker.work(burst=True, logging_level="CRITICAL")


def test_of_many_nudges_one_waits_while_another_runs(job_queue: RqJobQueue) -> None:
    for _ in range(5):
        job_queue.wake("sends.drain", **IDS)
    assert [job.id for job in job_queue.queue().jobs] == ["sends-drain-one", "sends-drain-one-next"]
    job_queue.wake("sends.drain", mailbox_id="two")
    assert len(job_queue.queue().jobs) == 3


def test_a_nudge_can_come_again_when_its_job_is_over(job_queue: RqJobQueue) -> None:
    job_queue.wake("sends.drain", **IDS)
    job = job_queue.queue().jobs[0]
    job.delete()
    job_queue.wake("sends.drain", **IDS)
    assert len(job_queue.queue().jobs) == 1


def test_a_nudge_names_only_our_entry_and_travels_as_json(job_queue: RqJobQueue) -> None:
    job_queue.wake("sends.drain", **IDS)
    [key] = job_queue.connection.keys("rq:job:sends-drain-one")
    data = json.loads(zlib.decompress(job_queue.connection.hget(key, "data")))
    assert data == [ENTRY, None, [], {"job": "sends.drain", "ids": IDS}]


@pytest.mark.parametrize("function", ["os.getpid", f"{__name__}.called", "server.worker.main", "builtins.print"])
def test_a_job_that_names_another_function_is_refused(job_queue: RqJobQueue, function: str) -> None:
    job = Queue(QUEUE_NAME, connection=job_queue.connection, serializer=JSONSerializer).enqueue(function)
    work(job_queue)
    assert job.get_status() == "failed"
    assert Bystander.calls == 0
    with pytest.raises(ValueError, match="not a Rapport job"):
        _ = NudgeJob.fetch(job.id, connection=job_queue.connection, serializer=JSONSerializer).func


def test_a_pickled_job_is_refused(job_queue: RqJobQueue) -> None:
    job = Queue(QUEUE_NAME, connection=job_queue.connection).enqueue(called)
    work(job_queue)
    assert job.get_status() == "failed"
    assert Bystander.calls == 0


def test_callbacks_that_stand_in_redis_are_not_called(job_queue: RqJobQueue) -> None:
    queue = Queue(QUEUE_NAME, connection=job_queue.connection, serializer=JSONSerializer)
    callback = Callback(f"{__name__}.called")
    job = queue.enqueue("os.getpid", on_success=callback, on_failure=callback, on_stopped=callback)
    work(job_queue)
    assert job.get_status() == "failed"
    assert Bystander.calls == 0
    fetched = NudgeJob.fetch(job.id, connection=job_queue.connection, serializer=JSONSerializer)
    assert (fetched.success_callback, fetched.failure_callback, fetched.stopped_callback) == (None, None, None)


def test_webhooks_that_stand_in_redis_are_not_posted(job_queue: RqJobQueue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        queue = Queue(QUEUE_NAME, connection=job_queue.connection, serializer=JSONSerializer)
        queue.enqueue("os.getpid", webhooks=[Webhook(url, job_status="failed", timeout=1)])
        work(job_queue)
        with pytest.raises(TimeoutError):
            listener.accept()


def _no_socket(folder: Path) -> tuple[str, Any]:
    return f"unix://{folder / 'none.sock'}", None


def _closed_port(_folder: Path) -> tuple[str, Any]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"redis://127.0.0.1:{free.getsockname()[1]}/0", None


def _silent_server(_folder: Path) -> tuple[str, Any]:
    listener = socket.create_server(("127.0.0.1", 0))
    return f"redis://127.0.0.1:{listener.getsockname()[1]}/0", listener


@pytest.mark.parametrize("server", [_no_socket, _closed_port, _silent_server])
def test_a_nudge_that_cannot_be_delivered_is_logged_soon_and_raises_nothing(
    server: Callable[[Path], tuple[str, Any]], tmp_path: Path
) -> None:
    url, held = server(tmp_path)
    queue = RqJobQueue(url)
    before = time.monotonic()
    with capture_logs() as logged:
        queue.wake("sends.drain", **IDS)
    assert time.monotonic() - before < 9
    assert [entry["event"] for entry in logged] == ["nudge_not_delivered"]
    assert queue.ping() is False
    queue.connection.close()
    if held is not None:
        held.close()


def test_a_queue_that_answers_says_so(job_queue: RqJobQueue) -> None:
    assert job_queue.ping() is True
