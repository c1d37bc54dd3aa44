"""HTTP to addresses that somebody else named: what is checked is what is connected to, and it cannot grow or last."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from server.adapters.outbound_address import AddressRefused, Origin, check_address, check_number
from server.adapters.sessions import SilentAuth

LARGEST_BYTES = 1024 * 1024
LONGEST_S = 40.0


def checked_session(
    *, operators: Iterable[Origin] = (), largest_bytes: int = LARGEST_BYTES, longest_s: float = LONGEST_S
) -> requests.Session:
    """A session that calls public https addresses, and the origins that the operator set.

    It raises AddressRefused for all others, and for answers that are too large or too slow. Nothing is tried twice and
    no redirect is followed. A proxy of the environment asks the name servers itself: then only the spelling is checked.
    """
    session = requests.Session()
    session.auth = SilentAuth()
    session.max_redirects = 0
    adapter = _CheckedAdapter(frozenset(operators), largest_bytes, longest_s)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _CheckedAdapter(HTTPAdapter):
    def __init__(self, operators: frozenset[Origin], largest_bytes: int, longest_s: float) -> None:
        self._operators = operators
        self._largest_bytes = largest_bytes
        self._longest_s = longest_s
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._operators)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        check_address(request.url or "", operators=self._operators)
        ends_s = time.monotonic() + self._longest_s
        response = super().send(request, *args, **{**options, "stream": True})
        response._content = self._body(response, ends_s)
        return response

    def _body(self, response: requests.Response, ends_s: float) -> bytes:
        """All of it, by pieces as they come: who sends a letter now and then would otherwise never be too slow."""
        body = bytearray()
        try:
            while piece := response.raw.read1(64 * 1024, decode_content=True):
                body += piece
                if len(body) > self._largest_bytes or time.monotonic() > ends_s:
                    raise AddressRefused("The answer is too large, or does not end.", reason="answer")
        except HTTPError as error:
            raise requests.ConnectionError(type(error).__name__) from error
        finally:
            response.close()
        return bytes(body)


def _pools(operators: frozenset[Origin]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections look at the numbers that they are about to call, and call no others."""

    def connect(connection: HTTPConnection, scheme: str) -> socket.socket:
        host, port = connection.host.strip("[]").lower(), connection.port or (80 if scheme == "http" else 443)
        is_operators = Origin(scheme=scheme, host=host, port=port) in operators
        try:
            numbers = [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
        if not is_operators:
            for number in numbers:  # all of them: a name that leads to both kinds is a trick
                check_number(number)
        failed: OSError | None = None
        for number in numbers:
            try:
                return create_connection(
                    (number, port), connection.timeout, connection.source_address, connection.socket_options
                )
            except OSError as error:
                failed = error
        raise NewConnectionError(connection, f"no answer: {type(failed).__name__}") from failed

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self, "http")

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self, "https")

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
