"""A real demo: its process, its tree of children, its listeners."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE_S = 60


def wait_for(condition: Callable[[], object], *, what: str, limit_s: float = PATIENCE_S) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"waited {limit_s} s in vain: {what}"
        time.sleep(0.02)


def free_pair() -> int:
    """A port P so that P and P+1 are free."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


def parents() -> dict[int, int]:
    """pid -> its parent, of all that live."""
    found = {}
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit():
                state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(process.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    tree = parents()
    found, wave = set(), {pid}
    while wave:
        wave = {child for child, parent in tree.items() if parent in wave}
        found |= wave
    return found


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


class RunningDemo:
    """`python -m server demo` in a session of its own."""

    def __init__(self, data_dir: Path, *, port: int | None = None, terminal: int | None = None) -> None:
        self.data_dir, self.port = data_dir, port or free_pair()
        # A file and no pipe: whatever keeps a pipe open would be waited for.
        self.output_path = Path(f"{data_dir}.{self.port}.out")
        command = [sys.executable, "-m", "server", "demo", "--port", str(self.port), "--data", str(data_dir)]
        with self.output_path.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=terminal if terminal is not None else subprocess.DEVNULL,
                stdout=terminal if terminal is not None else output,
                stderr=output,
                start_new_session=True,
            )
        self.tree: set[int] = set()

    @property
    def output(self) -> str:
        return self.output_path.read_text()

    def until_ready(self) -> RunningDemo:
        wait_for(lambda: "Ctrl-C ends everything" in self.output or self.has_ended(), what="the demo is ready")
        assert not self.has_ended(), self.output
        self.tree = descendants(self.process.pid)
        return self

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def left(self) -> dict[int, str]:
        """Processes of its tree that still live."""
        alive = parents()
        return {pid: command_of(pid) for pid in self.tree if pid in alive}

    def pid_of(self, *words: str) -> int:
        """The one process of the tree whose command has these words, and that is no guard."""
        found = [
            pid
            for pid in descendants(self.process.pid)
            if all(word in command_of(pid) for word in words) and "guard.py" not in command_of(pid)
        ]
        return min(found)

    def ended(self, *, limit_s: float = 25) -> int:
        """Wait until it and its whole tree have ended; its exit code."""
        code = self.process.wait(limit_s)
        wait_for(lambda: not self.left(), what=f"the children end: {self.left()}", limit_s=limit_s)
        return code

    def log(self, name: str) -> str:
        return (self.data_dir / "logs" / f"{name}.log").read_text()


StartDemo = Callable[..., RunningDemo]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: that of a Unix socket must be short."""
    path = Path(tempfile.mkdtemp(prefix="rd-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start_demo(folder: Path) -> Iterator[StartDemo]:
    demos: list[RunningDemo] = []

    def start(**options: int) -> RunningDemo:
        demos.append(RunningDemo(folder / "demo", **options))
        return demos[-1]

    yield start
    for demo in demos:
        with contextlib.suppress(ProcessLookupError):
            os.kill(demo.process.pid, signal.SIGKILL)
        demo.process.wait()
        wait_for(lambda demo=demo: not demo.left(), what="the children of a test's demo end")  # type: ignore[misc]


def run_demo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """One that is expected to end by itself."""
    command = [sys.executable, "-m", "server", "demo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
