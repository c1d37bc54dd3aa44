"""A WSGI app on a real port of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server

Wsgi = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Thousands of lines that nobody reads."""


@contextmanager
def serving(app: Wsgi, *, port: int = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """Its port. `certificate` and its key make it answer by TLS."""
    files = None if certificate is None else (str(certificate[0]), str(certificate[1]))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet, ssl_context=files)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
