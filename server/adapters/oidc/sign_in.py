"""The port SignIn: OpenID Connect with any provider, found by its discovery document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.adapters.oidc.code_exchange import authorization_url, exchange_code
from server.adapters.oidc.id_token import checked_claims
from server.adapters.oidc.provider import Provider, discovery_url
from server.adapters.oidc.userinfo import userinfo_claims
from server.clock import Clock
from server.ports.sign_in import Identity, SignInRefused

_SCOPES = ("openid", "email", "profile")
_OF_ADDRESS = ("email", "email_verified", "xms_edov")


class OidcSignIn:
    """`groups_claim` None asks for no groups. `chooses_account`: the provider takes prompt=select_account.

    `hosted_domain` makes Google offer only accounts of that domain. It is a hint: check the Identity's.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        clock: Clock,
        scopes: tuple[str, ...] = (),
        groups_claim: str | None = None,
        chooses_account: bool = False,
        hosted_domain: str | None = None,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._scopes = (*_SCOPES, *scopes)
        self._groups_claim = groups_claim
        self._chooses_account = chooses_account
        self._hosted_domain = hosted_domain
        self._provider = Provider(issuer=issuer, discovery_url=discovery_url(issuer), clock=clock)

    def authorization_url(
        self, *, redirect_uri: str, state: str, nonce: str, code_challenge: str, login_hint: str | None = None
    ) -> str:
        query = {"scope": " ".join(self._scopes), "state": state, "nonce": nonce, "code_challenge": code_challenge}
        if self._chooses_account or "select_account" in (self._provider.lists("prompt_values_supported") or ()):
            # Without it the only signed-in account is taken unasked, which is the wrong one on a shared computer.
            query["prompt"] = "select_account"
        if login_hint is not None:
            query["login_hint"] = login_hint
        if self._hosted_domain is not None:
            query["hd"] = self._hosted_domain
        return authorization_url(self._provider, client_id=self._client_id, redirect_uri=redirect_uri, **query)

    def redeem(self, *, code: str, issuer: str | None, redirect_uri: str, code_verifier: str, nonce: str) -> Identity:
        # Before the code goes anywhere: it may be one that another provider was made to hand out (RFC 9207).
        if issuer != self._provider.issuer and (issuer is not None or self._provider.promises_issuer):
            raise SignInRefused("The way back names another provider, or none.", reason="callback_iss")
        answer = exchange_code(
            self._provider,
            client_id=self._client_id,
            client_secret=self._client_secret,
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
        )
        claims = checked_claims(
            answer.get("id_token"),
            provider=self._provider,
            client_id=self._client_id,
            nonce=nonce,
            now=self._clock.now(),
        )
        return self._identity(self._completed(claims, answer.get("access_token")))

    def _completed(self, claims: Mapping[str, Any], access_token: object) -> Mapping[str, Any]:
        """The ID token's claims, and what they lack from userinfo; an address never without its own confirmation."""
        lacks_groups = self._groups_claim is not None and self._groups_claim not in claims
        if "email" in claims and not lacks_groups:
            return claims
        more = userinfo_claims(self._provider, access_token=access_token, subject=str(claims["sub"]))
        if "email" in claims:
            more = {name: value for name, value in more.items() if name not in _OF_ADDRESS}
        else:
            claims = {name: value for name, value in claims.items() if name not in _OF_ADDRESS}
        return {**more, **claims}

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        email, domain = claims.get("email"), claims.get("hd")
        if not isinstance(email, str) or "@" not in email:
            raise SignInRefused("The provider gave no email address.", reason="no_email")
        return Identity(
            issuer=self._provider.issuer,
            subject=str(claims["sub"]),
            email=email.lower(),
            email_verified=_is_verified(claims),
            name=str(claims.get("name") or email),
            hosted_domain=domain.lower() if isinstance(domain, str) and domain else None,
            groups=None if self._groups_claim is None else _groups(claims.get(self._groups_claim)),
        )


def _is_verified(claims: Mapping[str, Any]) -> bool:
    """Some say it in letters. Entra has no email_verified; its optional claim xms_edov means the same.

    Source: learn.microsoft.com/entra/identity-platform/optional-claims-reference.
    """
    said = claims["email_verified"] if "email_verified" in claims else claims.get("xms_edov")
    return isinstance(said, bool | int | str) and str(said).lower() in ("true", "1")


def _groups(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SignInRefused("The provider's groups cannot be read.", reason="bad_groups")
    return tuple(names)
