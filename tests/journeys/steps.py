"""Steps that several journeys take, as a person takes them."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Demo


def sign_in(page: Page, demo: Demo, email: str) -> None:
    page.goto(demo.url)
    page.get_by_role("button", name="Sign in with Google").click()
    _choose(page, email)
    allow = page.get_by_role("button", name="Allow")
    expect(allow.or_(page.get_by_role("heading", name="Cockpit", exact=True))).to_be_visible()
    if allow.is_visible():
        allow.click()
    expect(page.get_by_role("heading", name="Cockpit", exact=True)).to_be_visible()


def connect_gmail(page: Page, demo: Demo, email: str) -> None:
    page.goto(f"{demo.url}/mailbox")
    page.get_by_role("button", name="onnect", exact=False).first.click()
    _choose(page, email)
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Gmail is connected")).to_be_visible()


def _choose(page: Page, email: str) -> None:
    page.locator(f'button[name="account"][value="{email}"]').click()


def task_of(page: Page, title: str) -> Locator:
    """A task on the page of its CTA."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))
