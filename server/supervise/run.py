"""Starting the parts, waiting until each is ready, watching them, ending them in the reverse order."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from collections.abc import Callable, Sequence
from types import FrameType
from urllib.parse import urlsplit

from server.errors import Conflict, Unavailable
from server.supervise.parts import Part

Say = Callable[[str], None]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_START_S = 60
# A signal for the whole process group may come twice at once: from the terminal and from a parent such as make.
_SAME_SIGNAL_S = 1.0


class Supervisor:
    """Holds the running parts. Use as a context manager: leaving it ends them all, the last started first.

    SIGINT, SIGTERM and SIGHUP ask to stop; asked once more while it ends, it ends the parts by force. These handlers
    stay: somebody who presses Ctrl-C a few times more gets no traceback.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._stages: list[Sequence[Part]] = []
        self._ready: set[str] = set()
        # Plain values and no Event: its lock is not for handlers, and of two signals at once the second waits for ever.
        self._is_asked = False
        self._is_hurried = False
        self._asked_at = 0.0

    def __enter__(self) -> Supervisor:
        for name in _SIGNALS:
            signal.signal(name, self._asked_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        for stage in reversed(self._stages):
            self._end(stage)

    def start(self, *parts: Part) -> None:
        """Start them at once, without waiting. They will be ended together, before what was started earlier."""
        self.stop_if_asked()
        self._say(f"Starting {_listed(parts)} …")
        stage: list[Part] = []
        self._stages.append(stage)
        for part in parts:
            stage.append(part)
            part.start()

    def wait_until_ready(self) -> None:
        """Raises Unavailable when a part ends or takes too long, KeyboardInterrupt when asked to stop."""
        end = time.monotonic() + _LONGEST_START_S
        while waiting := [part for part in self._parts() if part.name not in self._ready]:
            for part in waiting:
                self.stop_if_asked()
                if part.has_ended():
                    raise part.failure("ended while it started")
                if part.is_ready(part):
                    self._ready.add(part.name)
                    self._say(f"  {part.name} is ready")
                elif time.monotonic() > end:
                    raise part.failure(f"did not start in {_LONGEST_START_S} s")
            time.sleep(0.03)

    def watch(self) -> None:
        """Return when asked to stop. Raises Unavailable when a part ends by itself."""
        while not self._is_asked:
            time.sleep(0.1)
            for part in self._parts():
                if part.has_ended() and not self._is_asked:
                    raise part.failure("has ended by itself")

    def stop_if_asked(self) -> None:
        """Raises KeyboardInterrupt."""
        if self._is_asked:
            raise KeyboardInterrupt

    def _parts(self) -> list[Part]:
        return [part for stage in self._stages for part in stage]

    def _end(self, stage: Sequence[Part]) -> None:
        if self._parts() and not all(part.has_ended() for part in stage):
            self._say(f"Ending {_listed(stage)} …")
        for part in stage:
            part.ask_to_end()
        told = False
        while not all(part.has_ended() for part in stage):
            if self._is_hurried and not told:
                told = True
                for part in stage:
                    part.end_now()
            time.sleep(0.02)
        for part in stage:
            part.bury()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._is_asked:
            self._asked_at = now
            self._is_asked = True
        elif now - self._asked_at > _SAME_SIGNAL_S:
            self._is_hurried = True


def _listed(parts: Sequence[Part]) -> str:
    *names, last = [part.name for part in parts]
    return f"{', '.join(names)} and {last}" if names else last


def http_answers(url: str) -> bool:
    """Whether something answers there, and without an error of the server. Never asks a proxy."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    try:
        connection.request("GET", parts.path, headers={"Connection": "close"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def demand_free_ports(ports: Sequence[int], *, patience_s: float = 0) -> None:
    """Raises Conflict when something else listens there, Unavailable when we may not."""
    end = time.monotonic() + patience_s
    for port in ports:
        while (error := _cannot_listen(port)) is not None and time.monotonic() < end:
            time.sleep(0.05)
        if isinstance(error, PermissionError):
            raise Unavailable(f"Port {port} is for the administrator.", cure="Choose one above 1023.")
        if error is not None:
            raise Conflict(
                f"Port {port} on this machine is taken.",
                cure="Is a demo already running? End it, or choose other ports: make demo PORT=8500.",
            ) from error


def _cannot_listen(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None
