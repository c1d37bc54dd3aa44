"""One request to a provider, and what its JSON says."""

from __future__ import annotations

from typing import Any

import requests

from server.adapters.sessions import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, once_only_session
from server.ports.errors import OutcomeUnknown

TIMEOUT_S = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)


def once(method: str, url: str, **arguments: Any) -> requests.Response:
    """One request, no redirect followed. Raises OutcomeUnknown when no answer came."""
    try:
        with once_only_session() as session:
            return session.request(method, url, timeout=TIMEOUT_S, allow_redirects=False, **arguments)
    except requests.RequestException as error:
        raise OutcomeUnknown("The provider cannot be reached.", reason=type(error).__name__) from None


def json_object(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; an empty one for anything else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
