"""`rapport triggers load`, and `rapport rehearse`, which is also `rapport playbooks rehearse`."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.orm import Session

from server.errors import Invalid, NotFound
from server.playbooks import queries as playbooks
from server.playbooks.read import read_source
from server.runtime import Runtime
from server.triggers import queries, scenes
from server.triggers.rehearse import DAYS, LONGEST, Rehearsal, compared
from server.triggers.rehearse import rehearse as play
from server.triggers.scenes import Scene
from server.triggers.shipped import load_triggers

_SHOWN = 20
_LARGEST = 1024 * 1024


@click.group()
def triggers() -> None:
    """What opens CTAs by itself."""


@triggers.command()
@click.option("--on", is_flag=True, help="Turn the new ones on, for what begins from now on.")
@click.pass_obj
def load(runtime: Runtime, on: bool) -> None:
    """Add the triggers that Rapport brings and that are not here yet. They are off; those here stay as they are."""
    with runtime.db.transaction() as session:
        added = load_triggers(session, now=runtime.clock.now(), on=on)
    state = "on" if on else "off: look at whom each would hit, then turn it on"
    click.echo(f"{len(added)} added, {state}." if added else "Nothing to add.")


@click.command()
@click.argument("what", required=False)
@click.option("--days", type=click.IntRange(1, LONGEST), default=DAYS, show_default=True)
@click.pass_obj
def rehearse(runtime: Runtime, what: str | None, days: int) -> None:
    """Run a draft against the real book for the next days: what would open, which emails, how many hours.

    WHAT is the slug of a playbook or a trigger, or a playbook's file; without it, all triggers that are on. Nothing is
    opened and nothing is sent.
    """
    now = runtime.clock.now()
    with runtime.db.reading() as session:
        scene = _scene(session, what)
        draft = play(session, scene.draft, now=now, days=days)
        live = play(session, scene.live, now=now, days=days) if scene.live is not None else None
    click.echo(f"{scene.title}, {draft.first_on} to {draft.last_on}. {scene.note}".strip())
    for name, (value, other) in compared(draft, live).items():
        beside = f"  (live: {other:,g}, {value - other:+,g})" if other is not None else ""
        click.echo(f"  {name}: {value:,g}{beside}")
    _echo_people(draft)
    for one in draft.openings[:_SHOWN]:
        click.echo(f"  {one.on} {one.account_name}: {one.cta_name} ({one.owner_name}, {one.tasks} tasks)")
    if len(draft.openings) > _SHOWN:
        click.echo(f"  and {len(draft.openings) - _SHOWN:,} more")
    for twice in draft.twice[:_SHOWN]:
        click.echo(f"  Twice within a week: {twice.name}, {twice.account_name}: {twice.first_on} and {twice.second_on}")
    click.echo("Not foreseen: new TAMs, new stages, answers, files, sentiments that change.")


def _echo_people(draft: Rehearsal) -> None:
    by_person: dict[str, list[int]] = {}
    for (name, _), minutes in draft.minutes.items():
        by_person.setdefault(name, []).append(minutes)
    for name, weeks in sorted(by_person.items()):
        click.echo(f"  {name}: {sum(weeks) / 60:.1f} hours, {max(weeks) / 60:.1f} in the busiest week")


def _scene(session: Session, what: str | None) -> Scene:
    """Raises NotFound, Invalid."""
    if what is None:
        return scenes.of_all(session)
    path = Path(what)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        if path.stat().st_size > _LARGEST:
            raise Invalid(f"{path.name} is too large for a playbook.")
        definition = read_source(path.read_text(encoding="utf-8"), name=path.name)
        return scenes.of_playbook(session, definition.slug, definition)
    if playbooks.find_slug(session, what) is not None:
        return scenes.of_playbook(session, what)
    row = queries.find_slug(session, what)
    if row is None:
        raise NotFound(f"There is no playbook and no trigger {what[:80]}.", cure="Give a slug, or a file.")
    return scenes.of_trigger(session, row)
