"""Every page for everybody: it shows, or it says in words why not; it is protected; it never breaks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from html.parser import HTMLParser

from flask import Flask

from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE, addresses

SignIn = Callable[[uuid.UUID], SignedInClient]


class Elements(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_each_page_shows_for_each_of_the_cast_or_is_refused_in_words(
    runtime: Runtime, book: Book, email_id: uuid.UUID, sign_in: SignIn
) -> None:
    for user_id in (book.alice, book.bob, book.charlie):
        client = sign_in(user_id)
        for address in addresses(book, email_id):
            answer = client.get(address.path)
            if user_id == book.charlie and (address.owner_only or address.path.startswith(("/outbox", "/mailbox"))):
                assert answer.status_code == 403, address.path
                assert re.search(r" is for TAMs, Managers and Admins\.", answer.text), address.path
            elif address.owner_only and user_id != book.alice:
                assert answer.status_code == 403, address.path
                assert "Not allowed" in answer.text
                assert re.search(r"somebody else|Only its sender", answer.text), address.path
            else:
                assert answer.status_code == 200, (address.path, answer.text[:2000])


@ON_SQLITE
def test_each_page_is_protected_and_holds_no_inline_code(
    runtime: Runtime, book: Book, email_id: uuid.UUID, sign_in: SignIn
) -> None:
    client, stranger = sign_in(book.alice), sign_in(book.bob)
    for address in addresses(book, email_id):
        for answer in (client.get(address.path), stranger.get(address.path)):
            headers = answer.headers
            assert headers["Content-Type"] == "text/html; charset=utf-8", address.path
            assert headers["X-Content-Type-Options"] == "nosniff", address.path
            assert headers["Cache-Control"] == "no-store", address.path
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["X-Request-Id"]
            if address.path.endswith("/body") and answer.status_code == 200:
                continue
            _assert_strict(answer.text, headers["Content-Security-Policy"], address.path)


def _assert_strict(html: str, policy: str, path: str) -> None:
    directives = {name: rest for name, _, rest in (part.partition(" ") for part in policy.split("; "))}
    assert directives["default-src"] == "'self'"
    assert directives["object-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    found = re.search(r"'nonce-([^']+)'", directives["script-src"])
    assert found is not None
    for tag, attributes in Elements(html).found:
        where = (path, tag, attributes)
        assert tag != "style", where
        assert "style" not in attributes, where
        assert not any(name.startswith("on") or name.startswith("hx-on") for name in attributes), where
        for name in ("href", "src", "action"):
            assert not (attributes.get(name) or "").strip().lower().startswith(("javascript:", "data:text")), where
        if tag == "script":
            assert attributes.get("nonce") == found[1], where
            assert (attributes.get("src") or "").startswith("/static/dist/"), where
        if tag == "iframe":
            assert "sandbox" in attributes, where
            assert "allow-scripts" not in (attributes["sandbox"] or ""), where
        if tag == "form" and attributes.get("method", "get") == "post":
            assert 'name="csrf_token"' in html, where


@ON_SQLITE
def test_the_nonce_is_new_for_each_answer(book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    policies = {client.get("/cockpit").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


@ON_SQLITE
def test_the_frame_of_an_email_has_a_policy_of_its_own(book: Book, email_id: uuid.UUID, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    preview = re.search(r'<iframe sandbox src="([^"]+)"', client.get(f"/tasks/{book.email_task}/email").text)
    assert preview is not None
    for path in (f"/emails/{email_id}/body", preview[1]):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status_code == 200
        assert policy.startswith("sandbox allow-popups ")
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "form-action 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
    assert sign_in(book.bob).get(preview[1]).status_code == 404


def test_ids_that_nobody_has_are_a_page_that_says_so(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client, nobody = sign_in(book.alice), uuid.uuid4()
    for path in (
        f"/accounts/{nobody}",
        f"/accounts/{nobody}/timeline",
        f"/ctas/{nobody}",
        f"/tasks/{nobody}",
        f"/tasks/{nobody}/email",
        f"/emails/{nobody}",
        f"/emails/{nobody}/body",
        f"/emails/{nobody}/row",
        f"/compose-previews/{nobody}",
        "/accounts/1",
        "/ctas/%00",
        "/no/such/page",
        "/static/%00",
        "/static/",
        "/static/dist/",
        "/static/../settings.py",
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert "<h1>" in answer.text, path
        assert "Error 404" in answer.text, path
        assert answer.headers["X-Request-Id"] in answer.text
        assert answer.headers["Cache-Control"] == "no-store", path
    for deed in ("complete", "reopen", "email/send", "email/preview"):
        assert client.post(f"/tasks/{nobody}/{deed}").status_code == 404
    for deed in ("cancel", "send-again", "it-was-sent", "it-was-not-sent"):
        assert client.post(f"/emails/{nobody}/{deed}").status_code == 404


@ON_SQLITE
def test_a_stranger_is_sent_to_the_sign_in_and_back_again(app: Flask, book: Book, email_id: uuid.UUID) -> None:
    client = app.test_client()
    for address in addresses(book, email_id):
        answer = client.get(address.path)
        assert answer.status_code == 303, address.path
        assert answer.location.startswith("/sign-in?next="), address.path
        assert answer.headers["X-Request-Id"]
        assert client.get(address.path, headers={"HX-Request": "true"}).status_code == 401


@ON_SQLITE
def test_somebody_elses_task_cannot_be_worked(book: Book, sign_in: SignIn) -> None:
    for user_id in (book.bob, book.charlie):
        client = sign_in(user_id)
        for path in (f"/tasks/{book.to_do}/complete", f"/tasks/{book.to_do}/reopen"):
            answer = client.post(path)
            assert answer.status_code == 403
            assert ("This task is somebody else" in answer.text) is (user_id == book.bob)
        for deed in ("send", "preview"):
            answer = client.post(f"/tasks/{book.email_task}/email/{deed}", data={"contact": [str(book.tom)]})
            assert answer.status_code == 403
    assert "Mark done" not in sign_in(book.bob).get(f"/ctas/{book.cta}").text


@ON_SQLITE
def test_only_its_sender_is_shown_the_way_to_an_email(
    runtime: Runtime, book: Book, email_id: uuid.UUID, sign_in: SignIn
) -> None:
    assert f"/emails/{email_id}" in sign_in(book.alice).get(f"/ctas/{book.cta}").text
    for other in (book.bob, book.charlie):
        assert f"/emails/{email_id}" not in sign_in(other).get(f"/ctas/{book.cta}").text
