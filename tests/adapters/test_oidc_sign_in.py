"""Signing in at any provider: its discovery document, the code's way, and what only userinfo tells."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from server.adapters.oidc import OidcSignIn
from server.adapters.oidc.provider import discovery_url
from server.clock import SystemClock
from server.ports.errors import OutcomeUnknown
from server.ports.sign_in import Identity, SignInRefused
from tests.adapters.forger import CLIENT, OTHER_KEY, Forger, running_forger, signed
from tests.conftest import SteppingClock

REDIRECT = "http://127.0.0.1:8400/auth/callback"


@pytest.fixture
def forger() -> Iterator[Forger]:
    with running_forger() as found:
        found.token = signed(found.claims())
        yield found


def sign_in_at(forger: Forger, **changed: Any) -> OidcSignIn:
    given = {"issuer": forger.url, "client_id": CLIENT, "client_secret": "s", "clock": SystemClock()}
    return OidcSignIn(**{**given, **changed})


def redeem(forger: Forger, *, iss: str | None = None, **changed: Any) -> Identity:
    sign_in = sign_in_at(forger, **changed)
    return sign_in.redeem(code="the-code", issuer=iss, redirect_uri=REDIRECT, code_verifier="the-verifier", nonce="n-1")


def reason_of(forger: Forger, **changed: Any) -> str:
    with pytest.raises(SignInRefused) as caught:
        redeem(forger, **changed)
    assert "evil" not in str(caught.value)
    return caught.value.reason


def query_of(forger: Forger, **changed: Any) -> dict[str, str]:
    url = sign_in_at(forger, **changed).authorization_url(
        redirect_uri=REDIRECT, state="s-1", nonce="n-1", code_challenge="the-challenge"
    )
    assert url.startswith(f"{forger.url}/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://example.okta.com", "https://example.okta.com/.well-known/openid-configuration"),
        ("https://example.auth0.com/", "https://example.auth0.com/.well-known/openid-configuration"),
        ("https://kc.example/realms/x", "https://kc.example/realms/x/.well-known/openid-configuration"),
    ],
)
def test_the_discovery_document_is_looked_for_where_the_standard_says(issuer: str, url: str) -> None:
    assert discovery_url(issuer) == url


def test_the_browser_is_sent_with_everything_that_ties_the_way_back_to_it(forger: Forger) -> None:
    assert query_of(forger, scopes=("groups",)) == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "scope": "openid email profile groups",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": "the-challenge",
        "code_challenge_method": "S256",
    }


def test_people_are_asked_which_account_where_the_provider_can(forger: Forger) -> None:
    assert query_of(forger, chooses_account=True)["prompt"] == "select_account"
    forger.discovery["prompt_values_supported"] = ["none", "select_account"]
    assert query_of(forger)["prompt"] == "select_account"


@pytest.mark.parametrize(
    ("told", "in_the_body"),
    [
        (["client_secret_post", "client_secret_basic"], True),
        (["private_key_jwt", "client_secret_post"], True),
        (["client_secret_basic"], False),
        (None, False),
    ],
)
def test_the_secret_travels_as_the_provider_says(forger: Forger, told: list[str] | None, in_the_body: bool) -> None:
    forger.discovery["token_endpoint_auth_methods_supported"] = told
    redeem(forger, client_secret="a+b/c: %é")
    [(form, authorization)] = forger.asked
    exchange = {"grant_type": "authorization_code", "code": "the-code", "redirect_uri": REDIRECT}
    exchange["code_verifier"] = "the-verifier"
    if in_the_body:
        assert form == {**exchange, "client_id": CLIENT, "client_secret": "a+b/c: %é"}
        assert authorization == ""
    else:
        assert form == exchange
        assert base64.b64decode(authorization.removeprefix("Basic ")) == b"rapport:a%2Bb%2Fc%3A+%25%C3%A9"


def test_a_provider_that_takes_no_secret_is_not_asked(forger: Forger) -> None:
    forger.discovery["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "none"]
    assert reason_of(forger) == "client_auth"
    assert forger.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (({"error": "invalid_grant", "error_description": "evil words"}, 400), "invalid_grant"),
        (({"error": "evil words"}, 400), "400"),
        (({"error": "evil words"}, 200), "error_in_answer"),
        (({"access_token": "a", "expires_in": "evil"}, 200), "error_in_answer"),
        (("evil words", 200), "200"),
        (([], 200), "200"),
        (("", 204), "204"),
        (({"access_token": "a"}, 200), "id_token_missing"),
        (({"id_token": 7}, 200), "id_token_missing"),
    ],
)
def test_what_is_no_answer_to_a_code_is_refused_once(forger: Forger, answer: tuple[Any, int], reason: str) -> None:
    forger.answer = answer
    assert reason_of(forger) == reason
    assert len(forger.asked) == 1


def test_a_provider_that_breaks_is_not_asked_again(forger: Forger) -> None:
    forger.answer = ("", 503)
    with pytest.raises(OutcomeUnknown):
        redeem(forger)
    assert len(forger.asked) == 1


def test_the_code_and_the_secret_follow_no_redirect(forger: Forger) -> None:
    with running_forger() as other:
        forger.app.add_url_rule(
            "/moved", view_func=lambda: ("", 307, {"Location": f"{other.url}/token"}), methods=["POST"]
        )
        forger.discovery["token_endpoint"] = f"{forger.url}/moved"
        assert reason_of(forger) == "307"
        assert other.asked == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"issuer": "https://evil.example"}, "wrong_issuer"),
        ({"issuer": None}, "wrong_issuer"),
        ({"token_endpoint": None}, "no_token_endpoint"),
        ({"token_endpoint": "file:///evil"}, "insecure_token_endpoint"),
        ({"jwks_uri": None}, "no_jwks_uri"),
        ({"jwks_uri": "ftp://evil"}, "insecure_jwks_uri"),
    ],
)
def test_a_discovery_document_that_is_no_good_is_refused(forger: Forger, changed: dict[str, Any], reason: str) -> None:
    forger.discovery = changed
    assert reason_of(forger) == reason
    assert forger.asked == []


def test_an_issuer_with_a_slash_more_is_another_issuer(forger: Forger) -> None:
    assert reason_of(forger, issuer=f"{forger.url}/") == "wrong_issuer"


def test_a_provider_that_is_not_there_is_no_refusal(forger: Forger) -> None:
    for issuer in ("http://127.0.0.1:9", f"{forger.url}/no/such/realm"):
        with pytest.raises(OutcomeUnknown):
            query_of(forger, issuer=issuer)
        with pytest.raises(OutcomeUnknown):
            redeem(forger, issuer=issuer)


@pytest.mark.parametrize("promised", [True, False])
def test_the_way_back_may_name_this_provider_only(forger: Forger, promised: bool) -> None:
    forger.discovery["authorization_response_iss_parameter_supported"] = promised
    assert redeem(forger, iss=forger.url).subject == "1"
    forger.asked.clear()
    for other in ("https://evil.example", f"{forger.url}/", ""):
        assert reason_of(forger, iss=other) == "callback_iss"
    assert forger.asked == [], "a code of another provider must not be shown to this one"


def test_a_promised_name_that_does_not_come_is_refused(forger: Forger) -> None:
    assert redeem(forger).subject == "1"
    forger.discovery["authorization_response_iss_parameter_supported"] = True
    assert reason_of(forger) == "callback_iss"


def test_what_the_id_token_holds_is_not_asked_for_again(forger: Forger) -> None:
    forger.with_userinfo(email="other@rapport.example", groups=["Owners"])
    forger.token = signed(forger.claims(groups=["CS-TAM"]))
    found = redeem(forger, groups_claim="groups")
    assert (found.email, found.email_verified, found.groups) == ("alice@rapport.example", True, ("CS-TAM",))
    assert redeem(forger).groups is None, "nobody asked for groups"
    assert forger.bearers == []


def test_an_address_that_only_userinfo_has_comes_with_its_own_confirmation(forger: Forger) -> None:
    forger.token = signed(forger.claims(email=None))
    forger.with_userinfo(email="Alice@Rapport.example", name="Alice Moreau")
    found = redeem(forger)
    assert (found.email, found.email_verified, found.name) == ("alice@rapport.example", False, "Alice Moreau")
    forger.with_userinfo(email="alice@rapport.example", email_verified=True)
    assert redeem(forger).email_verified
    assert forger.bearers == ["Bearer the-access"] * 2


def test_an_address_of_the_id_token_is_not_confirmed_by_userinfo(forger: Forger) -> None:
    forger.token = signed(forger.claims(email_verified=None))
    forger.with_userinfo(email="other@rapport.example", email_verified=True, groups=["CS-TAM"])
    found = redeem(forger, groups_claim="groups")
    assert (found.email, found.email_verified, found.groups) == ("alice@rapport.example", False, ("CS-TAM",))


def test_what_both_say_is_what_the_id_token_says(forger: Forger) -> None:
    forger.token = signed(forger.claims(email=None, name="Alice Moreau", groups=["CS-TAM"]))
    forger.with_userinfo(email="alice@rapport.example", name="Mallory", groups=["CS-Ops"])
    found = redeem(forger, groups_claim="groups")
    assert (found.email, found.name, found.groups) == ("alice@rapport.example", "Alice Moreau", ("CS-TAM",))


@pytest.mark.parametrize(
    ("claims", "is_verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"email_verified": False, "xms_edov": True}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": None, "xms_edov": True}, True),
        ({"email_verified": None, "xms_edov": "1"}, True),
        ({"email_verified": None, "xms_edov": 1}, True),
        ({"email_verified": None, "xms_edov": False}, False),
        ({"email_verified": ["true"]}, False),
        ({"email_verified": None}, False),
    ],
)
def test_an_address_counts_only_when_the_provider_confirms_it(
    forger: Forger, claims: dict[str, Any], is_verified: bool
) -> None:
    forger.token = signed(forger.claims(**claims))
    assert redeem(forger).email_verified is is_verified


@pytest.mark.parametrize("groups", [["CS-TAM", "Everyone"], "CS-TAM", []])
def test_groups_come_from_the_claim_that_was_set(forger: Forger, groups: object) -> None:
    forger.token = signed(forger.claims(**{"https://rapport.example/groups": groups, "groups": ["Owners"]}))
    expected = (groups,) if isinstance(groups, str) else tuple(groups)  # type: ignore[arg-type]
    assert redeem(forger, groups_claim="https://rapport.example/groups").groups == expected


@pytest.mark.parametrize("groups", [{"CS-Ops": True}, [7], [["CS-Ops"]], True])
def test_groups_that_cannot_be_read_are_no_groups(forger: Forger, groups: object) -> None:
    forger.token = signed(forger.claims(groups=groups))
    assert reason_of(forger, groups_claim="groups") == "bad_groups"


def test_without_groups_anywhere_nothing_is_said_of_them(forger: Forger) -> None:
    assert redeem(forger, groups_claim="groups").groups is None, "no userinfo endpoint either"
    forger.with_userinfo()
    assert redeem(forger, groups_claim="groups").groups is None


@pytest.mark.parametrize("userinfo", [{"sub": "2"}, {"sub": None}, {}, None])
def test_userinfo_of_somebody_else_or_of_nobody_is_refused(forger: Forger, userinfo: dict[str, Any] | None) -> None:
    forger.with_userinfo()
    forger.userinfo = None if userinfo is None else {**userinfo, "groups": ["CS-Ops"]}
    expected = "userinfo" if userinfo is None else "userinfo_sub"
    assert reason_of(forger, groups_claim="groups") == expected


def test_a_token_that_would_break_into_the_headers_is_not_sent(forger: Forger) -> None:
    forger.with_userinfo(groups=["CS-TAM"])
    forger.answer = ({"access_token": "a\r\nX-Evil: 1", "id_token": forger.token, "token_type": "Bearer"}, 200)
    assert reason_of(forger, groups_claim="groups") == "bad_access_token"
    assert forger.bearers == []


def test_a_provider_that_turns_its_keys_over_goes_on(forger: Forger, stepping_clock: SteppingClock) -> None:
    sign_in = sign_in_at(forger, clock=stepping_clock)
    words = {"code": "c", "issuer": None, "redirect_uri": REDIRECT, "code_verifier": "v", "nonce": "n-1"}
    assert sign_in.redeem(**words).subject == "1"
    forger.keys = [OTHER_KEY]
    old, new = forger.token, signed(forger.claims(), OTHER_KEY, kid=OTHER_KEY.kid)
    forger.token = new
    with pytest.raises(SignInRefused):
        sign_in.redeem(**words)  # the keys were fetched a moment ago: made-up key ids must not make us fetch each time
    stepping_clock.advance(seconds=31)
    assert sign_in.redeem(**words).subject == "1"
    forger.token = old
    with pytest.raises(SignInRefused):
        sign_in.redeem(**words)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody knows, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_over_tls_only_a_known_certificate_and_no_step_back_to_plain_http(
    certificate: tuple[Path, Path], forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_forger(certificate) as safe:
        safe.token = signed(safe.claims())
        with pytest.raises(OutcomeUnknown):
            redeem(safe)
        assert safe.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
        assert redeem(safe).issuer == safe.url
        safe.asked.clear()
        for name, path in (("token_endpoint", "token"), ("jwks_uri", "certs")):
            safe.discovery = {name: f"{forger.url}/{path}"}
            assert reason_of(safe) == f"insecure_{name}"
        safe.token = signed(safe.claims(email=None))
        safe.discovery = {"userinfo_endpoint": f"{forger.url}/me"}
        assert reason_of(safe) == "insecure_userinfo_endpoint"
        safe.discovery = {"authorization_endpoint": f"{forger.url}/authorize"}
        with pytest.raises(SignInRefused):
            query_of(safe)
    assert (forger.asked, forger.bearers) == ([], [])
