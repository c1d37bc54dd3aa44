"""An account gets another TAM: the shipped playbook with fifteen tasks, and three people who work through it."""

from __future__ import annotations

import io
import re
import uuid
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from server import worker
from server.accounts.import_accounts import import_accounts
from server.accounts.import_report import ImportOptions
from server.accounts.models import Account
from server.accounts.salesforce_values import salesforce_id
from server.auth import people
from server.auth.models import Team, User
from server.ctas.models import Cta
from server.playbooks.load import load_playbooks, read_folder
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.triggers import jobs as trigger_jobs
from server.triggers.shipped import load_triggers
from tests.cast import TEMPLATES, Book, load_cast, shipped
from tests.journeys.conftest import picture
from tests.journeys.windows import Windows, window  # noqa: F401  a fixture
from tests.web.pages import ON_SQLITE

NAME = "Hand over Helios Energy to Bob Lindqvist"
ALICE, BOB, MARA = "Alice Moreau", "Bob Lindqvist", "Mara Keller"
# What the playbook promises, by hand: the task, whose it is, and after how many working days (or days) it is due.
TASKS: tuple[tuple[str, str, int | timedelta], ...] = (
    ("Agree on the day of the handoff", MARA, 2),
    ("Write down where the account stands", ALICE, 4),
    ("Bring contacts, roles and the success plan up to date", ALICE, 4),
    ("Hand over in a call among ourselves", ALICE, 6),
    ("Read the history of the account", BOB, 7),
    ("Introduce your successor to the customer", ALICE, 8),
    ("Say hello as the new TAM", BOB, 10),
    ("Move open CTAs and the success plan", ALICE, 10),
    ("End your series of calls", ALICE, 10),
    ("Invite to a new series of calls", BOB, 11),
    ("Hold the first call with both TAMs", BOB, 15),
    ("Follow the support tickets", BOB, 11),
    ("Leave the tickets, channels and documents", ALICE, 16),
    ("Give your own sentiment", BOB, 18),
    ("Look back with both TAMs", MARA, timedelta(days=28)),
)


@pytest.fixture
def book(runtime: Runtime) -> Book:
    """The cast, with the playbook of a handoff and the trigger that Rapport brings for it, which is on."""
    now = runtime.clock.now()
    templates = shipped("onboarding-welcome", "handoff-introduction", "handoff-hello", "risk-second-try")
    playbooks = [one for one in read_folder(TEMPLATES.with_name("playbooks")) if one.slug == "new-account-handoff"]
    with runtime.db.transaction() as session:
        cast = load_cast(session, now, sources=templates)
        load_playbooks(session, playbooks, now)
        account = session.get_one(Account, cast.account)
        account.salesforce_id, account.lifecycle_stage = salesforce_id("00100000000000A"), "adoption"
        assert load_triggers(session, now=now, on=True) == ["new-tam-handoff"]
        return cast


@pytest.fixture
def mara(runtime: Runtime, book: Book) -> uuid.UUID:
    """The manager of the team that Alice and Bob are in."""
    with runtime.db.transaction() as session:
        team = Team(name="EMEA")
        found = people.add_user(
            session, email="mara@rapport.example", name=MARA, role="manager", title="Manager",
            time_zone="Europe/Berlin", now=runtime.clock.now(),
        )  # fmt: skip
        session.add(team)
        session.flush()
        for user_id in (book.alice, book.bob, found.id):
            session.get_one(User, user_id).team_id = team.id
        return found.id


def give_to_bob(runtime: Runtime) -> None:
    """As it comes from the CRM, and what the clock then sees."""
    header = "Account ID,Account Name,Technical Account Manager"
    report = f"{header}\n{salesforce_id('00100000000000A')},Helios Energy,{BOB}\n"
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        assert import_accounts(session, io.BytesIO(report.encode()), options=ImportOptions(), now=now).errors == ()
    worker.run(runtime, trigger_jobs.LOOK, {})


def due_after(start: date, wait: int | timedelta) -> date:
    """Working days leave out Saturday and Sunday; nobody of the three has said in which country they are."""
    if isinstance(wait, timedelta):
        return start + wait
    day = start
    for _ in range(wait):
        day += timedelta(days=1)
        while day.isoweekday() > 5:
            day += timedelta(days=1)
    return day


def row(page: Page) -> Locator:
    return page.locator("[data-cta]").filter(has=page.get_by_role("link", name=NAME, exact=True))


def find_in_mine(page: Page, next_task: str) -> None:
    """In "My CTAs", with the task that is theirs; from there to its page."""
    page.goto("/cockpit")
    expect(page.get_by_role("link", name="My CTAs")).to_have_attribute("aria-current", "page")
    expect(row(page)).to_contain_text(next_task)
    row(page).get_by_role("link", name=NAME, exact=True).click()
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()


def task(page: Page, title: str) -> Locator:
    return page.locator(".rp-task").filter(has=page.get_by_role("heading", name=title, exact=True))


def do(page: Page, title: str) -> None:
    task(page, title).get_by_role("button", name=f"Mark done: {title}").click()
    expect(task(page, title)).to_have_class(re.compile("is-done"))


def plan_on(page: Page) -> list[tuple[str, str, str]]:
    """(task, owner, day) as the page says it."""
    return [
        (
            one.get_by_role("heading").inner_text(),
            one.locator(".rp-task-top .rp-meta > span").nth(1 if one.get_by_text("If it helps").count() == 0 else 2)
            .inner_text().strip(),
            one.locator(".rp-task-top time").first.get_attribute("datetime") or "",
        )
        for one in page.locator(".rp-task").all()
    ]  # fmt: skip


@ON_SQLITE
def test_a_new_tam_and_three_people_who_hand_the_account_over(
    runtime: Runtime,
    book: Book,
    mara: uuid.UUID,
    alices_mailbox: uuid.UUID,
    sandbox: RunningSandbox,
    window: Windows,  # noqa: F811
) -> None:
    give_to_bob(runtime)
    with runtime.db.reading() as session:
        cta = session.scalars(select(Cta).where(Cta.name == NAME)).one()
        opened_on = cta.opened_on
        assert (cta.owner_id, cta.account_id) == (book.bob, book.account)
        assert opened_on == people.today_of(session.get_one(User, book.bob), cta.opened_at)

    # Mara owns none of it but two tasks; hers is the first.
    managers = window(mara)
    find_in_mine(managers, "Agree on the day of the handoff")
    assert plan_on(managers) == [(title, owner, due_after(opened_on, wait).isoformat()) for title, owner, wait in TASKS]
    expect(task(managers, "Write down where the account stands")).to_contain_text(
        "after: Agree on the day of the handoff"
    )
    picture(managers, "handoff-1-manager")
    do(managers, "Agree on the day of the handoff")
    expect(task(managers, "Write down where the account stands")).not_to_contain_text("after:")
    expect(managers.get_by_role("region", name="Tasks")).to_contain_text("1 of 15")

    # Alice has the account no more; what is hers of the handoff stands in her Cockpit.
    before = window(book.alice)
    find_in_mine(before, "Write down where the account stands")
    expect(task(before, "Agree on the day of the handoff")).to_have_class(re.compile("is-done"))
    for title, owner, _ in TASKS[1:4]:
        assert owner == ALICE
        do(before, title)
    picture(before, "handoff-2-former-tam")
    introduce(before)
    worker.run(runtime, "sends.drain", {"mailbox_id": str(alices_mailbox)})
    [sent] = sandbox.deliveries(to="tom@helios.example")
    assert sent["subject"] == "A new contact for Helios Energy at GitLab"
    before.goto(f"/ctas/{cta.id}")
    picture(before, "handoff-3-introduced")

    # Bob owns it: he does his part, and sees how far everybody is.
    now_tam = window(book.bob)
    find_in_mine(now_tam, "Read the history of the account")
    do(now_tam, "Read the history of the account")
    now_tam.reload()
    expect(now_tam.get_by_role("region", name="Tasks")).to_contain_text("6 of 15")
    picture(now_tam, "handoff-4-new-tam")
    now_tam.goto("/cockpit")
    expect(row(now_tam)).to_contain_text("6 of 15 tasks")
    expect(row(now_tam)).to_contain_text(BOB)
    picture(now_tam, "handoff-5-his-cockpit")

    # Nothing of it opens twice, however often the clock looks.
    worker.run(runtime, trigger_jobs.LOOK, {})
    with runtime.db.reading() as session:
        assert len(session.scalars(select(Cta).where(Cta.name == NAME)).all()) == 1


def introduce(page: Page) -> None:
    """Alice's email to Tom, with its gaps filled."""
    task(page, "Introduce your successor to the customer").get_by_role("link", name="Write email").click()
    page.get_by_role("checkbox", name="Tom Becker").check()
    opening = page.get_by_label("Opening")
    text = opening.input_value()
    opening.fill(text.replace("From … on, … is", f"From Monday on, {BOB} is"))
    send = page.get_by_role("button", name="Send email")
    expect(send).to_be_enabled()
    send.click()
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
