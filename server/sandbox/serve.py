"""Serving the sandbox over HTTP, on loopback only."""

from __future__ import annotations

import socket

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from server.errors import Forbidden
from server.sandbox.app import create_sandbox
from server.sandbox.config import SandboxConfig
from server.sandbox.loopback import is_loopback


class _QuietRequests(WSGIRequestHandler):
    """Writes no line for each request: addresses and codes are in the paths."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


def check_loopback(host: str) -> None:
    """Raises Forbidden for an address that others could reach."""
    if not is_loopback(host):
        raise Forbidden(
            f"The sandbox lets anybody sign in as anybody, so it does not listen on {host}.",
            cure="Use 127.0.0.1.",
        )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises Forbidden, or OSError when the port is taken."""
    check_loopback(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    listener.set_inheritable(False)
    return listener


def server_on(listener: socket.socket, app: Flask) -> BaseWSGIServer:
    """A threaded server on this socket, which it takes over."""
    host, port = listener.getsockname()[:2]
    try:
        return make_server(host, port, app, threaded=True, request_handler=_QuietRequests, fd=listener.fileno())
    finally:
        listener.close()


def run(config: SandboxConfig, host: str = "127.0.0.1", port: int = 8401) -> None:
    """Serve until the process is told to stop. Raises Forbidden for a host beyond loopback."""
    listener = listen(host, port)
    server = server_on(listener, create_sandbox(config))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return
    finally:
        server.server_close()
