"""The code flow's one POST at Google: a code for tokens."""

from __future__ import annotations

from typing import Any

from server.adapters.oidc.http import once
from server.adapters.oidc.token_answer import checked_answer


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
    return checked_answer(once("POST", token_url, trusted=token_url, data=form))
