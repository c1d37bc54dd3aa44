"""Whose things a role may use: one condition for lists and for single reads."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from server.auth import people, policy
from server.auth.models import Role, User
from server.auth.policy import Deed, Scope
from server.ctas.models import CtaTask
from server.db import Database
from server.errors import Forbidden
from server.runtime import Runtime
from server.timeline.models import Level
from server.timeline.queries import entries
from server.timeline.scopes import Scope as TimelineScope
from server.timeline.visibility import Viewer
from tests.cast import ALICE, BOB, Book
from tests.conftest import SignedInClient
from tests.timeline.mails import put

SignIn = Callable[[uuid.UUID], SignedInClient]


@dataclass(frozen=True)
class Person:
    user_id: uuid.UUID
    role: str
    deeds: frozenset[str] | None = None


@pytest.fixture
def team(db: Database, runtime: Runtime, book: Book) -> dict[str, Person]:
    """Max and Nia manage the teams east and west; Alice is in east, Bob in none, Olga is an auditor."""
    now, found = runtime.clock.now(), {}
    with db.transaction() as session:
        for name, role, where in (
            ("max", Role.MANAGER, "East"),
            ("nia", Role.MANAGER, "West"),
            ("olga", Role.AUDITOR, None),
            ("noah", Role.MANAGER, None),
        ):
            user = people.add_user(session, email=f"{name}@rapport.example", name=name, role=role, team=where, now=now)
            session.flush()
            found[name] = Person(user.id, role)
        session.get_one(User, book.alice).team_id = session.get_one(User, found["max"].user_id).team_id
    return found | {
        "alice": Person(book.alice, Role.TAM),
        "bob": Person(book.bob, Role.TAM),
        "charlie": Person(book.charlie, Role.VIEWER),
        "dana": Person(book.dana, Role.ADMIN),
    }


@pytest.mark.parametrize("deed", Deed)
def test_lists_and_single_reads_agree_for_everybody(db: Database, team: dict[str, Person], deed: Deed) -> None:
    with db.reading() as session:
        everybody = set(session.scalars(select(User.id)))
        for name, one in team.items():
            listed = set(session.scalars(select(User.id).where(policy.within(one, deed, User.id))))
            read = {owner for owner in everybody if policy.covers(session, one, deed, owner)}
            assert listed == read, (name, deed)
            scope = policy.scope_of(one.role, deed)
            own = {one.user_id}
            wanted = {
                Scope.NOBODYS: set[uuid.UUID](),
                Scope.OWN: own,
                Scope.TEAMS: own | ({team["alice"].user_id} if name == "max" else set()),
                Scope.EVERYBODYS: everybody,
            }[scope]
            assert listed == wanted, (name, deed)
            assert policy.covers(session, one, deed, None) is (scope is Scope.EVERYBODYS)


def test_a_token_narrows_lists_and_single_reads_alike_and_widens_nothing(db: Database, team: dict[str, Person]) -> None:
    with db.reading() as session:
        everybody = set(session.scalars(select(User.id)))
        for one in team.values():
            without = replace(one, deeds=frozenset({Deed.LOOK.value}))
            assert not policy.may(without, Deed.WORK_TASKS)
            assert session.scalars(select(User.id).where(policy.within(without, Deed.WORK_TASKS, User.id))).all() == []
            assert policy.covered(session, without, Deed.WORK_TASKS, everybody) == set()
            assert not policy.covers(session, without, Deed.WORK_TASKS, None)
            with_all = replace(one, deeds=frozenset(deed.value for deed in Deed))
            for deed in Deed:
                assert policy.may(with_all, deed) is policy.may(one, deed)


def test_each_role_looks_and_a_stronger_one_can_do_no_less() -> None:
    for deed in Deed:
        tam, manager, admin = (policy.scope_of(role, deed) for role in (Role.TAM, Role.MANAGER, Role.ADMIN))
        assert tam <= manager <= admin, deed
    assert {policy.scope_of(role, Deed.LOOK) for role in Role} == {Scope.EVERYBODYS}


def test_a_refusal_says_who_may(team: dict[str, Person]) -> None:
    with pytest.raises(Forbidden, match=r"^Changing email templates is for Admins\. "):
        policy.demand(team["alice"], Deed.CHANGE_TEMPLATES)
    with pytest.raises(Forbidden, match=r"^Sorting mail is for TAMs, Managers and Admins\. "):
        policy.demand(team["charlie"], Deed.SORT_MAIL)


def test_a_manager_ticks_off_tasks_of_their_team_alone(
    db: Database, book: Book, team: dict[str, Person], sign_in: SignIn
) -> None:
    done = {}
    for name in ("nia", "noah", "bob", "max", "dana", "alice"):
        answer = sign_in(team[name].user_id).post(f"/api/v1/tasks/{book.to_do}/complete")
        done[name] = answer.status_code
        with db.transaction() as session:
            task = session.get_one(CtaTask, book.to_do)
            if task.done_at is not None:
                assert task.done_by_id == team[name].user_id
            task.done_at = task.done_by_id = None
    assert done == {"nia": 403, "noah": 403, "bob": 403, "max": 200, "dana": 200, "alice": 200}
    assert "Mark done" in sign_in(team["max"].user_id).get(f"/ctas/{book.cta}").text
    assert "Mark done" not in sign_in(team["nia"].user_id).get(f"/ctas/{book.cta}").text


def test_nobody_writes_emails_in_the_name_of_others(book: Book, team: dict[str, Person], sign_in: SignIn) -> None:
    path = f"/tasks/{book.email_task}/email"
    assert sign_in(team["bob"].user_id).get(path).status_code == 403
    assert "Write email" not in sign_in(team["bob"].user_id).get(f"/ctas/{book.cta}").text
    # Who may work on it writes in their own name, from their own mailbox, with a copy to the owner.
    for name in ("max", "dana"):
        page = sign_in(team[name].user_id).get(path).text
        sender = re.search(r"<dt>From</dt><dd>(.*?)</dd>", page)
        assert sender is not None
        assert "alice@" not in sender[1]
        assert f"{ALICE} <span" in page


def test_an_auditor_sees_that_there_was_mail_and_not_what_it_says(
    db: Database, runtime: Runtime, book: Book, team: dict[str, Person], sign_in: SignIn
) -> None:
    with db.transaction() as session:
        put(session, book.account, "Renewal terms", runtime.clock.now(), level=Level.FULL)
    for name, sees in (("bob", True), ("charlie", True), ("olga", False)):
        client = sign_in(team[name].user_id)
        for address in (f"/accounts/{book.account}", "/timeline?view=all", f"/api/v1/accounts/{book.account}/timeline"):
            assert ("Renewal terms" in client.get(address).text) is sees, (name, address)
    with db.reading() as session:
        auditor = Viewer(user_id=team["olga"].user_id, email=BOB, reads_mail=False)
        assert entries(session, auditor, TimelineScope(words="renewal")).entries == ()
