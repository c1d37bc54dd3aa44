"""rapport audit …"""

from __future__ import annotations

from datetime import UTC, datetime

import click

from server.audit import queries
from server.audit.queries import AuditFilter
from server.runtime import Runtime

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def audit() -> None:
    """Who did what to which record, from where."""


@audit.command("export")
@click.option("--since", type=_DAY, help="From this day on, in UTC.")
@click.option("--until", type=_DAY, help="Up to this day, which is left out.")
@click.pass_obj
def export(runtime: Runtime, since: datetime | None, until: datetime | None) -> None:
    """Print the log as JSON lines, oldest first."""
    wanted = AuditFilter(
        since=since.replace(tzinfo=UTC) if since else None, until=until.replace(tzinfo=UTC) if until else None
    )
    with runtime.db.reading() as session:
        for one in queries.every(session, wanted):
            click.echo(queries.json_line(one))
