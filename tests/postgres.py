"""A real PostgreSQL, started by the tests, on a Unix socket only, gone when they end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def _binary(name: str) -> str:
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(candidates[0]) if candidates else shutil.which(name)
    if found is None:
        raise RuntimeError(
            f"PostgreSQL's {name} is not installed: run `make setup-tests`, which installs it on Debian."
        )
    return found


class PostgresServer:
    """PostgreSQL refuses to run as root, so root lends the folder to another user."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rapport-pg-"))
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"

    def start(self) -> None:
        self._run(_binary("initdb"), "-D", str(self._data), "-U", "rapport", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "60",
            "shared_buffers": "32MB",
            # What waits for a lock that nobody gives back says so, and no test waits for it for ever.
            "lock_timeout": "120s",
            "idle_in_transaction_session_timeout": "200s",
        }
        self._run(
            _binary("pg_ctl"), "start", "-w", "-D", str(self._data), "-l", str(self.folder / "log"),
            "-o", " ".join(f"-c {key}='{value}'" for key, value in options.items()),
        )  # fmt: skip

    def stop(self) -> None:
        self._run(_binary("pg_ctl"), "stop", "-D", str(self._data), "-m", "immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://rapport@/{database}?host={self.folder}"

    def _run(self, *command: str) -> None:
        subprocess.run(
            command,
            check=True,
            user=self._user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )
