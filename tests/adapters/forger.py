"""An OpenID provider that can be made to lie: every part of what it says is a test's to choose."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.serving import serving

KEY = RSAKey.generate_key(2048, private=True, auto_kid=True)
OTHER_KEY = RSAKey.generate_key(2048, private=True, auto_kid=True)
CURVE_KEY = ECKey.generate_key("P-256", private=True, auto_kid=True)
CLIENT = "rapport"


class Forger:
    """`discovery` goes over the honest document, None takes a word out; `userinfo` None is an endpoint that fails.

    `asked` holds what came to the token endpoint: (form, Authorization).
    """

    def __init__(self) -> None:
        self.url = ""
        self.token = ""
        self.answer: tuple[Any, int] | None = None
        self.discovery: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.asked: list[tuple[dict[str, str], str]] = []
        self.bearers: list[str] = []
        self.keys: list[RSAKey | ECKey] = [KEY, CURVE_KEY]
        self.app = Flask(__name__)
        self.app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        self.app.add_url_rule("/certs", view_func=self._certs)
        self.app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        self.app.add_url_rule("/me", view_func=self._userinfo)

    def _discovery(self) -> Any:
        honest = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/certs",
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "HS256", "none"],
        }
        return jsonify({name: word for name, word in {**honest, **self.discovery}.items() if word is not None})

    def _certs(self) -> Any:
        unknown = {"kty": "AKP", "kid": "of-tomorrow", "alg": "ML-DSA-44", "pub": "AA"}
        return jsonify(keys=[unknown, *(key.as_dict(private=False) for key in self.keys)])

    def _token(self) -> Any:
        self.asked.append((request.form.to_dict(), request.headers.get("Authorization", "")))
        if self.answer is not None:
            return self.answer
        return jsonify(access_token="the-access", token_type="Bearer", expires_in=3599, id_token=self.token)

    def _userinfo(self) -> Any:
        self.bearers.append(request.headers.get("Authorization", ""))
        return ("", 401) if self.userinfo is None else jsonify(self.userinfo)

    def with_userinfo(self, **claims: Any) -> None:
        self.discovery["userinfo_endpoint"] = f"{self.url}/me"
        self.userinfo = {"sub": "1", **claims}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Honest ones for the nonce n-1; None takes one out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "azp": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + 3600,
            "nonce": "n-1",
            "email": "alice@rapport.example",
            "email_verified": True,
        }
        return {name: value for name, value in {**claims, **changed}.items() if value is not None}


@contextmanager
def running_forger(certificate: tuple[Path, Path] | None = None) -> Iterator[Forger]:
    """`certificate` and its key, for localhost, make it answer by TLS."""
    forger = Forger()
    with serving(forger.app, certificate=certificate) as port:
        forger.url = f"{'https://localhost' if certificate else 'http://127.0.0.1'}:{port}"
        yield forger


def signed(claims: dict[str, Any], key: RSAKey | ECKey = KEY, **header: Any) -> str:
    header = {"alg": "RS256", "kid": KEY.kid, **header}
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def unsigned(claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none', 'kid': KEY.kid})}.{_part(claims)}."


def signed_with_secret(claims: dict[str, Any], secret: bytes) -> str:
    """HS256 by hand: joserfc refuses to take a public key for a secret."""
    body = f"{_part({'alg': 'HS256', 'kid': KEY.kid})}.{_part(claims)}"
    return f"{body}.{_base64(hmac.digest(secret, body.encode(), 'sha256'))}"


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
