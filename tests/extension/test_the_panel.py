"""What the panel shows beside a mail that is being written, and what it does to it."""

from __future__ import annotations

import re
import statistics
import sys
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from server.accounts.models import Account
from server.auth import devices
from server.email_templates.load import load_templates
from server.email_templates.source import parse_source
from server.runtime import Runtime
from tests.cast import ALICE, Book
from tests.extension.chrome import OUR_ID, Chrome
from tests.extension.home import Home
from tests.extension.writing import body, clear, write
from tests.panel.test_fill import TERMS
from tests.web.axe import Findings
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE
PRIYA, TOM, SAM = "priya@helios.example", "tom@helios.example", "sam@helios.example"
WELCOME = "Welcome, and who your TAM is"


@pytest.fixture
def terms(runtime: Runtime, book: Book) -> None:
    """A template that needs two values which this account does not have."""
    with runtime.db.transaction() as session:
        load_templates(session, [parse_source(TERMS, "terms")], runtime.clock.now())
        account = session.get_one(Account, book.account)
        account.renewal_on = account.arr = None


def choices(panel: Page) -> Locator:
    return panel.get_by_role("listbox", name="Templates").get_by_role("option")


def subject(gmail: Page) -> Locator:
    return gmail.locator("input[name=subjectbox]")


def test_beside_a_mail_stand_its_people_their_account_its_ctas_and_the_likeliest_template(
    browsing: Chrome, panel: Page, gmail: Page, home: Home
) -> None:
    write(gmail, to=[PRIYA, "new@helios.example"], cc=["bob@rapport.example", SAM])
    people = panel.get_by_role("list", name="Recipients").get_by_role("listitem")
    expect(people).to_have_count(4)
    expect(people.nth(0)).to_contain_text("Priya Nair")
    expect(people.nth(1)).to_contain_text("Not a contact yet")
    expect(people.nth(2)).to_contain_text("A colleague")
    expect(people.nth(3)).to_contain_text("Opted out of emails")
    expect(panel.get_by_text("new mail · to 4 people")).to_be_visible()
    helios = panel.get_by_role("region", name="Helios Energy")
    expect(panel.get_by_text("is that of a contact of Helios Energy")).to_be_visible()
    expect(helios.get_by_role("link", name="Onboard Helios Energy")).to_have_attribute(
        "href", re.compile(f"^{home.address}/ctas/")
    )
    expect(helios.get_by_text("Send the welcome email")).to_be_visible()
    expect(choices(panel).first).to_contain_text("For the task “Send the welcome email”")
    # A mail that Rapport does not read goes nowhere, and so it says.
    expect(panel.get_by_text("Not logged")).to_be_visible()


def test_a_template_is_applied_with_one_press_and_taken_back_exactly(panel: Page, gmail: Page) -> None:
    write(gmail, to=[PRIYA], body=["Typed."], signature=True)
    expect(panel.get_by_text("Filled in for Priya Nair.")).to_be_visible()
    before = body(gmail)
    choices(panel).filter(has_text=WELCOME).click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    after = body(gmail)
    assert after.index("Typed.") < after.index("Priya") < after.index("gmail_signature")
    assert "{{" not in after
    expect(subject(gmail)).to_have_value("Welcome to GitLab, Helios Energy")
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_text("Taken back. Your mail is as it was before.")).to_be_visible()
    assert body(gmail) == before


def test_the_task_of_a_cta_inserts_its_own_template(panel: Page, gmail: Page) -> None:
    write(gmail, to=[TOM])
    panel.get_by_role("button", name=f"Insert “{WELCOME}”").click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    assert "Tom" in body(gmail)


def test_a_plain_text_mail_gets_the_text(panel: Page, gmail: Page) -> None:
    write(gmail, to=[PRIYA], plain=True)
    expect(panel.get_by_text("new mail, plain text · to one person")).to_be_visible()
    choices(panel).filter(has_text=WELCOME).click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    assert "Priya" in body(gmail)
    assert gmail.locator("[g_editable] *:not(br, div)").count() == 0


@pytest.mark.usefixtures("terms")
def test_what_is_missing_is_asked_for_and_nothing_that_was_typed_is_lost(panel: Page, gmail: Page, home: Home) -> None:
    write(gmail, to=[TOM])
    choices(panel).filter(has_text="Terms").click()
    expect(panel.get_by_role("heading", name=re.compile("needs 2 values"))).to_be_focused()
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(panel.get_by_label("Renewal date")).to_be_focused()
    expect(panel.get_by_text("Write a value, or choose another template.")).to_have_count(2)
    panel.get_by_label("Renewal date").fill("2027-09-30")
    panel.get_by_label("annual recurring revenue").fill("much")
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("write it as 120000.00")
    expect(panel.get_by_label("Renewal date")).to_have_value("2027-09-30")
    home.stop()
    panel.get_by_label("annual recurring revenue").fill("1200.50")
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(panel.get_by_role("alert")).to_contain_text("does not answer")
    assert body(gmail) == "<div><br></div>", "nothing half-made"
    home.start()
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(panel.get_by_text("Inserted: ")).to_be_visible()
    assert "30 September 2027" in body(gmail)
    expect(panel.get_by_text("One text has a “…” for you to fill in.")).to_be_visible()


@pytest.mark.usefixtures("terms")
def test_access_that_ends_in_the_middle_is_given_again_and_what_was_typed_stays(
    browsing: Chrome, panel: Page, gmail: Page, runtime: Runtime, book: Book
) -> None:
    write(gmail, to=[TOM], body=["Typed."])
    choices(panel).filter(has_text="Terms").click()
    panel.get_by_label("Renewal date").fill("2027-09-30")
    panel.get_by_label("annual recurring revenue").fill("1200.50")
    with runtime.db.transaction() as session:
        assert devices.close_all(session, user_id=book.alice) == 1
    browsing.forget_access(panel)
    panel.get_by_role("button", name="Insert", exact=True).click()
    alert = panel.get_by_role("alert")
    expect(alert).to_contain_text("Sign in again. Nothing that you wrote is lost.")
    browsing.sign_in(panel, ALICE)
    expect(panel.get_by_text("You are signed in again. Go on.")).to_be_visible()
    expect(panel.get_by_label("Renewal date")).to_have_value("2027-09-30")
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(panel.get_by_text("Inserted: ")).to_be_visible()
    assert "Typed." in body(gmail)


def test_all_of_it_works_by_keyboard(panel: Page, gmail: Page) -> None:
    write(gmail, to=[PRIYA, TOM])
    panel.bring_to_front()
    expect(choices(panel)).to_have_count(1)
    search = panel.get_by_role("combobox", name="Search templates")
    search.focus()
    panel.keyboard.type("no such words")
    expect(panel.get_by_text("No template has these words.")).to_be_visible()
    panel.keyboard.press("Escape")
    expect(search).to_have_value("")
    panel.keyboard.type("tam")
    expect(choices(panel)).to_have_attribute("aria-selected", "true")
    panel.keyboard.press("ArrowDown")
    panel.keyboard.press("Enter")
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    expect(search).to_be_focused()
    panel.keyboard.press("Shift+Tab")
    panel.keyboard.press("Shift+Tab")
    expect(panel.get_by_role("button", name="Undo")).to_be_focused()
    panel.keyboard.press("Enter")
    expect(panel.get_by_text("Taken back.")).to_be_visible()


@pytest.mark.peer_case(84, 89)
def test_where_gmails_page_is_not_understood_the_person_chooses_and_copies(
    browsing: Chrome, panel: Page, gmail: Page
) -> None:
    write(gmail, to=[PRIYA], form="unheard_of")
    expect(panel.get_by_text("Gmail shows the recipients in a way that Rapport does not know yet.")).to_be_visible()
    panel.get_by_label("For a contact of").fill("helios")
    panel.get_by_role("button", name="Helios Energy").click()
    panel.get_by_role("button", name="Priya Nair").click()
    choices(panel).filter(has_text=WELCOME).click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    clear(gmail)
    # No window of Gmail's is found at all: what was filled in is copied with its layout, and pasted.
    panel.get_by_text("Use a template without Gmail’s window").click()
    panel.get_by_label("For a contact of").fill("helios")
    panel.get_by_role("button", name="Helios Energy").click()
    expect(panel.get_by_role("button", name="Sam Holt")).to_be_disabled()
    panel.get_by_role("button", name="Tom Becker").click()
    choices(panel).filter(has_text=WELCOME).click()
    panel.get_by_role("button", name="Copy").click()
    expect(panel.get_by_text("Copied. Paste it into your mail with Ctrl+V.")).to_be_visible()
    write(gmail, to=[TOM])
    gmail.bring_to_front()
    gmail.locator("[g_editable]").click()
    gmail.keyboard.press("Control+v")
    expect(gmail.locator("[g_editable]")).to_contain_text("Tom")
    assert gmail.locator("[g_editable] p, [g_editable] a, [g_editable] b").count() > 0


def test_of_two_mails_the_person_says_which(panel: Page, gmail: Page) -> None:
    write(gmail, to=[PRIYA], subject="First")
    write(gmail, to=[TOM], subject="Second")
    which = panel.get_by_label("You are writing 2 mails. This one:")
    expect(which.locator("option:checked")).to_have_text(f"Second, new mail to {TOM}")
    which.select_option(label=f"First, new mail to {PRIYA}")
    expect(panel.get_by_role("heading", name="First")).to_be_visible()
    choices(panel).filter(has_text=WELCOME).click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    first, second = gmail.locator("[g_editable]").all()
    assert "Priya" in first.inner_text()
    assert second.inner_text().strip() == ""


def test_a_fault_of_the_server_is_said_and_tried_again(panel: Page, gmail: Page, home: Home) -> None:
    home.failing.add("/api/v1/panel/situation")
    write(gmail, to=[PRIYA])
    expect(panel.get_by_role("alert")).to_contain_text("had a fault of its own")
    home.failing.clear()
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("region", name="Helios Energy")).to_be_visible()


@pytest.mark.usefixtures("terms")
def test_axe_finds_nothing_in_the_panel(panel: Page, gmail: Page) -> None:
    found = Findings()

    def look(name: str) -> None:
        for theme in ("light", "dark"):
            panel.emulate_media(color_scheme=theme)
            found.look(panel, f"{name} ({theme})")

    panel.set_viewport_size({"width": 360, "height": 900})
    look("nothing written")
    write(gmail, to=[PRIYA, "new@helios.example"], cc=["bob@rapport.example", SAM])
    expect(choices(panel).first).to_be_visible()
    expect(panel.get_by_role("region", name="Helios Energy")).to_be_visible()
    look("writing")
    choices(panel).filter(has_text="Terms").click()
    panel.get_by_role("button", name="Insert", exact=True).click()
    look("values are missing")
    choices(panel).filter(has_text=WELCOME).click()
    expect(panel.get_by_text("Inserted: ")).to_be_visible()
    look("inserted")
    panel.get_by_text("Self-test").click()
    expect(panel.locator("li.part").first).to_be_visible()
    look("self-test")
    panel.get_by_role("button", name="Sign out").click()
    expect(panel.get_by_role("button", name="Another server")).to_be_visible()
    look("signed out")
    panel.get_by_role("button", name="Another server").click()
    expect(panel.get_by_label("Address of your Rapport")).to_be_visible()
    look("not paired")
    assert found.faults == []


def test_how_long_a_signed_in_panel_takes_is_printed(
    browsing: Chrome, panel: Page, gmail: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    write(gmail, to=[PRIYA])
    expect(choices(panel).first).to_be_visible()
    took: dict[str, list[float]] = {"empty": [], "usable": [], "suggested": []}
    for _ in range(5):
        page = browsing.context.new_page()
        started = time.perf_counter()
        page.goto(f"chrome-extension://{OUR_ID}/licences.txt")
        took["empty"].append(time.perf_counter() - started)
        started = time.perf_counter()
        page.goto(f"chrome-extension://{OUR_ID}/sidepanel.html")
        page.get_by_role("combobox", name="Search templates").wait_for()
        took["usable"].append(time.perf_counter() - started)
        choices(page).first.wait_for()
        took["suggested"].append(time.perf_counter() - started)
        page.close()
    empty, usable, suggested = (statistics.median(one) * 1000 for one in took.values())
    with capsys.disabled():
        sys.stdout.write(
            f"\nsigned-in panel, median of 5: usable {usable - empty:.0f} ms after an empty page of the extension,"
            f" with suggestions for the open mail {suggested - empty:.0f} ms\n"
        )
