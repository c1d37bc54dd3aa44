"""Tokens of a device: they change at each use, end in time, and a copy of them ends them all."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from server.audit.models import AuditEntry, AuditOutcome
from server.auth import people
from server.auth.models import AuthorizationCode, Device
from server.db import Database
from server.runtime import Runtime
from tests.auth.gmail_extension import GmailExtension
from tests.cast import ALICE, Book
from tests.conftest import SignedInClient, SteppingClock
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


@pytest.fixture
def alice(book: Book, sign_in: SignIn) -> SignedInClient:
    return sign_in(book.alice)


@pytest.fixture
def extension(app: Flask) -> GmailExtension:
    return GmailExtension(app=app)


def devices_in(db: Database) -> list[Device]:
    with db.reading() as session:
        return list(session.scalars(select(Device).order_by(Device.id)))


def refusals(db: Database) -> list[tuple[str, str]]:
    with db.reading() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.outcome == AuditOutcome.REFUSED))
        return [(one.user_name, one.record["what"]) for one in found]


def is_in(extension: GmailExtension, access_token: str) -> bool:
    return extension.get("/api/v1/me", access_token).status_code == 200


def assert_refused(answer: object) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")  # type: ignore[attr-defined]
    assert "evil" not in answer.get_data(as_text=True)  # type: ignore[attr-defined]


def test_tokens_are_new_at_each_refresh_and_the_old_ones_end(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    first = extension.pair(alice)
    second = extension.refresh(first["refresh_token"]).get_json()
    assert {first["access_token"], first["refresh_token"]}.isdisjoint(second.values())
    assert not is_in(extension, first["access_token"])
    assert is_in(extension, second["access_token"])
    assert is_in(extension, extension.refresh(second["refresh_token"]).get_json()["access_token"])
    assert len(devices_in(db)) == 1


def test_a_refresh_token_used_twice_signs_the_device_out_and_says_so_in_the_log(
    alice: SignedInClient, extension: GmailExtension, db: Database, app: Flask
) -> None:
    other = GmailExtension(app=app)
    untouched = other.pair(alice)
    first = extension.pair(alice)
    second = extension.refresh(first["refresh_token"]).get_json()
    assert_refused(extension.refresh(first["refresh_token"]))
    assert_refused(extension.refresh(second["refresh_token"]))
    assert not is_in(extension, second["access_token"])
    assert is_in(other, untouched["access_token"]), "another device of the same person goes on"
    assert refusals(db) == [("Alice Moreau", "a refresh token was used twice")]


def test_one_that_is_two_uses_old_signs_out_as_well(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    tokens = [extension.pair(alice)["refresh_token"]]
    for _ in range(3):
        tokens.append(extension.refresh(tokens[-1]).get_json()["refresh_token"])
    assert_refused(extension.refresh(tokens[1]))
    assert devices_in(db) == []


def test_of_two_refreshes_at_once_at_most_one_gets_tokens_and_the_device_is_out(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    token = extension.pair(alice)["refresh_token"]
    gate, answers = threading.Barrier(2), []

    def go() -> None:
        gate.wait(10)
        answers.append(extension.refresh(token).status_code)

    both = [threading.Thread(target=go) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    assert sorted(answers) == [200, 400]
    assert devices_in(db) == []


def test_a_code_is_worth_something_once_and_its_device_falls_with_the_second_try(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    code = extension.code(alice)
    tokens = extension.redeem(code).get_json()
    assert_refused(extension.redeem(code))
    assert not is_in(extension, tokens["access_token"])
    assert refusals(db) == [("Alice Moreau", "its code was tried twice")]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "evil-verifier-of-the-right-length-that-is-not-it"},
        {"code_verifier": "short"},
        {"code_verifier": ""},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://evil.example/\udcff"},
    ],
)
def test_a_false_try_uses_the_code_up(
    alice: SignedInClient, extension: GmailExtension, db: Database, changes: dict[str, str]
) -> None:
    code = extension.code(alice)
    changes = {name: value.encode("utf-8", "surrogateescape").decode("latin-1") for name, value in changes.items()}
    assert_refused(extension.redeem(code, **changes))
    assert_refused(extension.redeem(code))
    assert devices_in(db) == []


def test_the_challenge_itself_is_no_verifier(alice: SignedInClient, extension: GmailExtension) -> None:
    assert_refused(extension.redeem(extension.code(alice), code_verifier=extension.ask()["code_challenge"]))


def test_a_code_ends_after_a_minute(
    alice: SignedInClient, extension: GmailExtension, stepping_clock: SteppingClock
) -> None:
    code = extension.code(alice)
    stepping_clock.advance(seconds=61)
    assert_refused(extension.redeem(code))


def test_an_access_token_ends_after_ten_minutes(
    alice: SignedInClient, extension: GmailExtension, stepping_clock: SteppingClock
) -> None:
    tokens = extension.pair(alice)
    stepping_clock.advance(minutes=9)
    assert is_in(extension, tokens["access_token"])
    stepping_clock.advance(minutes=2)
    assert not is_in(extension, tokens["access_token"])
    assert is_in(extension, extension.refresh(tokens["refresh_token"]).get_json()["access_token"])


def test_a_device_that_is_silent_for_sixty_days_signs_in_again(
    alice: SignedInClient, extension: GmailExtension, stepping_clock: SteppingClock
) -> None:
    tokens = extension.pair(alice)
    stepping_clock.advance(days=59)
    tokens = extension.refresh(tokens["refresh_token"]).get_json()
    stepping_clock.advance(days=61)
    assert_refused(extension.refresh(tokens["refresh_token"]))


def test_a_device_ends_after_half_a_year_however_much_it_is_used(
    alice: SignedInClient, extension: GmailExtension, stepping_clock: SteppingClock
) -> None:
    tokens = extension.pair(alice)
    for _ in range(3):
        stepping_clock.advance(days=50)
        tokens = extension.refresh(tokens["refresh_token"]).get_json()
    stepping_clock.advance(days=31)
    assert_refused(extension.refresh(tokens["refresh_token"]))


def test_who_is_shut_out_is_out_on_every_device_at_once(
    alice: SignedInClient, extension: GmailExtension, runtime: Runtime, app: Flask
) -> None:
    tokens, waiting = extension.pair(alice), GmailExtension(app=app)
    code = waiting.code(alice)
    with runtime.db.transaction() as session:
        out = people.end_user(session, email=ALICE, now=runtime.clock.now())
    assert (out.browsers, out.devices) == (1, 1)
    assert not is_in(extension, tokens["access_token"])
    assert_refused(extension.refresh(tokens["refresh_token"]))
    assert_refused(waiting.redeem(code))


def test_a_person_sees_their_devices_and_signs_one_out(
    alice: SignedInClient, extension: GmailExtension, db: Database, sign_in: SignIn, book: Book
) -> None:
    tokens = extension.pair(alice)
    text = alice.get("/settings/sessions").text
    assert "Gmail extension in Chrome on macOS" in text
    assert "send emails as you" in text
    bob = sign_in(book.bob)
    assert "Gmail extension in Chrome" not in bob.get("/settings/sessions").text
    [device] = devices_in(db)
    bob.post(f"/settings/sessions/devices/{device.id}/end")
    assert is_in(extension, tokens["access_token"]), "nobody signs out somebody else's"
    alice.post(f"/settings/sessions/devices/{device.id}/end")
    assert not is_in(extension, tokens["access_token"])


def test_the_extension_signs_itself_out_by_either_token(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    for name in ("access_token", "refresh_token"):
        tokens = extension.pair(alice)
        assert extension.revoke(tokens[name]).status_code == 200
        assert devices_in(db) == []
        assert extension.revoke(tokens[name]).status_code == 200, "twice is no harm, and tells nothing"


def test_neither_tokens_nor_codes_can_be_read_in_the_database(
    alice: SignedInClient, extension: GmailExtension, db: Database
) -> None:
    code = extension.code(alice)
    tokens = extension.redeem(code).get_json()
    extension.code(alice)
    with db.reading() as session:
        rows = [*session.scalars(select(Device)), *session.scalars(select(AuthorizationCode))]
        assert len(rows) == 3
        held = " ".join(str(value) for row in rows for value in vars(row).values())
    family = tokens["refresh_token"].removeprefix("rapport_rt_").split(".")[0]
    for secret in (code, tokens["access_token"], tokens["refresh_token"], family, extension.verifier):
        assert secret not in held


@ON_SQLITE
@pytest.mark.parametrize("token", ["", "rapport_rt_", "rapport_rt_a.b", "rapport_rt_.", "nothing", "é" * 60])
def test_what_is_no_token_of_ours_is_refused(
    extension: GmailExtension, alice: SignedInClient, db: Database, token: str
) -> None:
    extension.pair(alice)
    assert_refused(extension.refresh(token))
    assert_refused(extension.redeem(token))
    assert extension.revoke(token).status_code == 200
    assert len(devices_in(db)) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ([], "invalid_request", 400),
        ([("grant_type", "password"), ("username", "a"), ("password", "b")], "unsupported_grant_type", 400),
        ([("grant_type", "client_credentials"), ("client_id", "rapport-gmail")], "unsupported_grant_type", 400),
        ([("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_client", 401),
        ([("grant_type", "refresh_token"), ("client_id", "evil"), ("refresh_token", "x")], "invalid_client", 401),
        ([("grant_type", "refresh_token"), ("client_id", "rapport-gmail")], "invalid_request", 400),
        (
            [("grant_type", "refresh_token"), ("client_id", "rapport-gmail"), *[("refresh_token", "x")] * 2],
            "invalid_request",
            400,
        ),
        (
            [
                ("grant_type", "refresh_token"),
                ("client_id", "rapport-gmail"),
                ("refresh_token", "x"),
                ("scope", "send"),
            ],
            "invalid_request",
            400,
        ),
        ([("grant_type", "authorization_code"), ("client_id", "rapport-gmail"), ("code", "x")], "invalid_request", 400),
    ],
)
def test_a_malformed_call_is_told_what_is_wrong_without_what_it_sent(
    app: Flask, book: Book, form: list[tuple[str, str]], error: str, status: int
) -> None:
    answer = app.test_client().post("/oauth/token", query_string={}, data=_encoded(form), **_FORM)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert "evil" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


_FORM = {"content_type": "application/x-www-form-urlencoded"}


def _encoded(form: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in form)


@ON_SQLITE
def test_tokens_in_the_address_are_not_read(alice: SignedInClient, extension: GmailExtension, app: Flask) -> None:
    tokens = extension.pair(alice)
    query = {"grant_type": "refresh_token", "client_id": "rapport-gmail", "refresh_token": tokens["refresh_token"]}
    assert app.test_client().post("/oauth/token", query_string=query).get_json()["error"] == "invalid_request"
    in_query = app.test_client().get("/api/v1/me", query_string={"access_token": tokens["access_token"]})
    assert in_query.status_code == 401
