"""From a blank mail to the customer's timeline, and from a mail of theirs to what is done about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from server.accounts.models import Account
from server.ctas.models import CtaTask
from server.mail import jobs
from server.mailboxes import reading
from server.runtime import Runtime
from server.sandbox.deliver import PlacedMail
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level, TimelineEntry
from tests.cast import ALICE, Book
from tests.extension.chrome import Chrome
from tests.extension.stand_in_gmail import StandInGmail
from tests.extension.test_sends import answered
from tests.extension.test_the_panel import PRIYA, TOM, WELCOME, choices
from tests.extension.writing import body, clear, write
from tests.web.axe import Findings
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE


@pytest.fixture
def read(runtime: Runtime, alices_mailbox: uuid.UUID) -> Callable[[], None]:
    """Alice's mailbox is read; calling this is the worker that does it."""
    with runtime.db.transaction() as session:
        reading.start(session, alices_mailbox, level=Level.SUBJECT, days=30, now=runtime.clock.now())
    jobs.read(runtime, mailbox_id=str(alices_mailbox))

    def look() -> None:
        with runtime.db.transaction() as session:
            reading.look_now(session, email=ALICE, now=runtime.clock.now())
        jobs.read(runtime, mailbox_id=str(alices_mailbox))

    return look


def sent(panel: Page) -> Locator:
    return panel.get_by_role("status", name="Mails that left")


def press_send(gmail: Page) -> None:
    gmail.bring_to_front()
    gmail.get_by_role("button", name="Send", exact=True).click()


def subjects(runtime: Runtime) -> list[str]:
    with runtime.db.reading() as session:
        return list(session.scalars(select(TimelineEntry.subject)))


def test_a_template_is_applied_undone_applied_sent_linked_and_seen_on_the_timeline(
    browsing: Chrome, read: Callable[[], None], panel: Page, gmail: Page, runtime: Runtime
) -> None:
    write(gmail, to=[PRIYA], signature=True)
    expect(panel.get_by_text("It goes on the timeline of Helios Energy.")).to_be_visible()
    expect(panel.get_by_text("Subject only", exact=True)).to_be_visible()
    before = body(gmail)
    choices(panel).filter(has_text=WELCOME).click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_text("Taken back. Your mail is as it was before.")).to_be_visible()
    assert body(gmail) == before
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    assert subjects(runtime) == [], "nothing is logged by the button"
    press_send(gmail)
    expect(sent(panel)).to_contain_text(f"Your mail to {PRIYA}")
    read()
    expect(sent(panel)).to_contain_text("It stands on the timeline.")
    assert subjects(runtime) == ["Welcome to GitLab, Helios Energy"]
    with browsing.context.expect_page() as opened:
        sent(panel).get_by_role("link", name="Helios Energy").click()
    timeline = opened.value
    expect(timeline.get_by_text("Welcome to GitLab, Helios Energy").first).to_be_visible()
    timeline.close()
    sent(panel).get_by_role("button", name="Close").click()
    expect(sent(panel)).to_be_empty()


def test_the_email_of_a_task_is_sent_from_gmail_and_the_task_ticked_off(
    read: Callable[[], None], panel: Page, gmail: Page, runtime: Runtime, book: Book
) -> None:
    write(gmail, to=[TOM])
    panel.get_by_role("button", name=f"Insert “{WELCOME}”").click()
    expect(panel.get_by_text(f"Inserted: {WELCOME} v1")).to_be_visible()
    press_send(gmail)
    expect(sent(panel)).to_contain_text(f"Your mail to {TOM}")
    read()
    sent(panel).get_by_role("button", name="Tick off “Send the welcome email”").click()
    expect(sent(panel)).to_contain_text("The task “Send the welcome email” is done.")
    with runtime.db.reading() as session:
        assert session.get_one(CtaTask, book.email_task).done_at is not None


def test_who_may_read_a_mail_is_chosen_before_it_leaves_and_the_choice_follows_its_people(
    read: Callable[[], None], panel: Page, gmail: Page, runtime: Runtime
) -> None:
    write(gmail, to=[TOM], subject="Between us")
    panel.get_by_role("button", name="Change who may read it").click()
    panel.get_by_label("Do not log").check()
    expect(panel.get_by_text("your choice for this mail")).to_be_visible()
    expect(
        panel.get_by_text("Not logged", exact=True).or_(panel.get_by_text("Do not log", exact=True)).first
    ).to_be_visible()
    # Somebody is added after that: it holds for the mail, not for the list of people.
    gmail.evaluate("(one) => standIn.add(one)", PRIYA)
    expect(panel.get_by_role("list", name="Recipients").get_by_role("listitem")).to_have_count(2)
    expect(panel.get_by_text("your choice for this mail")).to_be_visible()
    press_send(gmail)
    expect(sent(panel)).to_contain_text(f"Your mail to {TOM} and 1 more")
    read()
    expect(sent(panel)).to_contain_text("You chose so before you sent it")
    assert subjects(runtime) == []
    # The next one is as always.
    write(gmail, to=[TOM], subject="Not between us")
    expect(panel.get_by_text("It goes on the timeline of Helios Energy.")).to_be_visible()
    expect(panel.get_by_text("your choice for this mail")).to_be_hidden()
    press_send(gmail)
    expect(sent(panel)).to_contain_text("Rapport reads it in a moment")
    read()
    expect(sent(panel)).to_contain_text("It stands on the timeline.")
    assert subjects(runtime) == ["Not between us"]


def test_a_mail_that_is_taken_back_is_not_logged_and_one_for_later_is_when_it_leaves(
    read: Callable[[], None], panel: Page, gmail: Page, gmail_server: StandInGmail, runtime: Runtime
) -> None:
    write(gmail, to=[TOM], subject="Too soon")
    press_send(gmail)
    expect(sent(panel)).to_contain_text(f"Your mail to {TOM}")
    answered(gmail)
    gmail.get_by_text("Undo", exact=True).click()
    answered(gmail, 2)
    expect(sent(panel)).to_contain_text("You took it back: nothing is logged.")
    read()
    assert subjects(runtime) == []
    clear(gmail)
    write(gmail, to=[TOM], subject="Later")
    gmail.locator(".more").click()
    gmail.get_by_role("menuitem", name="Schedule send").click()
    gmail.get_by_role("menuitem", name="Tomorrow morning").click()
    expect(sent(panel)).to_contain_text("Gmail sends it later. It is logged once it has left.")
    read()
    assert subjects(runtime) == []
    gmail_server.sync.leave_now()
    read()
    assert subjects(runtime) == ["Later"]


@pytest.fixture
def letter(sandbox: RunningSandbox) -> Callable[[str, str], str]:
    """letter(from, subject) lies in Alice's Gmail; its id, which is that of its conversation, too."""

    def place(sender: str, title: str) -> str:
        raw = f"From: {sender}\r\nTo: {ALICE}\r\nSubject: {title}\r\n\r\nHello Alice".encode()
        [gmail_id] = sandbox.place(ALICE, [PlacedMail(raw=raw, labels=("INBOX",), at=datetime.now(UTC))])
        return gmail_id

    return place


def open_thread(gmail: Page, gmail_id: str, title: str, email: str, name: str) -> None:
    messages = [{"id": gmail_id, "from": {"email": email, "name": name}}]
    gmail.evaluate("(one) => standIn.open(one)", {"threadId": gmail_id, "subject": title, "messages": messages})


def test_beside_a_mail_that_is_read_stands_where_it_is_and_it_is_put_right(
    browsing: Chrome,
    read: Callable[[], None],
    letter: Callable[[str, str], str],
    panel: Page,
    gmail: Page,
    runtime: Runtime,
) -> None:
    with runtime.db.transaction() as session:
        now = runtime.clock.now()
        session.add(Account(name="Borealis", name_key="borealis", created_at=now, updated_at=now))
    gmail_id = letter(f"Tom Becker <{TOM}>", "Rollout")
    read()
    open_thread(gmail, gmail_id, "Rollout", TOM, "Tom Becker")
    place = panel.get_by_role("group", name="On the timeline of Helios Energy")
    expect(place).to_contain_text("Tom Becker’s address")
    place.get_by_role("button", name="Move").click()
    place.get_by_label("To the timeline of").fill("bor")
    place.get_by_role("button", name="Borealis").click()
    place.get_by_role("button", name="Move to Borealis").click()
    moved = panel.get_by_role("group", name="On the timeline of Borealis")
    expect(moved).to_contain_text("Alice Moreau")
    panel.get_by_role("button", name="Undo", exact=True).click()
    expect(panel.get_by_role("group", name="On the timeline of Helios Energy")).to_be_visible()
    place.get_by_role("button", name="Who may read it").click()
    place.get_by_label("People and time only").click()
    expect(place).to_contain_text("Colleagues see who wrote to whom and when")
    found = Findings()
    found.look(panel, "a conversation")
    assert found.faults == []
    place.get_by_role("button", name="Take off").click()
    expect(place).to_be_hidden()


def test_a_stranger_becomes_a_contact_with_one_click_and_their_mail_is_placed(
    read: Callable[[], None], letter: Callable[[str, str], str], panel: Page, gmail: Page, runtime: Runtime
) -> None:
    gmail_id = letter("Nora Quist <nora@quist.example>", "A question")
    read()
    open_thread(gmail, gmail_id, "A question", "nora@quist.example", "Nora Quist")
    expect(panel.get_by_text("Waits for you")).to_be_visible()
    card = panel.get_by_role("region", name="nora@quist.example")
    expect(card.get_by_label("First name")).to_have_value("Nora")
    card.get_by_label("At the account").fill("helios")
    card.get_by_role("button", name="Helios Energy").click()
    card.get_by_role("button", name="Add Nora Quist to Helios Energy").click()
    expect(panel.get_by_role("group", name="On the timeline of Helios Energy")).to_be_visible()
    assert subjects(runtime) == ["A question"]


def test_a_call_is_logged_and_tasks_are_done_and_put_off_beside_the_mail(
    read: Callable[[], None], letter: Callable[[str, str], str], panel: Page, gmail: Page, runtime: Runtime, book: Book
) -> None:
    gmail_id = letter(f"Tom Becker <{TOM}>", "Rollout")
    read()
    open_thread(gmail, gmail_id, "Rollout", TOM, "Tom Becker")
    helios = panel.get_by_role("region", name="Helios Energy")
    helios.get_by_role("button", name="Log a call or a note").click()
    helios.get_by_label("Subject").fill("Kick-off call")
    helios.get_by_label("What was said").fill("All on track.")
    helios.get_by_role("button", name="Log it").click()
    expect(helios.get_by_text("Logged on the timeline of Helios Energy.")).to_be_visible()
    expect(helios.get_by_text("Kick-off call")).to_be_visible()
    with runtime.db.reading() as session:
        to_do = session.get_one(CtaTask, book.to_do).title
    helios.get_by_role("button", name=f"Done: {to_do}").click()
    expect(helios.get_by_text("Done.", exact=True)).to_be_visible()
    helios.get_by_role("button", name=f"Undo: {to_do}").click()
    helios.get_by_role("button", name=f"Later: {to_do}").click()
    helios.get_by_label("Why (others see it)").fill("She is on leave.")
    helios.get_by_role("button", name="Put off").click()
    expect(helios.get_by_role("status").filter(has_text="Put off through")).to_be_visible()
    with runtime.db.reading() as session:
        task = session.get_one(CtaTask, book.to_do)
        assert (task.snooze_reason, task.done_at) == ("She is on leave.", None)
        assert task.snoozed_through is not None


def test_where_nothing_of_gmail_is_understood_a_draft_is_made_in_it(
    browsing: Chrome, read: Callable[[], None], panel: Page, gmail: Page, sandbox: RunningSandbox
) -> None:
    clear(gmail)
    panel.get_by_text("Use a template without Gmail’s window").click()
    panel.get_by_label("For a contact of").fill("helios")
    panel.get_by_role("button", name="Helios Energy").click()
    panel.get_by_role("button", name="Priya Nair").click()
    choices(panel).filter(has_text=WELCOME).click()
    panel.get_by_role("button", name="Make a Gmail draft").click()
    expect(panel.get_by_text("A draft is in your Gmail.")).to_be_visible()
    # The people of this Rapport sign in at another sandbox than the one that has their mail.
    draft = panel.get_by_role("link", name="Open the draft").get_attribute("href") or ""
    page = browsing.context.new_page()
    page.goto(sandbox.base_url + urlsplit(draft).path)
    expect(page.get_by_text("Welcome to GitLab, Helios Energy").first).to_be_visible()
