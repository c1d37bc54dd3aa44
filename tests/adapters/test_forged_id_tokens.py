"""A provider that lies in its ID tokens: OidcSignIn must see through it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from server.adapters.oidc import OidcSignIn
from server.clock import SystemClock
from server.ports.sign_in import SignInRefused
from tests.adapters.forger import (
    CLIENT,
    CURVE_KEY,
    KEY,
    OTHER_KEY,
    Forger,
    running_forger,
    signed,
    signed_with_secret,
    unsigned,
)


@pytest.fixture
def forger() -> Iterator[Forger]:
    with running_forger() as found:
        yield found


@pytest.fixture
def redeem(forger: Forger) -> Callable[[str], Any]:
    sign_in = OidcSignIn(issuer=forger.url, client_id=CLIENT, client_secret="s", clock=SystemClock())

    def redeem_token(token: str) -> Any:
        forger.token = token
        return sign_in.redeem(code="c", issuer=None, redirect_uri="http://127.0.0.1/", code_verifier="v", nonce="n-1")

    return redeem_token


def test_an_honest_token_is_taken(forger: Forger, redeem: Callable[[str], Any]) -> None:
    assert redeem(signed(forger.claims())).email == "alice@rapport.example"
    assert redeem(signed(forger.claims(aud=[CLIENT], azp=None))).hosted_domain is None
    assert redeem(signed(forger.claims(nbf=1_000_000_000))).subject == "1"


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", KEY), ("PS256", KEY), ("ES256", CURVE_KEY)])
def test_a_provider_signs_with_any_of_three_algorithms_that_it_announces(
    forger: Forger, redeem: Callable[[str], Any], algorithm: str, key: RSAKey | ECKey
) -> None:
    assert redeem(signed(forger.claims(), key, alg=algorithm, kid=key.kid)).subject == "1"


@pytest.mark.parametrize("told", [["RS256"], ["ES256"], ["HS256", "none"], [], None])
def test_an_algorithm_that_was_not_announced_is_refused(
    forger: Forger, redeem: Callable[[str], Any], told: list[str] | None
) -> None:
    forger.discovery["id_token_signing_alg_values_supported"] = told
    with pytest.raises(SignInRefused) as caught:
        redeem(signed(forger.claims(), alg="PS256"))
    assert caught.value.reason == "id_token_signature"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS512"])
def test_other_algorithms_are_refused_even_when_announced(
    forger: Forger, redeem: Callable[[str], Any], algorithm: str
) -> None:
    forger.discovery["id_token_signing_alg_values_supported"] = ["RS256", algorithm]
    with pytest.raises(SignInRefused):
        redeem(signed(forger.claims(), alg=algorithm))


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
        ({"nbf": 9_999_999_999}, "id_token_nbf"),
        ({"nbf": "0"}, "id_token_nbf"),
        ({"nonce": "n-2"}, "id_token_nonce"),
        ({"nonce": None}, "id_token_nonce"),
        ({"sub": None}, "id_token_sub"),
        ({"sub": ""}, "id_token_sub"),
        ({"email": None}, "no_email"),
        ({"email": ["alice@rapport.example"]}, "no_email"),
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


def test_a_token_cannot_bring_or_name_its_own_key(forger: Forger, redeem: Callable[[str], Any]) -> None:
    for header in ({"jwk": OTHER_KEY.as_dict(private=False)}, {"jku": "https://evil.example/certs"}):
        for kid in (KEY.kid, OTHER_KEY.kid):
            with pytest.raises(SignInRefused) as caught:
                redeem(signed(forger.claims(), OTHER_KEY, kid=kid, **header))
            assert caught.value.reason == "id_token_signature"


def test_an_unsigned_token_is_refused_even_when_announced(forger: Forger, redeem: Callable[[str], Any]) -> None:
    with pytest.raises(SignInRefused):
        redeem(unsigned(forger.claims()))


def test_a_token_signed_with_the_public_key_as_secret_is_refused(forger: Forger, redeem: Callable[[str], Any]) -> None:
    public = KEY.as_bytes(private=False)
    for secret in (public, public.strip(), base64.b64encode(public), KEY.as_dict(private=False)["n"].encode(), b"s"):
        with pytest.raises(SignInRefused) as caught:
            redeem(signed_with_secret(forger.claims(), secret))
        assert caught.value.reason == "id_token_signature"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_nonsense_is_refused(redeem: Callable[[str], Any], token: str) -> None:
    with pytest.raises(SignInRefused):
        redeem(token)


def test_a_discovery_document_of_another_issuer_is_refused(forger: Forger, redeem: Callable[[str], Any]) -> None:
    forger.discovery["issuer"] = "https://evil.example"
    with pytest.raises(SignInRefused):
        redeem(signed(forger.claims()))
