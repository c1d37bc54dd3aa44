"""The sample book of business: loads whole, fits together, and shows on every page."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.accounts.models import Account
from server.auth.models import User
from server.contacts import queries as contacts
from server.contacts.models import Contact, ContactAddress
from server.ctas import compose, next_due, queries
from server.ctas.models import Cta, CtaTask, TaskKind
from server.ctas.queries import CockpitFilter
from server.db import Database
from server.demo import book as sample
from server.runtime import Runtime
from server.timeline.models import TimelineEntry
from tests.conftest import SignedInClient, StandingClock

TEMPLATES = Path(__file__).parents[2] / "email_templates"
PLAYBOOKS = TEMPLATES.with_name("playbooks")


@pytest.fixture
def loaded(db: Database, clock: StandingClock) -> Database:
    with db.transaction() as session:
        assert not sample.is_loaded(session)
        words = sample.load_book(session, templates_dir=TEMPLATES, playbooks_dir=PLAYBOOKS, now=clock.now())
        assert sample.is_loaded(session)
        counts = [session.scalar(select(func.count(model.id))) for model in (Account, Contact, Cta)]
        assert [int(number) for number in re.findall(r"\d+", words)[:3]] == counts
    return db


def test_every_email_task_can_be_written_and_its_text_is_whole(loaded: Database, clock: StandingClock) -> None:
    """But for gaps that the template leaves on purpose, nothing a person must mend before the first send."""
    with loaded.reading() as session:
        tasks = session.scalars(select(CtaTask).where(CtaTask.kind == TaskKind.EMAIL, CtaTask.done_at.is_(None))).all()
        assert len(tasks) >= 5
        for task in tasks:
            composition = compose.load(session, task_id=task.id, user_id=task.owner_id)
            assert composition.suggested(), f"{task.title}: nobody at {composition.account.name} has the role"
            if composition.default.original.unfinished:
                continue
            prepared = compose.prepare(
                composition, compose.edited(composition, {}), composition.suggested(), now=clock.now()
            )
            assert [one.problem for one in prepared if one.problem] == [], (task.title, composition.account.name)


def test_addresses_are_ascii_of_reserved_domains_and_of_one_person_each(loaded: Database) -> None:
    with loaded.reading() as session:
        addresses = list(session.scalars(select(ContactAddress.email_norm)))
        users = list(session.scalars(select(User.email)))
    assert all(re.fullmatch(r"[a-z0-9.+'-]+@[a-z0-9.-]+\.example", address) for address in (*addresses, *users))
    assert [address for address, number in Counter(addresses).items() if number > 2] == []


def test_the_cockpit_has_something_late_today_and_soon(loaded: Database, clock: StandingClock) -> None:
    today = clock.now().date()
    with loaded.reading() as session:
        rows = queries.cockpit(session, CockpitFilter(), today=today).rows
        alice = session.scalars(select(User).where(User.email == "alice@rapport.example")).one()
        mine = queries.cockpit(session, CockpitFilter(owner_id=alice.id), today=today).rows
        assert next_due.wrong(session) == []
    days = [(row.due_on - today) / timedelta(days=1) for row in rows if row.due_on]
    assert min(days) < 0
    assert 0 in days
    assert any(0 < day <= 7 for day in days)
    assert 0 < len(mine) < len(rows)


def test_what_happened_happened_before_now_and_everything_belongs_together(
    loaded: Database, clock: StandingClock
) -> None:
    with loaded.reading() as session:
        assert session.scalar(select(func.max(TimelineEntry.occurred_at))) <= clock.now()  # type: ignore[operator]
        assert session.scalar(select(func.max(Cta.opened_at))) <= clock.now()  # type: ignore[operator]
        done = session.scalars(select(CtaTask.done_at).where(CtaTask.done_at.is_not(None)))
        assert all(at <= clock.now() for at in done if at)
        for account in session.scalars(select(Account)):
            assert account.tam_id is not None, account.name
            assert account.owner_id is not None, account.name
        with_people = {one.account_id for one in session.scalars(select(Contact))}
        for cta in session.scalars(select(Cta)):
            assert cta.account_id in with_people, cta.name
            assert any(c.email for c in contacts.of_account(session, cta.account_id))


def test_each_account_cta_and_composer_of_the_book_is_a_page(
    runtime: Runtime, sign_in: Callable[[uuid.UUID], SignedInClient]
) -> None:
    with runtime.db.transaction() as session:
        sample.load_book(session, templates_dir=TEMPLATES, playbooks_dir=PLAYBOOKS, now=runtime.clock.now())
        people = {user.email: user.id for user in session.scalars(select(User))}
        paths = [f"/accounts/{found}" for found in session.scalars(select(Account.id))]
        paths += [f"/ctas/{found}" for found in session.scalars(select(Cta.id))]
        waiting = select(CtaTask).where(CtaTask.kind == TaskKind.EMAIL, CtaTask.done_at.is_(None))
        tasks = [(task.owner_id, f"/tasks/{task.id}/email") for task in session.scalars(waiting)]
    alice = sign_in(people["alice@rapport.example"])
    for path in ("/cockpit", "/cockpit?view=all", "/accounts", "/accounts?view=all", "/search?q=e", *paths):
        assert alice.get(path).status_code == 200, path
    for owner_id, path in tasks:
        assert sign_in(owner_id).get(path).status_code == 200, path
