"""Personal tokens, and what any token may do: within its scopes, within its person's role, never a page."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.auth import people
from server.auth.models import PersonalToken
from server.db import Database
from server.runtime import Runtime
from tests.auth.gmail_extension import GmailExtension
from tests.cast import ALICE, Book
from tests.conftest import BASE_URL, SignedInClient, SteppingClock
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
PAGE = "/settings/tokens"


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


@pytest.fixture
def script(app: Flask) -> GmailExtension:
    return GmailExtension(app=app)


def made(client: SignedInClient, *scopes: str, name: str = "Nightly report", days: str = "90") -> str:
    answer = client.post(PAGE, data={"name": name, "scope": list(scopes), "days": days})
    assert answer.status_code == 200, answer.text
    found = re.search(r'value="(rapport_pt_[A-Za-z0-9_-]{43})"', answer.text)
    assert found is not None
    return found[1]


def test_a_token_is_shown_once_and_kept_as_a_hash(
    alice: SignedInClient, script: GmailExtension, db: Database, log_stream: io.StringIO
) -> None:
    token = made(alice, "read")
    assert token not in alice.get(PAGE).text
    assert "Nightly report" in alice.get(PAGE).text
    assert script.get("/api/v1/accounts", token).status_code == 200
    with db.reading() as session:
        [row] = session.scalars(select(PersonalToken))
        noted = session.scalars(select(AuditEntry)).all()
    assert token not in " ".join(str(value) for value in vars(row).values())
    assert token not in " ".join(str(vars(one)) for one in noted)
    assert token not in log_stream.getvalue()
    assert [one.deed for one in noted] == ["tokens.create"]


def test_the_page_tells_when_and_from_where_it_was_used(alice: SignedInClient, script: GmailExtension) -> None:
    token = made(alice, "read")
    assert "never used" in alice.get(PAGE).text
    script.app.test_client().get(
        "/api/v1/me",
        headers={"Authorization": f"bearer {token}"},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
        base_url=BASE_URL,
    )
    assert "from 192.0.2.7" in alice.get(PAGE).text


def test_a_token_does_what_its_scopes_say_and_no_more(
    alice: SignedInClient, script: GmailExtension, app: Flask, book: Book, db: Database
) -> None:
    reads, works = made(alice, "read"), made(alice, "read", "tasks", name="Ticks off")

    def complete(token: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = app.test_client().post(f"/api/v1/tasks/{book.to_do}/complete", headers=headers, base_url=BASE_URL)
        return answer.status_code, answer.text

    status, text = complete(reads)
    assert status == 403
    assert "this token may not" in text
    assert complete(works)[0] == 200, "no origin and no CSRF token: a token is proof enough"
    with db.reading() as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.deed == "ctas.CompleteTask")).all()
        ids = {row.name: str(row.id) for row in session.scalars(select(PersonalToken))}
    assert {(one.outcome, one.record["token_id"]) for one in lines} == {
        ("refused", ids["Nightly report"]),
        ("done", ids["Ticks off"]),
    }


@ON_SQLITE
def test_a_token_never_does_more_than_its_person_may(
    sign_in: SignIn, book: Book, script: GmailExtension, runtime: Runtime
) -> None:
    charlie = sign_in(book.charlie)
    assert 'value="tasks"' not in charlie.get(PAGE).text
    refused = charlie.post(PAGE, data={"name": "x", "scope": ["tasks"], "days": "30"})
    assert refused.status_code == 422
    assert "Choose from: read, mail." in refused.text
    dana = sign_in(book.dana)
    token = made(dana, "audit")
    assert script.get("/audit/export", token).status_code == 200
    with runtime.db.transaction() as session:
        people.by_id(session, book.dana).role = "viewer"
    assert script.get("/audit/export", token).status_code == 403


@ON_SQLITE
def test_pages_take_no_tokens_and_a_cookie_beside_a_token_counts_for_nothing(
    alice: SignedInClient, script: GmailExtension, app: Flask
) -> None:
    token = made(alice, "read", "mail", "tasks", "send")
    for path in ("/cockpit", "/settings/tokens", "/settings/sessions", "/timeline", "/mailbox", "/oauth/authorize"):
        assert script.get(path, token).status_code == 403, path
    for header in ("Bearer wrong", "Basic YTpi", "Bearer ", "", "Bearer rapport_pt_" + "é" * 43):
        answer = alice.get("/api/v1/me", headers={"Authorization": header.encode().decode("latin-1")})
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@ON_SQLITE
def test_nobody_makes_tokens_with_a_token(alice: SignedInClient, app: Flask) -> None:
    token = made(alice, "read")
    answer = app.test_client().post(
        PAGE,
        data={"name": "more", "scope": ["send"], "days": "365"},
        headers={"Authorization": f"Bearer {token}"},
        base_url=BASE_URL,
    )
    assert answer.status_code == 403


def test_a_token_ends_in_time_by_its_person_and_with_them(
    alice: SignedInClient,
    script: GmailExtension,
    db: Database,
    runtime: Runtime,
    stepping_clock: SteppingClock,
    sign_in: SignIn,
    book: Book,
) -> None:
    short, ended, last = (made(alice, "read", name=name, days=days) for name, days in
                          (("a", "30"), ("b", "365"), ("c", "365")))  # fmt: skip
    with db.reading() as session:
        ids = {row.name: row.id for row in session.scalars(select(PersonalToken))}
    sign_in(book.bob).post(f"{PAGE}/{ids['b']}/end")
    assert script.get("/api/v1/me", ended).status_code == 200, "not by others"
    alice.post(f"{PAGE}/{ids['b']}/end")
    assert script.get("/api/v1/me", ended).status_code == 401
    assert script.get("/api/v1/me", short).status_code == 200
    stepping_clock.advance(days=31)
    assert script.get("/api/v1/me", short).status_code == 401
    assert script.get("/api/v1/me", last).status_code == 200
    with runtime.db.transaction() as session:
        assert people.end_user(session, email=ALICE, now=runtime.clock.now()).tokens >= 1
    assert script.get("/api/v1/me", last).status_code == 401


@ON_SQLITE
@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "  ", "scope": "read", "days": "30"}, "Give it a name"),
        ({"name": "a" * 81, "scope": "read", "days": "30"}, "at most 80"),
        ({"name": "a\x00b", "scope": "read", "days": "30"}, "Give it a name"),
        ({"name": "a", "days": "30"}, "No scope was chosen"),
        ({"name": "a", "scope": "root", "days": "30"}, "is no scope here"),
        ({"name": "a", "scope": "read", "days": "9999"}, "lives 30, 90, 365 days"),
        ({"name": "a", "scope": "read"}, "lives 30, 90, 365 days"),
        ({"name": "a", "scope": "read", "days": "²"}, "lives 30, 90, 365 days"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(alice: SignedInClient, form: dict[str, str], words: str) -> None:
    answer = alice.post(PAGE, data=form)
    assert answer.status_code == 422
    assert words in answer.text


@ON_SQLITE
def test_twenty_tokens_are_enough(alice: SignedInClient, db: Database) -> None:
    for number in range(20):
        made(alice, "read", name=f"Script {number}")
    answer = alice.post(PAGE, data={"name": "one more", "scope": "read", "days": "30"})
    assert answer.status_code == 422
    assert "End one that is not used any more" in answer.text


@ON_SQLITE
def test_a_session_may_do_all_that_the_person_may(alice: SignedInClient) -> None:
    assert alice.get("/api/v1/me").get_json()["scopes"] is None
