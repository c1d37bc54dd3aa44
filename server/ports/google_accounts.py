"""Asking a person for access to their mailbox (code flow with PKCE S256), and knowing Google's own calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.ports.gmail import OAuthTokens


@dataclass(frozen=True, kw_only=True)
class MailboxGrant:
    """`tokens.scopes` are the scopes that the person really granted (boxes can be unticked)."""

    tokens: OAuthTokens
    email: str


class MailboxAccess(Protocol):
    def authorization_url(
        self, *, redirect_uri: str, state: str, code_challenge: str, login_hint: str, scopes: tuple[str, ...]
    ) -> str:
        """Offline access with a fresh consent, so that a refresh token comes back."""
        ...

    def redeem(self, *, code: str, redirect_uri: str, code_verifier: str) -> MailboxGrant:
        """Exchange the code. Raises SignInRefused when no refresh token or no address came back."""
        ...

    def revoke(self, tokens: OAuthTokens) -> None:
        """Ask Google to forget the grant. An already unknown grant is success."""
        ...


class PushTokens(Protocol):
    def check(self, token: str) -> None:
        """Whether Cloud Pub/Sub sent this, for our own subscription: returns when it did.

        Raises SignInRefused, or OutcomeUnknown when Google's keys cannot be had at the moment.
        """
        ...
