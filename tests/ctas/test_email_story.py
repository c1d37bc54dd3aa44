"""In a browser: a TAM sends the email of a task; the customer answers, is away, or stays silent."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from server import periodic, worker
from server.app import create_app, sign_in_by
from server.auth import sessions
from server.auth.pages import session_cookie
from server.ctas import queries
from server.mail import jobs as mail_jobs
from server.mailboxes import reading
from server.mailboxes.connection import TEXT_SCOPES
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.sends.models import OutboundEmail
from server.timeline.models import Level
from tests.cast import ALICE, Book, connect_mailbox
from tests.conftest import settings_for_tests
from tests.extension.home import Home, free_address
from tests.web.pages import ON_SQLITE

pytestmark = ON_SQLITE

TOM = "Tom Becker <tom@helios.example>"


class Story:
    """Alice's browser, the workers, and Tom, who answers."""

    def __init__(self, page: Page, runtime: Runtime, sandbox: RunningSandbox, book: Book, box: uuid.UUID) -> None:
        self.page, self.runtime, self.sandbox, self.book, self.box = page, runtime, sandbox, book, box

    @property
    def task(self) -> Locator:
        return self.page.locator(f"#task-{self.book.email_task}")

    def open(self) -> None:
        self.page.goto(f"/ctas/{self.book.cta}")

    def send(self) -> None:
        self.open()
        self.task.get_by_role("link", name="Write email").click()
        self.page.get_by_role("button", name="Send email").click()
        expect(self.task).to_be_visible()
        self.deliver()

    def deliver(self) -> None:
        worker.run(self.runtime, "sends.drain", {"mailbox_id": str(self.box)})
        self.read()

    def read(self) -> None:
        with self.runtime.db.transaction() as session:
            reading.look_now(session, email=ALICE, now=self.runtime.clock.now())
        worker.run(self.runtime, mail_jobs.READ, {"mailbox_id": str(self.box)})

    def tom_answers(self, text: str, **headers: str) -> None:
        with self.runtime.db.reading() as session:
            ours = session.scalars(select(OutboundEmail.rfc_message_id)).one()
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = TOM, ALICE, "Re: Welcome"
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{uuid.uuid4()}@helios.example>"
        message["In-Reply-To"] = message["References"] = ours
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        self.sandbox.deliver_raw(message.as_bytes(), to=ALICE, sender="tom@helios.example")
        self.read()

    def days_go_by(self) -> None:
        """As if the day had come from which on silence is something to do."""
        with self.runtime.db.transaction() as session:
            queries.task(session, self.book.email_task).silent_on = date.today() - timedelta(days=1)  # noqa: DTZ011


@pytest.fixture
def story(
    runtime: Runtime,
    sandbox: RunningSandbox,
    book: Book,
    in_a_browser: Callable[[str], Page],
) -> Story:
    now = runtime.clock.now()
    granted = sandbox.tokens_for(ALICE, TEXT_SCOPES)
    with runtime.db.transaction() as session:
        box = connect_mailbox(session, user_id=book.alice, email=ALICE, granted=granted, vault=runtime.vault, now=now)
        task = queries.task(session, book.email_task)
        task.waits_days, task.silent_template_id = 3, task.email_template_id
        reading.start(session, box, level=Level.SUBJECT, days=30, now=now)
        token = sessions.open_session(session, user_id=book.alice, user_agent="test", ip=None, now=now)
    worker.run(runtime, mail_jobs.READ, {"mailbox_id": str(box)})
    return Story(in_a_browser(token), runtime, sandbox, book, box)


@pytest.fixture
def in_a_browser(runtime: Runtime, browser: Browser, sandbox: RunningSandbox, tmp_path: Path) -> Iterator[object]:
    address = free_address()
    settings = settings_for_tests({"RAPPORT_BASE_URL": address, "RAPPORT_SANDBOX_URL": sandbox.base_url}, tmp_path)
    home = Home(address, create_app(replace(runtime, settings=settings, sign_in=sign_in_by(settings, runtime.clock))))
    home.start()
    complaints: list[str] = []
    with browser.new_context(base_url=address) as context:

        def signed_in(token: str) -> Page:
            context.add_cookies([{"name": session_cookie(settings), "value": token, "url": address}])
            page = context.new_page()
            page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
            page.on("pageerror", lambda one: complaints.append(str(one)))
            return page

        yield signed_in
    home.stop()
    assert complaints == []


def test_a_reply_wakes_the_task_with_its_text(story: Story) -> None:
    story.send()
    story.open()
    expect(story.task).to_contain_text("Waiting for an answer until")
    story.tom_answers("Thank you! Tuesday suits us best.")
    story.open()
    expect(story.task).to_contain_text("Tom Becker answered")
    expect(story.task).to_contain_text("Tuesday suits us best.")
    expect(story.task.get_by_role("link", name="Answer in Gmail")).to_be_visible()
    story.task.get_by_role("button", name="Done").click()
    expect(story.task.get_by_text("Done:")).to_have_count(1)


def test_after_silence_the_next_email_goes_to_the_same_people(story: Story) -> None:
    story.send()
    story.days_go_by()
    story.open()
    expect(story.task).to_contain_text("No answer for 3 working days")
    story.task.get_by_role("link", name="Write “Welcome").click()
    expect(story.page.get_by_role("checkbox", name="Tom Becker")).to_be_checked()
    story.page.get_by_role("button", name="Send email").click()
    expect(story.task).to_contain_text("Sending")
    story.deliver()
    expect(story.task).to_contain_text("Waiting for an answer until")
    assert len(story.sandbox.deliveries(to="tom@helios.example")) == 2


def test_who_is_away_is_waited_for_and_the_wait_can_be_made_longer(story: Story) -> None:
    story.send()
    back = date.today() + timedelta(days=21)  # noqa: DTZ011
    story.tom_answers(f"I am on leave, back on {back.isoformat()}.", Auto_Submitted="auto-replied")
    story.open()
    expect(story.task).to_contain_text("They are away and back on")
    story.days_go_by()
    story.open()
    story.task.get_by_role("button", name="Wait 3 more working days").click()
    expect(story.task).to_contain_text("Waiting for an answer until")


def test_an_email_for_tomorrow_morning_waits_in_the_outbox_and_its_time_can_be_changed(story: Story) -> None:
    page = story.page
    story.open()
    story.task.get_by_role("link", name="Write email").click()
    page.locator('label:has-text("Tomorrow, 9:00 their time")').click()
    page.get_by_role("button", name="Schedule email").click()
    expect(story.task).to_contain_text("Scheduled")
    periodic.tick(story.runtime, 0)
    story.deliver()
    assert story.sandbox.deliveries(to="tom@helios.example") == []
    story.task.get_by_role("link", name="Outbox").click()
    page.get_by_label("Time, there").fill("16:45")
    page.get_by_role("button", name="Change the time").click()
    expect(page.get_by_text("16:45 (Europe/Paris)").first).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("It leaves now.")).to_be_visible()
    story.deliver()
    assert len(story.sandbox.deliveries(to="tom@helios.example")) == 1
