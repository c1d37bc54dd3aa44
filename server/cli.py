"""The command `rapport`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from server import __version__, logs, periodic, schema, worker
from server.accounts.cli import import_accounts_command
from server.app import build_runtime
from server.auth.cli import users
from server.contacts.cli import import_contacts_command
from server.demo.cli import demo
from server.email_templates.cli import templates
from server.errors import RapportError
from server.runtime import Runtime
from server.sandbox.__main__ import sandbox_command
from server.settings import Settings, SettingsError, new_token_key

_NEEDS_NO_RUNTIME = frozenset({"demo", "keys", "sandbox"})


@click.group()
@click.version_option(__version__, prog_name="rapport")
@click.pass_context
def cli(context: click.Context) -> None:
    """Rapport: email for customer success. Settings come from the environment; see README.md."""
    if context.invoked_subcommand in _NEEDS_NO_RUNTIME or "--help" in sys.argv:
        return
    settings = Settings.from_env()
    logs.configure(settings.log_format)
    runtime = build_runtime(settings)
    if context.invoked_subcommand != "db":
        schema.make_ready(runtime.db)
    context.obj = runtime
    context.call_on_close(runtime.db.dispose)


@cli.group(name="import")
def import_group() -> None:
    """Read a Salesforce report export."""


import_group.add_command(import_accounts_command, "accounts")
import_group.add_command(import_contacts_command, "contacts")
cli.add_command(users)
cli.add_command(templates)
cli.add_command(demo)
cli.add_command(sandbox_command, "sandbox")


@cli.group()
def db() -> None:
    """The database's shape."""


@db.command()
@click.pass_obj
def upgrade(runtime: Runtime) -> None:
    """Bring the database to the newest revision."""
    schema.upgrade(runtime.db)
    click.echo(f"The database is at revision {schema.revision_of(runtime.db)}.")


@db.command()
@click.argument("message")
@click.pass_obj
def draft(runtime: Runtime, message: str) -> None:
    """Write a new migration from what the models have and the database has not."""
    schema.draft_migration(runtime.db, message)


@cli.group()
def keys() -> None:
    """Keys for the settings."""


@keys.command("new")
def new_key() -> None:
    """Print a fresh key for TOKEN_KEYS."""
    click.echo(new_token_key())


@cli.command()
@click.option("--workers", default=2, show_default=True)
@click.option("--threads", default=4, show_default=True)
@click.pass_obj
def web(runtime: Runtime, workers: int, threads: int) -> None:
    """Serve the pages and the API (gunicorn). Put a buffering proxy such as nginx before it."""
    command = [
        str(Path(sys.executable).with_name("gunicorn")),
        "server.wsgi:make()",
        f"--bind={runtime.settings.bind}",
        f"--workers={workers}",
        f"--threads={threads}",
        "--worker-class=gthread",
        "--no-control-socket",
        "--max-requests=10000",
        "--max-requests-jitter=1000",
    ]
    # exec, so that a signal for this process reaches gunicorn itself
    os.execv(command[0], command)  # noqa: S606


@cli.command(name="worker")
@click.pass_obj
def worker_command(runtime: Runtime) -> None:
    """Perform jobs: send what the outbox holds."""
    worker.main(runtime)


@cli.command()
@click.pass_obj
def clock(runtime: Runtime) -> None:
    """Look for what is due and was not nudged. One is enough; more do no harm."""
    periodic.main(runtime)


def main() -> None:
    """Errors that a person can cure are said in words, without a traceback. Exit codes: 1 refused, 2 usage."""
    try:
        cli.main(prog_name="rapport")
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except RapportError as error:
        click.echo(f"{error.detail}\n{error.cure}".strip(), err=True)
        sys.exit(1)
