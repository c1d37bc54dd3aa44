"""The editor in a real browser: what it sends, and how it gets over a conflict, a broken answer and another sign-in."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

SUBJECT = '[data-editor="subject"] .cm-content'
STAY = "document.addEventListener('submit', event => event.target.method === 'post' && event.preventDefault())"
SEEN = "form => [form.elements.revision.value, form.elements.based_on.value]"


@pytest.fixture
def editor(site: str, browser: Browser) -> Iterator[Page]:
    """The editor of a template, checked once, under a clock that the test moves."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce") as context:
        page, faults = context.new_page(), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.clock.install()
        page.goto(urljoin(site, "/page/template-edit"))
        expect(page.locator("[data-summary]")).to_have_text("No problems")
        yield page
        assert not faults


def change(page: Page, text: str = "A gentle word. ") -> None:
    page.locator("#settings-box").evaluate("box => { box.open = true; }")
    page.get_by_label("Description").fill(text)


def saved(page: Page) -> Any:
    """What Ctrl+S sends."""
    with page.expect_response("**/editor/save") as answered:
        page.keyboard.press("Control+s")
    return answered.value.request.post_data_json


def says(page: Page, words: str) -> None:
    expect(page.locator("[data-saved-text]")).to_contain_text(words)


def test_a_save_tells_which_draft_was_seen_and_so_do_the_forms(editor: Page) -> None:
    change(editor)
    sent = saved(editor)
    assert (sent["revision"], sent["based_on"]) == (7, "version-3")
    says(editor, "Saved 10:31")
    editor.evaluate(STAY)
    editor.get_by_role("button", name="Publish…").click()
    editor.locator("[data-publish]").click()
    assert editor.locator("#publish form").evaluate(SEEN) == ["8", "version-3"]
    editor.get_by_role("button", name="Go back").click()
    editor.get_by_role("button", name="Discard the draft").click()
    editor.locator("#confirm").get_by_role("button", name="Discard the draft").click()
    discard = editor.locator("form[data-confirm-label='Discard the draft']")
    expect(discard.locator("[name=revision]")).to_have_value("8")
    assert discard.evaluate(SEEN) == ["8", "version-3"]


def test_mine_goes_over_the_draft_that_the_conflict_told_of(editor: Page) -> None:
    refused = {"detail": "Dana has saved this draft meanwhile.", "cure": "", "revision": 2, "based_on": "version-4"}
    editor.route("**/editor/save", lambda route: route.fulfill(status=409, json=refused), times=1)
    change(editor)
    saved(editor)
    expect(editor.get_by_role("alert")).to_contain_text("Dana has saved this draft meanwhile.")
    with editor.expect_request("**/editor/save") as asked:
        editor.get_by_role("button", name="Save mine over it").click()
    sent = asked.value.post_data_json
    assert (sent["revision"], sent["based_on"]) == (2, "version-4")
    expect(editor.get_by_role("alert")).not_to_be_visible()
    says(editor, "Saved 10:31")


@pytest.mark.parametrize(
    ("kind", "body"), [("application/json", '{"revision": 8, "sav'), ("text/html", "<p>Welcome to the hotel")]
)
def test_an_answer_that_cannot_be_read_does_not_end_the_saving(editor: Page, kind: str, body: str) -> None:
    editor.route("**/editor/save", lambda route: route.fulfill(status=200, content_type=kind, body=body), times=1)
    change(editor)
    saved(editor)
    says(editor, "Not saved: Rapport's answer could not be read.")
    editor.clock.fast_forward(11_000)  # it tries again by itself
    says(editor, "Saved 10:31")
    change(editor, "Another word. ")
    saved(editor)
    says(editor, "Saved 10:31")


class SignIn:
    """Lets only the newest token through, as the server does."""

    def __init__(self, page: Page) -> None:
        self.token = "anew"
        self.asked = 0
        page.route("**/editor/token", self._tell)
        for name in ("save", "check"):
            page.route(f"**/editor/{name}", self._guard)

    def _tell(self, route: Route) -> None:
        self.asked += 1
        route.fulfill(json={"token": self.token})

    def _guard(self, route: Route) -> None:
        if route.request.headers["x-csrf-token"] == self.token:
            route.continue_()
        else:
            route.fulfill(
                status=403,
                content_type="application/problem+json",
                body=json.dumps({"detail": "This page is from an earlier sign-in.", "cure": "Reload the page."}),
            )


def test_another_sign_in_is_taken_over_by_the_whole_page(editor: Page) -> None:
    sign_in = SignIn(editor)
    change(editor)
    saved(editor)
    says(editor, "Saved 10:31")
    assert sign_in.asked == 1
    with editor.expect_request("**/test-email") as asked:  # what htmx sends
        editor.get_by_role("button", name="Send a test to myself").click()
    assert asked.value.headers["x-csrf-token"] == "anew"
    fields = editor.locator("input[name=csrf_token]")
    assert set(fields.evaluate_all("all => all.map(one => one.value)")) == {"anew"}
    with editor.expect_request("**/editor/preview") as drawn:
        editor.get_by_role("button", name="Plain text").click()
    assert "csrf_token=anew" in (drawn.value.post_data or "")


def test_coming_back_from_another_tab_takes_the_sign_in_over(editor: Page) -> None:
    SignIn(editor)
    with editor.expect_response(lambda answer: answer.url.endswith("/editor/check") and answer.ok):
        editor.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(editor.locator("#publish input[name=csrf_token]")).to_have_value("anew")


def test_a_page_that_is_refused_for_another_reason_asks_once(editor: Page) -> None:
    SignIn(editor)
    sent: list[Request] = []
    editor.on("request", lambda request: sent.append(request) if request.url.endswith("/editor/save") else None)
    editor.unroute("**/editor/token")  # the server goes on giving the token that the page has
    change(editor)
    saved(editor)
    says(editor, "Not saved: This page is from an earlier sign-in. Reload the page.")
    assert len(sent) == 1


def test_nobody_is_signed_in_and_the_words_say_so(editor: Page) -> None:
    SignIn(editor)
    editor.unroute("**/editor/token")
    editor.route("**/editor/token", lambda route: route.fulfill(status=401, json={"title": "Sign in first"}))
    change(editor)
    saved(editor)
    says(editor, "Not saved: You are signed out. Sign in in another tab, then come back and press Ctrl+S.")


def test_whoever_types_fast_chooses_from_what_answers_the_words(editor: Page) -> None:
    editor.locator("[data-picker-open]").click()
    first = editor.locator("[data-picker-found] button").first
    expect(first).to_contain_text("Priya Nair")
    editor.get_by_role("searchbox", name="Search contacts").fill("Tom")
    first.click()
    expect(editor.locator("[data-chosen]")).to_have_text("Tom Becker")


def test_a_role_that_only_the_file_knows_outlives_a_change(editor: Page) -> None:
    change(editor)
    assert saved(editor)["for_roles"] == ["champion", "night_watch"]
    expect(editor.get_by_role("group", name="Who it is for")).to_have_accessible_description(
        "Publishing checks the email of each of them. Nobody ticked: everybody."
    )


def test_a_block_has_a_name_and_a_description_only(editor: Page) -> None:
    editor.goto(editor.url.replace("template-edit", "template-edit-block"))
    fields = editor.locator("#settings :is(input, select, textarea)")
    assert fields.evaluate_all("all => all.map(one => one.name)") == ["name", "description"]


@pytest.mark.parametrize(
    ("pasted", "whole", "cursor"),
    [
        ("Two\nlines", "KickTwo linesoff", 13),
        ("Two  \r\n\n  lines\n", "KickTwo lines off", 14),
        ("\n \n", "Kick off", 5),
    ],
)
def test_lines_pasted_into_the_subject_become_one_and_the_cursor_stays_behind_them(
    editor: Page, pasted: str, whole: str, cursor: int
) -> None:
    subject = editor.locator(SUBJECT)
    subject.fill("Kickoff")
    subject.press("Home")
    for _ in "Kick":
        subject.press("ArrowRight")
    subject.evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            field.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }""",
        pasted,
    )
    expect(subject).to_have_text(whole)
    editor.keyboard.insert_text("|")
    expect(subject).to_have_text(f"{whole[:cursor]}|{whole[cursor:]}")
