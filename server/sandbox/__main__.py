"""rapport sandbox: a stand-in for Google on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from server.errors import Unavailable
from server.sandbox.config import SandboxConfig
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
def sandbox_command(host: str, port: int, data: Path, rapport_url: str) -> None:
    """A local stand-in for Google: sign-in, Gmail, and mailboxes to read in the browser. Lets anybody be anybody."""
    base_url = f"http://{host}:{port}"
    check_loopback(host)
    data.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"The sandbox is at {base_url} (mailboxes: {base_url}/)")
    try:
        run(SandboxConfig(data_path=data, base_url=base_url, redirect_uris_prefix=rapport_url), host, port)
    except OSError as error:
        raise Unavailable(
            f"The sandbox cannot listen on port {port}: {error.strerror}.", cure="Give another with --port."
        ) from error


if __name__ == "__main__":
    sandbox_command()
