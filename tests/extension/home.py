"""The person's own Rapport: the real one on a port of its own, behind a doorway that a test can shut."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event, Thread
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import BaseWSGIServer, make_server

Wsgi = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@dataclass(kw_only=True)
class Hold:
    """One call to `path` waits: `arrived` is set when it is here, `go_on` lets it be answered.

    `is_lost`: what came in is thrown away then, as on a line that breaks.
    """

    path: str
    is_lost: bool
    arrived: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)
    answered: Event = field(default_factory=Event)


class Home:
    """`calls`: each method and path that came in. `failing`: paths that are answered with 500.

    `people_host`: where people sign in.
    """

    def __init__(self, address: str, app: Wsgi, *, people_host: str = "") -> None:
        self.address, self.app = address, app
        self.people_host = people_host
        self.calls: list[str] = []
        self.failing: set[str] = set()
        self._hold: Hold | None = None
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://")

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def hold(self, path: str, *, is_lost: bool) -> Hold:
        self._hold = Hold(path=path, is_lost=is_lost)
        return self._hold

    def start(self) -> None:
        port = int(self.address.rsplit(":", 1)[1])
        self._server = make_server("127.0.0.1", port, self._enter, threaded=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = None

    def _enter(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        self.calls.append(f"{environ['REQUEST_METHOD']} {path}")
        hold = self._hold
        if hold is not None and hold.path == path:
            self._hold = None
            return self._held(hold, environ, start_response)
        if path in self.failing:
            start_response("500 Internal Server Error", [("Content-Type", "text/html"), ("X-Request-Id", "0199-abc")])
            return [b"<h1>Internal Server Error</h1>"]
        return self.app(environ, start_response)

    def _held(self, hold: Hold, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        hold.arrived.set()
        assert hold.go_on.wait(30)
        try:
            if hold.is_lost:
                start_response("502 Bad Gateway", [])
                return []
            return self.app(environ, start_response)
        finally:
            hold.answered.set()


def nothing_known(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Some other web server."""
    start_response("404 Not Found", [("Content-Type", "text/html")])
    return [b"<h1>Not here</h1>"]
