"""What an OpenID provider publishes: its discovery document and its keys, both cached."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.adapters.oidc.http import json_object, once
from server.clock import Clock
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import SignInRefused

KEPT_FOR = timedelta(hours=1)
NEW_KEYS_AT_MOST_EVERY = timedelta(seconds=30)
# Never `none`, nor a symmetric one: with that our public keys or our own secret would be what signs.
ALGORITHMS = ("RS256", "PS256", "ES256")


def discovery_url(issuer: str) -> str:
    """OpenID Connect Discovery 1.0, 4: an issuer's own trailing slash goes first."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


@dataclass(frozen=True, kw_only=True)
class _Kept:
    document: Mapping[str, Any]
    keys: KeySet
    fetched_at: datetime


class Provider:
    """Safe to share between threads. What it publishes raises OutcomeUnknown, or SignInRefused for what is no good."""

    def __init__(self, *, issuer: str, discovery_url: str, clock: Clock) -> None:
        self.issuer = issuer
        self._discovery_url = discovery_url
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def endpoint(self, name: str) -> str:
        """The address under this name, such as token_endpoint."""
        address = self.endpoint_if_any(name)
        if address is None:
            raise SignInRefused("The sign-in provider does not say where it answers.", reason=f"no_{name}")
        return address

    def endpoint_if_any(self, name: str) -> str | None:
        return _endpoint(self._current().document, name, self.issuer)

    def lists(self, name: str) -> tuple[str, ...] | None:
        """The words under this name, None when it says nothing of it."""
        value = self._current().document.get(name)
        return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else None

    @property
    def promises_issuer(self) -> bool:
        """RFC 9207: whether every way back must name the issuer."""
        return self._current().document.get("authorization_response_iss_parameter_supported") is True

    @property
    def algorithms(self) -> list[str]:
        """Those of ours with which it signs ID tokens. Without a word it is RS256, which every provider must know."""
        told = self.lists("id_token_signing_alg_values_supported")
        return [name for name in ALGORITHMS if name in (("RS256",) if told is None else told)]

    def keys(self, key_id: str) -> KeySet:
        """The signing keys; fetched anew when this key id is not among them, for providers turn their keys over."""
        kept = self._current()
        known = {key.kid for key in kept.keys.keys}
        if key_id not in known and self._clock.now() - kept.fetched_at > NEW_KEYS_AT_MOST_EVERY:
            kept = self._fetch()
        return kept.keys

    def _current(self) -> _Kept:
        with self._lock:
            kept = self._kept
        if kept is None or self._clock.now() - kept.fetched_at > KEPT_FOR:
            return self._fetch()
        return kept

    def _fetch(self) -> _Kept:
        document = _get(self._discovery_url, self.issuer)
        if document.get("issuer") != self.issuer:
            raise SignInRefused("The discovery document belongs to another issuer.", reason="wrong_issuer")
        address = _endpoint(document, "jwks_uri", self.issuer)
        if address is None:
            raise SignInRefused("The sign-in provider names no keys.", reason="no_jwks_uri")
        try:
            keys = KeySet.import_key_set(_get(address, self.issuer))  # type: ignore[arg-type]  # checked by joserfc
        except (KeyError, TypeError, ValueError, JoseError):
            raise SignInRefused("The sign-in provider's keys cannot be read.", reason="bad_keys") from None
        kept = _Kept(document=document, keys=keys, fetched_at=self._clock.now())
        with self._lock:
            self._kept = kept
        return kept


def _endpoint(document: Mapping[str, Any], name: str, issuer: str) -> str | None:
    address = document.get(name)
    if not isinstance(address, str) or not address:
        return None
    # Only a provider on this machine may do without TLS (settings see to it), and then its issuer says so.
    safe = ("https://", "http://") if issuer.startswith("http://") else ("https://",)
    if not address.startswith(safe):
        raise SignInRefused("The sign-in provider answers without TLS.", reason=f"insecure_{name}")
    return address


def _get(url: str, issuer: str) -> dict[str, Any]:
    response = once("GET", url, trusted=issuer)
    if response.status_code != 200:
        raise OutcomeUnknown("The sign-in provider does not answer.", reason=str(response.status_code))
    return json_object(response)
