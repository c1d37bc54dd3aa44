"""A person signs in with Chromium at a provider that others wrote, under the product's own policy."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from server.app import create_app, sign_in_by
from server.runtime import Runtime
from tests.auth.at_providers import ALICE, BOB, ZOE, certified
from tests.auth.gmail_extension import GmailExtension
from tests.cast import Book
from tests.conftest import EXTENSION_ID, settings_for_tests
from tests.serving import serving


@pytest.fixture
def home(runtime: Runtime, book: Book, tmp_path: Path) -> Iterator[str]:
    """The address of a Rapport where groups decide."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with certified(f"{url}/auth/callback") as provider:
        environ = {
            **provider.environ,
            "RAPPORT_BASE_URL": url,
            "OIDC_ROLES": "CS-TAM=tam, CS-Ops=admin",
            "RAPPORT_EXTENSION_IDS": EXTENSION_ID,
        }
        settings = settings_for_tests(environ, tmp_path)
        app = create_app(replace(runtime, settings=settings, sign_in=sign_in_by(settings, runtime.clock)))
        with serving(app, port=int(url.rsplit(":", 1)[1])):
            yield url


def sign_in(page: Page, home: str, email: str, *, path: str = "") -> None:
    page.goto(f"{home}{path}")
    page.get_by_role("button", name="Sign in with Keys & Co").click()
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


def test_from_the_button_to_the_page_and_out_again(home: str, browser: Browser) -> None:
    with browser.new_context() as here, browser.new_context() as there:
        page, complaints = here.new_page(), []
        page.on("console", lambda message: complaints.append((message.location["url"], message.text)))
        sign_in(page, home, ALICE, path="/accounts")
        page.wait_for_url(f"{home}/accounts")
        other = there.new_page()
        sign_in(other, home, ALICE)
        other.wait_for_url(f"{home}/cockpit")
        page.get_by_role("button", name="Alice Moreau").click()
        page.get_by_role("link", name="Where you are signed in").click()
        expect(page.get_by_text("Chrome on Linux")).to_have_count(2)
        expect(page.get_by_text("This browser")).to_have_count(1)
        page.get_by_role("button", name="Sign out everywhere else").click()
        page.locator("#confirm").get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("Signed out of 1 other browser.")).to_be_visible()
        other.reload()
        expect(other.get_by_role("button", name="Sign in with Keys & Co")).to_be_visible()
        page.get_by_role("button", name="Sign out: Chrome on Linux, this browser").click()
        page.wait_for_url(f"{home}/sign-in")
        assert [text for url, text in complaints if url.startswith(home)] == []


def test_groups_open_the_door_or_not(home: str, browser: Browser) -> None:
    with browser.new_context() as zoes, browser.new_context() as bobs:
        page = zoes.new_page()
        sign_in(page, home, ZOE)
        page.wait_for_url(f"{home}/cockpit")
        expect(page.get_by_role("button", name="Zoë Quinn")).to_contain_text("Admin")
        page = bobs.new_page()
        sign_in(page, home, BOB)
        expect(page.get_by_role("alert")).to_contain_text("None of your groups at Keys & Co may use Rapport.")


def test_an_extension_sends_somebody_to_sign_in_and_gets_its_code(home: str, browser: Browser, app: Flask) -> None:
    extension = GmailExtension(app=app)
    with browser.new_context() as context:
        page, arrived = context.new_page(), []
        context.route(
            f"https://{EXTENSION_ID}.chromiumapp.org/**",
            lambda route: (arrived.append(route.request.url), route.fulfill(body="back in the extension")),
        )
        sign_in(page, home, ALICE, path="/oauth/authorize?" + urlencode(extension.ask()))
        expect(page.get_by_role("heading", name="Give the Gmail extension access?")).to_be_visible()
        page.get_by_role("button", name="Give access").click()
        expect(page.get_by_text("back in the extension")).to_be_visible()
    [back] = arrived
    assert parse_qs(urlsplit(back).query)["state"] == [extension.state]
    assert extension.redeem(parse_qs(urlsplit(back).query)["code"][0]).status_code == 200
