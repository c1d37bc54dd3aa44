"""The playbook of an open CTA: given to one without, moved to another version, planned anew from a business review."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from server.accounts.models import AccountChange
from server.auth.models import Role, Team, User
from server.ctas import change, queries, recipe, work
from server.ctas.change import Change
from server.ctas.models import Cta, CtaTask
from server.ctas.open import Wanted, open_cta
from server.errors import Conflict
from server.playbooks import queries as playbooks
from server.playbooks.publish import publish
from server.runtime import Runtime
from tests.cast import Book
from tests.conftest import SignedInClient
from tests.ctas import doing
from tests.ctas.doing import Person

SignIn = Callable[[uuid.UUID], SignedInClient]
FIRST = """\
playbook: review
name: Business review
type: lifecycle
steps:
  - {key: prepare, title: Prepare it, due: {days: 7, before: ebr}}
  - {key: invite, title: Invite them, due: {days: 5}}
  - {key: book, title: Book the room, due: {days: 6}}
  - {key: hold, title: Hold it, due: {days: 9}}
"""
SECOND = """\
playbook: review
name: Business review
type: lifecycle
steps:
  - {key: prepare, title: Prepare it well, due: {days: 7, before: ebr}}
  - {key: invite, title: Invite them, due: {days: 8}}
  - {key: hold, title: Hold it, due: {days: 12}}
  - {key: thank, title: Thank them, due: {days: 20}}
"""


@pytest.fixture
def review(runtime: Runtime, book: Book) -> uuid.UUID:
    """A CTA that was opened with the first version, of which the invitation is done; the second is live now."""
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        publish(session, FIRST, by_id=None, now=now)
        wanted = Wanted(
            account_id=book.account, name="Review", cta_type="lifecycle", reason="review_due",
            playbook=playbooks.live(session, "review"),
        )  # fmt: skip
        cta = open_cta(session, wanted, by_id=book.alice, now=now).cta
        invite = by_key(session_tasks := doing.tasks(session, cta.id))["invite"]
        assert len(session_tasks) == 4
        work.complete(session, invite, asker=Person(user_id=book.alice), now=now)
        publish(session, SECOND, by_id=None, now=now)
    return cta.id


def by_key(tasks: list[CtaTask]) -> dict[str, CtaTask]:
    return {task.key: task for task in tasks}


def stands(runtime: Runtime, cta_id: uuid.UUID) -> tuple[Cta, dict[str, CtaTask]]:
    with runtime.db.reading() as session:
        return queries.cta(session, cta_id), by_key(doing.tasks(session, cta_id))


def test_a_cta_stays_on_its_version_and_is_moved_with_what_is_done_untouched(
    runtime: Runtime, book: Book, review: uuid.UUID
) -> None:
    dana, now = Person(user_id=book.dana, role="admin"), runtime.clock.now()
    before, was = stands(runtime, review)
    by_hand = date(2027, 2, 2)
    with runtime.db.transaction() as session:
        session.get_one(CtaTask, was["hold"].id).due_on = by_hand
    with runtime.db.transaction() as session:
        cta, target = queries.held(session, review), playbooks.live(session, "review")
        told = {(one.what, one.title) for one in recipe.differences(session, cta, target)}
        assert told == {("added", "Thank them"), ("dropped", "Book the room"), ("changed", "Prepare it")}
        deed = recipe.move(session, cta, target, asker=dana, now=now)
        assert deed.label == "Moved to version 2 of Business review: 1 added, 1 dropped, 1 changed"
    after, tasks = stands(runtime, review)
    assert after.playbook_version_id != before.playbook_version_id
    assert tasks["invite"].done_at == was["invite"].done_at
    assert tasks["invite"].due_on == was["invite"].due_on
    assert tasks["book"].dropped_at == now
    assert tasks["hold"].due_on == by_hand
    assert tasks["prepare"].title == "Prepare it well"
    assert tasks["thank"].due_on == (after.opened_on or date.min) + timedelta(days=20)
    with runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=dana, now=now)
    back, tasks = stands(runtime, review)
    assert back.playbook_version_id == before.playbook_version_id
    assert set(tasks) == {"prepare", "invite", "book", "hold"}
    assert tasks["book"].is_open


def test_a_date_of_the_review_plans_what_counts_from_it_and_leaves_what_was_chosen_by_hand(
    runtime: Runtime, book: Book, review: uuid.UUID
) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    day, by_hand = date(2027, 6, 15), date(2027, 6, 1)
    assert stands(runtime, review)[1]["prepare"].due_on is None
    for ebr_on, due_on in ((day, date(2027, 6, 8)), (date(2027, 6, 30), date(2027, 6, 23))):
        with runtime.db.transaction() as session:
            deed = change.change(
                session, queries.hold(session, [review]), Change(values={"ebr_on": ebr_on}), asker=alice, now=now
            )
            assert deed is not None
        assert stands(runtime, review)[1]["prepare"].due_on == due_on
    with runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)
    assert stands(runtime, review)[1]["prepare"].due_on == date(2027, 6, 8)
    with runtime.db.transaction() as session:
        session.get_one(CtaTask, stands(runtime, review)[1]["prepare"].id).due_on = by_hand
    with runtime.db.transaction() as session:
        wanted = Change(values={"ebr_on": date(2027, 7, 1)})
        change.change(session, queries.hold(session, [review]), wanted, asker=alice, now=now)
    assert stands(runtime, review)[1]["prepare"].due_on == by_hand


def test_an_open_cta_without_a_playbook_gets_one_once(runtime: Runtime, book: Book, review: uuid.UUID) -> None:
    alice, now = Person(user_id=book.alice), runtime.clock.now()
    with runtime.db.transaction() as session:
        cta, playbook = queries.held(session, book.cta), playbooks.live(session, "review")
        deed = recipe.apply(session, cta, playbook, asker=alice, now=now)
        with pytest.raises(Conflict, match="has a playbook"):
            recipe.apply(session, cta, playbook, asker=alice, now=now)
    assert set(stands(runtime, book.cta)[1]) == {"", "prepare", "invite", "hold", "thank"}
    with runtime.db.transaction() as session:
        change.undo(session, change.deed(session, deed.id), asker=alice, now=now)
    cta, tasks = stands(runtime, book.cta)
    assert (cta.playbook_version_id, set(tasks)) == (None, {""})


def test_admins_see_what_would_change_and_move_those_they_choose(
    runtime: Runtime, book: Book, review: uuid.UUID, sign_in: SignIn
) -> None:
    dana, path = sign_in(book.dana), "/playbooks/review/open-ctas"
    page = dana.get(path).text
    for words in ("on version 1", "Thank them", "Book the room", "what to do: Prepare it well"):
        assert words in page
    version = page.split('name="version_id" value="')[1].split('"')[0]
    assert sign_in(book.alice).get(path).status_code == 403
    assert dana.post(path, data={"version_id": version}).status_code == 422
    assert dana.post(path, data={"version_id": str(uuid.uuid4()), "cta_ids": str(review)}).status_code == 409
    assert dana.post(path, data={"version_id": version, "cta_ids": str(review)}).status_code == 303
    assert "All open CTAs are on the live version" in dana.get(path).text


def test_an_account_handoff_has_three_owners_who_each_do_their_part(
    runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    """Bob leaves the account, Alice takes it over, Dana leads their team."""
    source = (Path(__file__).parents[2] / "playbooks" / "new-account-handoff.yaml").read_text("utf-8")
    # Its emails are another story; here the three people are.
    lines = [line for line in source.splitlines() if not line.strip().startswith(("template:", "if_silent:"))]
    source = "\n".join(line.replace("task: email", "task: to_do") for line in lines)
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        team = Team(name="EMEA")
        session.add(team)
        session.flush()
        for user_id in (book.alice, book.bob, book.dana):
            session.get_one(User, user_id).team_id = team.id
        session.get_one(User, book.dana).role = Role.MANAGER
        account_changed_hands(session, book, now)
        publish(session, source, by_id=None, now=now)
    alice, bob, dana = sign_in(book.alice), sign_in(book.bob), sign_in(book.dana)
    page = alice.get(f"/ctas/new?account={book.account}&playbook=new-account-handoff").text
    for name in ("Alice Moreau", "Bob Lindqvist", "Dana Petrov"):
        assert name in page.split("Its steps")[1]
    form = {"account": str(book.account), "playbook": "new-account-handoff", "name": "Handoff", "cta_type": "activity"}
    opened = alice.post("/ctas/new", data=form | {"reason": "tam_assigned", "owner_id": str(book.alice)})
    cta_id = uuid.UUID(opened.location.rsplit("/", 1)[1].split("?")[0])
    _, tasks = stands(runtime, cta_id)
    assert len(tasks) == 15
    assert {task.owner_id for task in tasks.values()} == {book.alice, book.bob, book.dana}
    assert "after: Agree on the day of the handoff" in bob.get(f"/ctas/{cta_id}").text
    assert dana.post(f"/tasks/{tasks['agree-date'].id}/complete").status_code == 302
    assert bob.post(f"/tasks/{tasks['write-down'].id}/complete").status_code == 302
    assert bob.post(f"/tasks/{tasks['read-up'].id}/complete").status_code == 403
    handed = {"owner_id": str(book.alice), "seen_owner_id": str(book.bob), "why": "I am on leave"}
    shown = bob.post(f"/tasks/{tasks['move-calls'].id}/change", data=handed, follow_redirects=True).text
    assert "Owner: Alice Moreau (I am on leave)" in shown
    href = shown.split('id="undo-now"')[0].rsplit('action="', 1)[1].split('"')[0]
    assert stands(runtime, cta_id)[1]["move-calls"].owner_id == book.alice
    assert bob.post(href).status_code == 303
    assert stands(runtime, cta_id)[1]["move-calls"].owner_id == book.bob
    assert bob.post(f"/ctas/{cta_id}/close", data={"status": "closed_success"}).status_code == 403
    assert alice.post(f"/ctas/{cta_id}/close", data={"status": "closed_not_needed"}).status_code == 422
    assert alice.post(f"/ctas/{cta_id}/close", data={"status": "closed_success"}).status_code == 303
    closed, tasks = stands(runtime, cta_id)
    assert closed.status == "closed_success"
    assert tasks["write-down"].done_by_id == book.bob


def account_changed_hands(session: Session, book: Book, now: datetime) -> None:
    session.add(
        AccountChange(
            account_id=book.account, field="tam", before=str(book.bob), after=str(book.alice), changed_at=now,
        )
    )  # fmt: skip
    session.flush()
