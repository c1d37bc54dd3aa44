"""The main job: sign in, open a call to action, send a templated email, see it on the account's timeline."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Demo, note, picture
from tests.journeys.steps import connect_gmail, sign_in, task_of

ALICE = "alice@rapport.example"
BOB = "bob@rapport.example"


def test_a_tam_sends_a_templated_email_from_a_cta_and_sees_it_on_the_timeline(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    picture(page, "01-sign-in")
    sign_in(page, demo, ALICE)
    picture(page, "02-cockpit-before-connecting")
    page.get_by_role("link", name="Connect Gmail").click()
    picture(page, "03-mailbox")
    connect_gmail(page, demo, ALICE)
    picture(page, "04-mailbox-connected")

    page.get_by_role("link", name="Cockpit").first.click()
    expect(page.get_by_text("Connect your Gmail")).to_have_count(0)
    picture(page, "05-cockpit")
    page.get_by_role("link", name="Onboard Helios Energy").click()
    picture(page, "06-cta")

    task = task_of(page, "Send the welcome email")
    task.get_by_role("link", name="Write email").click()
    expect(page.get_by_role("checkbox", name="Tom Becker")).to_be_checked()
    page.get_by_role("radio", name="All", exact=True).check()
    expect(page.get_by_role("checkbox", name="Sam Holt")).to_be_disabled()
    page.get_by_label("Subject").fill("Welcome aboard, {{ contact.first_name }}")
    preview = page.locator("#preview")
    expect(preview.get_by_text("Welcome aboard, Tom", exact=True)).to_be_visible()
    expect(page.frame_locator("#preview iframe").get_by_text("Hello Tom,")).to_be_visible()
    preview.get_by_role("radio", name="Jo Park").check()
    expect(preview.get_by_text("Welcome aboard, Jo", exact=True)).to_be_visible()
    picture(page, "07-compose")

    pressed = time.monotonic()
    page.get_by_role("button", name="Send 2 emails").click()
    expect(task.get_by_role("link", name="See on timeline").first).to_be_visible(timeout=20_000)
    expect(task.get_by_role("link", name="See on timeline")).to_have_count(2, timeout=20_000)
    took = time.monotonic() - pressed
    picture(page, "08-cta-sent")
    expect(task.get_by_role("link", name="Write email")).to_have_count(0)
    note(f"from Send to both on the timeline: {took:.1f} s")

    task.get_by_role("link", name="See on timeline").first.click()
    timeline = page.locator("#timeline")
    entry = timeline.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Welcome aboard, Tom"))
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("Alice Moreau")
    expect(entry).to_contain_text("tom.becker@helios-energy.example")
    expect(entry).to_contain_text("Welcome, and who your TAM is v1")
    entry.get_by_text("Show the text").click()
    expect(entry).to_contain_text("Hello Tom,")
    picture(page, "09-account-timeline")

    page.get_by_role("link", name="Outbox").first.click()
    expect(page.locator("#emails").get_by_text("Sent", exact=True)).to_have_count(2)
    picture(page, "10-outbox")
    page.get_by_role("link", name="Welcome aboard, Tom").click()
    expect(page.get_by_text("Seen in the Gmail Sent folder.")).to_be_visible()
    picture(page, "11-email")

    page.get_by_role("link", name="Open in Gmail").click()
    expect(page).to_have_url(
        re.compile(rf"^{re.escape(demo.sandbox_url)}/mail/alice(@|%40)[^/]+/message/[0-9a-f]{{16}}$")
    )
    expect(page.get_by_text("Welcome aboard, Tom").first).to_be_visible()


def test_the_customer_gets_the_email_once_and_answers_in_the_sandbox(page: Page, demo: Demo) -> None:
    sign_in(page, demo, BOB)
    connect_gmail(page, demo, BOB)
    page.goto(f"{demo.url}/cockpit")
    page.get_by_role("link", name="Onboard Cobalt Systems").click()
    task = task_of(page, "Invite to the kickoff")
    task.get_by_role("link", name="Write email").click()
    page.get_by_role("button", name="Send email").click()
    expect(task.get_by_role("link", name="See on timeline")).to_be_visible(timeout=20_000)

    page.goto(f"{demo.sandbox_url}/mail/hugo.martin@cobalt.example/")
    subject = "Cobalt Systems and GitLab: our kickoff"
    expect(page.get_by_role("link", name=subject)).to_have_count(1)
    page.get_by_role("link", name=subject).click()
    picture(page, "12-sandbox-customer")
    page.locator("#text").fill("Thanks, let us talk on Thursday.")
    page.get_by_role("button", name="Reply").click()
    page.goto(f"{demo.sandbox_url}/mail/{BOB}/")
    expect(page.get_by_role("link", name=f"Re: {subject}")).to_be_visible()


def test_a_to_do_is_ticked_off_and_reopened_in_place(page: Page, demo: Demo) -> None:
    sign_in(page, demo, ALICE)
    page.get_by_role("link", name="Renewal of Blue Harbor Bank").click()
    page.get_by_role("button", name="Mark done: Update the sentiment").click()
    reopen = page.get_by_role("button", name="Reopen: Update the sentiment")
    expect(reopen).to_be_visible()
    reopen.click()
    expect(page.get_by_role("button", name="Mark done: Update the sentiment")).to_be_visible()


def test_the_search_field_finds_accounts_contacts_and_ctas(page: Page, demo: Demo) -> None:
    sign_in(page, demo, ALICE)
    page.get_by_role("searchbox", name="Search accounts, contacts and CTAs").fill("helios")
    suggestions = page.locator("#search-suggest")
    expect(suggestions.get_by_role("link", name="Helios Energy").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Onboard Helios Energy")).to_be_visible()
    picture(page, "13-search")


def test_the_pages_fit_a_phone_in_the_dark(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    page = context.new_page()
    sign_in(page, demo, BOB)
    for name, path in (
        ("cockpit", "/cockpit"),
        ("accounts", "/accounts"),
        ("outbox", "/outbox"),
        ("mailbox", "/mailbox"),
    ):
        page.goto(f"{demo.url}{path}")
        _fits(page)
        picture(page, f"30-phone-{name}")
    page.goto(f"{demo.url}/cockpit")
    page.get_by_role("link", name="Onboard Cobalt Systems").click()
    _fits(page)
    picture(page, "31-phone-cta")
    context.close()


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} is too wide"
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
