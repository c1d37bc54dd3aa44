"""A part of Rapport as a guarded child process with a log file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.errors import Unavailable

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_LINES = 15


@dataclass(kw_only=True)
class Part:
    """`command` is run with `environment`; its output goes to `log_path`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD), *self.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,
            )

    def wait_until(self, is_ready: Callable[[], bool], *, limit_s: float = 60) -> None:
        """Raises Unavailable with the end of the log when it ends first or takes too long."""
        end = time.monotonic() + limit_s
        while not is_ready():
            if self.has_ended():
                raise Unavailable(f"{self.name} ended while it started.", cure=f"Its log says:\n{self.tail()}")
            if time.monotonic() > end:
                late = f"{self.name} did not start in {limit_s:.0f} s."
                raise Unavailable(late, cure=f"Its log says:\n{self.tail()}")
            time.sleep(0.02)

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Close the guard's pipe and wait; the guard ends the child, by force after 20 s."""
        if self.process is None or self.process.stdin is None:
            return
        self.process.stdin.close()
        self.process.wait()

    def tail(self) -> str:
        if not self.log_path.exists():
            return "(nothing)"
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:]) or "(nothing)"
