"""The full OAuth and OpenID Connect flow over HTTP: a person's clicks are made with requests."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from server.adapters.google_accounts import GoogleMailboxAccess
from server.adapters.google_endpoints import GoogleEndpoints
from server.adapters.oidc import OidcSignIn
from server.clock import SystemClock
from server.ports.errors import OutcomeUnknown
from server.ports.gmail import COMPOSE_SCOPE, METADATA_SCOPE, READONLY_SCOPE
from server.ports.sign_in import Identity, SignInRefused
from server.sandbox.running import RunningSandbox

ALICE = "alice@rapport.example"
REDIRECT = "http://127.0.0.1:8400/auth/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Person:
    """Somebody at a browser: chooses an account, then agrees or not."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def go(self, url: str, email: str, *, tick: Sequence[str] | None = None, decision: str = "allow") -> dict[str, str]:
        """The query of the redirect that ends it. `tick` None leaves every box as it is."""
        chooser = requests.get(url, timeout=5, allow_redirects=False)
        if chooser.status_code == 302:
            return _query(chooser)
        form = {"request": _hidden(chooser.text, "request"), "account": email}
        consent = self._post("/o/oauth2/v2/auth/account", form)
        if consent.status_code == 302:
            return _query(consent)
        boxes = re.findall(r'type="checkbox" name="scope" value="([^"]+)" checked', consent.text)
        form = {**form, "scope": boxes if tick is None else list(tick), "decision": decision}
        return _query(self._post("/o/oauth2/v2/auth/consent", form))

    def _post(self, path: str, form: dict[str, Any]) -> requests.Response:
        response = requests.post(self._base_url + path, data=form, timeout=5, allow_redirects=False)
        assert response.status_code in (200, 302), response.text
        return response


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return unescape(found[1])


def _query(response: requests.Response) -> dict[str, str]:
    location = response.headers["Location"]
    assert location.startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def person(sandbox: RunningSandbox) -> Person:
    return Person(sandbox.base_url)


@pytest.fixture
def sign_in(sandbox: RunningSandbox) -> OidcSignIn:
    return OidcSignIn(
        issuer=sandbox.base_url,
        client_id="rapport-sandbox",
        client_secret="rapport-sandbox-secret",
        clock=SystemClock(),
        chooses_account=True,
        hosted_domain="rapport.example",
    )


@pytest.fixture
def access(sandbox: RunningSandbox) -> GoogleMailboxAccess:
    return GoogleMailboxAccess(
        endpoints=GoogleEndpoints.for_sandbox(sandbox.base_url),
        client_id="rapport-sandbox",
        client_secret="rapport-sandbox-secret",
        clock=SystemClock(),
    )


def sign_in_url(sign_in: OidcSignIn, nonce: str = "n-1") -> str:
    return sign_in.authorization_url(redirect_uri=REDIRECT, state="s-1", nonce=nonce, code_challenge=CHALLENGE)


def redeem(sign_in: OidcSignIn, code: str, *, redirect_uri: str, code_verifier: str, nonce: str) -> Identity:
    return sign_in.redeem(code=code, issuer=None, redirect_uri=redirect_uri, code_verifier=code_verifier, nonce=nonce)


def access_url(access: GoogleMailboxAccess, *scopes: str) -> str:
    return access.authorization_url(
        redirect_uri=REDIRECT, state="s-1", code_challenge=CHALLENGE, login_hint=ALICE, scopes=scopes
    )


def test_a_person_signs_in(sign_in: OidcSignIn, person: Person) -> None:
    answer = person.go(sign_in_url(sign_in), ALICE)
    assert answer["state"] == "s-1"
    identity = redeem(sign_in, answer["code"], redirect_uri=REDIRECT, code_verifier=VERIFIER, nonce="n-1")
    assert (identity.email, identity.email_verified, identity.name) == (ALICE, True, "Alice Moreau")
    assert identity.hosted_domain == "rapport.example"
    assert re.fullmatch(r"\d{21}", identity.subject)


def test_the_same_person_keeps_their_subject(sign_in: OidcSignIn, person: Person) -> None:
    subjects = set()
    for _ in range(2):
        code = person.go(sign_in_url(sign_in), ALICE)["code"]
        identity = redeem(sign_in, code, redirect_uri=REDIRECT, code_verifier=VERIFIER, nonce="n-1")
        subjects.add(identity.subject)
    assert len(subjects) == 1


def test_a_person_may_say_no(sign_in: OidcSignIn, person: Person) -> None:
    answer = person.go(sign_in_url(sign_in), ALICE, decision="cancel")
    assert answer == {"error": "access_denied", "state": "s-1"}


def test_a_mailbox_is_connected_with_all_that_was_asked(access: GoogleMailboxAccess, person: Person) -> None:
    code = person.go(access_url(access, COMPOSE_SCOPE, READONLY_SCOPE), ALICE)["code"]
    grant = access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
    assert grant.email == ALICE
    assert {COMPOSE_SCOPE, READONLY_SCOPE} <= grant.tokens.scopes
    assert grant.tokens.refresh_token


def test_an_unticked_scope_is_not_granted(access: GoogleMailboxAccess, person: Person) -> None:
    url = access_url(access, COMPOSE_SCOPE, METADATA_SCOPE)
    code = person.go(url, ALICE, tick=[COMPOSE_SCOPE])["code"]
    grant = access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
    assert COMPOSE_SCOPE in grant.tokens.scopes
    assert METADATA_SCOPE not in grant.tokens.scopes


def test_scopes_granted_earlier_do_not_come_along(access: GoogleMailboxAccess, person: Person) -> None:
    person.go(access_url(access, METADATA_SCOPE), ALICE)
    code = person.go(access_url(access, COMPOSE_SCOPE), ALICE)["code"]
    grant = access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
    assert METADATA_SCOPE not in grant.tokens.scopes


def test_connecting_again_brings_a_refresh_token_again(access: GoogleMailboxAccess, person: Person) -> None:
    for _ in range(2):
        code = person.go(access_url(access, COMPOSE_SCOPE), ALICE)["code"]
        assert access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER).tokens.refresh_token


def test_a_grant_can_be_given_back_twice(access: GoogleMailboxAccess, person: Person, sandbox: RunningSandbox) -> None:
    code = person.go(access_url(access, COMPOSE_SCOPE), ALICE)["code"]
    tokens = access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER).tokens
    access.revoke(tokens)
    access.revoke(tokens)
    profile = requests.get(
        f"{sandbox.base_url}/gmail/v1/users/me/profile",
        headers={"Authorization": f"Bearer {tokens.access_token}"},
        timeout=5,
    )
    assert profile.status_code == 401


def test_a_code_serves_once_and_its_reuse_ends_what_it_gave(
    access: GoogleMailboxAccess, person: Person, sandbox: RunningSandbox
) -> None:
    code = person.go(access_url(access, COMPOSE_SCOPE), ALICE)["code"]
    tokens = access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER).tokens
    with pytest.raises(SignInRefused) as caught:
        access.redeem(code=code, redirect_uri=REDIRECT, code_verifier=VERIFIER)
    assert caught.value.reason == "invalid_grant"
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    client = ("rapport-sandbox", "rapport-sandbox-secret")
    answer = requests.post(f"{sandbox.base_url}/token", data=form, auth=client, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_wrong_verifier_is_refused_and_uses_the_code_up(sign_in: OidcSignIn, person: Person) -> None:
    code = person.go(sign_in_url(sign_in), ALICE)["code"]
    for verifier in ("w" * 50, VERIFIER):
        with pytest.raises(SignInRefused):
            redeem(sign_in, code, redirect_uri=REDIRECT, code_verifier=verifier, nonce="n-1")


def test_another_redirect_at_redemption_is_refused(sign_in: OidcSignIn, person: Person) -> None:
    code = person.go(sign_in_url(sign_in), ALICE)["code"]
    with pytest.raises(SignInRefused):
        redeem(sign_in, code, redirect_uri=REDIRECT + "/", code_verifier=VERIFIER, nonce="n-1")


def test_another_nonce_is_refused(sign_in: OidcSignIn, person: Person) -> None:
    code = person.go(sign_in_url(sign_in), ALICE)["code"]
    with pytest.raises(SignInRefused) as caught:
        redeem(sign_in, code, redirect_uri=REDIRECT, code_verifier=VERIFIER, nonce="n-2")
    assert caught.value.reason == "id_token_nonce"


def test_a_foreign_redirect_gets_a_page_and_no_redirect(sandbox: RunningSandbox, sign_in: OidcSignIn) -> None:
    url = sign_in.authorization_url(
        redirect_uri="http://127.0.0.1:8400.evil.example/", state="s", nonce="n", code_challenge=CHALLENGE
    )
    response = requests.get(url, timeout=5, allow_redirects=False)
    assert response.status_code == 400
    assert "redirect_uri_mismatch" in response.text


def test_a_request_without_pkce_is_refused(sign_in: OidcSignIn, person: Person) -> None:
    url = sign_in_url(sign_in).replace("code_challenge_method=S256", "code_challenge_method=plain")
    assert person.go(url, ALICE)["error"] == "invalid_request"


@pytest.mark.parametrize("fault", ["cut-before", "cut-after", "503"])
def test_a_silent_provider_leaves_the_sign_in_open(
    sign_in: OidcSignIn, person: Person, sandbox: RunningSandbox, fault: str
) -> None:
    code = person.go(sign_in_url(sign_in), ALICE)["code"]
    sandbox.add_fault("oauth.token", fault)
    with pytest.raises(OutcomeUnknown):
        redeem(sign_in, code, redirect_uri=REDIRECT, code_verifier=VERIFIER, nonce="n-1")


def test_no_word_of_the_provider_reaches_the_caller(sign_in: OidcSignIn) -> None:
    with pytest.raises(SignInRefused) as caught:
        redeem(sign_in, secrets.token_hex(), redirect_uri=REDIRECT, code_verifier=VERIFIER, nonce="n-1")
    assert str(caught.value) == "The provider refused the code."
