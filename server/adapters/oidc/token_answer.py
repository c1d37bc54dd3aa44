"""What came back for a code. What the provider says in words is never passed on."""

from __future__ import annotations

from typing import Any

import requests

from server.adapters.oidc.http import json_object
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused

# What we look for in `error`; all else is only "refused" to us.
_KNOWN_ERRORS = frozenset(
    {"invalid_grant", "invalid_client", "invalid_request", "unauthorized_client", "unsupported_grant_type"}
)


def checked_answer(response: requests.Response) -> dict[str, Any]:
    """The token answer. Raises SignInRefused, or OutcomeUnknown for an error of the provider's own.

    A code serves once, so neither is ever tried again: the person starts anew.
    """
    if response.status_code >= 500:
        raise OutcomeUnknown("The provider did not answer for the code.", reason=str(response.status_code))
    answer = json_object(response)
    if response.status_code != 200 or not answer:
        error = str(answer.get("error", ""))
        reason = error if error in _KNOWN_ERRORS else str(response.status_code)
        raise SignInRefused("The provider refused the code.", reason=reason)
    return answer
