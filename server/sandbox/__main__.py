"""python -m server.sandbox: a stand-in for Google on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from server.errors import Forbidden
from server.sandbox.config import SandboxConfig
from server.sandbox.serve import check_loopback, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m server.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8401)
    parser.add_argument("--data", type=Path, default=Path("var/sandbox.sqlite3"), help="its SQLite file")
    parser.add_argument("--rapport-url", default="http://127.0.0.1:8400", help="where Rapport answers")
    given = parser.parse_args()
    base_url = f"http://{given.host}:{given.port}"
    config = SandboxConfig(data_path=given.data, base_url=base_url, redirect_uris_prefix=given.rapport_url)
    try:
        check_loopback(given.host)
    except Forbidden as error:
        sys.exit(str(error))
    sys.stdout.write(f"The sandbox is at {base_url} (mailboxes: {base_url}/)\n")
    sys.stdout.flush()
    try:
        run(config, given.host, given.port)
    except OSError as error:
        sys.exit(f"The sandbox cannot listen on port {given.port}: {error.strerror}. Give another with --port.")


if __name__ == "__main__":
    main()
