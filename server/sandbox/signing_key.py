"""The RS256 key that signs ID tokens. It is kept, so that a restart does not make old tokens forged."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from server.sandbox.store import Store


class SigningKey:
    def __init__(self, store: Store) -> None:
        with store.transaction() as db:
            row = db.execute("select value from secret where name = 'signing-key'").fetchone()
            if row is None:
                self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)
                value = json.dumps(self._key.as_dict(private=True))
                db.execute("insert into secret values ('signing-key', ?)", (value,))
            else:
                self._key = RSAKey.import_key(json.loads(row["value"]))

    def public_keys(self) -> dict[str, Any]:
        """A JWK set (RFC 7517) of the public half."""
        return {"keys": [self._key.as_dict(private=False)]}

    def sign(self, claims: dict[str, object]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)
