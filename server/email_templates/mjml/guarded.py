"""The MJML compiler in a child process with a time limit. It may crash, panic or hang; we get a clean error."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
SECONDS = 10.0


class CompilerFailed(Exception):
    """The compiler gave no HTML: it refused the input, crashed, or took too long. The message says which."""

    cure = "Take the last change back, or tell us if it stays."


class TooLarge(CompilerFailed):
    """The email would become so large that nobody gets it whole."""

    cure = "Split it into two emails."


class Compiler:
    """One child, started when first needed and again after it died. Calls from several threads wait for each other."""

    def __init__(self, command: Sequence[str] | None = None, seconds: float = SECONDS) -> None:
        self._command = list(command or (sys.executable, "-I", str(CHILD)))
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self.owner = os.getpid()

    def to_html(self, mjml: str) -> str:
        """Raises CompilerFailed."""
        with self._lock:
            try:
                answer = json.loads(self._ask(json.dumps(mjml).encode() + b"\n"))
            except (OSError, ValueError, EOFError) as error:
                self._stop()
                reason = "took too long" if isinstance(error, TimeoutError) else "crashed"
                raise CompilerFailed(f"The layout compiler {reason}.") from error
        if "html" not in answer:
            raise CompilerFailed(f"The layout compiler refused it: {answer.get('error', 'no reason given')}.")
        return str(answer["html"])

    def close(self) -> None:
        """Ends the child, if it is ours: a forked process inherits this object but not the right to do so."""
        if self.owner == os.getpid():
            with self._lock:
                self._stop()

    def _ask(self, line: bytes) -> bytes:
        child = self._running()
        assert child.stdin
        assert child.stdout
        deadline = time.monotonic() + self._seconds
        reading, writing = child.stdout.fileno(), child.stdin.fileno()
        answer = bytearray()
        while not answer.endswith(b"\n"):
            left = deadline - time.monotonic()
            readable, writable, _ = select.select([reading], [writing] if line else [], [], max(left, 0))
            if left <= 0:
                raise TimeoutError
            if writable:
                line = line[os.write(writing, line[: select.PIPE_BUF]) :]
            if readable:
                part = os.read(reading, 1 << 16)
                if not part:
                    raise EOFError("the child ended")
                answer += part
        return bytes(answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self._stop()
        if self._child is None:
            # No environment: the child needs none of our secrets. What it has to say it says in its answer.
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
            )
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(OSError):
                child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()


_compilers: list[Compiler] = []


def compiler() -> Compiler:
    """The compiler of this process. After a fork the child belongs to the parent, so we start our own."""
    if not _compilers or _compilers[-1].owner != os.getpid():
        # The inherited one stays in the list: forgetting it would make Python wait for somebody else's child.
        _compilers.append(Compiler())
        atexit.register(_compilers[-1].close)
    return _compilers[-1]
