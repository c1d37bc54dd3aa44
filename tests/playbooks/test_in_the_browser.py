"""An admin makes a playbook from another one, in the form and in YAML; a second admin's stale save is refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from server.auth import people
from server.playbooks import queries
from server.playbooks.load import load_playbooks, read_folder
from server.runtime import Runtime
from tests.cast import TEMPLATES, Book, all_shipped, load_cast
from tests.conftest import SignedInClient


@pytest.fixture
def book(runtime: Runtime) -> Book:
    with runtime.db.transaction() as session:
        cast = load_cast(session, runtime.clock.now(), sources=all_shipped())
        load_playbooks(session, read_folder(TEMPLATES.with_name("playbooks")), runtime.clock.now())
        return cast


@pytest.fixture
def opened(
    live_app: str, browser: Browser, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> Callable[[uuid.UUID], Page]:
    """A window of this person."""

    def open_page(user_id: uuid.UUID) -> Page:
        cookie = sign_in(user_id).get_cookie("rapport_session", domain="127.0.0.1")
        assert cookie is not None
        context = browser.new_context(base_url=live_app, viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "rapport_session", "value": cookie.value, "url": live_app}])
        context.set_default_timeout(10_000)
        return context.new_page()

    return open_page


def test_an_admin_writes_and_publishes_a_playbook_and_a_second_one_is_told(
    runtime: Runtime, book: Book, opened: Callable[[uuid.UUID], Page]
) -> None:
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        eve = people.add_user(session, email="eve@rapport.example", name="Eve Brandt", role="admin", now=now)
        session.flush()
        second_admin = eve.id
    page = opened(book.dana)
    page.goto("/playbooks")
    page.get_by_role("link", name="New playbook").click()
    page.get_by_label("Name", exact=True).fill("Kickoff for a division")
    page.get_by_label("Name in addresses").fill("division-kickoff")
    page.get_by_label("Begin with a copy of").select_option(label="Kickoff")
    page.get_by_role("button", name="Make the draft").click()

    # In the form, by the keyboard: a step moves down, another comes.
    expect(page.get_by_role("heading", name="Step 5")).to_be_visible()
    page.get_by_role("button", name="Move step 2 down").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved")).to_be_visible()
    second = page.get_by_role("group", name="Step 2:")
    expect(second.get_by_label("Title")).to_have_value("Write the agenda and the four questions")
    page.get_by_role("button", name="Add a step").click()
    last = page.get_by_role("group", name="Step 6:")
    last.get_by_label("Title").fill("Thank the division")
    last.get_by_label("Due: how many").fill("20")
    last.get_by_label("Instructions").fill("A line is **enough**.")
    page.get_by_role("button", name="Save the draft").last.click()
    expect(page.get_by_text("Saved as a draft")).to_be_visible()

    # In YAML: an error is told at its line, and mended.
    stranger = opened(second_admin)
    stranger.goto("/playbooks/division-kickoff/edit?view=yaml")
    page.get_by_role("button", name="YAML").click()
    source = page.get_by_label("The playbook as YAML")
    text = source.input_value()
    assert "playbook: division-kickoff" in text
    wrong = text.replace("due: {days: 20}", "due: {dys: 20}")
    assert wrong != text
    line = wrong[: wrong.index("dys")].count("\n") + 1
    source.fill(wrong)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text(f"Line {line}, column").first).to_be_visible()
    expect(page.get_by_text("There is no field dys here. Did you mean days?")).to_be_visible()
    page.get_by_label("The playbook as YAML").fill(text)
    page.get_by_label("What changes").fill("For divisions")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    expect(page.get_by_text("20 days after opening")).to_be_visible()

    # The other window still shows the draft of before.
    stranger.get_by_label("The playbook as YAML").fill(text.replace("Thank the division", "Thank nobody"))
    stranger.get_by_role("button", name="Save the draft").last.click()
    expect(stranger.get_by_text("the draft was published or thrown away")).to_be_visible()
    expect(stranger.get_by_role("link", name="Take theirs")).to_be_visible()
    with runtime.db.reading() as session:
        assert queries.live(session, "division-kickoff").definition.steps[-1].title == "Thank the division"
    for one in (page, stranger):
        one.context.close()
