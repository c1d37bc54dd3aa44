"""Signing in with an OpenID provider: code flow with PKCE S256."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.ports.errors import PortError


class SignInRefused(PortError):
    """The provider's answer cannot be trusted or was a refusal. The message is ours, never the provider's text."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signed in. Users are keyed by (issuer, subject), never by the address alone.

    `groups` is None when nobody asked for groups or the provider says nothing about them.
    """

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    hosted_domain: str | None
    groups: tuple[str, ...] | None


class SignIn(Protocol):
    def authorization_url(
        self, *, redirect_uri: str, state: str, nonce: str, code_challenge: str, login_hint: str | None = None
    ) -> str:
        """Where to send the browser. Raises SignInRefused, or OutcomeUnknown when the provider does not answer."""
        ...

    def redeem(self, *, code: str, issuer: str | None, redirect_uri: str, code_verifier: str, nonce: str) -> Identity:
        """Exchange the code and check the ID token: signature, issuer, audience, azp, expiry, nonce.

        `issuer` is what the browser brought back as `iss` (RFC 9207), None without it.
        Raises SignInRefused, or OutcomeUnknown when the provider does not answer.
        """
        ...
