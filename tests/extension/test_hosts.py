"""Whom the extension calls, by Chromium's own log of the network."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.extension.chrome import OUR_ID, Chrome
from tests.extension.home import Home
from tests.extension.writing import JEAN, insert, write
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
# Of Chromium's list of its parts: what pages and workers fetch, and pages that are opened.
OF_PAGES = {101845102, 63171670}
# Updates of its parts, its own look for Google accounts, and which fields of a form it could fill in.
CHROMIUMS_OWN = {
    "accounts.google.com",
    "clients2.google.com",
    "content-autofill.googleapis.com",
    "redirector.gvt1.com",
    "update.googleapis.com",
}


@pytest.mark.peer_case(86, 94)
def test_no_call_leaves_for_any_other_host_and_no_token_for_gmails_page(
    browsing: Chrome, panel: Page, gmail: Page, home: Home
) -> None:
    write(gmail, to=[JEAN])
    insert(browsing, panel)
    kept = browsing.kept(panel)["device"]["refreshToken"]
    session = browsing.context.new_cdp_session(gmail)
    worlds: list[dict[str, Any]] = []
    session.on("Runtime.executionContextCreated", lambda event: worlds.append(event["context"]))
    session.send("Runtime.enable")
    [ours] = [world for world in worlds if world["origin"] == f"chrome-extension://{OUR_ID}"]
    look = "chrome.storage.local.get().then((found) => JSON.stringify(found), (error) => 'refused: ' + error.message)"
    asked = {"expression": look, "contextId": ours["id"], "awaitPromise": True}
    value = session.send("Runtime.evaluate", asked)["result"]["value"]
    assert value.startswith("refused: ")
    panel.get_by_role("button", name="Sign out").click()
    expect(panel.get_by_role("heading", name=f"Sign in at {home.host}")).to_be_visible()
    assert kept not in gmail.content()
    browsing.context.close()
    by, by_chromium = hosts_asked(browsing)
    assert by[f"chrome-extension://{OUR_ID}"] == {home.host}
    assert by["https://mail.google.com"] == {"mail.google.com"}
    # The rest that pages asked for is the sign-in's, whose last address Chrome catches itself.
    caught = f"{OUR_ID}.chromiumapp.org"
    assert set().union(*by.values()) <= {"mail.google.com", home.host, home.people_host, caught}
    assert by_chromium <= CHROMIUMS_OWN


def hosts_asked(browsing: Chrome) -> tuple[dict[str, set[str]], set[str]]:
    """Who asked which hosts for something, by Chromium's own log of the network; and hosts that Chromium itself asked.

    Chromium notes for each request which of its parts made it. What a page or a worker fetches is a page's, whether an
    origin stands there or not: so nothing of the extension can hide among Chromium's own.
    """
    log = json.loads(browsing.net_log.read_text(encoding="utf-8"))
    kinds = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    found: dict[str, set[str]] = {}
    by_chromium: set[str] = set()
    parts_of: dict[int, int] = {}
    for event in log["events"]:
        said, source = event.get("params", {}), event["source"]["id"]
        if "traffic_annotation" in said:
            parts_of[source] = said["traffic_annotation"]
        address = urlsplit(said.get("url", ""))
        if kinds[event["type"]] != "URL_REQUEST_START_JOB" or address.scheme not in ("http", "https", "ws", "wss"):
            continue
        initiator = said["initiator"]
        if initiator != "not an origin":
            found.setdefault(initiator, set()).add(address.netloc)
        elif parts_of[source] in OF_PAGES:
            found.setdefault("a page or a worker", set()).add(address.netloc)
        else:
            by_chromium.add(address.netloc)
    assert "a page or a worker" in found, "not even a page was opened: the numbers of Chromium's parts have changed"
    return found, by_chromium
