"""Commands of `rapport playbooks`, which `server/cli.py` puts together: check files, and exchange them with the web."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from server.auth import people
from server.errors import RapportError
from server.playbooks import exchange
from server.playbooks.check import check as check_names
from server.playbooks.check import known
from server.playbooks.exchange import Compared, ExchangeConflict, Standing
from server.playbooks.json_schema import as_text
from server.playbooks.load import load_playbooks, read_files, read_folder
from server.playbooks.problems import PlaybookInvalid
from server.playbooks.read import read
from server.runtime import Runtime

T = TypeVar("T")
_FOLDER = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("playbooks")
)


@click.command()
@click.argument("files", type=click.Path(exists=True, path_type=Path), nargs=-1)
def check(files: tuple[Path, ...]) -> None:
    """Say what is wrong with FILES, or folders of them, and where; names are held against this installation's lists."""
    runtime: Runtime = click.get_current_context().obj
    paths = [one for path in files or (Path("playbooks"),) for one in _yaml_in(path)]
    wrong = 0
    with runtime.db.reading() as session:
        names = known(session)
        for path in paths:
            try:
                (file,) = read_files([path])
                reading = read(file.text, name=path.name)
                problems = check_names(names, reading.definition, reading.source)
            except PlaybookInvalid as invalid:
                problems = invalid.problems
            for problem in problems:
                click.echo(str(problem), err=True)
            wrong += len(problems)
            if not problems:
                click.echo(f"{path.name}: fine")
    if wrong:
        raise click.ClickException(f"{_counted(wrong, 'problem')} found.")


@click.command()
def schema() -> None:
    """Print the JSON Schema that editors check the files with."""
    click.echo(as_text(), nl=False)


@click.command()
@_FOLDER
def load(folder: Path) -> None:
    """Publish the files of FOLDER for the first time, or those of a newer release. What the web published stays."""
    runtime: Runtime = click.get_current_context().obj
    files = _told(lambda: read_folder(folder))
    with runtime.db.transaction() as session:
        report = _told(lambda: load_playbooks(session, files, runtime.clock.now()))
    groups = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "kept as it is on the web": report.kept,
    }
    for word, slugs in groups.items():
        for slug in slugs:
            click.echo(f"{word} {slug}")


@click.command()
@_FOLDER
@click.option("--only", "slugs", multiple=True, metavar="NAME", help="Only these; may be repeated.")
def diff(folder: Path, slugs: tuple[str, ...]) -> None:
    """Show what publishing FOLDER would change, and on which side each was changed."""
    runtime: Runtime = click.get_current_context().obj
    with runtime.db.reading() as session:
        compared = _told(lambda: exchange.compare(session, folder))
        differing = [one for one in compared if one.standing is not Standing.SAME and (not slugs or one.slug in slugs)]
        for one in differing:
            click.echo(f"{one.slug}.yaml: {one.standing}{' (a draft is on the web)' if one.draft else ''}")
            if one.file and one.version:
                click.echo(one.diff())
    if not differing:
        click.echo("No difference.")


@click.command()
@_FOLDER
@click.option("--take", multiple=True, metavar="NAME", help="Take the web's text of this one; may be repeated.")
def pull(folder: Path, take: tuple[str, ...]) -> None:
    """Write into FOLDER what was published on the web. Files that were changed on both sides are refused."""
    runtime: Runtime = click.get_current_context().obj
    with runtime.db.reading() as session:
        written = _told(lambda: exchange.pull(session, folder, take=take))
        for one in written:
            click.echo(f"wrote {one.slug}.yaml (version {one.version.number if one.version else '?'})")
        _told(lambda: exchange.remember(session, folder))
    if not written:
        click.echo("Nothing to pull.")


@click.command()
@_FOLDER
@click.option("--publish", "is_published", is_flag=True, help="Publish them; without it they become drafts.")
@click.option("--take", multiple=True, metavar="NAME", help="Take the file's text of this one; may be repeated.")
@click.option("--note", default="", help="Why, for the history of the versions.")
@click.option("--by", "email", metavar="EMAIL", help="The user who is the author.")
def push(folder: Path, is_published: bool, take: tuple[str, ...], note: str, email: str | None) -> None:
    """Make drafts of what was changed in FOLDER, or publish it. Files that the web has newer are refused."""
    runtime: Runtime = click.get_current_context().obj

    def pushed() -> list[Compared]:
        with runtime.db.transaction() as session:
            by_id = people.by_email(session, email).id if email else None
            return exchange.push(
                session,
                folder,
                is_published=is_published,
                by_id=by_id,
                note=note,
                now=runtime.clock.now(),
                take=take,
            )

    written = _told(pushed)
    for one in written:
        click.echo(f"{'published' if is_published else 'made a draft of'} {one.slug}")
    with runtime.db.reading() as session:
        _told(lambda: exchange.remember(session, folder))
    if not written:
        click.echo("Nothing to push.")


def _told(deed: Callable[[], T]) -> T:
    """The deed's result; what goes wrong is told with its places and differences."""
    try:
        return deed()
    except ExchangeConflict as conflict:
        for one in conflict.compared:
            click.echo(one.diff(), err=True)
        raise click.ClickException(str(conflict)) from conflict
    except PlaybookInvalid as invalid:
        for problem in invalid.problems:
            click.echo(str(problem), err=True)
        raise click.ClickException(f"{_counted(len(invalid.problems), 'problem')}: nothing was changed.") from invalid
    except RapportError as error:
        raise click.ClickException(str(error)) from error


def _yaml_in(path: Path) -> list[Path]:
    return sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
