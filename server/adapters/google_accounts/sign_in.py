"""The port SignIn: OpenID Connect with Google, code flow with PKCE S256."""

from __future__ import annotations

from urllib.parse import urlencode

from server.adapters.google_accounts.code_exchange import exchange_code
from server.adapters.google_accounts.id_token import checked_claims
from server.adapters.google_accounts.provider import Provider
from server.adapters.google_endpoints import GoogleEndpoints
from server.clock import Clock
from server.ports.google_accounts import Identity, SignInRefused


class GoogleSignIn:
    """`hosted_domain` makes Google offer only accounts of that domain. It is a hint: check the Identity's."""

    def __init__(
        self,
        *,
        endpoints: GoogleEndpoints,
        client_id: str,
        client_secret: str,
        clock: Clock,
        hosted_domain: str | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._hosted_domain = hosted_domain
        self._provider = Provider(issuer=endpoints.issuer, discovery_url=endpoints.discovery, clock=clock)

    def authorization_url(
        self, *, redirect_uri: str, state: str, nonce: str, code_challenge: str, login_hint: str | None = None
    ) -> str:
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            # Without it Google takes the only signed-in account unasked, which is the wrong one on a shared computer.
            "prompt": "select_account",
        }
        if login_hint is not None:
            query["login_hint"] = login_hint
        if self._hosted_domain is not None:
            query["hd"] = self._hosted_domain
        return f"{self._endpoints.authorization}?{urlencode(query)}"

    def redeem(self, *, code: str, redirect_uri: str, code_verifier: str, nonce: str) -> Identity:
        answer = exchange_code(
            self._provider.token_endpoint,
            client_id=self._client_id,
            client_secret=self._client_secret,
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
        )
        claims = checked_claims(
            answer.get("id_token"),
            provider=self._provider,
            issuer=self._endpoints.issuer,
            client_id=self._client_id,
            nonce=nonce,
            now=self._clock.now(),
        )
        email, domain = claims.get("email"), claims.get("hd")
        if not isinstance(email, str) or "@" not in email:
            raise SignInRefused("Google gave no email address.", reason="no_email")
        return Identity(
            issuer=str(claims["iss"]),
            subject=str(claims["sub"]),
            email=email.lower(),
            email_verified=claims.get("email_verified") is True,
            name=str(claims.get("name") or email),
            hosted_domain=domain.lower() if isinstance(domain, str) and domain else None,
        )
