"""The pages of mail in a real browser: what is opened brings what it says, by keyboard and without complaint."""

from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, expect

from tests.web_kit.test_pages_render import watched_page


def test_what_is_opened_brings_what_it_says(site: str, browser: Browser) -> None:
    with browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce") as context:
        page, complaints = watched_page(context)
        page.goto(urljoin(site, "/page/timeline"))
        a_conversation_unfolds(page)
        the_text_comes(page)
        a_mail_is_moved(page)
        page.goto(urljoin(site, "/page/mailbox"))
        expect(page.get_by_text("Your mailbox has 2,206 messages")).to_be_visible()
        expect(page.get_by_label("Your secret address")).to_be_visible()
        page.get_by_label("Your secret address").focus()
        assert page.evaluate("getSelection().toString()").startswith("log+")
        page.goto(urljoin(site, "/page/rules"))
        page.get_by_text("or everything with a Gmail label").press("Enter")
        expect(page.get_by_text("Private", exact=True).last).to_be_visible()
        page.goto(urljoin(site, "/page/unmatched"))
        a_question_is_answered(page)
        assert not complaints


def a_conversation_unfolds(page: Page) -> None:
    page.get_by_text("4 emails, 2 from them · since 12 May").press("Enter")
    expect(page.get_by_role("heading", name="Automatic reply: Kickoff")).to_be_visible()
    page.get_by_text("240 emails · since 3 Feb 2019").press("Enter")
    expect(page.locator("#entry-t4").get_by_role("heading", name="Automatic reply: Kickoff")).to_be_visible()


def the_text_comes(page: Page) -> None:
    entry = page.locator("#mail-t1")
    entry.get_by_text("Show the text of Re: Kickoff for Helios Energy").press("Enter")
    expect(entry.get_by_text("Tuesday suits us.")).to_be_visible()
    expect(entry.get_by_text("Does Tuesday suit you?")).not_to_be_visible()
    entry.get_by_text("Show quoted text").press("Enter")
    expect(entry.get_by_text("Does Tuesday suit you?")).to_be_visible()


def a_mail_is_moved(page: Page) -> None:
    entry = page.locator("#mail-t1")
    entry.locator("summary", has_text="Here by priya@helios.example").press("Enter")
    expect(entry.get_by_text("is that of a contact of Helios Energy")).to_be_visible()
    entry.get_by_text("Move to another account").press("Enter")
    entry.get_by_label("Which account?").fill("hel")
    entry.get_by_role("button", name="Helios Energy", exact=True).press("Enter")
    expect(page.get_by_text("On the timeline of Borealis now.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_text("4 emails, 2 from them · since 12 May")).to_be_visible()  # the others stay


def a_question_is_answered(page: Page) -> None:
    ask = page.locator("#ask-g1")
    ask.get_by_text("Add as a contact of Helios Energy").press("Enter")
    expect(ask.get_by_label("First name")).to_have_value("Ravi")
    ask.get_by_label("Another account").first.fill("hel")
    expect(ask.get_by_role("button", name="Helios Energy", exact=True)).to_be_visible()
    ask.get_by_text("Not for Rapport").press("Enter")
    expect(ask.get_by_label("First name")).not_to_be_visible()  # one question at a time
    ask.get_by_role("button", name="Not customer mail").press("Enter")
    expect(page.get_by_text("They leave Rapport and will not come back.")).to_be_visible()
    page.locator("#confirm").get_by_role("button", name="Go back").press("Enter")
