"""The page that shows the API, in a real browser under the policy that the server sends."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.api.test_openapi import METHODS
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]

pytestmark = ON_SQLITE


def test_the_page_shows_every_operation_and_breaks_no_rule_of_the_policy(
    live_app: str, book: Book, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    client = sign_in(book.alice)
    spec = client.get("/api/openapi.json").get_json()
    operations = sum(method in METHODS for item in spec["paths"].values() for method in item)
    cookie = client.get_cookie("rapport_session", domain="127.0.0.1")
    assert cookie is not None
    # A thread of its own: a worker of pytest may already hold another Playwright, and one thread takes only one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(browse, live_app, cookie.value, operations).result() == []


def browse(served: str, session: str, operations: int) -> list[str]:
    """Open the page and an operation in it; what the browser complained about."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        context = browser.new_context()
        context.add_cookies([{"name": "rapport_session", "value": session, "url": served}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{served}/api/docs")
        expect(page.get_by_text("/api/v1/outbound-emails", exact=True).first).to_be_visible()
        expect(page.locator(".opblock")).to_have_count(operations)
        page.locator(".opblock-get .opblock-summary-control").first.click()
        expect(page.get_by_role("button", name="Try it out").first).to_be_visible()
        browser.close()
    return complaints
