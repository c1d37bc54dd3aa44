"""The RQ worker: one queue, JSON only, one entry function with a list of jobs."""

from __future__ import annotations

from collections.abc import Callable

from rq import Worker
from rq.serializers import JSONSerializer

from server.cockpit import jobs as cockpit_jobs
from server.ctas import jobs as cta_jobs
from server.jobqueue import QUEUE_NAME, NudgeJob, RqJobQueue
from server.logs import logger
from server.mail import jobs as mail_jobs
from server.personal_data import jobs as personal_data_jobs
from server.runtime import Runtime
from server.sends import jobs as send_jobs
from server.triggers import jobs as trigger_jobs

JOBS: dict[str, Callable[..., None]] = {
    send_jobs.DRAIN: send_jobs.drain,
    cockpit_jobs.DIGEST: cockpit_jobs.send_digest,
    cta_jobs.SETTLE: cta_jobs.settle_email_tasks,
    cta_jobs.LISTEN: cta_jobs.look_for_answers,
    mail_jobs.READ: mail_jobs.read,
    mail_jobs.RECONCILE: mail_jobs.compare,
    mail_jobs.REMATCH: mail_jobs.rematch_added,
    mail_jobs.RELEVEL: mail_jobs.relevel_past,
    mail_jobs.REPLAY: mail_jobs.go_on_with_replay,
    personal_data_jobs.RETAIN: personal_data_jobs.retain_tonight,
    trigger_jobs.LOOK: trigger_jobs.look,
}
# What a higher feature wants looked at after a lower one has worked: the low one knows nothing of it.
AFTERWARDS: dict[str, str] = {send_jobs.DRAIN: cta_jobs.SETTLE, mail_jobs.READ: cta_jobs.LISTEN}

log = logger(__name__)
_process: dict[str, Runtime] = {}


def perform(job: str, ids: dict[str, str]) -> None:
    """RQ calls this by name, in a forked child. Unknown names are refused."""
    runtime = _process["runtime"]
    runtime.db.after_fork()
    run(runtime, job, ids)


def run(runtime: Runtime, job: str, ids: dict[str, str]) -> None:
    """Do one job and what follows it. Raises KeyError for a job that is not in the list."""
    JOBS[job](runtime, **ids)
    if job in AFTERWARDS:
        JOBS[AFTERWARDS[job]](runtime)


def main(runtime: Runtime) -> None:
    """Work until SIGTERM or SIGINT; a job that runs is finished first."""
    _process["runtime"] = runtime
    jobs = runtime.jobs
    assert isinstance(jobs, RqJobQueue)
    runtime.db.dispose()
    worker = Worker(
        [jobs.queue()],
        connection=jobs.connection,
        serializer=JSONSerializer,
        job_class=NudgeJob,
        worker_ttl=30,
        maintenance_interval=30,
        disable_default_exception_handler=False,
    )
    log.info("worker_started", queue=QUEUE_NAME)
    worker.work(with_scheduler=False, logging_level="WARNING")
