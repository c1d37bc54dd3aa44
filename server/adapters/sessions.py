"""HTTP sessions that send a request once: no retries, no redirects followed by us, and always a time-out."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0


class SilentAuth(requests.auth.AuthBase):
    """Adds nothing. Without an `auth` of its own, requests would put a password from .netrc over our Authorization."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def once_only_session() -> requests.Session:
    session = requests.Session()
    session.auth = SilentAuth()
    adapter = HTTPAdapter(max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
