"""Calls to addresses that others named: only what was checked is connected to, and the answer has an end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask, Response, redirect, request

from server.adapters.checked_session import checked_session
from server.adapters.outbound_address import AddressRefused, Origin, check_address, check_number
from server.ports.sign_in import SignInRefused
from tests.adapters.forger import Forger, running_forger, signed
from tests.adapters.test_oidc_sign_in import redeem
from tests.serving import serving

PUBLIC = "93.184.215.14"


class Neighbour:
    """A server on this machine that nobody outside should reach through us."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.app = Flask(__name__)
        self.app.add_url_rule("/", view_func=self._here)
        self.app.add_url_rule("/large", "large", view_func=lambda: "x" * 3_000_000)
        self.app.add_url_rule("/away", "away", view_func=lambda: redirect("/"))
        self.app.add_url_rule("/endless", view_func=self._endless)
        self.app.add_url_rule("/slow", view_func=self._slow)
        self.app.add_url_rule("/cut", view_func=self._cut)
        self.url = ""
        self.is_over = threading.Event()

    def _slow(self) -> Response:
        def letters() -> Iterator[bytes]:
            while not self.is_over.wait(0.02):
                yield b"x"

        return Response(letters())

    def _cut(self) -> Response:
        return Response(iter([b"half"]), headers={"Content-Length": "8"})

    def _here(self) -> str:
        self.asked.append(request.host)
        return "secret"

    def _endless(self) -> Response:
        def pieces() -> Iterator[bytes]:
            while True:
                yield b"x" * 65_536

        return Response(pieces())


@pytest.fixture
def neighbour() -> Iterator[Neighbour]:
    found = Neighbour()
    with serving(found.app) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found
        found.is_over.set()


def names_lead_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Each question to the name server gets the next of the answers, the last one again and again. What was asked."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def answer(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if host.replace(".", "").isdigit():
            return really(host, port, *args, **options)
        asked.append(host)
        numbers = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize(
    "url",
    ["https://accounts.google.com/token", "https://login.example.com:8443/a?b=c", "https://xn--bcher-kva.example.com/"],
)
def test_an_address_of_the_world_may_be_called(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize("number", [PUBLIC, "2606:4700:4700::1111", "8.8.8.8"])
def test_numbers_of_the_world_may_be_called(number: str) -> None:
    check_number(number)


def test_what_the_operator_set_may_be_private_and_only_that() -> None:
    keycloak = Origin.of("https://10.1.2.3/realms/x")
    check_address("https://10.1.2.3/realms/x/token", operators=[keycloak])
    for url in ("https://10.1.2.3:6379/", "http://10.1.2.3/", "https://10.1.2.4/"):
        with pytest.raises(AddressRefused):
            check_address(url, operators=[keycloak])


def test_a_name_that_leads_into_the_private_network_is_not_connected_to(
    neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    for numbers in (["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], [PUBLIC, "127.0.0.1"]):
        asked = names_lead_to(monkeypatch, numbers)
        with checked_session() as session, pytest.raises(AddressRefused, match="private network") as caught:
            session.get("https://login.evil.com/", timeout=2)
        assert caught.value.reason == "private"
        assert asked == ["login.evil.com"]
    assert neighbour.asked == []


def test_a_name_is_asked_once_so_that_its_second_answer_counts_for_nothing(
    neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is checked, ours when it is called."""
    called: list[tuple[str, int]] = []

    def note(_socket: socket.socket, address: tuple[str, int]) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", note)
    asked = names_lead_to(monkeypatch, [PUBLIC], ["127.0.0.1"])
    with checked_session() as session, pytest.raises(requests.ConnectionError):
        session.get("https://login.evil.com/", timeout=2)
    assert asked == ["login.evil.com"]
    assert called == [(PUBLIC, 443)]


def test_the_neighbour_is_called_only_when_the_operator_set_it(neighbour: Neighbour) -> None:
    with checked_session() as session, pytest.raises(AddressRefused, match="not https"):
        session.get(neighbour.url, timeout=2)
    assert neighbour.asked == []
    with checked_session(operators=[Origin.of(neighbour.url)]) as session:
        assert session.get(neighbour.url, timeout=2).text == "secret"


def test_an_answer_that_is_too_large_or_never_ends_is_cut(neighbour: Neighbour) -> None:
    for path in ("/large", "/endless"):
        with (
            checked_session(operators=[Origin.of(neighbour.url)]) as session,
            pytest.raises(AddressRefused, match="large"),
        ):
            session.get(neighbour.url + path, timeout=5)


def test_an_answer_that_drips_is_cut(neighbour: Neighbour) -> None:
    session = checked_session(operators=[Origin.of(neighbour.url)], longest_s=0.3)
    with session, pytest.raises(AddressRefused, match="does not end"):
        session.get(f"{neighbour.url}/slow", timeout=5)


def test_an_answer_that_breaks_off_is_no_answer(neighbour: Neighbour) -> None:
    with checked_session(operators=[Origin.of(neighbour.url)]) as session, pytest.raises(requests.RequestException):
        session.get(f"{neighbour.url}/cut", timeout=5)


def test_no_redirect_is_followed_not_even_when_asked_to(neighbour: Neighbour) -> None:
    with checked_session(operators=[Origin.of(neighbour.url)]) as session, pytest.raises(requests.TooManyRedirects):
        session.get(f"{neighbour.url}/away", timeout=5)
    assert neighbour.asked == []


@pytest.fixture
def forger() -> Iterator[Forger]:
    with running_forger() as found:
        found.token = signed(found.claims())
        yield found


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint", "userinfo_endpoint"])
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://10.0.0.1/x", "address_private"),
        ("https://169.254.169.254/latest/meta-data/", "address_private"),
        ("https://[::ffff:127.0.0.1]/", "address_private"),
        ("https://2130706433/", "address_numbers"),
        ("https://login.example.com:6379/", "address_port"),
        ("https://user@login.example.com/", "address_user"),
    ],
)
def test_a_providers_document_cannot_send_us_elsewhere(forger: Forger, name: str, address: str, reason: str) -> None:
    forger.discovery = {name: address}
    if name == "userinfo_endpoint":
        forger.token = signed(forger.claims(email=None))
    with pytest.raises(SignInRefused, match="cannot be called where its document says") as caught:
        redeem(forger)
    assert caught.value.reason == reason
    assert address not in str(caught.value)


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint"])
def test_a_providers_document_cannot_name_a_neighbour(forger: Forger, neighbour: Neighbour, name: str) -> None:
    """The provider is on this machine, so plain addresses are taken; but only its own."""
    forger.discovery = {name: f"{neighbour.url}/"}
    with pytest.raises(SignInRefused) as caught:
        redeem(forger)
    assert caught.value.reason == "address_scheme"
    assert neighbour.asked == []
