"""python -I guard.py COMMAND…: run COMMAND until this process's standard input ends.

The supervisor holds the other end of that pipe. When the supervisor dies, however it dies, the pipe ends and COMMAND
is told to stop; a "." through the pipe asks for the same, a "!" ends it by force at once. Portable, unlike
PR_SET_PDEATHSIG, which is added on Linux for the case that this process itself is killed; only the standard library,
so that it costs little.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 20
_PATIENCE_WITH_REST_S = 3
_PR_SET_PDEATHSIG = 1


def main() -> int:
    for name in (signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    child = subprocess.Popen(
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_guard(),  # noqa: PLW1509  no thread has been started yet
    )
    signal.signal(signal.SIGTERM, lambda *_: _tell(child, signal.SIGTERM))
    threading.Thread(target=_listen, args=(child,), daemon=True).start()
    code: int = child.wait()
    _end_rest(child.pid)
    return code


def _end_with_guard() -> "Callable[[], object] | None":
    """For the child, between fork and exec: ask Linux to end it if the guard is killed."""
    if sys.platform != "linux":
        return None
    prctl: Callable[[int, int], int] = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


def _listen(child: "subprocess.Popen[bytes]") -> None:
    """Do what the supervisor says; ask first and kill when the patience is over."""
    select.select([0], [], [])
    end = time.monotonic() + PATIENCE_S
    said = os.read(0, 64)
    _tell(child, signal.SIGTERM)
    while b"!" not in said and time.monotonic() < end and child.poll() is None:
        # At the end of the pipe there is nothing more to hear, and `select` would return at once.
        readable = select.select([0] if said else [], [], [], 0.05)[0]
        said = os.read(0, 64) if readable else said
    for pid in _session(child.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _end_rest(leader: int) -> None:
    """What the child left behind ends with it: gunicorn's workers, RQ's work horse (in a group of its own)."""
    end = time.monotonic() + _PATIENCE_WITH_REST_S
    number = signal.SIGTERM
    while rest := _session(leader):
        for pid in rest:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if time.monotonic() > end:
            number = signal.SIGKILL
        time.sleep(0.05)


def _session(leader: int) -> "list[int]":
    """The processes of the session that `leader` leads or led, but for those that are dead and not yet buried."""
    found = []
    for pid, state in _processes():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader and state != "Z":
                found.append(pid)
    return found


def _processes() -> "list[tuple[int, str]]":
    if sys.platform != "linux":
        lines = subprocess.run(["ps", "-A", "-o", "pid=,state="], stdout=subprocess.PIPE, check=False).stdout.split()
        return [(int(pid), state[:1].decode()) for pid, state in zip(lines[::2], lines[1::2], strict=True)]
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (process / "stat").read_bytes()
                found.append((int(process.name), stat.rpartition(b") ")[2][:1].decode()))
    return found


def _tell(child: "subprocess.Popen[bytes]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)


if __name__ == "__main__":
    sys.exit(main())
