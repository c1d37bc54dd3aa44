"""A Chromium with the extension, Gmail's stand-in, and a Rapport where people sign in at the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.app import create_app, sign_in_by
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from tests.cast import ALICE, Book
from tests.conftest import settings_for_tests
from tests.extension.chrome import BUILT, Chrome, chrome
from tests.extension.home import Home, free_address
from tests.extension.stand_in_gmail import StandInGmail, stand_in_gmail
from tests.extension.stand_in_sync import Sync

# Two Chromiums and a server share the machine here: what is waited for may take longer than five seconds.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def built() -> Path:
    assert (BUILT / "manifest.json").is_file(), "the extension is not built: make extension"
    return BUILT


@pytest.fixture(scope="session")
def gmail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInGmail]:
    with stand_in_gmail(tmp_path_factory.mktemp("gmail")) as found:
        yield found


@pytest.fixture
def browsing(
    browser: Browser, tmp_path: Path, gmail_server: StandInGmail, sandbox: RunningSandbox, built: Path
) -> Iterator[Chrome]:
    gmail_server.sync, gmail_server.broken, gmail_server.readied = Sync(sandbox=sandbox), [], []
    with chrome(browser, tmp_path, gmail_server) as found:
        yield found


@pytest.fixture
def home(runtime: Runtime, book: Book, tmp_path: Path) -> Iterator[Home]:
    address = free_address()
    with RunningSandbox(tmp_path / "people.sqlite3", redirect_uris_prefix=address) as people:
        # No ids are given: the one of this checkout is let in by itself, outside of production.
        environ = {"RAPPORT_BASE_URL": address, "RAPPORT_SANDBOX_URL": people.base_url}
        settings = settings_for_tests(environ, tmp_path)
        app = create_app(replace(runtime, settings=settings, sign_in=sign_in_by(settings, runtime.clock)))
        found = Home(address, app, people_host=people.base_url.removeprefix("http://"))
        found.start()
        yield found
        found.stop()


@pytest.fixture
def panel(browsing: Chrome, home: Home) -> Page:
    """The panel of Alice, who has paired and signed in; her Gmail is open."""
    browsing.gmail()
    page = browsing.panel()
    browsing.connect(page, home.address)
    browsing.sign_in(page, ALICE)
    expect(page.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()
    return page


@pytest.fixture
def gmail(browsing: Chrome, panel: Page) -> Page:
    [found] = [page for page in browsing.context.pages if "mail.google.com" in page.url]
    return found
