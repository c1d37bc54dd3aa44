"""What is packed for the Web Store, in Chromium's own side panel; and pages that Chromium gets ready by itself."""

from __future__ import annotations

import json
import statistics
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import ALICE, BOB
from tests.extension.chrome import GMAIL, OUR_ID
from tests.extension.raw_chrome import RawChrome, Target, raw_chrome
from tests.extension.stand_in_gmail import StandInGmail
from tools.extension.pack import pack

PAGE = f"chrome-extension://{OUR_ID}/"
TIMES = 5


@pytest.fixture
def packed(built: Path, tmp_path: Path) -> Path:
    """The zip's content, and an empty page beside it to compare with. Nothing else is changed."""
    folder = tmp_path / "packed"
    with zipfile.ZipFile(pack(built, tmp_path)) as archive:
        archive.extractall(folder)
    (folder / "empty.html").write_text("<!doctype html><title>Empty</title><main></main>", encoding="utf-8")
    return folder


@pytest.fixture
def raw(packed: Path, tmp_path: Path, gmail_server: StandInGmail) -> Iterator[RawChrome]:
    with raw_chrome(tmp_path, packed, gmail_server) as found:
        yield found


def opened(raw: RawChrome, tab: Target, path: str, ready: str) -> tuple[float, Target]:
    """Milliseconds from the order to open the side panel until `ready`, and the panel."""
    tab.run(f"chrome.sidePanel.setOptions({{path: '{path}', enabled: true}})")
    # The window's id is needed before the click: Chrome counts a click only at once.
    window_id = tab.run("chrome.windows.getCurrent().then(({id}) => id)")
    order = f"chrome.sidePanel.open({{windowId: {window_id}}})"
    order = f"(() => {{ const at = Date.now(); return {order}.then(() => at) }})()"
    began: float = tab.run(order, is_deed=True)
    panel = raw.find(PAGE + path)
    # By the panel's own clock, which is the same: when it is asked adds nothing.
    ended: float = panel.until(ready)
    return ended - began, panel


def in_gmail(function: str) -> str:
    """What a function gives in the page of the one tab that shows Gmail."""
    return (
        "chrome.tabs.query({ url: 'https://mail.google.com/*' }).then(([tab]) => tab && chrome.scripting.executeScript("
        f"{{ target: {{ tabId: tab.id }}, func: {function} }})).then((found) => found?.[0].result)"
    )


def shut(raw: RawChrome, tab: Target, path: str) -> None:
    tab.run("chrome.sidePanel.setOptions({enabled: false})")
    raw.until_gone(PAGE + path)


@pytest.mark.peer_case(88)
def test_the_packed_extension_opens_in_the_real_side_panel_and_sees_gmail(raw: RawChrome, packed: Path) -> None:
    gmail = raw.open(GMAIL.format(0))
    gmail.until("!document.dispatchEvent(new CustomEvent('rapport:reader', { cancelable: true }))")
    assert not gmail.run("document.dispatchEvent(new CustomEvent('rapport:watcher', { cancelable: true }))")
    tab = raw.open(PAGE + "empty.html")
    _, panel = opened(raw, tab, "sidepanel.html", "document.querySelector('h2') && 1")
    assert panel.run("document.querySelector('h2').textContent") == "Where is your Rapport?"
    seen = panel.run("chrome.runtime.sendMessage({ to: 'worker', name: 'gmail', ask: {} }).then(JSON.stringify)")
    assert json.loads(seen)["value"]["page"]["account"] == ALICE


def test_how_long_the_real_side_panel_takes_beyond_an_empty_one(
    raw: RawChrome, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints figures, asserts none: they are of this machine and its load."""
    tab = raw.open(PAGE + "icon/16.png")
    pages = {
        "empty.html": "document.querySelector('main')",
        "sidepanel.html": "document.querySelector('input:enabled')",
    }
    took: dict[str, list[float]] = {path: [] for path in pages}
    for _ in range(TIMES):
        for path, ready in pages.items():
            milliseconds, panel = opened(raw, tab, path, f"{ready} && Date.now()")
            took[path].append(milliseconds)
            assert panel.run("location.pathname") == f"/{path}"
            shut(raw, tab, path)
    empty, full = (statistics.median(took[path]) for path in pages)
    words = f"usable after {full:.0f} ms, an empty one {empty:.0f} ms, {full - empty:.0f} ms more"
    with capsys.disabled():
        sys.stdout.write(f"\nside panel, median of {TIMES}: {words}\n")


@pytest.mark.peer_case(87)
def test_a_page_that_chrome_only_gets_ready_is_no_gmail_until_it_is_looked_at(
    raw: RawChrome, gmail_server: StandInGmail
) -> None:
    gmail_server.readied = []
    tab = raw.open(PAGE + "empty.html")
    tab.run("""void (window.said = 0, chrome.runtime.onMessage.addListener((message, sender) => {
      if (new URL(sender.url).pathname === '/mail/u/1/') window.said += 1;
    }))""")
    raw.show(f"{GMAIL.format(0)}?getReady={GMAIL.format(1)}")
    # There is one tab of Gmail all the time: what Chromium gets ready has none.
    ready = in_gmail("() => fetch('/readied').then((answer) => answer.json())")
    tab.until(f"{ready}.then((found) => found?.length)")
    assert tab.run(ready) == ["/mail/u/1/"]
    asked = "chrome.runtime.sendMessage({ to: 'worker', name: 'gmail', ask: {} })"
    account = f"{asked}.then(({{ value }}) => value.page?.account)"
    assert tab.until(account) == ALICE
    assert tab.run("window.said") == 0, "what Chrome gets ready says nothing"
    # Looked at, it is a Gmail like any other: here, that of somebody else.
    tab.run(in_gmail(f"() => {{ location.href = '{GMAIL.format(1)}' }}"))
    assert tab.until(f"{account}.then((found) => found === '{BOB}' && found)") == BOB
    assert tab.until("window.said") > 0
    assert tab.run(in_gmail("() => performance.getEntriesByType('navigation')[0].activationStart")) > 0
