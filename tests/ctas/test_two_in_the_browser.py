"""Two people with one CTA open, in two real browsers; and a task that is handed over and taken back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from server.ctas import queries
from server.ctas.models import CtaTask
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


def page_of(browser: Browser, live_app: str, client: SignedInClient) -> Page:
    cookie = client.get_cookie("rapport_session", domain="127.0.0.1")
    assert cookie is not None
    context = browser.new_context(reduced_motion="reduce")
    context.add_cookies([{"name": "rapport_session", "value": cookie.value, "url": live_app}])
    return context.new_page()


@ON_SQLITE
def test_the_second_of_two_sees_both_values_and_a_handover_is_undone(
    runtime: Runtime, book: Book, sign_in: SignIn, live_app: str, browser: Browser
) -> None:
    alice = page_of(browser, live_app, sign_in(book.alice))
    dana = page_of(browser, live_app, sign_in(book.dana))
    for page in (alice, dana):
        page.goto(f"{live_app}/ctas/{book.cta}")
        page.get_by_role("button", name="Change", exact=True).click()
    dana.get_by_label("Due", exact=True).first.fill("2027-03-04")
    dana.locator("#cta-save").click()
    expect(dana.locator("#undo-now")).to_be_visible()
    alice.get_by_label("Due", exact=True).first.fill("2027-03-09")
    alice.locator("#cta-save").click()
    expect(alice.locator("#clash-title")).to_contain_text("nothing of yours was written")
    expect(alice.get_by_role("alert")).to_contain_text("Dana Petrov chose 4 Mar 2027, you chose 9 Mar 2027")
    with runtime.db.reading() as session:
        assert str(queries.cta(session, book.cta).due_on) == "2027-03-04"
    alice.locator("#take-theirs").click()

    alice.locator(f"#task-{book.to_do}-more").click()
    alice.locator(f"#task-{book.to_do}-owner").select_option(label="Bob Lindqvist")
    alice.locator(f"#task-{book.to_do}-why").fill("I am on leave")
    alice.locator(f"#task-{book.to_do}-save").click()
    expect(alice.locator("#history")).to_contain_text("Owner: Bob Lindqvist (I am on leave)")
    alice.locator("#undo-now").click()
    expect(alice.locator("#history")).to_contain_text("undone")
    with runtime.db.reading() as session:
        assert session.get_one(CtaTask, book.to_do).owner_id == book.alice

    alice.locator("#comment-text").press_sequentially("Please look, @bo")
    expect(alice.locator("#mention-0")).to_have_text("Bob Lindqvist")
    alice.keyboard.press("Enter")
    expect(alice.locator("#comment-text")).to_have_value("Please look, @Bob Lindqvist ")
    alice.locator("#comment-save").click()
    expect(alice.locator("#comments")).to_contain_text("Please look, @Bob Lindqvist")
    with runtime.db.reading() as session:
        assert queries.unseen_mentions(session, book.bob) == 1

    alice.get_by_role("button", name="Close", exact=True).click()
    expect(alice.locator("#cta-close")).to_contain_text("2 required tasks are open")
    alice.locator("#cta-close-yes").click()
    expect(alice.get_by_text(re.compile("Closed: success")).first).to_be_visible()
    for page in (alice, dana):
        page.context.close()
