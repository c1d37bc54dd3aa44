"""rapport mail …, rapport match, rapport inbound"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.orm import Session

from server.auth import people
from server.errors import NotFound, Unavailable
from server.mail import inbound, words
from server.mail.explain import Answer, explain, undecided, unreadable
from server.mail.holders import Holder, first_of
from server.mail.import_mail import ImportTally, MailImport
from server.mail.mbox import LONGEST_MAIL, printable
from server.runtime import Runtime
from server.timeline.models import Level

_LEVELS = [level.value for level in (Level.FULL, Level.SUBJECT, Level.METADATA)]
_SAVE_IT = "Give a file that a mail program saved as .eml, or - for what comes on standard input."


@click.group()
def mail() -> None:
    """Mail from files, and the secret addresses for Bcc and forwarding."""


@mail.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--for", "address", required=True, help="Whose mail it is: a user's address.")
@click.option("--level", type=click.Choice(_LEVELS), help="What colleagues see of it; without it as for their mailbox.")
@click.option("--since", type=click.IntRange(1, 36_500), metavar="DAYS", help="Leave out what is older.")
@click.option("--dry-run", is_flag=True, help="Say what would become of it and store nothing.")
@click.pass_obj
def import_command(
    runtime: Runtime, path: Path, address: str, level: str | None, since: int | None, dry_run: bool
) -> None:
    """Import PATH: an .mbox (as Google Takeout gives it), an .eml, or a folder of them.

    It may be stopped and run again: what is there already is passed over. Exit code 1: some of it is no mail.
    """
    with runtime.db.reading() as session:
        owner = _holder(session, address)
    chosen = MailImport(
        db=runtime.db,
        clock=runtime.clock,
        holder=owner,
        level=level or owner.level,
        since=timedelta(days=since) if since is not None else None,
    )
    try:
        with _progress(path.name) as told:
            tally = chosen.run(path, told=told, is_trial=dry_run)
    except OSError as error:
        raise Unavailable(
            f"{printable(str(error.filename or path))} cannot be read: {error.strerror or error}.",
            cure="Mend that and run it again: what was imported is passed over.",
        ) from error
    for line in _lines(tally, is_trial=dry_run):
        click.echo(line)
    click.get_current_context().exit(1 if tally.unreadable_total else 0)


@mail.command("address")
@click.argument("user")
@click.option("--new", is_flag=True, help="Make another one; the one before it takes nothing more.")
@click.pass_obj
def address_command(runtime: Runtime, user: str, new: bool) -> None:
    """Print the secret address of USER, into which they put mail by Bcc or by forwarding it."""
    domain = _inbound_domain(runtime)
    with runtime.db.transaction() as session:
        give = inbound.renew if new else inbound.address_of_user
        found = give(session, people.by_email(session, user).id, domain, runtime.clock.now())
    click.echo(found)


@click.command("inbound")
@click.pass_obj
def inbound_command(runtime: Runtime) -> None:
    """Take mail to secret addresses by SMTP, behind a real mail server."""
    from server.mail import listener
    from server.mail.reception import Reception

    settings = runtime.settings
    reception = Reception(
        runtime.db, runtime.clock, domain=_inbound_domain(runtime), trusted_mx=settings.inbound_trusted_mx
    )
    listener.run(reception, settings.inbound_bind)


@click.command("match")
@click.argument("file")
@click.option("--for", "address", help="Whose mail it is: a user's address. Without it, whoever is in it.")
@click.pass_obj
def match_command(runtime: Runtime, file: str, address: str | None) -> None:
    """Print what would become of the mail in FILE (.eml, or - for standard input), as JSON. Nothing is stored.

    Exit codes: 0 it would be linked, 1 it would not and why, 2 it is not readable as mail and why.
    """
    told, code = _matched(runtime, file, address)
    click.echo(json.dumps(told, indent=2, ensure_ascii=False).encode("utf-8", "replace"))
    click.get_current_context().exit(code)


def _matched(runtime: Runtime, file: str, address: str | None) -> Answer:
    try:
        raw = _bytes_of(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return unreadable(f"{printable(file)} cannot be read: {reason}.", _SAVE_IT)
    with runtime.db.reading() as session:
        owner = None
        if address is not None:
            try:
                owner = _holder(session, address)
            except NotFound as error:
                return undecided(error.detail, error.cure)
        return explain(session, raw, for_holder=owner, now=runtime.clock.now())


def _bytes_of(file: str) -> bytes:
    """At most as much as one mail may have. Raises OSError, and ValueError for a name that none can have."""
    if file == "-":
        return sys.stdin.buffer.read(LONGEST_MAIL)
    with Path(file).open("rb") as opened:
        return opened.read(LONGEST_MAIL)


def _holder(session: Session, address: str) -> Holder:
    found = first_of(session, [address])
    if found is None:
        raise NotFound(f"There is no user {address}.", cure="Add them: rapport users add.")
    return found


def _inbound_domain(runtime: Runtime) -> str:
    domain = runtime.settings.inbound_domain
    if domain is None:
        raise Unavailable(
            "There is no domain for secret addresses.",
            cure="Set RAPPORT_INBOUND_DOMAIN to one whose mail comes to `rapport inbound`, such as in.example.com.",
        )
    return domain


@contextmanager
def _progress(name: str) -> Iterator[Callable[[float], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _PlainProgress()
        return
    shape = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*shape, console=console) as bar:
        task = bar.add_task(printable(name), total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)


class _PlainProgress:
    """A line for every 10 %, for logs."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, fraction: float) -> None:
        tens = int(fraction * 10)
        if tens > self._told:
            self._told = tens
            click.echo(f"Read: {tens * 10} %", err=True)


def _lines(tally: ImportTally, *, is_trial: bool) -> Iterator[str]:
    how = "This was a dry run: nothing was stored. The import would leave them as" if is_trial else "They are"
    yield f"{tally.read:,} mails read. {how}:"
    yield f"  {tally.logged:,} logged"
    yield f"  {tally.waiting:,} waiting for a person"
    yield f"  {tally.known:,} known already"
    yield f"  {tally.excluded.total():,} excluded"
    for rule, number in sorted(tally.excluded.items(), key=lambda item: (-item[1], item[0])):
        yield f"    {number:,} {rule}: {words.excluded_words(rule)}"
    yield f"  {tally.unreadable_total:,} unreadable"
    for place, reason in tally.unreadable:
        yield f"    {place}: {reason}"
    if tally.unreadable_total > len(tally.unreadable):
        yield f"    and {tally.unreadable_total - len(tally.unreadable):,} more"
