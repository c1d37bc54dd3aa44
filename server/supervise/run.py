"""Starting the parts in their order, waiting until each is ready, watching them, ending them in reverse."""

from __future__ import annotations

import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from types import FrameType

from server.errors import Conflict, Unavailable
from server.supervise.parts import Part

Say = Callable[[str], None]


class Supervisor:
    """Holds the running parts. Use as a context manager: leaving it ends them all, the last started first."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._parts: list[Part] = []
        self._stop = threading.Event()

    def __enter__(self) -> Supervisor:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._asked_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        for part in reversed(self._parts):
            part.stop()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stop.is_set():
            self._stop.set()
            return
        raise KeyboardInterrupt

    def start(self, part: Part, is_ready: Callable[[], bool]) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._say(f"Starting {part.name} …")
        self._parts.append(part)
        part.start()
        part.wait_until(is_ready)

    def watch(self) -> None:
        """Return when asked to stop. Raises Unavailable when a part ends by itself."""
        while not self._stop.wait(0.5):
            for part in self._parts:
                if part.has_ended():
                    raise Unavailable(f"{part.name} has ended by itself.", cure=f"Its log says:\n{part.tail()}")


def http_answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  our own http:// address
            return bool(response.status < 500)
    except (urllib.error.URLError, OSError):
        return False


def demand_free_ports(ports: Sequence[int]) -> None:
    """Raises Conflict when something else listens there."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise Conflict(
                    f"Port {port} on this machine is taken.",
                    cure="Is a demo already running? End it, or choose other ports: make demo PORT=8500.",
                ) from error
