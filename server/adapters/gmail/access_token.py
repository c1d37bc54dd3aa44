"""The access token of one mailbox, renewed before it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import requests

from server.adapters.google_endpoints import GoogleEndpoints
from server.adapters.sessions import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, once_only_session
from server.clock import Clock
from server.ports.errors import AccessLost, Throttled
from server.ports.gmail import OAuthTokens

RENEW_WITHIN = timedelta(seconds=90)
WAIT_AFTER_FAILURE = timedelta(seconds=60)
WAIT_AFTER_CONFIGURATION_ERROR = timedelta(minutes=5)


class AccessToken:
    """Plain requests and not google.auth: that one sends a refresh up to three times, and sleeps between."""

    def __init__(
        self,
        tokens: OAuthTokens,
        *,
        endpoints: GoogleEndpoints,
        client_id: str,
        client_secret: str,
        on_refresh: Callable[[OAuthTokens], None],
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._endpoints = endpoints
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._on_refresh = on_refresh
        self._clock = clock

    def current(self) -> str:
        """A token that lasts for a call. Raises AccessLost or Throttled: in both the call was not made."""
        if self._tokens.expires_at - self._clock.now() < RENEW_WITHIN:
            self.renew()
        return self._tokens.access_token

    def renew(self) -> None:
        """One POST to the token endpoint. A failure here is known: no call to Gmail was made with it."""
        form = {"grant_type": "refresh_token", "refresh_token": self._tokens.refresh_token, **self._client}
        try:
            with once_only_session() as session:
                response = session.post(
                    self._endpoints.token,
                    data=form,
                    timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                    allow_redirects=False,
                )
            answer = _object(response)
        except requests.RequestException:
            raise self._later("token_endpoint_unreachable") from None
        if response.status_code != 200:
            raise self._refused(response.status_code, str(answer.get("error", "")))
        self._take(answer)

    def _take(self, answer: dict[str, Any]) -> None:
        try:
            access_token, lives_s = str(answer["access_token"]), int(answer["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise self._later("token_answer_unreadable") from None
        scopes = frozenset(str(answer["scope"]).split()) if answer.get("scope") else self._tokens.scopes
        self._tokens = replace(
            self._tokens,
            access_token=access_token,
            # Google keeps the refresh token; RFC 6749, 6 lets a server give a new one.
            refresh_token=str(answer.get("refresh_token") or self._tokens.refresh_token),
            expires_at=self._clock.now() + timedelta(seconds=lives_s),
            scopes=scopes,
        )
        self._on_refresh(self._tokens)

    def _refused(self, status: int, error: str) -> Exception:
        if error == "invalid_grant":
            return AccessLost("Google no longer accepts this mailbox's grant.", reason="invalid_grant")
        if error in ("invalid_client", "unauthorized_client"):
            # Our own set-up is wrong, not the person's grant: nobody should have to connect again for that.
            wait = WAIT_AFTER_CONFIGURATION_ERROR
            return self._later(error, wait)
        return self._later(f"token_endpoint_{status}")

    def _later(self, reason: str, wait: timedelta = WAIT_AFTER_FAILURE) -> Throttled:
        return Throttled(
            "The access token could not be renewed; nothing was asked of Gmail.",
            retry_at=self._clock.now() + wait,
            reason=reason,
        )


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
