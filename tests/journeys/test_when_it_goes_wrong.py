"""What a TAM sees when Gmail does not play along: what went wrong, what to do, and nothing lost or sent twice."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Demo, picture
from tests.journeys.steps import connect_gmail, sign_in, task_of

BOB = "bob@rapport.example"


def _tell_sandbox(demo: Demo, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"{demo.sandbox_url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


def _deliveries(demo: Demo, to: str) -> int:
    with urllib.request.urlopen(f"{demo.sandbox_url}/_sandbox/deliveries?to={to}", timeout=10) as answer:
        found: list[Any] = json.load(answer)
    return len(found)


def test_an_answer_that_was_lost_is_found_in_the_mailbox_and_the_email_left_once(page: Page, demo: Demo) -> None:
    sign_in(page, demo, BOB)
    connect_gmail(page, demo, BOB)
    _tell_sandbox(demo, "/_sandbox/faults", {"match": "drafts.send", "mailbox": BOB, "fault": "cut-after", "times": 1})
    page.goto(f"{demo.url}/cockpit")
    page.get_by_role("link", name="Renewal of Solstice Retail").click()
    page.get_by_role("link", name="Write email").click()
    page.get_by_role("button", name="Send email").click()
    expect(page.get_by_text("Gmail did not say whether this email left")).to_be_visible(timeout=20_000)
    picture(page, "20-unknown")
    expect(page.get_by_role("link", name="See on timeline")).to_be_visible(timeout=30_000)
    assert _deliveries(demo, "lina.haddad@solstice.example") == 1


def test_a_revoked_access_holds_the_email_until_the_mailbox_is_connected_again(page: Page, demo: Demo) -> None:
    sign_in(page, demo, BOB)
    connect_gmail(page, demo, BOB)
    _tell_sandbox(demo, "/_sandbox/faults", {"match": "drafts.create", "mailbox": BOB, "fault": "401", "times": 2})
    page.goto(f"{demo.url}/cockpit")
    page.get_by_role("link", name="Onboard Cobalt Systems").click()
    task = task_of(page, "Send the welcome email")
    task.get_by_role("link", name="Write email").click()
    page.get_by_role("button", name="Send email").click()
    expect(task.get_by_text("Reconnect Gmail under Mailbox")).to_be_visible(timeout=20_000)
    picture(page, "21-reconnect")
    page.goto(f"{demo.url}/cockpit")
    expect(page.get_by_text("Google no longer accepts")).to_be_visible()

    connect_gmail(page, demo, BOB)
    page.goto(f"{demo.url}/cockpit")
    page.get_by_role("link", name="Onboard Cobalt Systems").click()
    expect(task.get_by_role("link", name="See on timeline")).to_be_visible(timeout=30_000)
    assert _deliveries(demo, "zoe.karlsson@cobalt.example") == 1
