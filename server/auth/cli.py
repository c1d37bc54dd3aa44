"""rapport users …"""

from __future__ import annotations

import click

from server.auth import people
from server.auth.models import Role, User
from server.runtime import Runtime

_AFTERWARDS = "Their mailbox is disconnected within a minute."


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
@click.option("--country", default=None, help="Whose holidays they have: DE, or DE-BY for a part of it.")
@click.pass_obj
def add(
    runtime: Runtime,
    email: str,
    name: str,
    role: str,
    title: str,
    team: str | None,
    time_zone: str,
    country: str | None,
) -> None:
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
            country=country,
            now=runtime.clock.now(),
        )
    click.echo(f"{email.strip().lower()} may sign in as {role}.")


@users.command("list")
@click.pass_obj
def list_users(runtime: Runtime) -> None:
    """Everybody, by name: address, role, and whether they may and did sign in."""
    with runtime.db.reading() as session:
        everybody = people.all_users(session)
    for user in everybody:
        click.echo(f"{user.email}  {user.role}  {user.name}  {_state(user)}")


def _state(user: User) -> str:
    if user.deactivated_at is not None:
        return f"ended on {user.deactivated_at:%Y-%m-%d}"
    return f"signs in at {user.issuer}" if user.issuer else "never signed in"


@users.command("end")
@click.argument("email")
@click.pass_obj
def end(runtime: Runtime, email: str) -> None:
    """EMAIL may sign in no more, and is signed out everywhere at once. Their mail and their customers stay."""
    with runtime.db.transaction() as session:
        closed = people.end_user(session, email=email, now=runtime.clock.now())
    out = ", ".join(
        _count(count, noun)
        for count, noun in (
            (closed.browsers, "browser"),
            (closed.devices, "Gmail extension"),
            (closed.tokens, "personal token"),
        )
    )
    click.echo(f"{email.strip().lower()} may not sign in any more. Signed out: {out}. {_AFTERWARDS}")


@users.command("unbind")
@click.argument("email")
@click.pass_obj
def unbind(runtime: Runtime, email: str) -> None:
    """Whoever next signs in with EMAIL, confirmed by the provider, is this person: after a move to another provider."""
    with runtime.db.transaction() as session:
        people.unbind_user(session, email=email)
    click.echo(f"{email.strip().lower()} is bound anew at the next sign-in.")


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
