"""`rapport templates …`: check files, load them into the database, look at a filled-in one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from server.email_templates import queries
from server.email_templates.catalogue import MERGE_FIELDS, sample_values
from server.email_templates.load import load_templates, read_folder
from server.email_templates.problems import TemplateInvalid
from server.email_templates.render import render
from server.email_templates.source import TemplateSource
from server.errors import RapportError

_FOLDER = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("email_templates")
)


@click.group()
def templates() -> None:
    """Email templates."""


@templates.command()
@_FOLDER
def check(folder: Path) -> None:
    """Say what is wrong with the files of FOLDER, without touching the database."""
    for source in _read(folder):
        click.echo(f"{source.slug}: fine")


@templates.command()
@_FOLDER
def load(folder: Path) -> None:
    """Load the files of FOLDER: each changed file becomes a new version."""
    sources = _read(folder)
    runtime = click.get_current_context().obj
    with runtime.db.transaction() as session:
        report = load_templates(session, sources, runtime.clock.now())
    for word, slugs in (("created", report.created), ("updated", report.updated), ("unchanged", report.unchanged)):
        for slug in slugs:
            click.echo(f"{word} {slug}")


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
            email = render(queries.compiled(version), values)
    except RapportError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Subject: {email.subject}", err=True)
    click.echo(email.text if as_text else email.html)


def _read(folder: Path) -> list[TemplateSource]:
    try:
        return read_folder(folder)
    except TemplateInvalid as invalid:
        for problem in invalid.problems:
            click.echo(str(problem), err=True)
        raise click.ClickException(f"{len(invalid.problems)} problems found.") from invalid


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
