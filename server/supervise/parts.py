"""A part of Rapport as a guarded child process with a log file."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.errors import Unavailable

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_LINES = 15
_TAIL_BYTES = 16_384
_LONGEST_LOG = 5 * 2**20  # bytes; a start moves a longer log aside


@dataclass(kw_only=True)
class Part:
    """`command` is run with `environment`; its output goes to `log_path`. `is_ready` is asked until it says yes."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path
    is_ready: Callable[[Part], bool] = lambda _part: True
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log_start: int = field(default=0, init=False)

    def start(self) -> None:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = _make_room(self.log_path)
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
                raise self.failure("ended while it started")
            if time.monotonic() > end:
                raise self.failure(f"did not start in {limit_s:.0f} s")
            time.sleep(0.02)

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def ask_to_end(self) -> None:
        """Returns at once. The guard ends the child, by force after 20 s."""
        self._tell_guard(b".")

    def end_now(self) -> None:
        """By force. Returns at once."""
        self._tell_guard(b"!")

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.ask_to_end()
        self.bury()

    def bury(self) -> None:
        """Wait until it has ended, and close the pipe."""
        if self.process is None or self.process.stdin is None:
            return
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def failure(self, what: str) -> Unavailable:
        return Unavailable(f"{self.name[0].upper()}{self.name[1:]} {what}.", cure=f"Its log says:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines that it wrote since its start."""
        lines = self._written(last=_TAIL_BYTES).splitlines()
        return "\n".join(lines[-_TAIL_LINES:]) or "(nothing)"

    def has_logged(self, event: str) -> bool:
        """Whether the word is in what it wrote since its start."""
        return event in self._written(last=_TAIL_BYTES)

    def _written(self, *, last: int) -> str:
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(min(self._log_start, end), end - last))
            return log.read().decode(errors="replace")

    def _tell_guard(self, word: bytes) -> None:
        if self.process is not None and self.process.stdin is not None and not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(word)
                self.process.stdin.flush()


def _make_room(log_path: Path) -> int:
    """Move a long log aside, in the place of the one before it; returns where the new lines will start."""
    size = log_path.stat().st_size if log_path.exists() else 0
    if size <= _LONGEST_LOG:
        return size
    log_path.replace(log_path.with_name(f"{log_path.name}.1"))
    return 0
