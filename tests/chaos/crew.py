"""The processes that are killed: a worker or two, and a web server that takes pushes. All of them forked, all real."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parent.parent.parent
_PATIENCE_S = 60


class Crew:
    """`on_news` is called, from another thread, whenever one of them says something."""

    def __init__(self, *, environ: dict[str, str], clock: Path, log: IO[bytes], on_news: Callable[[], None]) -> None:
        self._on_news = on_news
        self._heard = threading.Condition()
        self._born: list[int] = []
        self._busy: set[int] = set()
        self._is_warm = False
        self.workers: list[int] = []
        self.web: int | None = None
        self.database_url = ""
        self.counts: Counter[str] = Counter()
        self.processor_s = 0.0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery", json.dumps({"environ": environ, "clock": str(clock)})],
            cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().split()
        if not ready:
            raise RuntimeError("the nursery did not start: see its log")
        self.web_url = f"http://127.0.0.1:{int(ready[1])}"
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def warm(self, database_url: str, mailboxes: list[str]) -> None:
        """Have the nursery read these mailboxes itself, so that whoever is born later knows how."""
        self._tell({"role": "warm", "database_url": database_url, "mailboxes": mailboxes})
        with self._heard:
            if not self._heard.wait_for(lambda: self._is_warm, _PATIENCE_S):
                raise RuntimeError("the nursery does not get warm: see its log")
            self._is_warm = False

    def start(self, database_url: str, *, workers: int) -> None:
        """All of them anew, on this database."""
        self.stop()
        self.database_url = database_url
        self.counts.clear()
        self.workers = [self._fork("worker") for _ in range(workers)]
        self.web = self._fork("web")

    def stop(self) -> None:
        for pid in (*self.workers, *([self.web] if self.web else [])):
            self._kill(pid)
        self.workers, self.web = [], None
        with self._heard:
            self._busy.clear()

    def close(self) -> None:
        self.stop()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_PATIENCE_S)
        self._listener.join(_PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def is_busy(self) -> bool:
        with self._heard:
            return bool(self._busy & set(self.workers))

    def kill_a_worker(self, which: int) -> None:
        """It is dead when this returns; the next one is not yet born."""
        pid = self.workers.pop(which % len(self.workers))
        was_busy = self.is_busy_now(pid)
        self._kill(pid)
        self.counts["workers killed"] += 1
        self.counts["of these at work"] += was_busy

    def is_busy_now(self, pid: int) -> bool:
        with self._heard:
            return pid in self._busy

    def add_a_worker(self) -> None:
        self.workers.append(self._fork("worker"))

    def kill_the_web(self) -> None:
        if self.web is not None:
            self._kill(self.web)
            self.counts["web servers killed"] += 1
        self.web = self._fork("web")

    def _kill(self, pid: int) -> None:
        self.processor_s += processor_s(pid)
        kill(pid)

    def _fork(self, role: str) -> int:
        self._tell({"role": role, "database_url": self.database_url})
        with self._heard:
            if not self._heard.wait_for(lambda: self._born, _PATIENCE_S):
                raise RuntimeError(f"no {role} was born: see the nursery's log")
            return self._born.pop()

    def _tell(self, words: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._hear(line.decode().split())
            self._on_news()

    def _hear(self, words: list[str]) -> None:
        with self._heard:
            match words:
                case ["warm"]:
                    self._is_warm = True
                case ["born", _, pid]:
                    self._born.append(int(pid))
                case ["busy", pid]:
                    self._busy.add(int(pid))
                case ["idle", pid]:
                    self._busy.discard(int(pid))
                    self.counts["jobs done"] += 1
                case ["raised", _, error]:
                    self.counts[f"jobs that raised {error}"] += 1
                case ["pushed", _, status]:
                    self.counts[f"pushes answered {status}"] += 1
            self._heard.notify_all()


def processor_s(pid: int) -> float:
    """What it has used of the processor until now; 0 when it is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def kill(pid: int) -> None:
    """SIGKILL, and wait until nothing is left of it: what it was writing is written or not."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.kill(pid, signal.SIGKILL)
        select.select([handle], [], [])
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
