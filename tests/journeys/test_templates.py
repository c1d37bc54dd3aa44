"""An admin's day with the templates: find one, write, see it for everybody, be stopped, publish, compare, go back."""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.journeys.conftest import Demo, picture
from tests.journeys.steps import connect_gmail, sign_in, task_of

DANA = "dana@rapport.example"
ALICE = "alice@rapport.example"


def source(page: Page) -> Locator:
    return page.get_by_role("textbox", name="MJML source")


def shown(page: Page) -> FrameLocator:
    return page.frame_locator("[data-stage]:not([hidden]) iframe:not(.is-coming)")


def write(page: Page, text: str) -> None:
    """Paste the whole MJML."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    source(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+v")


def text_of(page: Page) -> str:
    """The MJML that the editor has, whole: the view only draws the lines in sight."""
    return page.locator("#draft-mjml").input_value()


def replace(page: Page, before: str, after: str) -> None:
    whole = text_of(page)
    assert before in whole
    write(page, whole.replace(before, after))


def section(text: str) -> str:
    return f"<mj-section><mj-column><mj-text><p>{text}</p></mj-text></mj-column></mj-section></mj-body>"


def open_editor(page: Page, demo: Demo, slug: str) -> None:
    page.goto(f"{demo.url}/templates/{slug}/edit")
    expect(page.locator("[data-summary]")).to_have_text("No problems")


def choose_contact(page: Page, words: str) -> None:
    page.locator("[data-picker-open]").click()
    page.get_by_role("searchbox", name="Search contacts").fill(words)
    page.locator("[data-picker-found] button").first.click()


def publish(page: Page, note: str) -> None:
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What changed?").fill(note)
    dialog.get_by_role("button", name="Publish", exact=True).click()


def test_an_admin_finds_a_template_and_sees_how_it_is_used(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    page.get_by_role("link", name="Email templates").click()
    expect(page.locator("#templates").get_by_role("link", name="Welcome, and who your TAM is")).to_be_visible()
    picture(page, "templates-01-library")
    page.get_by_role("searchbox").last.fill("soft")
    expect(page.locator("#templates .rp-list > li")).to_have_count(1)
    page.get_by_role("link", name="Shared blocks").click()
    expect(page.locator("#templates")).to_contain_text("Signature")
    picture(page, "templates-02-blocks")
    page.locator("#templates").get_by_role("link", name="Signature").click()
    expect(page.get_by_role("heading", name="Included by")).to_be_visible()
    picture(page, "templates-03-block")
    page.goto(f"{demo.url}/templates/renewal-soft-question")
    expect(page.get_by_text("Language is German")).to_be_visible()
    expect(page.get_by_text("Upcoming renewal")).to_be_visible()
    picture(page, "templates-04-template")


def test_an_admin_writes_with_a_live_preview_and_completion(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    open_editor(page, demo, "adoption-workshop")
    choose_contact(page, "Yuki")
    expect(shown(page).get_by_text("由紀").first).to_be_visible()
    picture(page, "templates-05-editor")

    replace(
        page,
        "</mj-body>",
        section("A new line."),
    )
    expect(shown(page).get_by_text("A new line.")).to_be_visible()
    expect(page.locator("[data-saved-text]")).to_contain_text("Saved")

    page.get_by_role("button", name="Plain text").click()
    expect(shown(page).locator("pre")).to_contain_text("A new line.")
    picture(page, "templates-06-plain-text")
    page.get_by_role("button", name="In Gmail").click()
    expect(shown(page).locator("body > div[dir=ltr]")).to_contain_text("A new line.")
    picture(page, "templates-07-in-gmail")
    page.get_by_role("button", name="HTML", exact=True).click()
    page.get_by_role("button", name="Dark", exact=True).click()
    page.get_by_role("button", name="Phone", exact=True).click()
    expect(shown(page).get_by_text("A new line.")).to_be_visible()
    picture(page, "templates-08-phone-dark")

    source(page).click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.keyboard.type("\n<mj-")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("mj-head")
    picture(page, "templates-09-completion")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_text("The draft is discarded.")).to_be_visible()


def test_a_merge_field_is_inserted_from_the_list_that_shows_its_value(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    open_editor(page, demo, "adoption-ci")
    choose_contact(page, "Greta")
    page.get_by_role("button", name="Fields").click()
    fields = page.locator("#fields-list")
    expect(fields).to_contain_text("Blue Harbor Bank")
    expect(fields).to_contain_text("synced")
    picture(page, "templates-10-fields")
    page.get_by_role("textbox", name="Subject").click()
    page.get_by_role("searchbox", name="Search the merge fields").fill("full name")
    fields.get_by_role("button", name="Insert").first.click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-subject]")).to_contain_text("Greta Holm")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard the draft").click()


def test_what_is_broken_is_marked_at_its_line_and_cannot_be_published(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    open_editor(page, demo, "onboarding-training-support")
    replace(page, "{{ contact.first_name", "{{ contact.frist_name")
    expect(page.locator("[data-summary]")).to_contain_text("problem")
    expect(page.locator(".cm-lint-marker-error").first).to_be_visible()
    expect(page.locator("#findings")).to_contain_text("Did you mean contact.first_name?")
    expect(page.get_by_text("Shown: the last version without errors")).to_be_visible()
    picture(page, "templates-11-errors")
    page.get_by_role("button", name="Publish…").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_text("Saved", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard the draft").click()


def test_publish_compare_and_restore(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    open_editor(page, demo, "onboarding-security-backup")
    replace(
        page,
        "</mj-body>",
        section("Ask me about restores."),
    )
    expect(shown(page).get_by_text("Ask me about restores.")).to_be_visible()
    expect(page.locator("[data-saved-text]")).to_contain_text("Saved")
    publish(page, "Offers help with restores")
    expect(page.get_by_text("Version 2 is published.")).to_be_visible()
    expect(page.get_by_text("Offers help with restores")).to_be_visible()
    picture(page, "templates-12-published")
    page.get_by_role("link", name="Changes of version 2").click()
    expect(page.locator("ins", has_text="Ask me about restores.").first).to_be_visible()
    expect(page.frame_locator("iframe >> nth=1").get_by_text("Ask me about restores.")).to_be_visible()
    picture(page, "templates-13-compare")
    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore into the draft").click()
    expect(page.get_by_text("The draft is what version 1 was.")).to_be_visible()
    publish(page, "Back to the first")
    expect(page.get_by_text("Version 3 is published.")).to_be_visible()


def test_a_template_that_is_empty_for_some_is_refused_by_name(
    page: Page, demo: Demo, expected_complaints: list[str]
) -> None:
    expected_complaints.append("422")
    sign_in(page, demo, DANA)
    page.goto(f"{demo.url}/templates/new")
    picture(page, "templates-14-new")
    page.get_by_label("Name", exact=True).fill("Language check")
    expect(page.get_by_label("Short name")).to_have_value("language-check")
    page.get_by_label("Folder").select_option("adoption")
    page.get_by_label("Purpose").fill("Ask for the language.")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.locator("[data-summary]")).to_contain_text("No problems")
    replace(page, "Write here.", "You read {{ contact.language }}.")
    expect(page.locator("[data-missing]")).to_contain_text("Contact: language")
    expect(page.locator("[data-saved-text]")).to_contain_text("Saved")
    publish(page, "First version")
    refused = page.get_by_role("alert").filter(has_text="Not published")
    expect(refused).to_contain_text("Contact: language is empty for")
    expect(refused).to_contain_text("Devin Cole (Arcadia Health)")
    picture(page, "templates-15-refused")
    page.locator("[data-picker-open]").click()
    expect(page.locator("[data-picker-worst]")).to_contain_text("Another script than Latin")
    picture(page, "templates-16-ten-worst")


def test_a_shared_block_takes_its_templates_along(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    open_editor(page, demo, "footer-unsubscribe")
    replace(page, "</mj-text>", "<p>We write at most twice a month.</p></mj-text>")
    expect(shown(page).get_by_text("We write at most twice a month.")).to_be_visible()
    expect(page.locator("[data-saved-text]")).to_contain_text("Saved")
    publish(page, "Says how often we write")
    expect(page.get_by_text("5 templates that use it got a new version, too.")).to_be_visible()
    page.goto(f"{demo.url}/templates/journey-webinar")
    expect(page.get_by_text("Follows the shared block footer-unsubscribe.")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("We write at most twice a month.")).to_be_visible()
    picture(page, "templates-17-followed-a-block")


def test_a_test_email_reaches_the_admin_and_only_the_admin(page: Page, demo: Demo) -> None:
    sign_in(page, demo, DANA)
    connect_gmail(page, demo, DANA)
    open_editor(page, demo, "ebr-request")
    page.get_by_role("button", name="Send a test to myself").click()
    expect(page.get_by_text(f"On its way to {DANA}")).to_be_visible(timeout=20_000)
    picture(page, "templates-18-test-email")
    page.goto(f"{demo.sandbox_url}/mail/{DANA}")
    expect(page.get_by_text("[Test]").first).to_be_visible()


def test_each_contact_gets_the_wording_in_their_language(page: Page, demo: Demo) -> None:
    sign_in(page, demo, ALICE)
    page.get_by_role("link", name="Renewal of Blue Harbor Bank").click()
    task_of(page, "Ask the soft question").get_by_role("link", name="Write email").click()
    expect(page.get_by_text("Language is German")).to_be_visible()
    preview = page.locator("#preview")
    preview.get_by_role("radio", name="Lena Vogt").check()
    expect(page.frame_locator("#preview iframe").get_by_text("Guten Tag", exact=False).first).to_be_visible()
    picture(page, "templates-19-two-languages")


@pytest.mark.parametrize("who", [ALICE])
def test_others_may_look_and_not_change(page: Page, demo: Demo, who: str) -> None:
    sign_in(page, demo, who)
    page.goto(f"{demo.url}/templates/ebr-agenda")
    expect(page.get_by_role("heading", name="Agenda of the business review")).to_be_visible()
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    expect(page.get_by_role("button", name="Archive")).to_have_count(0)
