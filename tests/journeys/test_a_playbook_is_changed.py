"""An admin changes a playbook, rehearses the draft against the book, publishes it, and moves an open CTA to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.accounts.names import fold
from server.ctas import queries, work
from server.ctas.open import Wanted, open_cta
from server.playbooks import queries as playbooks
from server.playbooks.publish import publish
from server.runtime import Runtime
from server.triggers import save
from server.triggers.models import TriggerKind
from server.triggers.save import By
from server.triggers.watch import Watch
from server.workdays import add_months
from tests.cast import Book
from tests.ctas.doing import Person
from tests.ctas.doing import tasks as tasks_of
from tests.journeys.conftest import picture
from tests.journeys.windows import Windows, window  # noqa: F401  a fixture
from tests.web.pages import ON_SQLITE

PLAYBOOK = """\
# what we learned from three renewals that came as a surprise
playbook: renewal-talk
name: Renewal talk
type: renewal
reason: renewal_near
steps:
  - key: plan
    title: Plan the renewal
    due: {days: 2}
    minutes: 60
  - key: write
    title: Write to them
    task: email
    template: onboarding-welcome
    to: gitlab_admin
    due: {days: 20}
    needs: [plan]
    minutes: 30
  - key: talk
    title: Talk about it
    task: call
    due: {days: 25}
    minutes: 30
"""


@dataclass(frozen=True, kw_only=True)
class Open:
    """Two CTAs that are open on the first version; of `chosen`, the plan is done."""

    chosen: uuid.UUID
    other: uuid.UUID


@pytest.fixture
def standing(runtime: Runtime, book: Book) -> Open:
    """Version 1 is live, its trigger is on. Helios comes to its renewal within weeks; at two others it is open."""
    now = runtime.clock.now()
    today = now.date()
    with runtime.db.transaction() as session:
        publish(session, PLAYBOOK, by_id=book.dana, now=now, note="The first")
        session.get_one(Account, book.account).renewal_on = add_months(today + timedelta(days=20), 4)
        watch = Watch(
            slug="",
            name="Renewal in four months",
            kind=TriggerKind.BEFORE_RENEWAL,
            params={"months": 4},
            cta_name="{account} renews",
            cta_type="renewal",
            reason="renewal_near",
            playbook_slug="renewal-talk",
        )
        by = By(user_id=book.dana, now=now)
        row = save.create(session, watch, by)
        save.turn(session, row, on=True, also_held=False, by=by, seen_version=row.row_version)
        chosen, other = (
            _open_at(session, runtime, book, name, add_months(today + timedelta(days=10), 4))
            for name in ("Nordlicht", "Acme Robotics")
        )
        plan = tasks_of(session, chosen)[0]
        work.complete(session, plan, asker=Person(user_id=book.alice), now=now)
    return Open(chosen=chosen, other=other)


def _open_at(session: Session, runtime: Runtime, book: Book, name: str, renewal_on: date) -> uuid.UUID:
    now = runtime.clock.now()
    account = Account(
        name=name, name_key=fold(name), tam_id=book.alice, renewal_on=renewal_on, created_at=now, updated_at=now
    )
    session.add(account)
    session.flush()
    wanted = Wanted(
        account_id=account.id,
        name=f"{name} renews",
        cta_type="renewal",
        reason="renewal_near",
        playbook=playbooks.live(session, "renewal-talk"),
    )
    return open_cta(session, wanted, by_id=book.alice, now=now).cta.id


def numbers(page: Page) -> dict[str, list[str]]:
    """The table of a rehearsal: what -> this one, live today, difference."""
    rows = page.get_by_role("region", name="Table of the numbers").locator("tbody tr").all()
    return {one.get_by_role("rowheader").inner_text(): one.get_by_role("cell").all_inner_texts() for one in rows}


def step(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Step {number}:")


@ON_SQLITE
def test_an_admin_changes_rehearses_and_publishes_a_playbook_and_moves_an_open_cta(
    runtime: Runtime,
    book: Book,
    standing: Open,
    window: Windows,  # noqa: F811
    expected_complaints: list[str],
) -> None:
    expected_complaints.append("422")
    page = window(book.dana)
    page.goto("/playbooks")
    page.get_by_role("link", name="Renewal talk").click()
    page.get_by_role("link", name="Edit").click()

    # The email goes out two weeks earlier, and another one follows it; one day is no day at all.
    step(page, 2).get_by_label("Due: how many").fill("soon")
    page.get_by_role("button", name="Add a step").click()
    thanks = step(page, 4)
    thanks.get_by_label("Title").fill("Thank them for their time")
    thanks.get_by_label("Kind").select_option("Email")
    thanks.get_by_label("Due: how many").fill("8")
    thanks.get_by_label("Minutes it takes").fill("30")
    thanks.get_by_text("Email", exact=True).last.click()
    thanks.get_by_label("Template").select_option("onboarding-welcome")
    thanks.get_by_label("To contacts with the role").select_option(label="GitLab admin")
    picture(page, "playbook-1-a-step-is-added")
    page.get_by_role("button", name="Save and rehearse").click()
    line = PLAYBOOK[: PLAYBOOK.index("due: {days: 20}")].count("\n") + 1
    problems = page.get_by_role("region", name="1 problem")
    expect(problems).to_contain_text(f"Line {line}, column")
    problems.get_by_role("link", name="Go to step 2").click()
    wrong = step(page, 2).get_by_label("Due: how many")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_be_in_viewport()
    picture(page, "playbook-2-a-mistake")
    wrong.fill("5")
    page.get_by_role("button", name="Save and rehearse").click()

    # What the draft would do beside what is live, before anybody gets it.
    expect(page.get_by_role("heading", name="Rehearsal: Renewal talk")).to_be_visible()
    expect(page.get_by_text("The draft, beside the live version. Opened by: Renewal in four months.")).to_be_visible()
    expect(page.get_by_role("heading", name="In numbers")).to_be_visible()
    picture(page, "playbook-3-rehearsal")
    found = numbers(page)
    assert found["CTAs that would open"] == ["1", "1", "same"]
    assert found["Emails to write"] == ["2", "1", "+1"]
    assert found["Contacts with two emails in a week"] == ["1", "0", "+1"]
    assert found["Doubles that would not open"] == ["2", "2", "same"]
    alice = page.get_by_role("region", name="Table of the hours").get_by_role("row", name="Alice Moreau")
    expect(alice.get_by_role("cell").first).to_have_text("2.5")
    expect(alice.get_by_role("cell").nth(1)).to_have_text("2.0")
    twice = page.get_by_role("region", name="Contacts with two emails within a week")
    expect(twice).to_contain_text("Tom Becker")
    expect(page.get_by_role("region", name="CTAs that would open")).to_contain_text("Helios Energy renews")
    with runtime.db.reading() as session:
        assert len(playbooks.live(session, "renewal-talk").definition.steps) == 3

    # That is what she wants.
    page.get_by_role("link", name="Go on editing").click()
    page.get_by_label("What changes").fill("Earlier, and with thanks")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    expect(page.get_by_role("region", name="Versions")).to_contain_text("Earlier, and with thanks")
    picture(page, "playbook-4-published")
    with runtime.db.reading() as session:
        live = playbooks.live(session, "renewal-talk")
        assert [one.title for one in live.definition.steps][-1] == "Thank them for their time"
        source = playbooks.version(session, live.version_id).source
        assert source.startswith("# what we learned from three renewals")

    # Open CTAs stay on version 1, but for the one that she moves.
    page.get_by_role("link", name="Open CTAs on older versions").click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    row = page.get_by_role("listitem").filter(has=page.get_by_role("checkbox", name="Nordlicht renews"))
    expect(row).to_contain_text("on version 1")
    expect(row).to_contain_text("Thank them for their time")
    expect(row).to_contain_text("due date:")
    expect(row).not_to_contain_text("Plan the renewal")
    page.get_by_role("checkbox", name="Nordlicht renews").check()
    picture(page, "playbook-5-open-ctas")
    page.get_by_role("button", name="Move the chosen CTAs to version 2").click()
    expect(page.get_by_text("1 CTA was moved.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Nordlicht renews")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="Acme Robotics renews")).to_be_visible()

    page.goto(f"/ctas/{standing.chosen}")
    picture(page, "playbook-6-moved")
    done = page.locator(".rp-task.is-done")
    expect(done.get_by_role("heading")).to_have_text(["Plan the renewal"])
    expect(page.locator(".rp-task h3")).to_have_count(4)
    expect(page.locator("#history")).to_contain_text("Moved to version 2 of Renewal talk: 1 added, 1 changed")
    with runtime.db.reading() as session:
        moved, other = queries.cta(session, standing.chosen), queries.cta(session, standing.other)
        assert moved.playbook_version_id == live.version_id
        assert other.playbook_version_id != live.version_id
        email = next(one for one in tasks_of(session, standing.chosen) if one.key == "write")
        assert email.due_on == (moved.opened_on or date.min) + timedelta(days=5)
        assert len(tasks_of(session, standing.other)) == 3
