"""A change needs to be meant: from our own pages, by the person who is signed in."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from server.ctas import queries
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import BASE_URL, SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]

pytestmark = ON_SQLITE


def test_a_change_from_elsewhere_is_refused_and_changes_nothing(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client, path = sign_in(book.alice), f"/tasks/{book.to_do}/complete"
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": f"{BASE_URL}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
    ):
        answer = client.post(path, headers=headers)
        assert answer.status_code == 403, headers
        assert "did not come from Rapport" in answer.text
    for token in ("", "x", client.csrf_token + "x", sign_in(book.bob).csrf_token, "\xff"):
        answer = client.post(path, headers={"X-CSRF-Token": token})
        assert answer.status_code == 403
        assert "earlier sign-in" in answer.text
    with runtime.db.reading() as session:
        assert queries.task(session, book.to_do).done_at is None


def test_a_change_from_our_own_pages_is_taken_by_header_or_by_form(
    runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    token = client.csrf_token
    assert client.post(f"/tasks/{book.to_do}/complete", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    client.csrf_token = ""
    assert client.post(f"/tasks/{book.to_do}/reopen", data={"csrf_token": token}).status_code == 302
    with runtime.db.reading() as session:
        assert queries.task(session, book.to_do).done_at is None


def test_the_api_is_guarded_like_the_pages(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client, path = sign_in(book.alice), f"/api/v1/tasks/{book.to_do}/complete"
    for headers in ({"Origin": "https://evil.example"}, {"X-CSRF-Token": "x"}):
        answer = client.post(path, headers=headers)
        assert answer.status_code == 403
        assert answer.content_type == "application/problem+json"
    assert client.post(path).status_code == 200


def test_no_page_of_others_may_read_an_answer(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    for origin in ("https://evil.example", "null", f"{BASE_URL}.evil.example"):
        for path in ("/cockpit", "/api/v1/me", "/oauth/token", "/healthz"):
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            for answer in (client.get(path, headers=asked), client.options(path, headers=asked)):
                assert [name for name, _ in answer.headers if name.lower().startswith("access-control")] == []


def test_reading_changes_nothing_wherever_it_comes_from(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    assert client.get("/cockpit", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://x"}).status_code == 200
    for path in (f"/tasks/{book.to_do}/complete", f"/tasks/{book.email_task}/email/send", "/auth/sign-out"):
        assert client.get(path).status_code == 405
