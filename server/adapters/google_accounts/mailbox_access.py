"""The port MailboxAccess: a person lets Rapport work with their Gmail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from server.adapters.google_accounts.code_exchange import exchange_code
from server.adapters.google_endpoints import GoogleEndpoints
from server.adapters.oidc.http import json_object, once
from server.adapters.oidc.id_token import checked_claims
from server.adapters.oidc.provider import Provider
from server.clock import Clock
from server.ports.errors import OutcomeUnknown
from server.ports.gmail import OAuthTokens
from server.ports.google_accounts import MailboxGrant
from server.ports.sign_in import SignInRefused

# With these the token answer carries an ID token, and so the address of the mailbox.
ADDRESS_SCOPES = ("openid", "email")


class GoogleMailboxAccess:
    def __init__(self, *, endpoints: GoogleEndpoints, client_id: str, client_secret: str, clock: Clock) -> None:
        self._endpoints = endpoints
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._provider = Provider(issuer=endpoints.issuer, discovery_url=endpoints.discovery, clock=clock)

    def authorization_url(
        self, *, redirect_uri: str, state: str, code_challenge: str, login_hint: str, scopes: tuple[str, ...]
    ) -> str:
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys((*ADDRESS_SCOPES, *scopes))),
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",
            # A gmail.metadata granted earlier would come along and forbid full reads and searches.
            "include_granted_scopes": "false",
            "login_hint": login_hint,
        }
        return f"{self._endpoints.authorization}?{urlencode(query)}"

    def redeem(self, *, code: str, redirect_uri: str, code_verifier: str) -> MailboxGrant:
        answer = exchange_code(
            self._provider.endpoint("token_endpoint"),
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
            nonce=None,  # the code is bound to this browser by state and PKCE; the port asks for no nonce here
            now=self._clock.now(),
        )
        email = claims.get("email")
        if not isinstance(email, str) or "@" not in email or claims.get("email_verified") is not True:
            raise SignInRefused("Google gave no confirmed email address.", reason="no_email")
        return MailboxGrant(tokens=self._tokens(answer), email=email.lower())

    def _tokens(self, answer: dict[str, Any]) -> OAuthTokens:
        access_token, refresh_token = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(access_token, str) or not isinstance(refresh_token, str):
            raise SignInRefused("Google gave no lasting access.", reason="no_refresh_token")
        lives_s = answer.get("expires_in")
        return OAuthTokens(
            access_token=access_token,
            refresh_token=refresh_token,
            expires_at=self._clock.now() + timedelta(seconds=lives_s if isinstance(lives_s, int) else 0),
            # What was granted, not what was asked: people can untick.
            scopes=frozenset(str(answer.get("scope", "")).split()),
        )

    def revoke(self, tokens: OAuthTokens) -> None:
        """Raises OutcomeUnknown when Google does not answer."""
        response = once(
            "POST", self._endpoints.revoke, trusted=self._endpoints.revoke, data={"token": tokens.refresh_token}
        )
        already_gone = response.status_code == 400 and json_object(response).get("error") == "invalid_token"
        if response.status_code != 200 and not already_gone:
            raise OutcomeUnknown("Google did not confirm that the grant is gone.", reason=str(response.status_code))
