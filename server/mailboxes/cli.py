"""rapport mailboxes …"""

from __future__ import annotations

import sys

import click

from server.mailboxes import reseal
from server.runtime import Runtime


@click.group()
def mailboxes() -> None:
    """The mailboxes that are connected."""


@mailboxes.command("reseal")
@click.pass_obj
def reseal_command(runtime: Runtime) -> None:
    """Encrypt all grants with the first of TOKEN_KEYS: then the keys after it may go.

    May be stopped and run again. Exit 1 when a grant opens with none of the keys.
    """
    found = reseal.reseal_all(runtime.db, runtime.vault)
    click.echo(f"{found.sealed} grants are sealed with the first key.")
    for email in found.unopened:
        click.echo(f"{email}: opens with none of TOKEN_KEYS. Bring back the key it was sealed with, or reconnect it.")
    if found.unopened:
        sys.exit(1)
