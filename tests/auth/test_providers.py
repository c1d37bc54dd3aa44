"""Signing in at providers that others wrote, from the button to the page; and what must not work at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import select

from server.app import create_app, sign_in_by
from server.auth.models import User, UserSession
from server.runtime import Runtime
from tests.auth.at_google import start_sign_in
from tests.auth.at_providers import ALICE, BOB, CHARLIE, GROUPS, ZOE, Provider, certified, google, okta
from tests.cast import Book
from tests.conftest import BASE_URL, settings_for_tests

ROLES = {"OIDC_ROLES": "CS-TAM=tam, CS-Ops=admin"}
Visit = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def providers() -> Iterator[dict[str, Provider]]:
    with ExitStack() as stack:
        started = [stack.enter_context(start()) for start in (okta, google, certified)]
        yield {one.name: one for one in started}


@pytest.fixture(params=["okta", "google", "oidc-provider"])
def provider(request: pytest.FixtureRequest, providers: dict[str, Provider]) -> Provider:
    return providers[request.param]


@pytest.fixture(params=["okta", "oidc-provider"])
def with_groups(request: pytest.FixtureRequest, providers: dict[str, Provider]) -> Provider:
    return providers[request.param]


@pytest.fixture
def visit(runtime: Runtime, book: Book, tmp_path: Path) -> Visit:
    """visit(provider, **settings): a browser at a Rapport where people sign in there."""

    def at(provider: Provider, **environ: str) -> FlaskClient:
        settings = settings_for_tests({**provider.environ, **environ}, tmp_path)
        sign_in = sign_in_by(settings, runtime.clock)
        return create_app(replace(runtime, settings=settings, sign_in=sign_in)).test_client()

    return at


def come_back(browser: FlaskClient, provider: Provider, email: str, *, next_path: str = "/") -> str:
    """A sign-in up to the way back: its path and query."""
    return provider.choose(start_sign_in(browser, next_path=next_path), email)


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/outbox", base_url=BASE_URL).status_code == 200


def changed(path: str, **changes: str | None) -> str:
    """The same way back with other words in its query; None takes one out."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def refused(browser: FlaskClient, path: str) -> str:
    answer = browser.get(path, base_url=BASE_URL)
    assert answer.status_code == 403
    assert not is_in(browser)
    return answer.text


def test_somebody_whom_an_admin_added_signs_in(provider: Provider, visit: Visit, runtime: Runtime, book: Book) -> None:
    browser = visit(provider)
    assert f"Sign in with {provider.environ['OIDC_NAME'].replace('&', '&amp;')}" in browser.get("/sign-in").text
    answer = browser.get(come_back(browser, provider, ALICE, next_path="/accounts?letter=H"), base_url=BASE_URL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts?letter=H")
    assert is_in(browser)
    with runtime.db.reading() as session:
        alice = session.get_one(User, book.alice)
        [opened] = session.scalars(select(UserSession))
    assert (alice.issuer, bool(alice.subject), alice.role) == (provider.issuer, True, "tam")
    assert (opened.user_id, opened.ip) == (book.alice, "127.0.0.1")


def test_they_stay_the_same_person_the_next_time(provider: Provider, visit: Visit, runtime: Runtime) -> None:
    subjects = set()
    for browser in (visit(provider), visit(provider)):
        assert browser.get(come_back(browser, provider, ALICE), base_url=BASE_URL).status_code == 303
        with runtime.db.reading() as session:
            subjects.add(session.scalars(select(User.subject).where(User.email == ALICE)).one())
    assert len(subjects) == 1


def test_nobody_else_is_let_in(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    assert "is not known here. Ask your admin" in refused(browser, come_back(browser, provider, ZOE))


def test_an_address_that_the_provider_did_not_confirm_is_nobody(providers: dict[str, Provider], visit: Visit) -> None:
    provider = providers["oidc-provider"]
    browser = visit(provider)
    assert "has not confirmed that your address is yours" in refused(browser, come_back(browser, provider, CHARLIE))


def test_groups_add_people_and_set_their_roles(with_groups: Provider, visit: Visit, runtime: Runtime) -> None:
    for email, role in ((ZOE, "admin"), (ALICE, "tam")):
        browser = visit(with_groups, **ROLES)
        assert browser.get(come_back(browser, with_groups, email), base_url=BASE_URL).status_code == 303
        assert is_in(browser)
        with runtime.db.reading() as session:
            user = session.scalars(select(User).where(User.email == email)).one()
        assert user.role == role
    assert user.name == "Alice Moreau"


def test_whose_groups_give_no_role_stays_out(with_groups: Provider, visit: Visit) -> None:
    assert GROUPS[BOB] == ["Everyone"]
    browser = visit(with_groups, **ROLES)
    assert "None of your groups" in refused(browser, come_back(browser, with_groups, BOB))


def test_a_provider_without_groups_is_said_to_have_none(providers: dict[str, Provider], visit: Visit) -> None:
    browser = visit(providers["google"], **ROLES)
    assert "Google does not say which groups you are in" in refused(
        browser, come_back(browser, providers["google"], ALICE)
    )


@pytest.mark.parametrize("client", ["ps", "es"])
def test_other_signatures_than_rs256_are_taken(providers: dict[str, Provider], visit: Visit, client: str) -> None:
    provider = providers["oidc-provider"]
    secret = provider.client_secrets(client)
    browser = visit(provider, OIDC_CLIENT_ID=client, OIDC_CLIENT_SECRET=secret)
    assert browser.get(come_back(browser, provider, ALICE), base_url=BASE_URL).status_code == 303


def test_a_token_signed_with_our_own_secret_is_refused(providers: dict[str, Provider], visit: Visit) -> None:
    provider = providers["oidc-provider"]
    browser = visit(provider, OIDC_CLIENT_ID="hs", OIDC_CLIENT_SECRET=provider.client_secrets("hs"))
    assert "did not confirm who you are" in refused(browser, come_back(browser, provider, ALICE))


def test_a_code_serves_once(provider: Provider, visit: Visit) -> None:
    first, second = visit(provider), visit(provider)
    used = come_back(first, provider, ALICE)
    assert first.get(used, base_url=BASE_URL).status_code == 303
    code = parse_qs(urlsplit(used).query)["code"][0]
    refused(second, changed(come_back(second, provider, BOB), code=code))


def test_a_code_that_another_browser_was_given_does_not_fit(provider: Provider, visit: Visit) -> None:
    """The code is fresh, but not the answer to this browser's challenge and nonce."""
    victim, thief = visit(provider), visit(provider)
    code = parse_qs(urlsplit(come_back(victim, provider, ALICE)).query)["code"][0]
    refused(thief, changed(come_back(thief, provider, BOB), code=code))


def test_a_way_back_of_another_browser_is_not_taken(provider: Provider, visit: Visit) -> None:
    mine, theirs = visit(provider), visit(provider)
    start_sign_in(theirs)
    assert "was started elsewhere" in refused(theirs, come_back(mine, provider, ALICE))


def test_a_way_back_works_once(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    back = come_back(browser, provider, ALICE)
    assert browser.get(back, base_url=BASE_URL).status_code == 303
    fresh = visit(provider)
    assert "was already used" in refused(fresh, back)
    assert browser.get(back, base_url=BASE_URL).status_code == 403


@pytest.mark.parametrize("state", ["", "made-up", None])
def test_a_made_up_state_is_not_taken(provider: Provider, visit: Visit, state: str | None) -> None:
    browser = visit(provider)
    refused(browser, changed(come_back(browser, provider, ALICE), state=state))


def test_a_nonce_that_was_changed_on_the_way_is_noticed(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    for nonce in ("another", None):
        url = start_sign_in(browser)
        other = f"{url.split('?')[0]}{changed(url, nonce=nonce).removeprefix(urlsplit(url).path)}"
        refused(browser, provider.choose(other, ALICE))


def test_a_challenge_that_was_changed_on_the_way_is_noticed(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    url = start_sign_in(browser)
    other = f"{url.split('?')[0]}{changed(url, code_challenge='x' * 43).removeprefix(urlsplit(url).path)}"
    refused(browser, provider.choose(other, ALICE))


def test_a_code_for_another_client_is_refused(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    url = start_sign_in(browser)
    other = f"{url.split('?')[0]}{changed(url, client_id='other').removeprefix(urlsplit(url).path)}"
    refused(browser, provider.choose(other, ALICE))


def test_a_way_back_in_the_name_of_another_provider_is_refused(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    refused(browser, changed(come_back(browser, provider, ALICE), iss="https://evil.example"))


def test_a_promised_issuer_cannot_be_left_out(providers: dict[str, Provider], visit: Visit) -> None:
    provider = providers["oidc-provider"]
    document = requests.get(f"{provider.issuer}/.well-known/openid-configuration", timeout=5).json()
    assert document["authorization_response_iss_parameter_supported"] is True
    browser = visit(provider)
    refused(browser, changed(come_back(browser, provider, ALICE), iss=None))


def test_a_wrong_secret_lets_nobody_in(provider: Provider, visit: Visit) -> None:
    browser = visit(provider, OIDC_CLIENT_SECRET="a-guess")
    assert "did not confirm who you are" in refused(browser, come_back(browser, provider, ALICE))


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_afterwards(provider: Provider, visit: Visit, target: str) -> None:
    browser = visit(provider)
    answer = browser.get(come_back(browser, provider, ALICE, next_path=target), base_url=BASE_URL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_a_discovery_document_of_another_issuer_stops_the_sign_in_at_the_button(
    provider: Provider, visit: Visit
) -> None:
    here, there = ("localhost", "127.0.0.1") if "localhost" in provider.issuer else ("127.0.0.1", "localhost")
    browser = visit(provider, OIDC_ISSUER=provider.issuer.replace(here, there))
    answer = browser.post("/auth/start", headers={"Origin": BASE_URL}, base_url=BASE_URL)
    assert answer.status_code == 403
    assert "did not confirm who you are" in answer.text


def test_what_a_provider_says_in_words_is_never_shown(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    state = parse_qs(urlsplit(start_sign_in(browser)).query)["state"][0]
    words = {"state": state, "error": "evil_error", "error_description": "<b>Call 555-0100</b>", "iss": provider.issuer}
    page = refused(browser, f"/auth/callback?{urlencode(words)}")
    assert "did not confirm who you are" in page
    assert "evil_error" not in page
    assert "555-0100" not in page


def test_a_provider_that_is_away_is_named_and_nothing_is_lost(providers: dict[str, Provider], visit: Visit) -> None:
    browser = visit(providers["okta"], OIDC_ISSUER="http://127.0.0.1:9/")
    page = browser.post("/auth/start", data={"next": "/outbox"}, headers={"Origin": BASE_URL}, base_url=BASE_URL)
    assert page.status_code == 503
    assert "Okta does not answer at the moment. Try again in a minute." in page.text
    assert 'name="next" value="/outbox"' in page.text


def test_the_form_may_lead_on_to_a_companys_own_sign_in(provider: Provider, visit: Visit) -> None:
    browser = visit(provider)
    policy = browser.get("/sign-in", base_url=BASE_URL).headers["Content-Security-Policy"]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(provider.issuer))
    assert f"form-action 'self' {origin} https:;" in policy
    browser.get(come_back(browser, provider, ALICE), base_url=BASE_URL)
    inside = browser.get("/outbox", base_url=BASE_URL).headers["Content-Security-Policy"]
    assert "form-action 'self' https://accounts.google.com;" in inside, "mailboxes are connected at Google"
