"""rapport personal-data …"""

from __future__ import annotations

import uuid
from pathlib import Path

import click
from sqlalchemy.orm import Session

from server.personal import Subject
from server.personal_data import erase as erasing
from server.personal_data import export as exports
from server.personal_data import held, receipts, subjects
from server.personal_data.preview import foresee
from server.runtime import Runtime

_BY = "the command line"
_contact = click.option("--contact", type=click.UUID, help="The contact's id, where several have the address.")


@click.group("personal-data")
def personal_data() -> None:
    """What is held of a customer's person: show it, export it, erase it."""


@personal_data.command("show")
@click.argument("address")
@_contact
@click.pass_obj
def show(runtime: Runtime, address: str, contact: uuid.UUID | None) -> None:
    """Print each kind of data: how many, since when, how long, where and why."""
    _leave_a_line(runtime)
    with runtime.db.reading() as session:
        found = held.summary(session, _subject(session, address, contact))
    if not found:
        click.echo("Nothing is held about this address.")
    for one in found:
        since = f", since {one.since:%Y-%m-%d}" if one.since else ""
        click.echo(f"{one.words.label}: {one.count}{since}, kept: {one.until}")
        click.echo(f"  where: {one.words.where}\n  why:   {one.words.why}")


@personal_data.command("export")
@click.argument("address")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=exports.FILE_NAME, show_default=True)
@_contact
@click.pass_obj
def export(runtime: Runtime, address: str, out: Path, contact: uuid.UUID | None) -> None:
    """Write all of it into a ZIP for the person."""
    _leave_a_line(runtime)
    with runtime.db.reading() as session:
        subject = _subject(session, address, contact)
        made = exports.make_zip(session, subject, by_name=_BY, now=runtime.clock.now())
    out.write_bytes(made)
    click.echo(f"{out} was written.")


@personal_data.command("erase")
@click.argument("address")
@click.option("--confirm", help="The address again. Without it, only what would happen is shown.")
@_contact
@click.pass_obj
def erase(runtime: Runtime, address: str, confirm: str | None, contact: uuid.UUID | None) -> None:
    """Erase the person and print the receipt. Without --confirm, nothing is changed."""
    now = runtime.clock.now()
    if confirm is None:
        _leave_a_line(runtime)
        with runtime.db.reading() as session:
            subject = _subject(session, address, contact)
        click.echo(receipts.as_text(foresee(runtime.db, subject, now=now)))
        click.echo(f"Nothing was changed. To erase, add: --confirm {erasing.confirmation_of(subject)}")
        return
    with runtime.db.transaction() as session:
        subject = _subject(session, address, contact)
        erasing.demand_confirmed(subject, confirm)
        receipt = erasing.erase(session, subject, by_user_id=None, by_name=_BY, now=now)
    click.echo(receipts.as_text(receipt))


def _leave_a_line(runtime: Runtime) -> None:
    """Who looks at what is held of a person is noted before they see it; the audit log notes a transaction."""
    with runtime.db.transaction():
        pass


def _subject(session: Session, address: str, contact: uuid.UUID | None) -> Subject:
    return subjects.of_contact(session, contact) if contact else subjects.of_address(session, address)
