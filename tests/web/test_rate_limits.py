"""How often somebody may ask, counted in a real Valkey."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.app import create_app
from server.runtime import Runtime
from server.settings import Settings
from server.web import rate_limits
from server.web.rate_limits import Rates, network_of
from tests.cast import Book
from tests.conftest import BASE_URL, SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]
FROM_HERE = {"Origin": BASE_URL}


def ask(client: FlaskClient, ip: str, path: str = "/sign-in", method: str = "GET") -> int:
    answer = client.open(path, method=method, headers=FROM_HERE, base_url=BASE_URL, environ_base={"REMOTE_ADDR": ip})
    return answer.status_code


@pytest.fixture
def limited(runtime: Runtime, valkey_url: str) -> Flask:
    """The product with its own rates. Addresses are new for each test: Valkey is one for all."""
    settings = replace(runtime.settings, has_rate_limits=True, redis_url=valkey_url)
    return create_app(replace(runtime, settings=settings))


def new_ip() -> str:
    return f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"


@ON_SQLITE
def test_whoever_tries_to_sign_in_too_often_is_told_when_it_works_again(limited: Flask, book: Book) -> None:
    client, ip = limited.test_client(), new_ip()
    assert {ask(client, ip, "/auth/start", "POST") for _ in range(30)} == {303}
    answer = client.post("/auth/start", headers=FROM_HERE, base_url=BASE_URL, environ_base={"REMOTE_ADDR": ip})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert f"Wait {answer.headers['Retry-After']} s" in answer.text
    assert ask(client, ip, "/auth/callback") == 429, "they are counted together"
    assert ask(client, ip) == 200, "the page itself still opens"
    assert ask(client, new_ip(), "/auth/start", "POST") == 303, "somebody elsewhere is not held up"
    assert ask(client, ip, "/healthz") == 200


@ON_SQLITE
def test_a_person_is_counted_wherever_they_are_and_whoever_shares_their_address_is_not(
    app: Flask, valkey_url: str, book: Book, sign_in: SignIn
) -> None:
    rates = Rates(person="3/minute", stranger="2/minute", by_endpoint={})
    rate_limits.install(app, valkey_url, rates, is_counted=lambda endpoint: endpoint != "static")
    alice, bob, here, there = sign_in(book.alice), sign_in(book.bob), new_ip(), new_ip()
    assert [ask(alice, ip, "/accounts") for ip in (here, there, here, there)] == [200, 200, 200, 429]
    assert ask(bob, here, "/accounts") == 200
    answer = alice.get("/api/v1/accounts")
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    strangers = app.test_client()
    assert [ask(strangers, here) for _ in range(3)] == [200, 200, 429]


@ON_SQLITE
def test_without_valkey_everything_is_let_through_and_told(
    app: Flask, book: Book, sign_in: SignIn, tmp_path: Path, log_stream: io.StringIO
) -> None:
    rates = Rates(person="1/minute", stranger="1/minute", by_endpoint={})
    rate_limits.install(app, f"unix://{tmp_path}/nobody.sock", rates, is_counted=lambda _: True)
    alice = sign_in(book.alice)
    assert [ask(alice, "192.0.2.1", "/accounts") for _ in range(3)] == [200, 200, 200]
    assert "rate_not_counted" in log_stream.getvalue()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        (None, "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_of_ipv6_a_house_is_one(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_rates_are_on_but_in_tests(tmp_path: Path) -> None:
    def is_on(**environ: str) -> bool:
        return Settings.from_env({"RAPPORT_DATA_DIR": str(tmp_path), **environ}).has_rate_limits

    assert is_on()
    assert not is_on(RAPPORT_ENV="test")
    assert is_on(RAPPORT_ENV="test", RAPPORT_RATE_LIMITS="on")
    assert not is_on(RAPPORT_RATE_LIMITS="off")
