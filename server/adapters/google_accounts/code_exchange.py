"""The code flow's one POST: a code for tokens. What the provider says in words is never passed on."""

from __future__ import annotations

from typing import Any

import requests

from server.adapters.sessions import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, once_only_session
from server.ports.errors import OutcomeUnknown
from server.ports.google_accounts import SignInRefused

TIMEOUT_S = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
# What we look for in `error`; all else is only "refused" to us.
_KNOWN_ERRORS = frozenset(
    {"invalid_grant", "invalid_client", "invalid_request", "unauthorized_client", "unsupported_grant_type"}
)


def exchange_code(
    token_url: str, *, client_id: str, client_secret: str, code: str, redirect_uri: str, code_verifier: str
) -> dict[str, Any]:
    """The token answer. Raises SignInRefused, or OutcomeUnknown when no answer came.

    A code serves once, so this is never tried again: the person starts anew.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
        # In the body and not as Basic: Google takes both, some others take only this.
        "client_id": client_id,
        "client_secret": client_secret,
    }
    response = once("POST", token_url, data=form)
    if response.status_code >= 500:
        raise OutcomeUnknown("Google did not answer the sign-in.", reason=str(response.status_code))
    answer = json_object(response)
    if response.status_code != 200:
        error = str(answer.get("error", ""))
        reason = error if error in _KNOWN_ERRORS else str(response.status_code)
        raise SignInRefused("Google refused the sign-in code.", reason=reason)
    return answer


def once(method: str, url: str, **arguments: Any) -> requests.Response:
    """One request. Raises OutcomeUnknown when no answer came."""
    try:
        with once_only_session() as session:
            return session.request(method, url, timeout=TIMEOUT_S, allow_redirects=False, **arguments)
    except requests.RequestException as error:
        raise OutcomeUnknown("Google cannot be reached.", reason=type(error).__name__) from None


def json_object(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; an empty one for anything else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
