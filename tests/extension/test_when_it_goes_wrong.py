"""Each thing that can go wrong ends in words with a cure, and nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from server.auth import devices
from server.runtime import Runtime
from tests.cast import ALICE, BOB, Book
from tests.extension.chrome import Chrome
from tests.extension.home import Home, free_address, nothing_known
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
REFRESH = "POST /oauth/token"


def alert(panel: Page, words: str) -> None:
    expect(panel.get_by_role("alert").filter(has_text=words)).to_be_visible()


def test_an_address_that_is_none_or_in_the_clear_is_refused_without_a_call(browsing: Chrome, home: Home) -> None:
    panel = browsing.panel()
    for typed, words in {
        "": "The address is empty.",
        "ftp://rapport.example": "not the address of a web server",
        "http://rapport.example.com": "sends everything in the clear",
        "https://alice:secret@rapport.example.com": "holds a name or a password",
        "not an address": "not an address",
    }.items():
        browsing.connect(panel, typed)
        alert(panel, words)
    assert home.calls == []


def test_a_server_that_is_not_there_not_a_rapport_or_elsewhere_at_home_is_told_apart(
    browsing: Chrome, home: Home
) -> None:
    panel = browsing.panel()
    nobody = free_address()
    browsing.connect(panel, nobody)
    alert(panel, f"{nobody.removeprefix('http://')} does not answer.")
    other = Home(free_address(), nothing_known)
    other.start()
    browsing.connect(panel, other.address)
    alert(panel, f"{other.host} is not a Rapport")
    other.stop()
    # The same Rapport behind another name: what it says of itself is believed, not the way there.
    alias = Home(free_address(), home.app)
    alias.start()
    browsing.connect(panel, alias.address)
    alert(panel, f"lives at another address: {home.address}")
    alias.stop()
    assert browsing.kept(panel) == {}
    browsing.connect(panel, f"{home.address}/accounts?page=2")
    expect(panel.get_by_role("heading", name=f"Sign in at {home.host}")).to_be_visible()


def test_a_sign_in_that_the_person_refuses_or_closes_can_be_tried_again(browsing: Chrome, home: Home) -> None:
    panel = browsing.panel()
    browsing.connect(panel, home.address)
    browsing.sign_in(panel, ALICE, answer="Cancel")
    alert(panel, "You did not give Rapport for Gmail access.")
    with browsing.context.expect_page() as opened:
        panel.get_by_role("button", name="Sign in").click()
    opened.value.close()
    alert(panel, "The sign-in window was closed")
    assert home.count(REFRESH) == 0


def test_the_gmail_of_somebody_else_is_refused_in_the_panel_and_by_the_worker(browsing: Chrome, panel: Page) -> None:
    gmail = browsing.gmail(1)
    gmail.evaluate("standIn.write({body: ['Dear Jean']})")
    alert(panel, f"This Gmail is {BOB}, but Rapport knows you as {ALICE}.")
    expect(panel.get_by_text("What you are writing")).to_have_count(0)
    [seen] = browsing.ask(panel, "gmail")["value"]["page"]["composes"]
    answer = browsing.ask(panel, "insert", insert_into(seen["id"]))
    assert answer["failure"]["state"] == "wrong_account"
    assert gmail.locator("[g_editable]").inner_text().strip() == "Dear Jean"


def insert_into(compose_id: str) -> dict[str, str | None]:
    return {"composeId": compose_id, "html": "<p>Hello</p>", "text": "Hello", "subject": None}


def test_without_gmail_the_panel_says_so_and_sees_it_come(browsing: Chrome, panel: Page) -> None:
    for page in browsing.context.pages:
        if "mail.google.com" in page.url:
            page.close()
    expect(panel.get_by_text("Rapport sees no Gmail page.")).to_be_visible()
    browsing.gmail()
    expect(panel.get_by_text(f"This Gmail is yours: {ALICE}")).to_be_visible()


def test_an_access_that_the_server_ended_leads_to_signing_in_again(
    browsing: Chrome, panel: Page, home: Home, runtime: Runtime, book: Book
) -> None:
    with runtime.db.transaction() as session:
        assert devices.close_all(session, user_id=book.alice) == 1
    panel.reload()
    alert(panel, "Your access has ended")
    assert browsing.ask(panel, "me")["failure"]["state"] == "signed_out"
    browsing.sign_in(panel, ALICE)
    expect(panel.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()


def test_a_server_that_is_down_or_at_fault_is_said_and_tried_again(browsing: Chrome, panel: Page, home: Home) -> None:
    home.stop()
    panel.reload()
    alert(panel, f"{home.host} does not answer.")
    home.failing = {"/api/v1/me"}
    home.start()
    panel.get_by_role("button", name="Try again").click()
    alert(panel, "tell your admin this number: 0199-abc")
    home.failing = {"/oauth/token"}
    browsing.forget_access(panel)
    panel.get_by_role("button", name="Try again").click()
    alert(panel, f"{home.host} had a fault of its own.")
    home.failing = set()
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()


def test_signing_out_of_a_server_that_is_down_is_done_here_and_said(browsing: Chrome, panel: Page, home: Home) -> None:
    home.stop()
    panel.get_by_role("button", name="Sign out").click()
    alert(panel, f"You are signed out here, but {home.host} did not answer.")
    assert browsing.kept(panel)["device"]["refreshToken"] is None
    panel.get_by_role("button", name="Understood").click()
    expect(panel.get_by_role("heading", name=f"Sign in at {home.host}")).to_be_visible()


def test_two_panels_at_once_renew_the_access_once(browsing: Chrome, panel: Page, home: Home) -> None:
    other = browsing.panel()
    expect(other.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()
    browsing.forget_access(panel)
    before = home.count(REFRESH)
    script = "() => Promise.all([1, 2, 3].map(() => chrome.runtime.sendMessage({to: 'worker', name: 'me', ask: {}})))"
    assert all(answer["ok"] for answer in panel.evaluate(script))
    assert home.count(REFRESH) == before + 1


def test_a_worker_that_was_stopped_knows_everything_still(browsing: Chrome, panel: Page, home: Home) -> None:
    before = home.count(REFRESH)
    browsing.stop_worker(panel)
    assert browsing.ask(panel, "me")["value"]["email"] == ALICE
    assert home.count(REFRESH) == before, "the access token was kept"


@pytest.mark.parametrize("is_lost", [True, False], ids=["before the server had it", "after the server did it"])
def test_a_worker_stopped_in_the_middle_of_renewing_its_access(
    browsing: Chrome, panel: Page, home: Home, *, is_lost: bool
) -> None:
    browsing.forget_access(panel)
    hold = home.hold("/oauth/token", is_lost=is_lost)
    panel.reload()
    assert hold.arrived.wait(20)
    assert browsing.kept(panel)["device"]["isRefreshing"] is True
    browsing.stop_worker(panel)
    alert(panel, "Chrome stopped Rapport in the middle of this.")
    hold.go_on.set()
    assert hold.answered.wait(20)
    panel.get_by_role("button", name="Try again").click()
    if is_lost:
        expect(panel.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()
        return
    alert(panel, "The last renewal of your access was cut off half way")
    browsing.sign_in(panel, ALICE)
    expect(panel.get_by_role("heading", name="You are Alice Moreau")).to_be_visible()
    assert browsing.kept(panel)["device"]["isRefreshing"] is False
