"""A Gmail extension asks for access, a person answers, a code comes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask
from sqlalchemy import select

from server.app import create_app
from server.audit.models import AuditEntry
from server.auth.models import AuthorizationCode, Device
from server.db import Database
from server.runtime import Runtime
from tests.auth.gmail_extension import CHROME, REDIRECT_URI, GmailExtension
from tests.cast import Book
from tests.conftest import BASE_URL, EXTENSION_ID, SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


@pytest.fixture
def extension(app: Flask) -> GmailExtension:
    return GmailExtension(app=app)


def test_a_person_gives_access_and_the_extension_acts_as_them(
    alice: SignedInClient, extension: GmailExtension, db: Database, book: Book
) -> None:
    tokens = extension.pair(alice)
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert tokens["scope"] == "read mail tasks send"
    me = extension.get("/api/v1/me", tokens["access_token"]).get_json()
    assert (me["id"], me["name"]) == (str(book.alice), "Alice Moreau")
    assert me["scopes"] == ["read", "mail", "tasks", "send"]
    with db.reading() as session:
        [device] = session.scalars(select(Device))
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)).all()
    assert device.user_id == book.alice
    assert [(one.deed, one.user_name) for one in noted] == [
        ("oauth.answer", "Alice Moreau"),
        ("oauth.token", "Alice Moreau"),
    ]
    assert noted[1].record == {"device": "Gmail extension in Chrome on macOS", "what": "given access"}


def test_the_page_says_who_and_what_and_nothing_is_given_before_the_answer(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    shown = alice.get("/oauth/authorize", query_string=extension.ask(), headers={"User-Agent": CHROME})
    for words in (
        *("Alice Moreau", "Chrome on macOS", "send emails as you", "read the mail that you may read"),
        "after 60 days without use, and after 180 days at the latest",
    ):
        assert words in shown.text
    assert f"form-action 'self' https://{EXTENSION_ID}.chromiumapp.org;" in shown.headers["Content-Security-Policy"]
    with db.reading() as session:
        assert session.scalars(select(AuthorizationCode)).all() == []


@ON_SQLITE
def test_who_says_no_sends_the_extension_back_without_a_code(alice: SignedInClient, extension: GmailExtension) -> None:
    assert extension.answer(alice, "cancel") == {
        "error": ["access_denied"],
        "state": [extension.state],
        "iss": [BASE_URL],
    }


@ON_SQLITE
def test_who_is_not_signed_in_signs_in_first_and_comes_back_to_the_question(
    app: Flask, extension: GmailExtension, book: Book
) -> None:
    answer = app.test_client().get("/oauth/authorize", query_string=extension.ask(), base_url=BASE_URL)
    assert answer.status_code == 303
    where = urlsplit(answer.headers["Location"])
    assert where.path == "/sign-in"
    back = urlsplit(parse_qs(where.query)["next"][0])
    assert back.path == "/oauth/authorize"
    assert parse_qs(back.query)["code_challenge"] == [extension.ask()["code_challenge"]]


@ON_SQLITE
def test_what_another_page_posts_gives_no_code(alice: SignedInClient, extension: GmailExtension, db: Database) -> None:
    form = {**extension.ask(), "answer": "allow"}
    assert alice.post("/oauth/authorize", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert alice.post("/oauth/authorize", data=form, headers={"X-CSRF-Token": "guessed"}).status_code == 403
    with db.reading() as session:
        assert session.scalars(select(AuthorizationCode)).all() == []


STRANGE = {
    "another client": {"client_id": "somebody"},
    "no client": {"client_id": None},
    "another extension": {"redirect_uri": f"https://{'p' * 32}.chromiumapp.org/"},
    "another host": {"redirect_uri": "https://evil.example/"},
    "a host that begins like ours": {"redirect_uri": f"https://{EXTENSION_ID}.chromiumapp.org.evil.example/"},
    "a name and password before the host": {"redirect_uri": f"https://{EXTENSION_ID}.chromiumapp.org@evil.example/"},
    "a longer path": {"redirect_uri": REDIRECT_URI + "more"},
    "a query": {"redirect_uri": REDIRECT_URI + "?a=b"},
    "another scheme": {"redirect_uri": REDIRECT_URI.replace("https", "http")},
    "upper case": {"redirect_uri": REDIRECT_URI.upper()},
    "no address": {"redirect_uri": None},
}


@ON_SQLITE
@pytest.mark.parametrize("changes", STRANGE.values(), ids=list(STRANGE))
def test_who_is_not_known_for_certain_is_told_nothing_and_nobody_is_sent_there(
    alice: SignedInClient, extension: GmailExtension, changes: dict[str, str | None]
) -> None:
    for answer in (
        alice.get("/oauth/authorize", query_string=extension.ask(**changes)),
        alice.post("/oauth/authorize", data={**extension.ask(**changes), "answer": "allow"}),
    ):
        assert answer.status_code == 422
        assert "Location" not in answer.headers
        assert "not a Gmail extension that your Rapport knows" in answer.text
        assert "evil.example" not in answer.text


@ON_SQLITE
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "code_challenge", "response_type"])
def test_what_stands_there_twice_is_refused(alice: SignedInClient, extension: GmailExtension, name: str) -> None:
    query = [*extension.ask().items(), (name, "other")]
    assert alice.get("/oauth/authorize", query_string=query).status_code == 422  # type: ignore[arg-type]


BAD = {
    "a token at once": ({"response_type": "token"}, "unsupported_response_type"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "a challenge without its method": ({"code_challenge_method": None}, "invalid_request"),
    "a short challenge": ({"code_challenge": "abc"}, "invalid_request"),
    "a padded challenge": ({"code_challenge": "a" * 43 + "="}, "invalid_request"),
    "no state": ({"state": None}, "invalid_request"),
    "a state of two lines": ({"state": "a\r\nSet-Cookie: b=c"}, "invalid_request"),
    "a state without end": ({"state": "a" * 501}, "invalid_request"),
    "no scope": ({"scope": ""}, "invalid_scope"),
    "an unknown scope": ({"scope": "read everything"}, "invalid_scope"),
    "the audit log": ({"scope": "read audit"}, "invalid_scope"),
}


@ON_SQLITE
@pytest.mark.parametrize(("changes", "error"), BAD.values(), ids=list(BAD))
def test_a_known_extension_is_told_what_was_wrong(
    alice: SignedInClient, extension: GmailExtension, changes: dict[str, str | None], error: str
) -> None:
    answer = alice.get("/oauth/authorize", query_string=extension.ask(**changes))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(REDIRECT_URI + "?")
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["error"] == [error]
    assert set(back) <= {"error", "state", "iss"}
    assert "\n" not in answer.headers["Location"]


@ON_SQLITE
def test_without_known_extensions_nobody_is_let_in(
    runtime: Runtime, sign_in: SignIn, book: Book, extension: GmailExtension
) -> None:
    closed = create_app(replace(runtime, settings=replace(runtime.settings, extension_ids=())))
    alice = sign_in(book.alice)
    assert alice.get("/oauth/authorize", query_string=extension.ask()).status_code == 200
    alice.application = closed
    assert alice.get("/oauth/authorize", query_string=extension.ask()).status_code == 422


@ON_SQLITE
def test_a_client_of_others_goes_the_whole_way_over_http(
    alice: SignedInClient, extension: GmailExtension, live_app: str
) -> None:
    session = OAuth2Session(
        "rapport-gmail",
        redirect_uri=REDIRECT_URI,
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
    )
    url, state = session.create_authorization_url(
        f"{live_app}/oauth/authorize", code_verifier=extension.verifier, scope="read"
    )
    extension.state = state
    code = extension.code(alice, scope="read")
    assert parse_qs(urlsplit(url).query)["code_challenge"] == [extension.ask()["code_challenge"]]
    token = session.fetch_token(
        f"{live_app}/oauth/token", code=code, code_verifier=extension.verifier, grant_type="authorization_code"
    )
    assert session.get(f"{live_app}/api/v1/me").json()["scopes"] == ["read"]
    fresh = session.refresh_token(f"{live_app}/oauth/token", refresh_token=token["refresh_token"])
    assert fresh["access_token"] != token["access_token"]
    assert session.get(f"{live_app}/api/v1/me").status_code == 200
    assert session.revoke_token(f"{live_app}/oauth/revoke", token=fresh["refresh_token"]).status_code == 200
    after = requests.get(
        f"{live_app}/api/v1/me", headers={"Authorization": f"Bearer {fresh['access_token']}"}, timeout=10
    )
    assert after.status_code == 401


@ON_SQLITE
def test_the_server_says_what_it_can(app: Flask) -> None:
    found = app.test_client().get("/.well-known/oauth-authorization-server", base_url=BASE_URL).get_json()
    assert found["issuer"] == BASE_URL
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["token_endpoint"] == f"{BASE_URL}/oauth/token"
    assert found["token_endpoint_auth_methods_supported"] == ["none"]
