"""Signing in with Google over HTTP, from the button to the session cookie."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from server.adapters.oidc import OidcSignIn
from server.app import create_app
from server.auth import oauth_attempts
from server.auth.models import OAuthAttempt, User, UserSession
from server.auth.recognise import Policy
from server.auth.recognise import recognise as recognise_user
from server.errors import Forbidden, Invalid
from server.ports.sign_in import Identity
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.auth.at_google import agree, sign_in_at, start_sign_in
from tests.cast import ALICE, BOB, Book
from tests.conftest import BASE_URL, SteppingClock

COOKIE = "rapport_session"


@pytest.fixture
def browser(app: Flask, book: Book) -> FlaskClient:
    return app.test_client()


def session_of(client: FlaskClient) -> str | None:
    cookie = client.get_cookie(COOKIE, domain="127.0.0.1")
    return cookie.value if cookie else None


def test_a_known_person_signs_in_and_lands_where_they_wanted_to_go(browser: FlaskClient, runtime: Runtime) -> None:
    assert browser.get("/outbox", base_url=BASE_URL).headers["Location"] == "/sign-in?next=%2Foutbox"
    answer = sign_in_at(browser, ALICE, next_path="/outbox?group=sent")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/outbox?group=sent")
    assert browser.get("/outbox", base_url=BASE_URL).status_code == 200
    with runtime.db.reading() as session:
        alice = session.scalars(select(User).where(User.email == ALICE)).one()
        [attempts] = [session.scalars(select(OAuthAttempt)).all()]
    assert alice.subject
    assert attempts == []


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: FlaskClient) -> None:
    answer = sign_in_at(browser, ALICE)
    cookies = {value.split("=")[0]: value for value in answer.headers.getlist("Set-Cookie")}
    for word in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookies[COOKIE]
    assert "Domain" not in cookies[COOKIE]
    assert "Max-Age=0" in cookies["rapport_attempt"]


def test_under_https_cookies_are_bound_to_the_host(runtime: Runtime, book: Book, tmp_path: Path) -> None:
    home = "https://rapport.example"
    with RunningSandbox(tmp_path / "google.sqlite3", redirect_uris_prefix=home) as google:
        settings = replace(runtime.settings, base_url=home)
        sign_in = OidcSignIn(
            issuer=google.base_url,
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret,
            clock=runtime.clock,
        )
        app = create_app(replace(runtime, settings=settings, sign_in=sign_in))
        client = app.test_client()
        start = client.post("/auth/start", headers={"Origin": home}, base_url=home)
        back = client.get(agree(start.headers["Location"], ALICE), base_url=home)
    assert back.status_code == 303
    lines = [*start.headers.getlist("Set-Cookie"), *back.headers.getlist("Set-Cookie")]
    assert {line.split("=")[0] for line in lines} >= {"__Host-rapport", "__Host-rapport-attempt"}
    for line in lines:
        assert "Secure" in line, f"browsers ignore a __Host- cookie without it: {line}"
        assert "Path=/" in line
        assert "Domain" not in line


def test_only_the_hash_of_the_sessions_key_is_stored(browser: FlaskClient, runtime: Runtime) -> None:
    sign_in_at(browser, ALICE)
    key = session_of(browser)
    assert key
    with runtime.db.reading() as session:
        found = session.scalars(select(UserSession)).one()
    assert key not in str(vars(found))
    assert found.csrf_token != key


def test_each_sign_in_has_a_session_of_its_own(browser: FlaskClient) -> None:
    browser.set_cookie(COOKIE, "chosen-by-somebody-else", domain="127.0.0.1")
    sign_in_at(browser, ALICE)
    first = session_of(browser)
    browser.delete_cookie(COOKIE, domain="127.0.0.1")
    sign_in_at(browser, ALICE)
    assert len({first, session_of(browser), "chosen-by-somebody-else"}) == 3


def test_signing_in_anew_ends_what_this_browser_was_signed_in_as(browser: FlaskClient, runtime: Runtime) -> None:
    sign_in_at(browser, ALICE)
    with runtime.db.transaction() as session:
        # Idle for too long, and not yet seven days old.
        session.scalars(select(UserSession)).one().last_seen_at -= timedelta(hours=13)
    assert sign_in_at(browser, BOB).status_code == 303
    with runtime.db.reading() as session:
        found = session.scalars(select(User.email).join(UserSession, UserSession.user_id == User.id)).all()
    assert found == [BOB]


def test_an_unknown_person_is_turned_away(browser: FlaskClient, runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        session.delete(session.get_one(User, book.dana))  # Google knows her, we do not
    answer = sign_in_at(browser, "dana@rapport.example")
    assert answer.status_code == 403
    assert "Ask your admin to add you" in answer.text
    assert session_of(browser) is None


def test_a_person_who_says_no_at_google_is_not_signed_in(browser: FlaskClient) -> None:
    url = start_sign_in(browser)
    query = urlsplit(url).query
    state = dict(pair.split("=") for pair in query.split("&"))["state"]
    answer = browser.get(
        f"/auth/callback?state={state}&error=access_denied&error_description=<script>alert(1)</script>",
        base_url=BASE_URL,
    )
    assert answer.status_code == 403
    assert "alert(1)" not in answer.text
    assert session_of(browser) is None


def test_a_person_whose_access_was_ended_stays_out(browser: FlaskClient, runtime: Runtime, book: Book) -> None:
    sign_in_at(browser, ALICE)
    with runtime.db.transaction() as session:
        session.get_one(User, book.alice).deactivated_at = runtime.clock.now()
    assert browser.get("/outbox", base_url=BASE_URL).status_code == 303, "at once, with the session they have"
    answer = sign_in_at(browser, ALICE)
    assert answer.status_code == 403
    assert "Your access was ended" in answer.text


def test_only_accounts_of_the_hosted_domain_come_in(runtime: Runtime, book: Book) -> None:
    settings = replace(runtime.settings, google_hosted_domain="other.example")
    client = create_app(replace(runtime, settings=settings)).test_client()
    answer = sign_in_at(client, ALICE)
    assert answer.status_code == 403
    assert "Only other.example accounts" in answer.text


def test_the_way_back_works_once_and_only_in_the_same_browser(app: Flask, browser: FlaskClient) -> None:
    back = agree(start_sign_in(browser), ALICE)
    elsewhere = app.test_client()
    assert elsewhere.get(back, base_url=BASE_URL).status_code == 403
    assert browser.get(back, base_url=BASE_URL).status_code == 303
    assert browser.get(back, base_url=BASE_URL).status_code == 403


def test_the_way_back_is_open_for_ten_minutes(browser: FlaskClient, stepping_clock: SteppingClock) -> None:
    back = agree(start_sign_in(browser), ALICE)
    stepping_clock.advance(minutes=11)
    assert browser.get(back, base_url=BASE_URL).status_code == 403


def test_of_two_callbacks_at_once_one_takes_the_attempt(runtime: Runtime) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        started = oauth_attempts.start(session, purpose="sign_in", return_to="/", user_id=None, now=now)

    def take(_: int) -> bool:
        try:
            with runtime.db.transaction() as session:
                oauth_attempts.finish(session, purpose="sign_in", state=started.state, browser=started.browser, now=now)
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(4) as callbacks:
        assert list(callbacks.map(take, range(4))).count(True) == 1


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\u2028/evil.example",
        "",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(target: str) -> None:
    assert oauth_attempts.safe_return_path(target) == "/"


def test_a_foreign_target_is_dropped_on_every_road(browser: FlaskClient) -> None:
    page = browser.get("/sign-in?next=//evil.example", base_url=BASE_URL)
    assert "evil.example" not in page.text
    assert sign_in_at(browser, ALICE, next_path="//evil.example").headers["Location"] == "/"
    assert browser.get("/sign-in?next=https://evil.example", base_url=BASE_URL).headers["Location"] == "/"


def identity(email: str = ALICE, *, subject: str = "s-1", verified: bool = True, domain: str | None = None) -> Identity:
    return Identity(
        issuer="https://accounts.google.com",
        subject=subject,
        email=email,
        email_verified=verified,
        name="A person",
        hosted_domain=domain,
        groups=None,
    )


def recognise(runtime: Runtime, who: Identity, *, hosted_domain: str | None = None) -> str:
    policy = Policy(provider="Google", hosted_domain=hosted_domain)
    with runtime.db.transaction() as session:
        return recognise_user(session, who, policy=policy, now=runtime.clock.now()).email


def test_an_address_that_google_did_not_verify_is_nobody(runtime: Runtime, book: Book) -> None:
    with pytest.raises(Forbidden):
        recognise(runtime, identity(verified=False))


def test_a_person_stays_the_same_when_their_address_changes(runtime: Runtime, book: Book) -> None:
    assert recognise(runtime, identity()) == ALICE
    assert recognise(runtime, identity("alice.new@rapport.example", verified=False)) == ALICE
    assert recognise(runtime, identity(BOB)) == ALICE, "not even with the address of somebody else"


def test_whoever_gets_a_used_address_is_not_the_person_who_had_it(runtime: Runtime, book: Book) -> None:
    recognise(runtime, identity())
    with pytest.raises(Forbidden):
        recognise(runtime, identity(subject="s-2"))


@pytest.mark.parametrize("domain", [None, "evil.example", "rapport.example.evil.example"])
def test_the_hosted_domain_is_checked_for_known_people_too(runtime: Runtime, book: Book, domain: str | None) -> None:
    recognise(runtime, identity())
    with pytest.raises(Forbidden):
        recognise(runtime, identity(domain=domain), hosted_domain="rapport.example")


def test_a_turned_away_person_is_not_bound(runtime: Runtime, book: Book) -> None:
    with runtime.db.transaction() as session:
        session.get_one(User, book.alice).deactivated_at = runtime.clock.now()
    with pytest.raises(Forbidden):
        recognise(runtime, identity())
    with runtime.db.reading() as session:
        assert session.get_one(User, book.alice).subject is None
