"""Chromium with the built extension, and a person in front of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import CHROMIUM_FLAGS
from tests.extension.stand_in_gmail import StandInGmail

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "var" / "extension" / "chrome-mv3"
OUR_ID = "pbcmcgfbmcfggpdbnlbebfglgcdpdnfp"
GMAIL = "https://mail.google.com/mail/u/{}/"


def unpacked(folder: Path) -> Path:
    """The built extension; only, it may talk to this machine already: Chrome's own dialog is none of a page."""
    copy = folder / "extension"
    shutil.copytree(BUILT, copy)
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["host_permissions"].append("http://127.0.0.1/*")
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return copy


@dataclass(kw_only=True)
class Chrome:
    context: BrowserContext
    net_log: Path

    def panel(self) -> Page:
        """The side panel's page in a tab."""
        page = self.context.new_page()
        page.goto(f"chrome-extension://{OUR_ID}/sidepanel.html")
        return page

    def update(self, panel: Page) -> None:
        """Chrome takes the extension out and puts it in again, as for a newer version."""
        manager = self.context.new_page()
        manager.goto("chrome://extensions")
        # Chrome keeps an unpacked extension that it puts in anew only in this mode.
        manager.evaluate("() => chrome.developerPrivate.updateProfileConfiguration({inDeveloperMode: true})")
        with panel.expect_event("close"):
            manager.evaluate("(id) => chrome.developerPrivate.reload(id, {failQuietly: true})", OUR_ID)
        manager.close()

    def gmail(self, which: int = 0) -> Page:
        page = self.context.new_page()
        page.goto(GMAIL.format(which))
        return page

    def connect(self, panel: Page, address: str) -> None:
        panel.get_by_label("Address of your Rapport").fill(address)
        panel.get_by_role("button", name="Connect").click()

    def sign_in(self, panel: Page, email: str, *, answer: str = "Give access") -> None:
        """Through the window of Chrome's identity API, at the sandbox, and back."""
        with self.context.expect_page() as opened:
            panel.get_by_role("button", name="Sign in").click()
        window = opened.value
        start = window.get_by_role("button", name="Sign in with Google")
        asked = window.get_by_role("heading", name="Give the Gmail extension access?")
        expect(start.or_(asked)).to_be_visible()
        if start.is_visible():
            start.click()
            window.locator(f'button[name="account"][value="{email}"]').click()
        allow = window.get_by_role("button", name="Allow", exact=True)
        expect(allow.or_(asked)).to_be_visible()
        if allow.is_visible():
            allow.click()
        window.get_by_role("button", name=answer).click()

    def ask(self, panel: Page, name: str, ask: dict[str, Any] | None = None) -> dict[str, Any]:
        """What a part of the panel that is still to come asks of the worker: {ok, value} or {ok, failure}."""
        script = "([name, ask]) => chrome.runtime.sendMessage({to: 'worker', name, ask})"
        answer: dict[str, Any] = panel.evaluate(script, [name, ask or {}])
        return answer

    def stop_worker(self, panel: Page) -> None:
        """As Chrome does it whenever it likes."""
        session = self.context.new_cdp_session(panel)
        session.send("ServiceWorker.enable")
        session.send("ServiceWorker.stopAllWorkers")
        session.detach()

    def forget_access(self, panel: Page) -> None:
        """As if its ten minutes were over."""
        panel.evaluate("() => chrome.storage.session.remove('access')")

    def kept(self, panel: Page) -> dict[str, Any]:
        """All that the extension has stored on disk."""
        found: dict[str, Any] = panel.evaluate("() => chrome.storage.local.get()")
        return found


@contextmanager
def chrome(browser: Browser, folder: Path, gmail: StandInGmail, *, extension: Path | None = None) -> Iterator[Chrome]:
    """`extension`: the folder of another build than the one that may talk to this machine."""
    extension, net_log = extension or unpacked(folder), folder / "net.json"
    rules = f"MAP mail.google.com:443 127.0.0.1:{gmail.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    context = browser.browser_type.launch_persistent_context(
        folder / "profile",
        executable_path="/usr/bin/chromium",
        headless=True,
        args=[
            *CHROMIUM_FLAGS,
            f"--disable-extensions-except={extension}",
            f"--load-extension={extension}",
            f"--host-resolver-rules={rules}",
            f"--ignore-certificate-errors-spki-list={gmail.key_hash}",
            f"--log-net-log={net_log}",
        ],
    )
    context.set_default_timeout(20_000)
    if not context.service_workers:
        context.wait_for_event("serviceworker")
    yield Chrome(context=context, net_log=net_log)
    context.close()
