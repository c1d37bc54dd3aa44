"""rapport sandbox: a stand-in for Google on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from server.errors import Unavailable
from server.sandbox.config import SandboxConfig
from server.sandbox.loopback import is_loopback
from server.sandbox.serve import check_loopback, run


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", type=int, default=8401, show_default=True)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/sandbox.sqlite3"),
    show_default=True,
    help="Its SQLite file.",
)
@click.option("--rapport-url", default="http://127.0.0.1:8400", show_default=True, help="Where Rapport answers.")
@click.option("--smtp", default=None, help="domain=host:port: mail for this domain goes there by SMTP.")
def sandbox_command(host: str, port: int, data: Path, rapport_url: str, smtp: str | None) -> None:
    """A local stand-in for Google: sign-in, Gmail, and mailboxes to read in the browser. Lets anybody be anybody."""
    base_url = f"http://{host}:{port}"
    check_loopback(host)
    data.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"The sandbox is at {base_url} (mailboxes: {base_url}/)")
    config = SandboxConfig(
        data_path=data,
        base_url=base_url,
        redirect_uris_prefix=rapport_url,
        push_url=f"{rapport_url}/hooks/gmail",
        smtp_routes=_routes(smtp),
    )
    try:
        run(config, host, port)
    except OSError as error:
        raise Unavailable(
            f"The sandbox cannot listen on port {port}: {error.strerror}.", cure="Give another with --port."
        ) from error


def _routes(smtp: str | None) -> dict[str, tuple[str, int]]:
    """Raises BadParameter for what does not name a loopback address."""
    if smtp is None:
        return {}
    domain, _, target = smtp.partition("=")
    host, _, port = target.rpartition(":")
    if not domain or not port.isdecimal() or not is_loopback(host):
        raise click.BadParameter("Give domain=127.0.0.1:port.", param_hint="--smtp")
    return {domain.lower(): (host, int(port))}


if __name__ == "__main__":
    sandbox_command()
