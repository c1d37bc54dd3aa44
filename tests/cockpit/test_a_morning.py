"""A TAM works a morning through the Cockpit, in a real browser: by keyboard, with undo, and two emails from there."""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from server.app import create_app
from server.auth import sessions
from server.cockpit.models import CockpitView
from server.ctas.models import Cta, CtaTask, TaskKind
from server.runtime import Runtime
from server.sends import jobs as send_jobs
from tests.cast import Book
from tests.cockpit.conftest import Add, row_of
from tests.conftest import EXTENSION_ID, settings_for_tests
from tests.serving import serving
from tests.web.axe import Findings
from tests.web.pages import ON_SQLITE

DAY = timedelta(days=1)
DIALOGS = {"d": "Due date", "o": "Owner", "p": "Priority", "m": "Status", "s": "Snooze", "w": "Close"}


@contextmanager
def desk(runtime: Runtime, browser: Browser, user_id: uuid.UUID, folder: Path) -> Iterator[Page]:
    """The browser of somebody who is signed in, with scripts, under the product's own policy."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = settings_for_tests({"RAPPORT_BASE_URL": url, "RAPPORT_EXTENSION_IDS": EXTENSION_ID}, folder)
    app = create_app(replace(runtime, settings=replace(settings, sandbox_url=runtime.settings.sandbox_url)))
    with runtime.db.transaction() as session:
        token = sessions.open_session(
            session, user_id=user_id, user_agent="test", ip=None, now=runtime.clock.now()
        )  # fmt: skip
    with (
        serving(app, port=int(url.rsplit(":", 1)[1])),
        browser.new_context(base_url=url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce") as context,
    ):
        context.add_cookies([{"name": "rapport_session", "value": token, "url": url}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert complaints == []


def row(page: Page, name: str) -> Locator:
    return page.locator("[data-cta]").filter(has=page.get_by_role("link", name=name, exact=True))


def stand_on(page: Page, name: str) -> None:
    """By j alone, from the top."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(12):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.textContent") == name:
            return
    raise AssertionError(f"j never came to {name}")


def toast(page: Page) -> Locator:
    return page.locator("#toast")


@pytest.fixture
def morning(runtime: Runtime, book: Book, add: Add, today: date) -> dict[str, uuid.UUID]:
    """What Alice finds: one late with tasks, one to be put off, one for Bob, and a second email to write."""
    late = add("Late renewal", due=today - 2 * DAY, tasks=[(today - DAY, False, book.alice)])
    off = add("Put me off", due=today)
    bobs = add("For Bob", due=today, tasks=[(today + DAY, False, book.alice)])
    mail = add("Write again", due=today)
    with runtime.db.transaction() as session:
        template_id = session.get_one(CtaTask, book.email_task).email_template_id
        session.add(
            CtaTask(
                cta_id=mail,
                position=0,
                kind=TaskKind.EMAIL,
                title="Welcome them again",
                instructions="",
                owner_id=book.alice,
                due_on=today,
                email_template_id=template_id,
                contact_role="executive_sponsor",
            )
        )
    return {"late": late, "off": off, "bobs": bobs, "mail": mail}


@pytest.mark.usefixtures("alices_mailbox")
def test_a_tam_works_a_morning(
    runtime: Runtime, book: Book, browser: Browser, morning: dict[str, uuid.UUID], today: date, tmp_path: Path
) -> None:
    with desk(runtime, browser, book.alice, tmp_path) as page:
        page.goto("/cockpit")
        due = page.locator(".rp-kpi").filter(has_text="Overdue").locator("b")
        expect(due).to_have_text("1")

        # Flag one and move its due date with its tasks, by keys alone; then undo that.
        stand_on(page, "Late renewal")
        page.keyboard.press("f")
        expect(row(page, "Late renewal").get_by_text("Flagged")).to_be_visible()
        expect(row(page, "Late renewal").get_by_role("link")).to_be_focused()
        page.keyboard.press("d")
        dialog = page.get_by_role("dialog", name="Due date")
        expect(dialog).to_contain_text("Late renewal")
        dialog.get_by_label("New due date").fill(str(today + 5 * DAY))
        dialog.get_by_label("Open tasks with a date").select_option("All go along")
        dialog.get_by_role("button", name="Set it").click()
        expect(toast(page)).to_contain_text("with 1 open task")
        expect(due).to_have_text("0")
        page.keyboard.press("u")
        expect(toast(page)).to_contain_text("Undone on 1 CTA")
        expect(due).to_have_text("1")
        assert row_of(runtime, morning["late"]).due_on == today - 2 * DAY
        assert row_of(runtime, morning["late"]).is_flagged

        # Filter, and save it as a view.
        page.get_by_label("Due", exact=True).select_option("Overdue")
        expect(page.locator("[data-cta]")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"due=overdue"))
        page.get_by_role("button", name="Save view…").click()
        page.get_by_role("dialog", name="Save this view").get_by_label("Name").fill("What is late")
        page.get_by_role("dialog", name="Save this view").get_by_role("button", name="Save").click()
        expect(page.locator(".rp-view-name")).to_have_text("What is late")
        with runtime.db.reading() as session:
            assert session.query(CockpitView).one().asked["due"] == "overdue"

        # By g m to all of mine: put one off, with a reason.
        page.locator("body").press("g")
        page.keyboard.press("m")
        expect(page.locator("[data-cta]")).to_have_count(5)
        stand_on(page, "Put me off")
        page.keyboard.press("s")
        dialog = page.get_by_role("dialog", name="Snooze")
        dialog.get_by_label("Through the end of").fill(str(today + 7 * DAY))
        dialog.get_by_label("Reason").fill("They are on holiday")
        dialog.get_by_role("button", name="Snooze").click()
        expect(row(page, "Put me off")).to_have_count(0)
        assert row_of(runtime, morning["off"]).snooze_reason == "They are on holiday"

        # Hand one over, chosen with x, with its tasks.
        stand_on(page, "For Bob")
        page.keyboard.press("x")
        bar = page.get_by_role("region", name="What to do with the chosen CTAs")
        expect(bar).to_contain_text("1 chosen")
        bar.get_by_role("button", name="Owner…").click()
        dialog = page.get_by_role("dialog", name="Owner")
        dialog.get_by_label("New owner").select_option("Bob Lindqvist")
        dialog.get_by_label("Open tasks").select_option("All go along")
        dialog.get_by_role("button", name="Hand over").click()
        expect(row(page, "For Bob")).to_have_count(0)
        expect(bar).to_be_hidden()
        assert row_of(runtime, morning["bobs"]).owner_id == book.bob

        # Two emails from here: e on an email task opens the composer.
        for name in ("Onboard Helios Energy", "Write again"):
            write(page, runtime, name)
        with runtime.db.reading() as session:
            assert session.query(CtaTask).filter(CtaTask.kind == TaskKind.EMAIL).count() == 2
        page.goto("/cockpit?view=mine")
        expect(page.locator(".rp-kpi").filter(has_text="Open").locator("b")).to_have_text("3")


def write(page: Page, runtime: Runtime, name: str) -> None:
    page.goto("/cockpit?view=mine&next=email")
    stand_on(page, name)
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(r"/tasks/.*/email"))
    page.get_by_role("button", name=re.compile(r"^Send ")).click()
    expect(page).to_have_url(re.compile(r"/ctas/"))
    with runtime.db.reading() as session:
        found = session.query(Cta).filter(Cta.name == name).one()
    expect(page.get_by_role("heading", name=found.name).first).to_be_visible()
    send_jobs.sweep(runtime)


@ON_SQLITE
def test_a_card_is_moved_by_mouse_and_by_keyboard_and_a_day_by_keyboard(
    runtime: Runtime, book: Book, browser: Browser, add: Add, today: date, tmp_path: Path
) -> None:
    first = date(2027, 5, 3)
    card = add("Move me", due=first)
    with desk(runtime, browser, book.alice, tmp_path) as page:
        page.goto("/cockpit?view=mine&layout=board")
        target = page.locator("[data-drop=status][data-key=work_in_progress]")
        row(page, "Move me").drag_to(target)
        expect(toast(page)).to_contain_text("Status: Work in progress")
        expect(target.get_by_role("link", name="Move me")).to_be_visible()
        page.get_by_role("button", name="Move Move me").click()
        dialog = page.get_by_role("dialog", name="Status")
        dialog.get_by_label("New status").select_option("New")
        dialog.get_by_role("button", name="Set it").click()
        expect(page.locator("[data-key=new]").get_by_role("link", name="Move me")).to_be_visible()
        # Closing asks how it ended; the card stays until it is said.
        row(page, "Move me").drag_to(page.locator("[data-drop=close]"))
        dialog = page.get_by_role("dialog", name="Close")
        dialog.get_by_role("button", name="Go back").click()
        assert row_of(runtime, card).status == "new"
        page.goto("/cockpit?view=mine&layout=calendar&month=2027-05")
        stand_on(page, "Move me")
        page.keyboard.press("d")
        page.get_by_label("New due date").fill("2027-05-12")
        page.get_by_role("button", name="Set it").first.click()
        expect(page.locator("[data-key='2027-05-12']").get_by_text("Move me")).to_be_visible()
        expect(toast(page)).to_contain_text("12 May 2027")
        assert row_of(runtime, card).due_on == date(2027, 5, 12)


@ON_SQLITE
def test_every_dialog_is_without_a_violation_and_keys_are_letters_while_typing(
    runtime: Runtime, book: Book, browser: Browser, add: Add, today: date, tmp_path: Path
) -> None:
    add("Here", due=today)
    found = Findings()
    with desk(runtime, browser, book.alice, tmp_path) as page:
        page.goto("/cockpit?view=mine")
        for key, title in (
            ("d", "Due date"),
            ("o", "Owner"),
            ("p", "Priority"),
            ("m", "Status"),
            ("s", "Snooze"),
            ("w", "Close"),
        ):
            stand_on(page, "Here")
            page.keyboard.press(key)
            expect(page.get_by_role("dialog", name=title, exact=True)).to_be_visible()
            found.look(page, title)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys of the Cockpit")).to_be_visible()
        found.look(page, "keys")
        page.keyboard.press("Escape")
        page.get_by_label("Search CTAs").press_sequentially("fwx?jd")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("No CTA matches")).to_be_visible()
        assert not found.faults, "\n".join(found.faults)
