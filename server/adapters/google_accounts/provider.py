"""What an OpenID provider publishes: its discovery document and its keys, both cached."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.adapters.google_accounts.code_exchange import json_object, once
from server.clock import Clock
from server.ports.errors import OutcomeUnknown
from server.ports.google_accounts import SignInRefused

KEPT_FOR = timedelta(hours=1)
NEW_KEYS_AT_MOST_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    document: Mapping[str, Any]
    keys: KeySet
    fetched_at: datetime


class Provider:
    """Safe to share between threads."""

    def __init__(self, *, issuer: str, discovery_url: str, clock: Clock) -> None:
        self._issuer = issuer
        self._discovery_url = discovery_url
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    @property
    def token_endpoint(self) -> str:
        return str(self._current().document["token_endpoint"])

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
        """Raises OutcomeUnknown, or SignInRefused for a document that is not this issuer's."""
        document = _get(self._discovery_url)
        if document.get("issuer") != self._issuer:
            raise SignInRefused("The discovery document belongs to another issuer.", reason="wrong_issuer")
        try:
            keys = KeySet.import_key_set(_get(document["jwks_uri"]))  # type: ignore[arg-type]  # checked by joserfc
            kept = _Kept(document=document, keys=keys, fetched_at=self._clock.now())
            str(document["token_endpoint"])
        except (KeyError, TypeError, ValueError, JoseError):
            raise SignInRefused("The sign-in provider's keys cannot be read.", reason="bad_keys") from None
        with self._lock:
            self._kept = kept
        return kept


def _get(url: str) -> dict[str, Any]:
    response = once("GET", url)
    if response.status_code != 200:
        raise OutcomeUnknown("The sign-in provider does not answer.", reason=str(response.status_code))
    return json_object(response)
