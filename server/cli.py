"""The command `rapport`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from server import __version__
from server.errors import RapportError, Unavailable
from server.settings import Settings, SettingsError, new_token_key

if TYPE_CHECKING:
    from server.runtime import Runtime

_NEEDS_NO_RUNTIME = frozenset({"demo", "keys", "sandbox"})
# They serve others, or make the tables first: no deeds of who starts them.
_SERVES = frozenset({"worker", "clock", "web", "inbound", "db"})
_HELP_IS_ASKED = "rapport.help"


class _ByName(click.Group):
    """A group that imports a command's module when that command is asked for: importing all takes two seconds."""

    def __init__(self, *args: Any, places: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._places])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._places[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_HELP_IS_ASKED] = "--help" in args
        return super().parse_args(ctx, args)


@click.group(
    cls=_ByName,
    places={
        "users": "server.auth.cli:users",
        "audit": "server.audit.cli:audit",
        "personal-data": "server.personal_data.cli:personal_data",
        "templates": "server.template_library.cli:templates",
        "demo": "server.demo.cli:demo",
        "sandbox": "server.sandbox.__main__:sandbox_command",
        "web": "server.wsgi:web",
        "mail": "server.mail.cli:mail",
        "match": "server.mail.cli:match_command",
        "inbound": "server.mail.cli:inbound_command",
        "mailboxes": "server.mailboxes.cli:mailboxes",
        "measures": "server.measures.cli:measures",
        "triggers": "server.triggers.cli:triggers",
        "rehearse": "server.triggers.cli:rehearse",
    },
)
@click.version_option(__version__, prog_name="rapport")
@click.pass_context
def cli(context: click.Context) -> None:
    """Rapport: email for customer success. Settings come from the environment; see README.md."""
    if context.invoked_subcommand in _NEEDS_NO_RUNTIME or context.meta[_HELP_IS_ASKED]:
        return
    context.obj = _runtime(may_be_old=context.invoked_subcommand == "db")
    if context.invoked_subcommand not in _SERVES:
        from server.audit import command_line

        command_line.note_command(context.obj.db, context.obj.clock)
    context.call_on_close(context.obj.db.dispose)


def _runtime(*, may_be_old: bool) -> Runtime:
    settings = Settings.from_env()
    from server import logs, schema
    from server.app import build_runtime

    logs.configure(settings.log_format)
    try:
        runtime = build_runtime(settings)
    except OSError as error:
        raise Unavailable(
            f"{error.filename} cannot be used: {error.strerror}.", cure="Look at RAPPORT_DATA_DIR and DATABASE_URL."
        ) from error
    if not may_be_old:
        schema.make_ready(runtime.db)
    return runtime


@cli.group(
    name="import",
    cls=_ByName,
    places={
        "accounts": "server.accounts.cli:import_accounts_command",
        "contacts": "server.contacts.cli:import_contacts_command",
    },
)
def import_group() -> None:
    """Read a Salesforce report export."""


@cli.group(
    name="playbooks",
    cls=_ByName,
    places={
        **{name: f"server.playbooks.cli:{name}" for name in ("check", "schema", "load", "diff", "pull", "push")},
        # Of what stands above playbooks; it rehearses triggers as well, so `rapport rehearse` is the same command.
        "rehearse": "server.triggers.cli:rehearse",
    },
)
def playbooks_group() -> None:
    """Playbooks: check files, exchange them with the web, rehearse them."""


@cli.group()
def db() -> None:
    """The database's shape."""


@db.command()
@click.pass_obj
def upgrade(runtime: Runtime) -> None:
    """Bring the database to the newest revision."""
    from server import schema

    schema.upgrade(runtime.db)
    click.echo(f"The database is at revision {schema.revision_of(runtime.db)}.")


@db.command()
@click.argument("message")
@click.pass_obj
def draft(runtime: Runtime, message: str) -> None:
    """Write a new migration from what the models have and the database has not."""
    from server import schema

    schema.draft_migration(runtime.db, message)


@cli.group()
def keys() -> None:
    """Keys for the settings."""


@keys.command("new")
def new_key() -> None:
    """Print a fresh key for TOKEN_KEYS."""
    click.echo(new_token_key())


@cli.command(name="worker")
@click.pass_obj
def worker_command(runtime: Runtime) -> None:
    """Perform jobs: send what the outbox holds."""
    from server import worker

    if not runtime.jobs.ping():
        raise Unavailable(
            f"No Valkey or Redis answers at {_without_password(runtime.settings.redis_url)}.",
            cure="Look at REDIS_URL. Without it the embedded one is meant, which only `rapport demo` starts.",
        )
    worker.main(runtime)


@cli.command()
@click.pass_obj
def clock(runtime: Runtime) -> None:
    """Look for what is due and was not nudged. One is enough; more do no harm."""
    from server import periodic

    periodic.main(runtime)


def main() -> None:
    """Errors that a person can cure are said in words, without a traceback. Exit codes: 1 refused, 2 usage."""
    try:
        cli.main(prog_name="rapport")
    except Exception as error:
        words = _in_words(error)
        if words is None:
            raise
        click.echo(words, err=True)
        sys.exit(1)


def _in_words(error: Exception) -> str | None:
    """None for an error of ours."""
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, RapportError):
        return f"{error.detail}\n{error.cure}".strip()
    from sqlalchemy.exc import DatabaseError, OperationalError

    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        where = _without_password(Settings.from_env().database_url)
        return f"The database {where} cannot be used: {str(error.orig).strip()}\nLook at DATABASE_URL."
    return None


def _without_password(url: str) -> str:
    """A database's or a Redis's URL as it may be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return url.split("://", 1)[0]
