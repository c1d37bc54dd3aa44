"""Waking workers. The database is the queue; a job only says "look there", may be lost and may run twice.

RQ carries the nudges, with the JSON serializer and one single entry function that looks the job's name up in a
list (`server.worker`), so that what stands in Redis can name no other code.
"""

from __future__ import annotations

from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from server.logs import logger

QUEUE_NAME = "rapport"
ENTRY = "server.worker.perform"
_JOB_TIMEOUT_S = 600

log = logger(__name__)


class JobQueue(Protocol):
    def wake(self, job: str, **ids: str) -> None:
        """Nudge a worker to perform `job` soon. Never raises when the queue cannot be reached: a sweep comes later."""
        ...

    def ping(self) -> bool:
        """Whether the queue server answers."""
        ...


class NudgeJob(Job):
    """An RQ job that can only be the one entry function, whatever Redis says: no callback and no webhook either."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Any:
        if self.func_name != ENTRY:
            raise ValueError(f"job {self.id} names a function that is not a Rapport job")
        return super().func

    def send_webhooks(self, *_: Any, **__: Any) -> None:
        """RQ would post to any address that stands in Redis."""


class RqJobQueue:
    def __init__(self, redis_url: str) -> None:
        # A person waits meanwhile: twice at once (a connection may have gone stale), then the sweep will do.
        self.connection = redis.Redis.from_url(
            redis_url,
            socket_connect_timeout=2,
            socket_timeout=1,
            health_check_interval=30,
            retry=Retry(NoBackoff(), 1),
        )

    def queue(self) -> Queue:
        return Queue(QUEUE_NAME, connection=self.connection, serializer=JSONSerializer, job_class=NudgeJob)

    def wake(self, job: str, **ids: str) -> None:
        key = "-".join([job.replace(".", "-"), *(ids[name] for name in sorted(ids))])
        try:
            # The second id lets one nudge wait while another runs: what was committed after the running job's
            # last look is then seen at once and not only by the sweep.
            if not self._enqueue(key, job, ids):
                self._enqueue(f"{key}-next", job, ids)
        except redis.RedisError:
            log.warning("nudge_not_delivered", job=job, exc_info=True)

    def _enqueue(self, job_id: str, job: str, ids: dict[str, str]) -> bool:
        try:
            self.queue().enqueue(
                ENTRY,
                kwargs={"job": job, "ids": ids},
                job_id=job_id,
                unique=True,
                result_ttl=0,
                failure_ttl=60,
                job_timeout=_JOB_TIMEOUT_S,
            )
        except DuplicateJobError:
            return False
        return True

    def ping(self) -> bool:
        try:
            return bool(self.connection.ping())
        except redis.RedisError:
            return False
