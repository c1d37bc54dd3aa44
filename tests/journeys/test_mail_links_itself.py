"""Mail with customers stands on their timelines by itself, seconds after it was sent, and says why."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Demo, note, picture
from tests.journeys.steps import sign_in

ALICE = "alice@rapport.example"
CUSTOMER = "jo.park@helios-energy.example"


def _customer_writes(demo: Demo, subject: str, text: str, *, sender: str = CUSTOMER, to: str = ALICE) -> None:
    """As a customer's mail server would deliver it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{uuid.uuid4()}@mail.example>"
    message.set_content(text)
    raw = base64.urlsafe_b64encode(message.as_bytes()).decode()
    body = json.dumps({"raw": raw, "to": to, "from": sender}).encode()
    request = urllib.request.Request(f"{demo.sandbox_url}/_sandbox/mail", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


def _until_visible(page: Page, text: str, *, limit_s: float) -> float:
    """Seconds until a page that is loaded again and again shows the text."""
    began = time.monotonic()
    while True:
        page.reload()
        if page.get_by_text(text).first.is_visible():
            return time.monotonic() - began
        assert time.monotonic() - began < limit_s, f"{text!r} did not appear in {limit_s:.0f} s"


def test_a_tam_never_asks_whether_it_logged(page: Page, demo: Demo) -> None:
    _customer_writes(demo, "Before you looked", "This was here before.")
    sign_in(page, demo, ALICE)
    page.goto(f"{demo.url}/mailbox")
    page.get_by_role("button", name="text of matched mail", exact=False).click()
    page.locator(f'button[name="account"][value="{ALICE}"]').click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Gmail is connected")).to_be_visible()
    expect(page.get_by_text("message", exact=False).first).to_be_visible()
    picture(page, "40-start-reading")
    page.get_by_role("radio", name="Everything", exact=False).check()
    page.get_by_role("button", name="Start reading").click()
    page.goto(f"{demo.url}/accounts")
    page.get_by_role("link", name="Helios Energy").first.click()
    _until_visible(page, "Before you looked", limit_s=60)

    _customer_writes(demo, "A question on seats", "How many seats do we have left?")
    seconds = _until_visible(page, "A question on seats", limit_s=30)
    note(f"from a customer's mail to the timeline: {seconds:.1f} s")

    account = page.url
    page.goto(f"{demo.sandbox_url}/mail/{ALICE}")
    page.get_by_label("To").fill(CUSTOMER)
    page.get_by_label("Subject").fill("Your seats")
    page.get_by_label("Text").fill("You have 12 seats left.")
    page.get_by_role("button", name="Send").click()
    page.goto(account)
    # Polling alone comes once a minute: what is there sooner came by push.
    seconds = _until_visible(page, "Your seats", limit_s=30)
    note(f"from Send in Gmail to the timeline, by push: {seconds:.1f} s")
    picture(page, "41-timeline")
