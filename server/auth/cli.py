"""rapport users …"""

from __future__ import annotations

import click

from server.auth import people
from server.auth.models import Role
from server.runtime import Runtime


@click.group()
def users() -> None:
    """The people who may sign in."""


@users.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As it should stand under emails.")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default=Role.TAM.value, show_default=True)
@click.option("--title", default="", help="Such as: Technical Account Manager, EMEA.")
@click.option("--team", default=None)
@click.option("--time-zone", default="UTC", show_default=True, help="An IANA name such as Europe/Berlin.")
@click.pass_obj
def add(runtime: Runtime, email: str, name: str, role: str, title: str, team: str | None, time_zone: str) -> None:
    """Let EMAIL sign in, or change what is known of them."""
    with runtime.db.transaction() as session:
        people.add_user(
            session,
            email=email,
            name=name,
            role=role,
            title=title,
            team=team,
            time_zone=time_zone,
            now=runtime.clock.now(),
        )
    click.echo(f"{email.strip().lower()} may sign in as {role}.")
