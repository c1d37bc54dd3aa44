"""rapport demo: everything under one process, until Ctrl-C."""

from __future__ import annotations

import secrets
import shutil
import sys
import time
from pathlib import Path

import click

from server import schema
from server.app import build_runtime
from server.demo import book
from server.errors import Unavailable
from server.settings import Settings, inherited, new_token_key
from server.supervise import valkey
from server.supervise.parts import Part
from server.supervise.run import Supervisor, demand_free_ports, http_answers


@click.command()
@click.option("--port", default=8400, show_default=True, help="For the pages; the sandbox takes the next one.")
@click.option("--data", "data_dir", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--reset", is_flag=True, help="Forget what the demo holds, and stop.")
def demo(port: int, data_dir: Path, reset: bool) -> None:
    """Run all of Rapport on this machine, with a sandbox in Google's place and a sample book of business.

    Embedded parts only: SQLite, a Valkey from its wheel, the web server, a worker, the clock, the sandbox. Everything
    listens on 127.0.0.1. What it holds is kept in the data folder; Ctrl-C ends every part.
    """
    data_dir = data_dir.absolute()
    if reset:
        _reset(data_dir, port)
        return
    began = time.monotonic()
    demand_free_ports((port, port + 1))
    if valkey.answers(data_dir):
        raise Unavailable("The embedded Valkey of this demo is still running.", cure="End the other demo first.")
    environment = _environment(data_dir, port)
    try:
        with Supervisor(say=_say) as supervisor:
            _start(supervisor, environment, data_dir, port)
            _say(f"Ready in {time.monotonic() - began:.1f} s.")
            _welcome(port)
            supervisor.watch()
            _say("\nEnding all parts …")
    except KeyboardInterrupt:
        _say("Ended while starting.")
    _say("Ended. What you did is kept: `make demo` goes on from here, `make demo-reset` starts afresh.")


def _say(text: str) -> None:
    click.echo(text)


def _reset(data_dir: Path, port: int) -> None:
    demand_free_ports((port, port + 1))
    if data_dir.exists() and not (data_dir / "demo-keys").exists():
        raise Unavailable(f"{data_dir} does not look like a demo's folder.", cure="Delete it by hand if you are sure.")
    shutil.rmtree(data_dir, ignore_errors=True)
    _say("The demo is empty again.")


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys_file = data_dir / "demo-keys"
    if not keys_file.exists():
        keys_file.touch(mode=0o600)
        keys_file.write_text(f"{secrets.token_urlsafe(48)}\n{new_token_key()}\n", encoding="utf-8")
    secret_key, token_key = keys_file.read_text(encoding="utf-8").split()
    return {
        **inherited("PATH", "HOME", "LANG", "TMPDIR"),
        "PYTHONUNBUFFERED": "1",
        "RAPPORT_ENV": "development",
        "RAPPORT_DATA_DIR": str(data_dir),
        "RAPPORT_BASE_URL": f"http://127.0.0.1:{port}",
        "RAPPORT_BIND": f"127.0.0.1:{port}",
        "RAPPORT_SANDBOX_URL": f"http://127.0.0.1:{port + 1}",
        "SECRET_KEY": secret_key,
        "TOKEN_KEYS": token_key,
    }


def _start(supervisor: Supervisor, environment: dict[str, str], data_dir: Path, port: int) -> None:
    settings = Settings.from_env(environment)

    def part(name: str, *command: str) -> Part:
        log_path = data_dir / "logs" / f"{name.split(' ')[-1]}.log"
        return Part(name=name, command=command, environment=environment, log_path=log_path)

    def rapport(name: str, *arguments: str) -> Part:
        return part(name, sys.executable, "-m", "server", *arguments)

    supervisor.start(part("the embedded valkey", *valkey.command(data_dir)), lambda: valkey.answers(data_dir))
    _say(_load(settings))
    base, sandbox = settings.base_url, settings.sandbox_url or ""
    sandbox_options = ("--port", str(port + 1), "--data", str(data_dir / "sandbox.sqlite3"), "--rapport-url", base)
    supervisor.start(
        rapport("the sandbox", "sandbox", *sandbox_options), lambda: http_answers(f"{sandbox}/_sandbox/health")
    )
    supervisor.start(rapport("the worker", "worker"), lambda: True)
    supervisor.start(rapport("the clock", "clock"), lambda: True)
    supervisor.start(rapport("the web", "web"), lambda: http_answers(f"{base}/healthz"))


def _load(settings: Settings) -> str:
    runtime = build_runtime(settings)
    try:
        schema.make_ready(runtime.db)
        with runtime.db.transaction() as session:
            if book.is_loaded(session):
                return "Found the data of last time."
            loaded = book.load_book(session, templates_dir=settings.templates_dir, now=runtime.clock.now())
        return f"Loaded a sample book of business: {loaded}."
    finally:
        runtime.db.dispose()


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
