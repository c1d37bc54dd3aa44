"""Every page template in a real browser under the strict CSP: silent, fitting, without an axe violation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.web.axe import SIZES, Findings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MANIFEST = ROOT / "server" / "web" / "static" / "dist" / "manifest.json"
DESK, PHONE = SIZES["desk"], SIZES["phone"]
# There are more than a hundred pages: all of them in one test take longer than a test may on a busy machine.
PARTS = 4
WITH_DETAILS = (
    "account",
    "timeline",
    "contact",
    "conversation",
    "unmatched",
    "rules",
    "mailbox",
    "why",
    "template-edit",
)


def watched_page(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page and its complaints to come: console errors and warnings, CSP violations, exceptions, failed requests."""
    page, complaints = context.new_page(), []

    def note(is_bad: bool, text: str) -> None:
        if is_bad:
            complaints.append(text)

    page.on("console", lambda message: note(message.type in {"error", "warning"}, message.text))
    page.on("pageerror", lambda error: note(True, str(error)))
    page.on("response", lambda response: note(response.status >= 400, f"{response.status} {response.url}"))
    return page, complaints


def look_at(found: Findings, page: Page, name: str) -> None:
    """All of axe's rules on the page in both themes, and whether it fits."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        found.faults.append(f"{name}: {wide} px wider than the screen")
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
        # Swagger UI brings a <main> of its own.
        found.look(page, f"{name} ({theme})", off=["landmark-no-duplicate-main"] if name == "api-docs" else [])


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_silent_fits_and_is_accessible(
    site: str, browser: Browser, size: tuple[int, int], part: int
) -> None:
    with urlopen(urljoin(site, "/pages.json")) as answer:
        names = json.load(answer)[part::PARTS]
    assert names
    found = Findings()
    with browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce") as context:
        page, complaints = watched_page(context)
        for name in names:
            page.goto(urljoin(site, f"/page/{name}"))
            assert page.locator("html").get_attribute("data-bs-theme") == "light", f"{name} was not rendered"
            if name == "api-docs":
                page.wait_for_selector(".opblock")
            look_at(found, page, name)
            found.faults += [f"{name}: {complaint}" for complaint in complaints]
            complaints.clear()
    assert not found.faults, "\n".join(found.faults)


def opened_by(role: Any, name: str, shown: str) -> Callable[[Page], None]:
    def open_it(page: Page) -> None:
        page.get_by_role(role, name=name).first.press("Enter")
        expect(page.locator(shown).first).to_be_visible()

    return open_it


def the_suggestions_open(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("hel")
    expect(page.locator("#search-suggest").get_by_role("link").first).to_be_visible()


def all_details_open(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    page.wait_for_load_state("networkidle")


# What a page shows only when it is asked to: axe does not see it at load.
OPENED: list[tuple[str, tuple[int, int], Callable[[Page], None]]] = [
    ("cockpit", PHONE, opened_by("button", "Open the menu", "a[href='/outbox']")),
    ("cockpit", DESK, opened_by("button", "Maya Ortiz", "#me-menu")),
    ("cockpit", DESK, the_suggestions_open),
    ("outbox", DESK, opened_by("button", "Cancel: Kickoff", "#confirm")),
    ("outbox", PHONE, opened_by("button", "Cancel: Kickoff", "#confirm")),
    ("compose", DESK, opened_by("button", "Plain text", "[aria-label='The email as plain text']")),
    *((name, size, all_details_open) for name in WITH_DETAILS for size in (DESK, PHONE)),
]


@pytest.mark.parametrize(("name", "size", "open_it"), OPENED)
def test_what_opens_on_a_page_is_accessible_as_well(
    site: str, browser: Browser, name: str, size: tuple[int, int], open_it: Callable[[Page], None]
) -> None:
    found = Findings()
    with browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce") as context:
        page, complaints = watched_page(context)
        page.goto(urljoin(site, f"/page/{name}"))
        open_it(page)
        look_at(found, page, name)
        assert not [*found.faults, *complaints], "\n".join([*found.faults, *complaints])


def test_who_types_before_the_page_is_ready_gets_suggestions_all_the_same(site: str, browser: Browser) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with browser.new_context() as context:
        page, complaints = watched_page(context)
        page.route("**/htmx*.js", hold)
        with page.expect_request("**/htmx*.js"):
            page.goto(urljoin(site, "/page/cockpit"), wait_until="commit")
        page.locator("#search-field").press_sequentially("hel")
        held[0].continue_()
        expect(page.locator("#search-suggest").get_by_role("link").first).to_be_visible()
        assert not complaints


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_an_address_points_at_is_not_under_the_top_bar(site: str, browser: Browser, size: tuple[int, int]) -> None:
    with browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(urljoin(site, "/page/cta#task-t4"))
        task, bar = page.locator("#task-t4").bounding_box(), page.locator(".rp-top").bounding_box()
        assert page.evaluate("scrollY") > 0
        assert task is not None
        assert bar is not None
        assert task["y"] >= bar["y"] + bar["height"]


def test_the_systems_dark_theme_is_there_from_the_first_paint(site: str, browser: Browser) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page, complaints = watched_page(context)
        page.goto(urljoin(site, "/page/sign-in"), wait_until="commit")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        assert not complaints


def test_the_pages_work_by_keyboard_and_without_complaint(site: str, browser: Browser) -> None:
    with browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce") as context:
        page, complaints = watched_page(context)
        page.goto(urljoin(site, "/page/cockpit"))
        the_side_bar_slides_in(page)
        the_theme_is_kept(page)
        page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        the_search_suggests(page)
        the_menu_opens(page)
        page.get_by_label("Search CTAs").fill("zzz")
        expect(page.get_by_text("No CTA matches")).to_be_visible()
        page.goto(urljoin(site, "/page/compose"))
        the_composer_previews(page)
        page.goto(urljoin(site, "/page/outbox"))
        the_outbox_asks_first(page)
        page.goto(urljoin(site, "/page/cta"))
        page.get_by_role("button", name="Mark done: Book the room").press("Enter")
        expect(page.get_by_role("button", name="Reopen: Book the room")).to_be_focused()
        page.goto(urljoin(site, "/page/accounts"))
        page.get_by_role("link", name="Load more").press("Enter")
        expect(page.locator("tbody tr")).to_have_count(10)
        assert not complaints
        what_fails_is_said(page)


def what_fails_is_said(page: Page) -> None:
    page.goto(page.url.replace("accounts", "cta"))
    page.route("**/tasks/t4/done", lambda route: route.fulfill(status=503, body="<p>out of order"))
    page.get_by_role("button", name="Mark done: Book the room").press("Enter")
    expect(page.get_by_text("That did not work (error 503).")).to_be_visible()
    expect(page.get_by_role("button", name="Mark done: Book the room")).to_be_visible()


def the_side_bar_slides_in(page: Page) -> None:
    expect(page.get_by_role("link", name="Outbox")).not_to_be_visible()
    page.get_by_role("button", name="Open the menu").press("Enter")
    expect(page.get_by_role("link", name="Rapport")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Outbox")).not_to_be_visible()
    expect(page.get_by_role("button", name="Open the menu")).to_be_focused()


def the_theme_is_kept(page: Page) -> None:
    page.get_by_role("button", name="Dark theme").press("Enter")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")


def the_search_suggests(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("hel")
    first = page.locator("#search-suggest").get_by_role("link", name="Helios Energy Onboarding")
    expect(first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-suggest")).not_to_be_visible()


def the_menu_opens(page: Page) -> None:
    page.get_by_role("button", name="Maya Ortiz").press("ArrowDown")
    menu = page.locator("#me-menu")
    for name in ("Mailbox", "Time zone and country", "Where you are signed in", "Personal tokens"):
        expect(menu.get_by_role("link", name=name, exact=True)).to_be_focused()
        page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).not_to_be_visible()


def the_composer_previews(page: Page) -> None:
    page.get_by_role("button", name="Plain text").press("Enter")
    expect(page.get_by_label("The email as plain text")).to_be_visible()
    with page.expect_request("**/preview") as asked:
        page.get_by_label("Closing").fill("Until Tuesday.")
    body = asked.value.post_data or ""
    assert "Until+Tuesday" in body
    assert "contact=priya&contact=tom" in body
    assert asked.value.headers["x-csrf-token"] == "t0ken"
    expect(page.get_by_role("button", name="Send 7 emails")).to_be_disabled()
    expect(page.get_by_label("The email as plain text")).to_be_visible()  # the chosen tab outlives the swap
    page.get_by_role("button", name="Restore template text").press("Enter")
    expect(page.get_by_label("Closing")).to_have_value("See you on Tuesday.")


def the_outbox_asks_first(page: Page) -> None:
    cancel = page.get_by_role("button", name="Cancel: Kickoff")
    cancel.press("Enter")
    expect(page.get_by_text("The email to Priya Nair will not be sent.")).to_be_visible()
    page.get_by_role("button", name="Go back").press("Enter")
    expect(cancel).to_be_visible()
    cancel.press("Enter")
    page.locator("#confirm").get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("#email-m1").get_by_text("Cancelled")).to_be_visible()
