"""Rehearsal foresees what would happen, beside what is live, and writes nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from server.accounts.models import Account, AccountChange
from server.all_models import metadata
from server.contacts.models import Contact
from server.ctas.models import Cta
from server.ctas.owners import owners_of
from server.email_templates.load import load_templates
from server.playbooks.definition import OwnerRule
from server.playbooks.load import PlaybookFile, load_playbooks
from server.playbooks.read import read_source
from server.triggers import queries, scenes
from server.triggers.bulk_owners import BulkOwners
from server.triggers.models import TriggerKind
from server.triggers.rehearse import Rehearsal, compared, rehearse
from tests.cast import welcome_only
from tests.triggers.watching import Triggers, at, day

NOW = at("2026-11-23 09:00")
SOURCE = """
playbook: renewal-talk
name: Renewal talk
type: renewal
reason: renewal_near
due: {days: 30}
steps:
  - key: prepare
    title: Prepare
    due: {days: 1}
    minutes: 60
  - key: ask
    title: Ask
    task: email
    template: onboarding-welcome
    to: gitlab_admin
    due: {days: 3}
    minutes: 30
  - key: thank
    title: Thank
    task: email
    template: onboarding-welcome
    to: gitlab_admin
    due: {days: 20}
    minutes: 30
"""


@pytest.fixture
def ann(triggers: Triggers) -> uuid.UUID:
    return triggers.add_tam("Ann")


@pytest.fixture
def account(triggers: Triggers, ann: uuid.UUID) -> uuid.UUID:
    found = triggers.add_account("Acme", tam=ann, renewal_on=day("2027-04-01"))
    now = at("2026-01-01 00:00")
    with triggers.db.transaction() as session:
        for name, out in (("Priya", None), ("Sam", now)):
            contact = Contact(
                account_id=found,
                first_name=name,
                last_name="Nair",
                name_key=name.lower(),
                role="gitlab_admin",
                opted_out_at=out,
                created_at=now,
                updated_at=now,
            )
            session.add(contact)
    return found


def publish(triggers: Triggers, source: str = SOURCE) -> None:
    with triggers.db.transaction() as session:
        load_templates(session, welcome_only(), at("2026-01-01 00:00"))
        load_playbooks(session, [PlaybookFile(name="p.yaml", slug="renewal-talk", text=source)], at("2026-01-01 00:00"))


def play(triggers: Triggers, source: str | None = None, days: int = 90) -> tuple[Rehearsal, Rehearsal | None]:
    with triggers.db.reading() as session:
        scene = scenes.of_playbook(session, "renewal-talk", read_source(source) if source else None)
        draft = rehearse(session, scene.draft, now=NOW, days=days)
        return draft, rehearse(session, scene.live, now=NOW, days=days) if scene.live is not None else None


def watch_renewals(triggers: Triggers) -> str:
    given = {"cta_type": "renewal", "reason": "renewal_near", "playbook_slug": "renewal-talk"}
    return triggers.on(TriggerKind.BEFORE_RENEWAL, {"months": 4}, "2026-11-01 08:00", **given)


def rows(triggers: Triggers) -> dict[str, int]:
    with triggers.db.reading() as session:
        return {one.name: session.scalar(select(func.count()).select_from(one)) or 0 for one in metadata.sorted_tables}


def test_it_foresees_ctas_mails_and_hours_and_writes_nothing(triggers: Triggers, account: uuid.UUID) -> None:
    publish(triggers)
    watch_renewals(triggers)
    before = rows(triggers)
    found, _ = play(triggers)
    assert rows(triggers) == before
    assert [(one.on, one.account_id, one.owner_name, one.tasks) for one in found.openings] == [
        (day("2026-12-01"), account, "Ann", 3)
    ]
    assert dict(found.mails) == {day("2026-12-04"): 1, day("2026-12-21"): 1}
    assert dict(found.minutes) == {("Ann", day("2026-11-30")): 90, ("Ann", day("2026-12-21")): 30}
    assert found.twice == []


def test_a_draft_stands_beside_the_live_version(triggers: Triggers, account: uuid.UUID) -> None:
    publish(triggers)
    watch_renewals(triggers)
    draft, live = play(triggers, SOURCE.replace("minutes: 60", "minutes: 180").replace("{days: 20}", "{days: 5}"))
    assert live is not None
    numbers = compared(draft, live)
    assert numbers["Hours of work"] == (4.0, 2.0)
    assert numbers["CTAs that would open"] == (1, 1)
    assert numbers["Contacts with two emails in a week"] == (1, 0)
    assert [(one.name, one.first_on, one.second_on) for one in draft.twice] == [
        ("Priya Nair", day("2026-12-04"), day("2026-12-06"))
    ]


def test_what_would_be_a_double_does_not_open(triggers: Triggers, account: uuid.UUID, ann: uuid.UUID) -> None:
    publish(triggers)
    watch_renewals(triggers)
    with triggers.db.transaction() as session:
        session.add(
            Cta(
                account_id=account,
                name="By hand",
                cta_type="renewal",
                reason="renewal_near",
                priority="low",
                status="new",
                owner_id=ann,
                due_on=day("2026-12-01"),
                opened_at=NOW,
            )
        )
    found, _ = play(triggers)
    assert (found.openings, found.doubles) == ([], 1)


def test_what_comes_after_the_days_is_not_counted(triggers: Triggers, account: uuid.UUID) -> None:
    publish(triggers)
    watch_renewals(triggers)
    assert play(triggers, days=5)[0].openings == []
    found, _ = play(triggers, days=8)
    assert len(found.openings) == 1
    assert sum(found.minutes.values()) == 0


def test_a_playbook_that_nothing_opens_is_opened_for_every_account_it_is_for(
    triggers: Triggers, account: uuid.UUID
) -> None:
    triggers.add_account("Nobody's")
    with triggers.db.reading() as session:
        scene = scenes.of_playbook(session, "renewal-talk", read_source(SOURCE))
        found = rehearse(session, scene.draft, now=NOW)
    assert "No trigger opens it" in scene.note
    assert scene.live is None
    assert [one.on for one in found.openings] == [NOW.date()]
    assert found.unowned == 1


def test_silence_is_foreseen_as_if_nobody_spoke(triggers: Triggers, account: uuid.UUID) -> None:
    triggers.talk(account, "2026-11-20 10:00")
    slug = triggers.on(TriggerKind.NO_CONVERSATION, {"days": 60}, "2026-11-01 08:00")
    with triggers.db.reading() as session:
        scene = scenes.of_trigger(session, queries.by_slug(session, slug))
        assert [one.on for one in rehearse(session, scene.draft, now=NOW).openings] == [day("2027-01-19")]


def test_owners_are_those_of_a_real_opening(triggers: Triggers) -> None:
    mia = triggers.add_tam("Mia", role="manager", team="EMEA")
    tim, old, sue = triggers.add_tam("Tim", team="EMEA"), triggers.add_tam("Old"), triggers.add_tam("Sue")
    full = triggers.add_account("Full", tam=tim, owner_id=sue)
    bare, nobody = triggers.add_account("Bare", tam=old), triggers.add_account("Nobody's")
    with triggers.db.transaction() as session:
        for before, after in ((None, old), (old, sue), (sue, tim)):
            change = AccountChange(
                account_id=full,
                field="tam",
                before=str(before) if before else None,
                after=str(after),
                changed_at=NOW + timedelta(seconds=after.int % 1),
            )
            session.add(change)
            session.flush()
    with triggers.db.reading() as session:
        in_bulk = BulkOwners(session)
        for account_id in (full, bare, nobody):
            found = session.get_one(Account, account_id)
            assert dict(in_bulk.of(found)) == dict(owners_of(session, found))
        assert in_bulk.of(session.get_one(Account, full))[OwnerRule.MANAGER] == mia


def test_two_thousand_accounts_take_hardly_more_statements_than_twenty(triggers: Triggers, ann: uuid.UUID) -> None:
    publish(triggers)
    watch_renewals(triggers)
    asked: list[str] = []
    event.listen(triggers.db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts, openings = [], []
    created = at("2026-01-01 00:00")
    for many in (range(20), range(20, 2_000)):
        with triggers.db.transaction() as session:
            session.add_all(
                Account(
                    name=f"Account {number}",
                    name_key=f"account {number}",
                    tam_id=ann,
                    renewal_on=day("2027-04-01") + timedelta(days=number % 80),
                    created_at=created,
                    updated_at=created,
                )
                for number in many
            )
        asked.clear()
        found, live = play(triggers)
        assert live is None, "there is no draft to put beside it"
        counts.append(len(asked))
        openings.append(len(found.openings))
    assert openings[0] <= 20
    assert openings[1] > 1_900
    # Some are asked in slices, since SQLite takes so many values at once.
    assert counts[1] <= counts[0] + 20, counts
