"""A provider that lies: GoogleSignIn must see through it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask, jsonify
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

from server.adapters.google_accounts import GoogleSignIn
from server.adapters.google_endpoints import GoogleEndpoints
from server.clock import SystemClock
from server.ports.google_accounts import SignInRefused

KEY = RSAKey.generate_key(2048, private=True, auto_kid=True)
OTHER_KEY = RSAKey.generate_key(2048, private=True, auto_kid=True)
CLIENT = "rapport"


class Forger:
    """An identity provider whose next ID token is whatever a test wants."""

    def __init__(self) -> None:
        self.url = ""
        self.token = ""
        self.issuer: str | None = None
        self.app = Flask(__name__)
        self.app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        self.app.add_url_rule("/certs", view_func=self._certs)
        self.app.add_url_rule("/token", view_func=self._token, methods=["POST"])

    def _discovery(self) -> Any:
        return jsonify(issuer=self.issuer or self.url, token_endpoint=f"{self.url}/token", jwks_uri=f"{self.url}/certs")

    def _certs(self) -> Any:
        return jsonify(keys=[KEY.as_dict(private=False)])

    def _token(self) -> Any:
        return jsonify(access_token="a", token_type="Bearer", expires_in=3599, id_token=self.token)

    def claims(self, **changed: Any) -> dict[str, Any]:
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


@pytest.fixture
def forger() -> Iterator[Forger]:
    forger = Forger()
    server = make_server("127.0.0.1", 0, forger.app, threaded=True)
    forger.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield forger
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def redeem(forger: Forger) -> Callable[[str], Any]:
    sign_in = GoogleSignIn(
        endpoints=GoogleEndpoints.for_sandbox(forger.url), client_id=CLIENT, client_secret="s", clock=SystemClock()
    )

    def redeem_token(token: str) -> Any:
        forger.token = token
        return sign_in.redeem(code="c", redirect_uri="http://127.0.0.1/", code_verifier="v", nonce="n-1")

    return redeem_token


def signed(claims: dict[str, Any], key: RSAKey = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": KEY.kid, **header}, claims, key)


def unsigned(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'kid': KEY.kid})}.{part(claims)}."


def test_an_honest_token_is_taken(forger: Forger, redeem: Callable[[str], Any]) -> None:
    assert redeem(signed(forger.claims())).email == "alice@rapport.example"
    assert redeem(signed(forger.claims(aud=[CLIENT], azp=None))).hosted_domain is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example"}, "id_token_iss"),
        ({"aud": "other"}, "id_token_aud"),
        ({"aud": ["other"], "azp": CLIENT}, "id_token_aud"),
        ({"aud": [CLIENT, "other"]}, "id_token_aud"),
        ({"aud": None}, "id_token_aud"),
        ({"azp": "other"}, "id_token_azp"),
        ({"exp": 1_000_000_000}, "id_token_exp"),
        ({"exp": None}, "id_token_exp"),
        ({"exp": "9999999999"}, "id_token_exp"),
        ({"iat": 9_999_999_999}, "id_token_iat"),
        ({"iat": None}, "id_token_iat"),
        ({"nonce": "n-2"}, "id_token_nonce"),
        ({"nonce": None}, "id_token_nonce"),
        ({"sub": None}, "id_token_sub"),
        ({"email": None}, "no_email"),
    ],
)
def test_false_claims_are_refused(
    forger: Forger, redeem: Callable[[str], Any], changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SignInRefused) as caught:
        redeem(signed(forger.claims(**changed)))
    assert caught.value.reason == reason


def test_another_key_is_refused(forger: Forger, redeem: Callable[[str], Any]) -> None:
    for token in (signed(forger.claims(), OTHER_KEY), signed(forger.claims(), OTHER_KEY, kid=OTHER_KEY.kid)):
        with pytest.raises(SignInRefused) as caught:
            redeem(token)
        assert caught.value.reason == "id_token_signature"


def test_an_unsigned_token_is_refused(forger: Forger, redeem: Callable[[str], Any]) -> None:
    with pytest.raises(SignInRefused):
        redeem(unsigned(forger.claims()))


def test_a_token_signed_with_the_public_key_as_secret_is_refused(forger: Forger, redeem: Callable[[str], Any]) -> None:
    secret = OctKey.import_key(base64.b64encode(KEY.as_bytes(private=False)))
    token = jwt.encode({"alg": "HS256", "kid": KEY.kid}, forger.claims(), secret)
    with pytest.raises(SignInRefused):
        redeem(token)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_nonsense_is_refused(redeem: Callable[[str], Any], token: str) -> None:
    with pytest.raises(SignInRefused):
        redeem(token)


def test_a_discovery_document_of_another_issuer_is_refused(forger: Forger, redeem: Callable[[str], Any]) -> None:
    forger.issuer = "https://evil.example"
    with pytest.raises(SignInRefused):
        redeem(signed(forger.claims()))
