"""What a provider says of a person beside the ID token: many put addresses and groups only here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.adapters.oidc.http import json_object, once
from server.adapters.oidc.provider import Provider
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused


def userinfo_claims(provider: Provider, *, access_token: object, subject: str) -> Mapping[str, Any]:
    """Its claims of this person; none without such an endpoint.

    Raises SignInRefused when they are of somebody else (OpenID Connect Core 1.0, 5.3.2) or cannot be read, or
    OutcomeUnknown when no answer came.
    """
    endpoint = provider.endpoint_if_any("userinfo_endpoint")
    if endpoint is None or not isinstance(access_token, str):
        return {}
    if not (access_token.isascii() and access_token.isprintable()):
        raise SignInRefused("The provider gave a token that cannot be sent.", reason="bad_access_token")
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    response = once("GET", endpoint, trusted=provider.issuer, headers=headers)
    if response.status_code >= 500:
        raise OutcomeUnknown("The provider did not answer for the person.", reason=str(response.status_code))
    claims = json_object(response)
    if response.status_code != 200 or not claims:
        raise SignInRefused("The provider told nothing of the person.", reason="userinfo")
    if claims.get("sub") != subject:
        raise SignInRefused("The provider told of somebody else.", reason="userinfo_sub")
    return claims
