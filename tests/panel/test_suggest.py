"""Email templates beside a mail: the likeliest first, and why."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from server.accounts.models import Account
from server.ctas.models import CtaTask
from server.email_templates import queries as email_templates
from server.email_templates.load import load_templates
from server.email_templates.models import EmailTemplate
from server.panel.models import TemplateUse
from server.runtime import Runtime
from server.sends.models import OutboundEmail
from tests.cast import ALICE, shipped
from tests.conftest import SignedInClient
from tests.mail.letters import Desk
from tests.web.pages import ON_SQLITE, put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]
SLUGS = ("onboarding-welcome", "onboarding-kickoff", "renewal-first-review", "risk-lost-touch", "ebr-request")


@pytest.fixture
def templates(runtime: Runtime, desk: Desk) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, shipped(*SLUGS), runtime.clock.now())


def ask(client: SignedInClient, **asked: object) -> list[tuple[str, str]]:
    answer = client.post("/api/v1/panel/templates", json={"account_ids": [], **asked})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return [(one["slug"], one["why"]) for one in items]


def test_the_open_task_comes_first_then_the_stage_then_the_rest_by_name(
    alice: SignedInClient, templates: None, desk: Desk
) -> None:
    found = ask(alice, contact_id=str(desk.book.tom), account_ids=[str(desk.book.account)])
    assert found[0] == ("onboarding-welcome", "For the task “Send the welcome email”")
    assert found[1][0] == "onboarding-kickoff"
    assert sorted(slug for slug, _ in found) == sorted(SLUGS)
    assert all(why == "" for slug, why in found if slug == "ebr-request")


def test_without_a_task_the_role_and_the_stage_decide(
    alice: SignedInClient, templates: None, desk: Desk, runtime: Runtime
) -> None:
    with runtime.db.transaction() as session:
        for task in session.scalars(select(CtaTask)):
            task.done_at = runtime.clock.now()
    account = [str(desk.book.account)]
    best = ask(alice, contact_id=str(desk.book.tom), account_ids=account)[:2]
    assert {slug for slug, _ in best} == {"onboarding-welcome", "onboarding-kickoff"}
    assert {why for _, why in best} == {"Written for this role"}
    assert ask(alice, account_ids=account)[0][1] == "Helios Energy is in Onboarding"
    with runtime.db.transaction() as session:
        session.get_one(Account, desk.book.account).lifecycle_stage = "will_churn"
    assert ask(alice, account_ids=account)[0] == ("risk-lost-touch", "Helios Energy is in Will churn")


def test_what_one_used_lately_comes_before_what_one_never_used(
    alice: SignedInClient, templates: None, desk: Desk, runtime: Runtime
) -> None:
    email_id = put_into_outbox(runtime, desk.book, desk.boxes[ALICE])
    with runtime.db.transaction() as session:
        email = session.get_one(OutboundEmail, email_id)
        email.state, email.sent_at = "sent", runtime.clock.now() - timedelta(days=3)
        used = email_templates.by_slug(session, "risk-lost-touch")
        email.email_template_version_id = email_templates.current_version(session, used).id
    assert ask(alice)[0] == ("risk-lost-touch", "You used it 3 days ago")
    with runtime.db.transaction() as session:
        session.get_one(OutboundEmail, email_id).sent_at = runtime.clock.now() - timedelta(days=91)
    assert ask(alice)[0][1] == ""


def test_what_one_inserted_in_gmail_counts_as_used_by_oneself_alone(
    alice: SignedInClient, templates: None, desk: Desk, sign_in: SignIn, runtime: Runtime
) -> None:
    body = {"contact_id": str(desk.book.tom)}
    for _ in range(2):
        answer = alice.post("/api/v1/panel/templates/risk-lost-touch/fill", json=body)
        assert answer.status_code == 200, answer.text
    whole = {one["path"]: "2027-09-30" for one in answer.get_json()["missing"]}
    assert whole == {}, "it needs nothing"
    assert ask(alice)[0] == ("risk-lost-touch", "You used it lately")
    assert all("You used it" not in why for _, why in ask(sign_in(desk.book.bob)))
    with runtime.db.transaction() as session:
        [row] = session.scalars(select(TemplateUse)).all()
        row.used_at = runtime.clock.now() - timedelta(days=91)
    assert ask(alice)[0][1] == ""


@ON_SQLITE
def test_words_that_are_typed_must_all_stand_there(alice: SignedInClient, templates: None) -> None:
    found = [slug for slug, _ in ask(alice, q="KICKoff")]
    assert "onboarding-kickoff" in found
    assert len(found) < len(SLUGS)
    assert ask(alice, q="kickoff nosuchword") == []
    assert len(ask(alice, limit=2)) == 2


@ON_SQLITE
def test_variants_blocks_and_what_is_archived_are_not_offered(
    alice: SignedInClient, templates: None, runtime: Runtime
) -> None:
    with runtime.db.transaction() as session:
        load_templates(session, shipped("onboarding-welcome", "onboarding-welcome.de"), runtime.clock.now())
        session.execute(
            update(EmailTemplate).where(EmailTemplate.slug == "ebr-request").values(archived_at=runtime.clock.now())
        )
    slugs = [slug for slug, _ in ask(alice, limit=50)]
    assert sorted(slugs) == sorted(set(SLUGS) - {"ebr-request"})


@ON_SQLITE
def test_an_account_that_is_not_there_is_said(alice: SignedInClient, templates: None) -> None:
    answer = alice.post("/api/v1/panel/templates", json={"account_ids": [str(uuid.UUID(int=7))]})
    assert answer.status_code == 404
