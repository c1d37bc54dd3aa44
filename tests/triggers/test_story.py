"""In a browser: an admin looks at whom a trigger would hit, turns it on, and the TAM has the CTA with its tasks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, Page, expect

from server import periodic
from server.accounts.models import Account
from server.playbooks.load import PlaybookFile, load_playbooks
from server.runtime import Runtime
from server.triggers import jobs
from server.worker import run
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.triggers.test_pages import PLAYBOOK
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


def open_as(browser: Browser, client: SignedInClient, address: str) -> Page:
    context = browser.new_context(reduced_motion="reduce")
    found = client.get_cookie("rapport_session", domain="127.0.0.1")
    assert found is not None
    context.add_cookies([{"name": "rapport_session", "value": found.value, "url": address}])
    return context.new_page()


@ON_SQLITE
def test_an_admin_turns_a_trigger_on_and_the_tam_has_its_cta(
    runtime: Runtime, book: Book, sign_in: SignIn, live_app: str, browser: Browser
) -> None:
    with runtime.db.transaction() as session:
        account = session.get_one(Account, book.account)
        account.contract_start_on = (runtime.clock.now() - timedelta(days=200)).date()
        load_playbooks(session, [PlaybookFile(name="c.yaml", slug="call-them", text=PLAYBOOK)], runtime.clock.now())
    page = open_as(browser, sign_in(book.dana), live_app)
    page.goto(f"{live_app}/triggers")
    page.get_by_role("link", name="New trigger: No call or meeting for some time").press("Enter")
    page.get_by_label("Name of the trigger").fill("Quiet for two months")
    page.get_by_label("Days", exact=True).fill("60")
    page.get_by_label("Name of the CTA").fill("{account} has gone quiet")
    page.get_by_label("Type", exact=True).select_option("risk")
    page.get_by_label("Reason", exact=True).select_option("no_conversation")
    page.get_by_label("Playbook", exact=True).select_option("call-them")
    page.get_by_role("button", name="Whom would it hit?").click()
    expect(page.get_by_text("Helios Energy has gone quiet")).to_be_visible()
    page.get_by_role("button", name="Keep it, off").click()
    expect(page.get_by_role("heading", name="It is off")).to_be_visible()
    # It stands there again, before anybody turns it on.
    expect(page.get_by_text("Helios Energy has gone quiet")).to_be_visible()
    page.locator("input[name=also_held]").check()
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="It is on")).to_be_visible()

    runtime.jobs.connection.flushdb()  # type: ignore[attr-defined]
    periodic.tick(runtime, periodic.TRIGGERS_EVERY_TICKS // 2)
    assert len(runtime.jobs.queue().jobs) == 1  # type: ignore[attr-defined]
    run(runtime, jobs.LOOK, {})

    page.reload()
    expect(page.locator("section", has=page.get_by_role("heading", name="What it did"))).to_contain_text("Opened")
    theirs = open_as(browser, sign_in(book.alice), live_app)
    theirs.goto(f"{live_app}/cockpit")
    theirs.get_by_role("link", name="Helios Energy has gone quiet").first.press("Enter")
    expect(theirs.get_by_text("Call them").first).to_be_visible()

    page.get_by_role("link", name="Rehearse").click()
    expect(page.get_by_role("heading", name="In numbers")).to_be_visible()
    for opened in (page, theirs):
        opened.context.close()
