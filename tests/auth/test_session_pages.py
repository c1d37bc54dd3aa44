"""Where you are signed in: every browser of the person, and nobody else's; each can be ended."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from server.auth import sessions
from server.auth.models import UserSession
from server.auth.user_agents import browser_of
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import BASE_URL, SignedInClient, SteppingClock

PAGE = "/settings/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


def is_in(client: FlaskClient) -> bool:
    return client.get("/outbox").status_code == 200


def add_session(runtime: Runtime, user_id: uuid.UUID, user_agent: str = FIREFOX, ip: str = "203.0.113.7") -> uuid.UUID:
    with runtime.db.transaction() as session:
        sessions.open_session(session, user_id=user_id, user_agent=user_agent, ip=ip, now=runtime.clock.now())
        session.flush()
        return session.scalars(select(UserSession.id).order_by(UserSession.id.desc())).first()  # type: ignore[return-value]


def ids_of(runtime: Runtime, user_id: uuid.UUID) -> list[uuid.UUID]:
    with runtime.db.reading() as session:
        return list(session.scalars(select(UserSession.id).where(UserSession.user_id == user_id)))


def test_each_browser_stands_there_with_what_tells_it_apart(
    alice: SignedInClient, runtime: Runtime, book: Book, stepping_clock: SteppingClock
) -> None:
    add_session(runtime, book.alice)
    add_session(runtime, book.bob, ip="198.51.100.99")
    stepping_clock.advance(hours=2)
    text = alice.get(PAGE).text
    assert "Firefox on Linux" in text
    assert "from 203.0.113.7" in text
    assert "2 h ago" in text
    assert text.count("This browser") == 1
    assert text.index("This browser") < text.index("Firefox on Linux"), "this one first"
    assert "198.51.100.99" not in text, "nobody sees where others are signed in"
    assert 'href="/settings/sessions"' in alice.get("/cockpit").text


def test_a_session_that_is_over_is_not_shown(
    alice: SignedInClient, runtime: Runtime, book: Book, stepping_clock: SteppingClock
) -> None:
    add_session(runtime, book.alice)
    for hours in (11, 2):
        stepping_clock.advance(hours=hours)
        text = alice.get(PAGE).text
    assert "Firefox" not in text
    assert "Sign out everywhere else" not in text


def test_one_browser_is_signed_out_and_the_others_go_on(book: Book, sign_in: SignIn, runtime: Runtime) -> None:
    here, there, third = (sign_in(book.alice) for _ in range(3))
    second = ids_of(runtime, book.alice)[1]
    answer = here.post(f"{PAGE}/{second}/end")
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert "That browser is signed out." in here.get(PAGE).text
    assert [is_in(browser) for browser in (here, there, third)] == [True, False, True]
    assert here.post(f"{PAGE}/{second}/end").status_code == 303, "twice is no harm"


def test_everywhere_else_is_all_but_here(book: Book, sign_in: SignIn) -> None:
    here, there, third, bob = sign_in(book.alice), sign_in(book.alice), sign_in(book.alice), sign_in(book.bob)
    assert here.post(f"{PAGE}/end-others").status_code == 303
    assert "Signed out of 2 other browsers." in here.get(PAGE).text
    assert [is_in(browser) for browser in (here, there, third, bob)] == [True, False, False, True]


def test_this_browser_is_signed_out_by_the_usual_way(alice: SignedInClient) -> None:
    assert '<form method="post" action="/auth/sign-out">' in alice.get(PAGE).text.split("This browser", 1)[1]


def test_nobody_ends_a_session_of_somebody_else(
    alice: SignedInClient, book: Book, sign_in: SignIn, runtime: Runtime
) -> None:
    bob = sign_in(book.bob)
    [his] = ids_of(runtime, book.bob)
    assert alice.post(f"{PAGE}/{his}/end").status_code == 303
    assert is_in(bob)
    assert alice.post(f"{PAGE}/{uuid.uuid4()}/end").status_code == 303


def test_nobody_is_signed_out_from_elsewhere(alice: SignedInClient, book: Book, runtime: Runtime) -> None:
    other = add_session(runtime, book.alice)
    for headers in ({"X-CSRF-Token": "wrong"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in (f"{PAGE}/{other}/end", f"{PAGE}/end-others"):
            assert alice.post(path, headers=headers).status_code == 403
    assert FlaskClient.open(alice, f"{PAGE}/{other}/end", base_url=BASE_URL).status_code == 405
    assert other in ids_of(runtime, book.alice)


def test_without_a_session_the_page_asks_to_sign_in(alice: SignedInClient) -> None:
    alice.delete_cookie("rapport_session", domain="127.0.0.1")
    assert alice.get(PAGE).headers["Location"].startswith("/sign-in")


def test_what_a_browser_says_of_itself_is_text(alice: SignedInClient, runtime: Runtime, book: Book) -> None:
    add_session(runtime, book.alice, user_agent="<script>alert(1)</script> Firefox/1 " + "x" * 2000, ip="<b>")
    text = alice.get(PAGE).text
    assert "<script>alert" not in text
    assert "<b>" not in text
    with runtime.db.reading() as session:
        assert session.scalar(select(func.max(func.length(UserSession.user_agent)))) == 300


@pytest.mark.parametrize(
    ("user_agent", "words", "is_handheld"),
    [
        (FIREFOX, "Firefox on Linux", False),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
            False,
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
            "Safari/537.36 Edg/142.0.0.0",
            "Edge on Windows",
            False,
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
            "Safari/537.36",
            "Chrome on macOS",
            False,
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
            "Safari/605.1.15",
            "Safari on macOS",
            False,
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
            True,
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
            "Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
            True,
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
            "Safari/537.36 OPR/126.0.0.0",
            "Opera on ChromeOS",
            False,
        ),
        ("curl/8.5.0", "curl", False),
        ("Something else (Windows)", "An unknown browser on Windows", False),
        ("", "An unknown browser", False),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str, is_handheld: bool) -> None:
    found = browser_of(user_agent)
    assert (found.words, found.is_handheld) == (words, is_handheld)
