"""What Chrome is asked for when somebody gives the address of their server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.extension.chrome import BUILT, OUR_ID, Chrome, chrome
from tests.extension.stand_in_gmail import StandInGmail

# Chrome's own dialog is none of a page, so nobody can answer it here: in its place stands who notes what it would ask.
_NOTE = """() => {
  window.asked = [];
  chrome.permissions.request = async (ask) => { window.asked.push(ask); return false };
}"""


@pytest.fixture
def as_installed(browser: Browser, tmp_path: Path, gmail_server: StandInGmail, built: Path) -> Iterator[Chrome]:
    """As it is built: it may talk to no server."""
    with chrome(browser, tmp_path, gmail_server, extension=BUILT) as found:
        yield found


@pytest.fixture
def fresh(as_installed: Chrome) -> Page:
    return as_installed.panel()


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("rapport.example.com", "https://rapport.example.com/*"),
        ("https://crm.firma.example:8443/accounts?page=2", "https://crm.firma.example/*"),
        ("http://localhost:8400", "http://localhost/*"),
    ],
)
@pytest.mark.peer_case(102)
def test_any_address_of_ones_own_may_be_given_and_chrome_is_asked_for_it_alone(
    as_installed: Chrome, fresh: Page, typed: str, origin: str
) -> None:
    fresh.evaluate(_NOTE)
    as_installed.connect(fresh, typed)
    expect(fresh.get_by_role("alert")).to_be_visible()
    assert fresh.evaluate("() => window.asked") == [{"origins": [origin]}]
    assert as_installed.kept(fresh) == {}


def test_nothing_is_granted_before_and_nothing_without_a_click(as_installed: Chrome, fresh: Page) -> None:
    # Playwright's own way to ask counts as a click.
    request = "chrome.permissions.request({ origins: ['https://rapport.example.com/*'] })"
    asked = {"expression": f"{request}.catch(({{ message }}) => message)", "awaitPromise": True, "userGesture": False}
    said = as_installed.context.new_cdp_session(fresh).send("Runtime.evaluate", asked)["result"]["value"]
    assert "user gesture" in said
    granted = fresh.evaluate("() => chrome.permissions.getAll()")
    assert granted["origins"] == ["https://mail.google.com/*"]
    answer = as_installed.ask(fresh, "pair", {"address": "https://rapport.example.com"})
    assert answer["failure"]["state"] == "refused"
    assert answer["failure"]["words"] == "Chrome does not let Rapport talk to rapport.example.com."
    assert fresh.evaluate("() => chrome.runtime.id") == OUR_ID
