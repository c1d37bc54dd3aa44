"""python -I guard.py COMMAND…: run COMMAND until this process's standard input ends.

The supervisor holds the other end of that pipe. When the supervisor dies, however it dies, the pipe ends and COMMAND
is told to stop. Portable, unlike PR_SET_PDEATHSIG; only the standard library, so that it costs little.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

PATIENCE_S = 20


def main() -> int:
    for name in (signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: _tell(child, signal.SIGTERM))
    threading.Thread(target=_end_with_parent, args=(child,), daemon=True).start()
    code = child.wait()
    # Whatever the child left behind in its session ends with it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGTERM)
    return code


def _end_with_parent(child: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 4096):
        continue
    _tell(child, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(PATIENCE_S)
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _tell(child: "subprocess.Popen[bytes]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)


if __name__ == "__main__":
    sys.exit(main())
