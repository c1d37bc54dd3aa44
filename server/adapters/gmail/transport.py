"""The transport under google-api-python-client: one call is one request, never two.

The stock httplib2 sends a POST again when a connection closes without an answer, whatever num_retries says:
measured, two deliveries for one call. So googleapiclient gets this object, which looks like httplib2.Http to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httplib2
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from server.adapters.sessions import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, once_only_session


class OnceOnlyTransport:
    """One for each mailbox and thread. `access_token` is set by its owner before a call."""

    def __init__(self, *, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._session = once_only_session()
        self._timeout = (CONNECT_TIMEOUT_S, read_timeout_s)
        self.access_token = ""

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[httplib2.Response, bytes]:
        """httplib2's own signature. Raises requests.RequestException."""
        response = self._session.request(
            method,
            uri,
            data=body,
            headers={**(headers or {}), "Authorization": f"Bearer {self.access_token}"},
            timeout=self._timeout,
            # A redirected POST would be a second request, and a redirect could carry the token elsewhere.
            allow_redirects=False,
        )
        answer = httplib2.Response({name.lower(): value for name, value in response.headers.items()})
        answer.status = response.status_code
        answer["status"] = str(response.status_code)
        answer.reason = response.reason or ""
        return answer, response.content


def never_connected(error: OSError) -> bool:
    """No connection came about, so not one byte of the request left: known not done."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
