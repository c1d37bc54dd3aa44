"""Where Google answers, or the sandbox in its place."""

from __future__ import annotations

from dataclasses import dataclass

from server.sign_in_settings import GOOGLE_ISSUER


@dataclass(frozen=True, kw_only=True)
class GoogleEndpoints:
    """URLs. `gmail_root` ends with a slash: googleapiclient joins paths to it without looking."""

    issuer: str
    discovery: str
    authorization: str
    token: str
    revoke: str
    gmail_root: str
    gmail_batch: str

    @classmethod
    def for_google(cls) -> GoogleEndpoints:
        """Source: accounts.google.com/.well-known/openid-configuration and the discovery document of gmail.v1."""
        return cls(
            issuer=GOOGLE_ISSUER,
            discovery=f"{GOOGLE_ISSUER}/.well-known/openid-configuration",
            authorization=f"{GOOGLE_ISSUER}/o/oauth2/v2/auth",
            token="https://oauth2.googleapis.com/token",  # noqa: S106  # an address
            revoke="https://oauth2.googleapis.com/revoke",
            gmail_root="https://gmail.googleapis.com/",
            gmail_batch="https://gmail.googleapis.com/batch/gmail/v1",
        )

    @classmethod
    def for_sandbox(cls, url: str) -> GoogleEndpoints:
        """All of it under one address, without a trailing slash."""
        return cls(
            issuer=url,
            discovery=f"{url}/.well-known/openid-configuration",
            authorization=f"{url}/o/oauth2/v2/auth",
            token=f"{url}/token",
            revoke=f"{url}/revoke",
            gmail_root=f"{url}/",
            gmail_batch=f"{url}/batch/gmail/v1",
        )
