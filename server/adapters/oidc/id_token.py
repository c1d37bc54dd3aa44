"""Checking an ID token by OpenID Connect Core 1.0, 3.1.3.7, and stricter where we know better."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from server.adapters.oidc.provider import Provider
from server.ports.sign_in import SignInRefused

LEEWAY_S = 60
OLDEST_S = 3600


def checked_claims(
    token: object, *, provider: Provider, client_id: str, nonce: str | None, now: datetime
) -> Mapping[str, Any]:
    """The claims of a token that is this provider's, for us, fresh, and the answer to this nonce.

    Raises SignInRefused, or OutcomeUnknown when the provider's keys cannot be had at the moment.
    """
    claims = claims_for(token, provider=provider, audience=client_id, now=now)
    if claims.get("azp", client_id) != client_id:
        raise _refused("azp")
    if nonce is not None and claims.get("nonce") != nonce:
        raise _refused("nonce")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise _refused("sub")
    return claims


def claims_for(token: object, *, provider: Provider, audience: str, now: datetime) -> Mapping[str, Any]:
    """The claims of a token that this provider signed for this audience alone, and that is fresh. Raises as above."""
    if not isinstance(token, str):
        raise _refused("missing")
    claims = _signed_claims(token, provider)
    if claims.get("iss") != provider.issuer:
        raise _refused("iss")
    # An audience beside us would let another client's token in, whatever azp says.
    if claims.get("aud") not in (audience, [audience]):
        raise _refused("aud")
    _check_times(claims, now.timestamp())
    return claims


def _signed_claims(token: str, provider: Provider) -> Mapping[str, Any]:
    try:
        key_id = str(jws.extract_compact(token.encode()).headers().get("kid", ""))
        return jwt.decode(token, provider.keys(key_id), algorithms=provider.algorithms).claims
    except (JoseError, ValueError, TypeError, KeyError):
        raise _refused("signature") from None


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is None or expires <= now_s - LEEWAY_S:
        raise _refused("exp")
    if issued is None or not now_s - OLDEST_S - LEEWAY_S <= issued <= now_s + LEEWAY_S:
        raise _refused("iat")
    if "nbf" in claims:
        begins = _number(claims["nbf"])
        if begins is None or begins > now_s + LEEWAY_S:
            raise _refused("nbf")


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _refused(what: str) -> SignInRefused:
    return SignInRefused("The ID token cannot be trusted.", reason=f"id_token_{what}")
