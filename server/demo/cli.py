"""rapport demo: everything under one process, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from server.errors import Unavailable
from server.settings import Settings, inherited
from server.supervise import folder, valkey
from server.supervise.parts import Part
from server.supervise.run import Supervisor, demand_free_ports, http_answers

_CHECKOUT = Path(__file__).parent.parent.parent
_INBOUND_DOMAIN = "in.rapport.example"
_LEFTOVERS_END_IN_S = 25  # the guards' patience, and a little


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65533),
    default=8400,
    show_default=True,
    help="For the pages; the sandbox takes the next one, mail by SMTP the one after it.",
)
@click.option("--data", "data_dir", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--reset", is_flag=True, help="Forget what the demo holds, and stop.")
def demo(port: int, data_dir: Path, reset: bool) -> None:
    """Run all of Rapport on this machine, with a sandbox in Google's place and a sample book of business.

    Embedded parts only: SQLite, a Valkey from its wheel, the web server, a worker, the clock, the sandbox. Everything
    listens on 127.0.0.1. What it holds is kept in the data folder; Ctrl-C ends every part.
    """
    data_dir = data_dir.absolute()
    valkey.demand_short_path(data_dir)
    if reset:
        _reset(data_dir)
        return
    began = time.monotonic()
    with _claimed(data_dir, port):
        try:
            with Supervisor(say=_say) as supervisor:
                _start(supervisor, data_dir, port)
                _say(f"Ready in {time.monotonic() - began:.1f} s.")
                _welcome(port)
                supervisor.watch()
        except KeyboardInterrupt:
            _say("Ended while starting.")
    _say("Ended. What you did is kept: `make demo` goes on from here, `make demo-reset` starts afresh.")


def _say(text: str) -> None:
    try:
        click.echo(text)
    except OSError:  # the terminal has gone, the parts must end all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _reset(data_dir: Path) -> None:
    folder.demand_ours(data_dir)
    if data_dir.exists():
        with folder.claimed(data_dir) as was_killed:
            _wait_for_leftovers(data_dir, was_killed=was_killed)
            folder.empty(data_dir)
    _say("The demo is empty again.")


@contextlib.contextmanager
def _claimed(data_dir: Path, port: int) -> Iterator[None]:
    """Hold the folder and see that nothing of an earlier demo is left."""
    folder.make(data_dir)
    with folder.claimed(data_dir) as was_killed:
        _wait_for_leftovers(data_dir, was_killed=was_killed)
        demand_free_ports((port, port + 1, port + 2), patience_s=_LEFTOVERS_END_IN_S if was_killed else 0)
        yield


def _wait_for_leftovers(data_dir: Path, *, was_killed: bool) -> None:
    end = time.monotonic() + (_LEFTOVERS_END_IN_S if was_killed else 0)
    if was_killed and valkey.answers(data_dir):
        _say("The last demo was killed; waiting until its parts have ended …")
    while valkey.answers(data_dir):
        if time.monotonic() > end:
            raise Unavailable("The embedded Valkey of this demo is still running.", cure="End the other demo first.")
        time.sleep(0.1)


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    secret_key, token_key = folder.keys(data_dir)
    return {
        **inherited("PATH", "HOME", "LANG", "TMPDIR"),
        "PYTHONUNBUFFERED": "1",
        "RAPPORT_ENV": "development",
        "RAPPORT_DATA_DIR": str(data_dir),
        "RAPPORT_BASE_URL": f"http://127.0.0.1:{port}",
        "RAPPORT_BIND": f"127.0.0.1:{port}",
        "RAPPORT_SANDBOX_URL": f"http://127.0.0.1:{port + 1}",
        "RAPPORT_TEMPLATES_DIR": str(_CHECKOUT / "email_templates"),
        "RAPPORT_PLAYBOOKS_DIR": str(_CHECKOUT / "playbooks"),
        "RAPPORT_INBOUND_DOMAIN": _INBOUND_DOMAIN,
        "RAPPORT_INBOUND_BIND": f"127.0.0.1:{port + 2}",
        "GMAIL_PUSH_TOPIC": "projects/sandbox/topics/gmail",
        "GMAIL_PUSH_AUDIENCE": f"http://127.0.0.1:{port}/hooks/gmail",
        "GMAIL_PUSH_SERVICE_ACCOUNT": "push@sandbox.iam.gserviceaccount.com",
        "SECRET_KEY": secret_key,
        "TOKEN_KEYS": token_key,
    }


def _start(supervisor: Supervisor, data_dir: Path, port: int) -> None:
    """What needs nothing first; the rest, all at once, as soon as the tables are there, while the book is loaded."""
    environment = _environment(data_dir, port)
    base, sandbox = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"

    def part(name: str, *command: str) -> Part:
        log_path = data_dir / "logs" / f"{name.split(' ')[-1]}.log"
        return Part(name=name, command=command, environment=environment, log_path=log_path)

    def rapport(name: str, *arguments: str) -> Part:
        return part(name, sys.executable, "-m", "server", *arguments)

    queue = part("the embedded valkey", *valkey.command(data_dir))
    queue.is_ready = lambda _: valkey.answers(data_dir)
    google = rapport(
        "the sandbox", "sandbox", "--port", str(port + 1), "--data", str(data_dir / "sandbox.sqlite3"),
        "--rapport-url", base, "--smtp", f"{_INBOUND_DOMAIN}=127.0.0.1:{port + 2}",
    )  # fmt: skip
    google.is_ready = lambda _: http_answers(f"{sandbox}/_sandbox/health")
    worker, clock, web = rapport("the worker", "worker"), rapport("the clock", "clock"), rapport("the web", "web")
    worker.is_ready = lambda worker: worker.has_logged("worker_started")
    clock.is_ready = lambda clock: clock.has_logged("clock_started")
    web.is_ready = lambda _: http_answers(f"{base}/healthz")
    inbound = rapport("the inbound mail", "inbound")
    inbound.is_ready = lambda inbound: inbound.has_logged("inbound_started")

    supervisor.start(queue)
    supervisor.start(google)
    _load(supervisor, Settings.from_env(environment), (worker, clock, web, inbound))
    supervisor.wait_until_ready()


def _load(supervisor: Supervisor, settings: Settings, parts: tuple[Part, ...]) -> None:
    """Make the tables, start what needs them, load the book meanwhile."""
    # Here and not above: importing these takes a second, in which the sandbox starts.
    from server import schema
    from server.clock import SystemClock
    from server.db import Database, make_engine

    db = Database(make_engine(settings.database_url))
    try:
        schema.make_ready(db)
        supervisor.start(*parts)
        from server.demo import book

        with db.transaction() as session:
            if book.is_loaded(session):
                _say("Found the data of last time.")
                return
            supervisor.stop_if_asked()
            loaded = book.load_book(
                session,
                templates_dir=settings.templates_dir,
                playbooks_dir=settings.playbooks_dir,
                now=SystemClock().now(),
            )
        _say(f"Loaded a sample book of business: {loaded}.")
    finally:
        db.dispose()


def _welcome(port: int) -> None:
    _say(
        f"""
  Rapport          http://127.0.0.1:{port}
                   Sign in as alice@rapport.example (TAM). Bob is a TAM too, Charlie a viewer, Dana an admin.
  Mailboxes        http://127.0.0.1:{port + 1}
                   The sandbox in Google's place: read what was sent, answer as the customer.

  Try it: open "Onboard Helios Energy", write the welcome email, send it, see it on the account's timeline.
  Ctrl-C ends everything."""
    )
