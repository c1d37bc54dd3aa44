"""`rapport templates …`: check and render files, and exchange them with the web."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from server.auth import people
from server.email_templates import exchange, queries
from server.email_templates.catalogue import MERGE_FIELDS, sample_values
from server.email_templates.exchange import Compared, ExchangeConflict, Standing
from server.email_templates.findings import examine_source
from server.email_templates.load import blocks_of, load_templates, parse_folder, read_folder
from server.email_templates.models import Origin
from server.email_templates.problems import Severity, TemplateInvalid
from server.email_templates.publish import Signature
from server.email_templates.render import render
from server.email_templates.source import TemplateSource
from server.errors import RapportError
from server.runtime import Runtime
from server.template_library.gate import publish_checked

T = TypeVar("T")
_FOLDER = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("email_templates")
)


@click.group()
def templates() -> None:
    """Email templates: check and render files, exchange them with the web."""


@templates.command()
@_FOLDER
@click.option("--warnings/--no-warnings", default=True, help="Tell doubtful things, too.")
def check(folder: Path, warnings: bool) -> None:
    """Say what is wrong with the files of FOLDER, without touching the database."""
    sources = _parsed(folder)
    blocks = blocks_of(sources)
    errors = 0
    for source in sources:
        problems = examine_source(source, blocks).problems
        for problem in problems:
            is_error = problem.severity is Severity.ERROR
            errors += is_error
            if is_error or warnings:
                click.echo(f"{problem.severity}: {problem}", err=True)
        if not any(problem.severity is Severity.ERROR for problem in problems):
            click.echo(f"{source.slug}: fine")
    if errors:
        raise click.ClickException(f"{_counted(errors, 'problem')} found.")


@templates.command()
@_FOLDER
def load(folder: Path) -> None:
    """Load the files of FOLDER for the first time, or those of a newer release. What the web changed stays."""
    sources = _read(folder)
    runtime: Runtime = click.get_current_context().obj
    with runtime.db.transaction() as session:
        report = load_templates(session, sources, runtime.clock.now())
    groups = {
        "created": report.created,
        "updated": report.updated,
        "follows a block": report.touched,
        "unchanged": report.unchanged,
        "kept as it is on the web": report.kept,
    }
    for word, slugs in groups.items():
        for slug in slugs:
            click.echo(f"{word} {slug}")


@templates.command()
@_FOLDER
@click.option("--only", "slugs", multiple=True, metavar="NAME", help="Only these; may be repeated.")
def diff(folder: Path, slugs: tuple[str, ...]) -> None:
    """Show how the files of FOLDER differ from the versions in use, and on which side each was changed."""
    runtime: Runtime = click.get_current_context().obj
    with runtime.db.reading() as session:
        compared = _told(lambda: exchange.compare(session, folder))
        differing = [one for one in compared if one.standing is not Standing.SAME and (not slugs or one.slug in slugs)]
        for one in differing:
            click.echo(f"{one.path}: {one.standing}{_draft_note(one)}")
            if one.standing not in (Standing.NEW_FILE, Standing.NOT_HERE):
                click.echo(one.diff())
    if not differing:
        click.echo("No difference.")


@templates.command()
@_FOLDER
@click.option("--take", multiple=True, metavar="NAME", help="Take the web's text of this one; may be repeated.")
def pull(folder: Path, take: tuple[str, ...]) -> None:
    """Write into FOLDER what was changed on the web. Files that were changed on both sides are refused."""
    runtime: Runtime = click.get_current_context().obj
    with runtime.db.reading() as session:
        written = _told(lambda: exchange.pull(session, folder, take=take))
        for one in written:
            assert one.version is not None
            click.echo(f"wrote {one.path} (version {one.version.number})")
    if not written:
        click.echo("Nothing to pull.")


@templates.command()
@_FOLDER
@click.option("--take", multiple=True, metavar="NAME", help="Take the file's text of this one; may be repeated.")
@click.option("--note", default="", help="Why, for the history of the versions.")
@click.option("--by", "email", metavar="EMAIL", help="The user who is the author.")
def push(folder: Path, take: tuple[str, ...], note: str, email: str | None) -> None:
    """Publish what was changed in FOLDER, with all checks. Files that were changed on both sides are refused."""
    runtime: Runtime = click.get_current_context().obj
    with runtime.db.transaction() as session:
        author = people.by_email(session, email).id if email else None
        signature = Signature(origin=Origin.FILES, now=runtime.clock.now(), author_id=author, note=note)
        written = _told(lambda: exchange.push(session, folder, signature, take=take, publish_with=publish_checked))
        for slug, version in written.items():
            click.echo(f"published {slug} version {version.number}")
    with runtime.db.reading() as session:
        exchange.remember(session, folder)
    if not written:
        click.echo("Nothing to push.")


def _told(deed: Callable[[], T]) -> T:
    """The deed's result; what goes wrong is told with its lines and differences."""
    try:
        return deed()
    except ExchangeConflict as conflict:
        for one in conflict.compared:
            click.echo(one.diff(), err=True)
        raise click.ClickException(str(conflict)) from conflict
    except TemplateInvalid as invalid:
        _tell(invalid)
        raise click.ClickException(f"{_counted(len(invalid.problems), 'problem')}: nothing was changed.") from invalid
    except RapportError as error:
        raise click.ClickException(str(error)) from error


def _draft_note(one: Compared) -> str:
    return " (and there is an unpublished draft on the web)" if one.has_draft else ""


def _tell(invalid: TemplateInvalid) -> None:
    for problem in invalid.problems:
        click.echo(str(problem), err=True)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


@templates.command(name="render")
@click.argument("slug")
@click.option("--field", "fields", multiple=True, metavar="PATH=VALUE", help="contact.first_name=Ada; may be repeated.")
@click.option("--text", "as_text", is_flag=True, help="Print the plain text instead of the HTML.")
@click.option("--sample/--no-sample", default=True, help="Fill the other fields with examples.")
def render_one(slug: str, fields: tuple[str, ...], as_text: bool, sample: bool) -> None:
    """Print the loaded template SLUG, filled in."""
    values = sample_values() if sample else {}
    for one in fields:
        _put(values, one)
    runtime = click.get_current_context().obj
    try:
        with runtime.db.transaction() as session:
            version = queries.current_version(session, queries.by_slug(session, slug))
            email = render(queries.compiled(session, version), values)
    except RapportError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Subject: {email.subject}", err=True)
    click.echo(email.text if as_text else email.html)


def _read(folder: Path) -> list[TemplateSource]:
    return _told(lambda: read_folder(folder))


def _parsed(folder: Path) -> list[TemplateSource]:
    return _told(lambda: parse_folder(folder))


def _put(values: dict[str, Any], assignment: str) -> None:
    path, equals, text = assignment.partition("=")
    known = {field.path: field.example for field in MERGE_FIELDS}
    if not equals or path not in known:
        raise click.BadParameter(f"{assignment!r} is not one of {', '.join(known)} with = and a value.")
    *groups, last = path.split(".")
    for group in groups:
        values = values.setdefault(group, {})
    values[last] = _typed(text, known[path])


def _typed(text: str, example: Any) -> Any:
    try:
        if isinstance(example, date):
            return date.fromisoformat(text)
        return Decimal(text) if isinstance(example, Decimal) else text
    except (ValueError, InvalidOperation):
        raise click.BadParameter(f"{text!r} is not like {example}.") from None
