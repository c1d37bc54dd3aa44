"""A newer version while Gmail is open, and pages that Chrome gets ready before anybody looks at them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.cast import ALICE
from tests.extension.chrome import OUR_ID, Chrome
from tests.extension.stand_in_gmail import StandInGmail
from tests.extension.test_sends import answered, press_send, until_left
from tests.extension.writing import JEAN, body, insert, write
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
LONG = "<p>" + "long words " * 5000 + "</p>"


def worlds(browsing: Chrome, page: Page) -> tuple[CDPSession, list[int]]:
    """The worlds of our scripts in a page, by their ids."""
    session = browsing.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on("Runtime.executionContextCreated", lambda event: found.append(event["context"]))
    session.send("Runtime.enable")
    return session, [one["id"] for one in found if one["origin"] == f"chrome-extension://{OUR_ID}"]


@pytest.mark.peer_case(92)
def test_an_update_leaves_no_ghost_in_an_open_gmail_and_needs_no_reload(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    write(gmail, to=[JEAN])
    insert(browsing, panel, html=LONG)
    inserted = body(gmail)
    browsing.update(panel)
    fresh = browsing.panel()
    expect(fresh.get_by_text(f"This Gmail is yours: {ALICE}")).to_be_visible()
    gmail.bring_to_front()
    gmail.locator("[g_editable]").press("Control+z")
    assert body(gmail) == inserted, "the old script does nothing any more"
    # The new one does all that the old one did, once.
    done = insert(browsing, fresh, html=LONG)
    gmail.bring_to_front()
    gmail.locator("[g_editable]").press("Control+z")
    assert body(gmail) == inserted
    assert done["way"] == "range"
    press_send(gmail, "click")
    answered(gmail)
    [gmail_id] = gmail_server.sync.left.values()
    assert until_left(fresh, gmailMessageId=gmail_id)["state"] == "left"


@pytest.mark.peer_case(92)
def test_a_script_whose_extension_is_gone_ends_by_itself(browsing: Chrome, panel: Page, gmail: Page) -> None:
    """Also where no newer one comes: the extension is switched off."""
    gmail.evaluate("() => { window.ended = 0; document.addEventListener('rapport:end', () => { window.ended += 1 }) }")
    native = "() => [XMLHttpRequest.prototype.send, window.fetch].map((one) => one.name + String(one))"
    watched = gmail.evaluate(native)
    manager = browsing.context.new_page()
    manager.goto("chrome://extensions")
    manager.evaluate("(id) => chrome.management.setEnabled(id, false)", OUR_ID)
    manager.close()
    gmail.bring_to_front()
    gmail.wait_for_function("() => window.ended === 1")
    ended = gmail.evaluate(native)
    assert ended == ["sendfunction send() { [native code] }", "fetchfunction fetch() { [native code] }"]
    assert watched != ended
    # Whoever asks is not refused any more: nobody is there.
    for name in ("rapport:reader", "rapport:watcher"):
        assert gmail.evaluate("(name) => document.dispatchEvent(new CustomEvent(name, { cancelable: true }))", name)


def test_scripts_that_come_a_second_time_do_nothing(
    browsing: Chrome, panel: Page, gmail: Page, gmail_server: StandInGmail
) -> None:
    panel.evaluate("""async () => {
      const [tab] = await chrome.tabs.query({ url: 'https://mail.google.com/*' });
      for (const { js, world } of chrome.runtime.getManifest().content_scripts) {
        await chrome.scripting.executeScript({ target: { tabId: tab.id }, files: js, world: world ?? 'ISOLATED' });
      }
    }""")
    session, found = worlds(browsing, gmail)
    assert len(found) == 1
    session.detach()
    write(gmail, to=[JEAN])
    gmail.evaluate("() => { window.hints = 0; document.addEventListener('rapport:hint', () => { window.hints += 1 }) }")
    press_send(gmail, "click")
    answered(gmail)
    [gmail_id] = gmail_server.sync.left.values()
    until_left(panel, gmailMessageId=gmail_id)
    assert gmail.evaluate("() => window.hints") == 1
