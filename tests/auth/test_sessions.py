"""How long a session lasts, and how it ends; that a change was meant by the person."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from server.auth.models import UserSession
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import BASE_URL, SignedInClient, SteppingClock

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


def is_in(client: FlaskClient) -> bool:
    return client.get("/outbox").status_code == 200


def test_a_session_ends_after_twelve_idle_hours(alice: SignedInClient, stepping_clock: SteppingClock) -> None:
    stepping_clock.advance(hours=11, minutes=59)
    assert is_in(alice)
    stepping_clock.advance(hours=11, minutes=59)
    assert is_in(alice), "it was used meanwhile"
    stepping_clock.advance(hours=12, seconds=1)
    assert not is_in(alice)


def test_a_session_ends_after_seven_days_however_much_it_is_used(
    alice: SignedInClient, stepping_clock: SteppingClock
) -> None:
    for _ in range(14):
        assert is_in(alice)
        stepping_clock.advance(hours=11, minutes=59)
    stepping_clock.advance(minutes=15)
    assert not is_in(alice)


def test_signing_out_ends_the_session_on_the_server(alice: SignedInClient, runtime: Runtime) -> None:
    cookie = alice.get_cookie("rapport_session", domain="127.0.0.1")
    assert cookie is not None
    answer = alice.post("/auth/sign-out")
    assert answer.headers["Location"] == "/sign-in"
    alice.set_cookie("rapport_session", cookie.value, domain="127.0.0.1")
    assert not is_in(alice), "a copied cookie is worth nothing"
    with runtime.db.reading() as session:
        assert session.scalar(select(func.count(UserSession.id))) == 0


def test_other_sessions_of_the_person_go_on(book: Book, sign_in: SignIn) -> None:
    here, there = sign_in(book.alice), sign_in(book.alice)
    here.post("/auth/sign-out")
    assert not is_in(here)
    assert is_in(there)


@pytest.mark.parametrize("cookie", ["", "x", "a" * 3000, "é"])
def test_a_made_up_cookie_is_nobody(alice: SignedInClient, cookie: str) -> None:
    alice.set_cookie("rapport_session", cookie, domain="127.0.0.1")
    assert not is_in(alice)


FOREIGN = {
    "no origin": {"Origin": None},
    "a foreign origin": {"Origin": "https://evil.example"},
    "an origin that begins like ours": {"Origin": f"{BASE_URL}.evil.example"},
    "null": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:8401"},
    "cross-site": {"Origin": BASE_URL, "Sec-Fetch-Site": "cross-site"},
    "same-site": {"Origin": BASE_URL, "Sec-Fetch-Site": "same-site"},
    "no token": {"X-CSRF-Token": None},
    "a wrong token": {"X-CSRF-Token": "wrong"},
    "an empty token": {"X-CSRF-Token": ""},
    "a token that is no ASCII": {"X-CSRF-Token": "é"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_change_that_the_person_did_not_mean_is_refused(
    alice: SignedInClient, headers: dict[str, str | None]
) -> None:
    given = {"Origin": BASE_URL, "X-CSRF-Token": alice.csrf_token, **headers}
    kept = {name: value for name, value in given.items() if value is not None}
    for path in ("/auth/sign-out", "/mailbox/disconnect", "/mailbox/connect"):
        answer = FlaskClient.open(alice, path, method="POST", headers=kept, base_url=BASE_URL)
        assert answer.status_code == 403
    assert is_in(alice)


def test_the_token_of_another_session_does_not_fit(alice: SignedInClient, book: Book, sign_in: SignIn) -> None:
    bob = sign_in(book.bob)
    bob.csrf_token = alice.csrf_token
    assert bob.post("/auth/sign-out").status_code == 403


def test_a_form_may_bring_the_token_itself(alice: SignedInClient) -> None:
    answer = FlaskClient.open(
        alice,
        "/auth/sign-out",
        method="POST",
        data={"csrf_token": alice.csrf_token},
        headers={"Sec-Fetch-Site": "same-origin"},
        base_url=BASE_URL,
    )
    assert answer.status_code == 303


def test_nobody_can_be_made_to_start_a_sign_in_from_elsewhere(alice: SignedInClient) -> None:
    answer = FlaskClient.open(
        alice, "/auth/start", method="POST", headers={"Origin": "https://evil.example"}, base_url=BASE_URL
    )
    assert answer.status_code == 403
