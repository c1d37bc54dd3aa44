"""One request to a provider, and what its JSON says."""

from __future__ import annotations

from typing import Any

import requests

from server.adapters.checked_session import checked_session
from server.adapters.outbound_address import AddressRefused, Origin
from server.adapters.sessions import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused

TIMEOUT_S = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)


def once(method: str, url: str, *, trusted: str, **arguments: Any) -> requests.Response:
    """One request, no redirect followed. `trusted` is an address of the settings: what stands there may be private.

    Raises SignInRefused for another address that is not public, and OutcomeUnknown when no answer came.
    """
    try:
        with checked_session(operators=[Origin.of(trusted)]) as session:
            return session.request(method, url, timeout=TIMEOUT_S, allow_redirects=False, **arguments)
    except AddressRefused as refused:
        raise address_refused(refused) from None
    except requests.RequestException as error:
        raise OutcomeUnknown("The provider cannot be reached.", reason=type(error).__name__) from None


def address_refused(refused: AddressRefused) -> SignInRefused:
    return SignInRefused(
        f"The sign-in provider cannot be called where its document says: {refused}", reason=f"address_{refused.reason}"
    )


def json_object(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; an empty one for anything else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
