"""`rapport web`, and for another WSGI server: gunicorn 'server.wsgi:make()'."""

from __future__ import annotations

import gc
import signal
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]

from server import logs, schema
from server.app import build_runtime, create_app
from server.errors import Unavailable
from server.runtime import Runtime
from server.settings import Settings

_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def make() -> Flask:
    settings = Settings.from_env()
    logs.configure(settings.log_format)
    runtime = build_runtime(settings)
    schema.make_ready(runtime.db)
    return _app_of(runtime)


def _app_of(runtime: Runtime) -> Flask:
    app = create_app(runtime)
    # Each gunicorn worker makes its own connections after the fork.
    runtime.db.dispose()
    # What is loaded now stays for good: the collector need not look at it again and again, a tenth of a second each
    # time in the middle of a request (measured), nor touch memory that the workers share.
    gc.collect()
    gc.freeze()
    return app


@click.command()
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=4, show_default=True)
@click.option("--max-requests", type=click.IntRange(min=0), default=10_000, show_default=True,
              help="A worker is replaced after so many; 0 is never.")  # fmt: skip
@click.pass_obj
def web(runtime: Runtime, workers: int, threads: int, max_requests: int) -> None:
    """Serve the pages and the API (gunicorn). Put a buffering proxy such as nginx before it."""
    options = {
        "bind": runtime.settings.bind,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        # Loaded once, before the fork: starts in half the time, and what is wrong is said in words.
        "preload_app": True,
        "control_socket_disable": True,
        "max_requests": max_requests,
        "max_requests_jitter": max_requests // 10,
        "graceful_timeout": 15,
    }
    _Gunicorn(_app_of(runtime), options).run()


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn in this very process, so that its signals are gunicorn's."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__(prog="rapport web")

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def run(self) -> None:
        try:
            _Arbiter(self).run()
        except RuntimeError as error:  # what gunicorn says of an address that is none
            raise Unavailable(f"The web cannot start: {error}", cure="Look at RAPPORT_BIND.") from error


class _Arbiter(Arbiter):  # type: ignore[misc]
    """Gunicorn's master, with one race of gunicorn's closed.

    Between its fork and its own first steps a worker has the master's signal handlers, which swallow a SIGTERM; the
    master would then wait for it until the graceful timeout is over. So signals wait until the worker is ready.
    """

    def spawn_worker(self) -> int:
        self.cfg.set("post_worker_init", _let_signals_come)
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        try:
            pid: int = super().spawn_worker()  # in the worker this does not return
            return pid
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)


def _let_signals_come(_worker: object) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
