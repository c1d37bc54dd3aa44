"""The audit log: what is noted, when, and that nobody takes it back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from server import schema
from server.audit.models import AuditEntry, AuditOutcome
from server.audit.words import DEED_WORDS
from server.auth import people
from server.auth.models import Role
from server.ctas.models import CtaTask
from server.db import Database, make_engine
from server.errors import Invalid
from server.mail.models import Route
from server.runtime import Runtime
from server.timeline.models import Level
from tests.auth.at_google import sign_in_at
from tests.cast import ALICE, Book
from tests.conftest import BASE_URL, SignedInClient
from tests.mail.letters import Desk
from tests.web.pages import ON_SQLITE

SignIn = Callable[[uuid.UUID], SignedInClient]


def lines(db: Database) -> list[tuple[str, str, str]]:
    """(who, deed, outcome), oldest first."""
    with db.reading() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))
        return [(one.user_name, one.deed, one.outcome) for one in found]


def test_what_somebody_changes_is_noted_with_the_record_and_from_where(
    db: Database, book: Book, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    client.get("/cockpit")
    assert lines(db) == []
    client.post(f"/api/v1/tasks/{book.to_do}/complete", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    with db.reading() as session:
        [one] = session.scalars(select(AuditEntry))
    assert (one.user_id, one.user_name, one.role) == (book.alice, "Alice Moreau", "tam")
    assert (one.deed, one.outcome) == ("ctas.CompleteTask", AuditOutcome.DONE)
    assert one.record == {"task_id": str(book.to_do)}
    assert one.ip == "192.0.2.7"
    assert uuid.UUID(one.request_id)


def test_a_deed_that_is_rolled_back_leaves_no_line_and_none_stands_without_its_line(
    db: Database, app: Flask, runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    def fail() -> str:
        with runtime.db.transaction() as session:
            session.get_one(CtaTask, book.to_do).done_at = runtime.clock.now()
            raise Invalid("no")

    # In the place of a view, so that the gate and the log are those of the product.
    app.view_functions["cta_pages.complete"] = lambda task_id: fail()
    assert sign_in(book.alice).post(f"/tasks/{book.to_do}/complete").status_code == 422
    assert lines(db) == []
    with db.reading() as session:
        assert session.get_one(CtaTask, book.to_do).done_at is None


def test_a_sign_in_is_noted_with_who_it_was(db: Database, app: Flask, book: Book) -> None:
    assert sign_in_at(app.test_client(), ALICE).status_code == 303
    assert lines(db) == [("Alice Moreau", "auth.callback", "done")]


def test_a_sign_in_that_is_refused_is_noted_and_a_made_up_one_is_not(db: Database, app: Flask, book: Book) -> None:
    with db.transaction() as session:
        people.end_user(session, email=ALICE, now=datetime.now(UTC))
    assert sign_in_at(app.test_client(), ALICE).status_code == 403
    app.test_client().get("/auth/callback?state=made-up&code=x", base_url=BASE_URL)
    assert lines(db) == [("", "auth.callback", "refused")]
    with db.reading() as session:
        [line] = session.scalars(select(AuditEntry))
    assert line.record == {"why": "Forbidden"}


def test_what_is_refused_is_noted(db: Database, book: Book, sign_in: SignIn) -> None:
    sign_in(book.charlie).post(f"/tasks/{book.to_do}/complete")
    sign_in(book.bob).post(f"/tasks/{book.to_do}/complete")
    sign_in(book.charlie).get("/outbox")
    assert lines(db) == [
        ("Charlie Okoye", "cta_pages.complete", "refused"),
        ("Bob Lindqvist", "cta_pages.complete", "refused"),
        ("Charlie Okoye", "sends.outbox", "refused"),
    ]


def test_every_reading_of_a_colleagues_mail_is_noted_and_that_of_ones_own_is_not(
    db: Database, runtime: Runtime, sign_in: SignIn
) -> None:
    desk = Desk.open(db)
    open_one = desk.receive(desk.letter(text="For all"), level=Level.FULL)
    desk.receive(desk.letter(text="Short"), level=Level.SUBJECT)
    entry = desk.entry(open_one, desk.book.account)
    alice, bob = sign_in(desk.book.alice), sign_in(desk.book.bob)
    api = f"/api/v1/accounts/{desk.book.account}/timeline"
    for client in (alice, bob):
        assert "For all" in client.get(f"/mail/{entry.id}/body").text
        assert "For all" in client.get(api).text
    assert lines(db) == [
        ("Bob Lindqvist", "mail.body", "read"),
        ("Bob Lindqvist", "timeline.TimelineOfAccount", "read"),
    ]
    with db.reading() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)).all()
    assert [one.record["timeline_entry_ids"] for one in found] == [[str(entry.id)], [str(entry.id)]]


def test_the_database_itself_keeps_the_log(db: Database, book: Book, runtime: Runtime, sign_in: SignIn) -> None:
    sign_in(book.alice).post(f"/tasks/{book.to_do}/complete")
    for statement in (update(AuditEntry).values(user_name="Nobody"), delete(AuditEntry)):
        with pytest.raises(DatabaseError, match="audit log"), db.transaction() as session:
            session.execute(statement)
    assert lines(db) == [("Alice Moreau", "cta_pages.complete", "done")]


def test_a_line_older_than_a_year_may_go(db: Database, runtime: Runtime) -> None:
    with db.transaction() as session:
        for days in (800, 10):
            session.add(
                AuditEntry(
                    at=runtime.clock.now() - timedelta(days=days), user_id=None, user_name=str(days), role="",
                    deed="x", outcome="done", record={}, ip="", request_id="",
                )
            )  # fmt: skip
    with db.transaction() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.user_name == "800"))
    assert [name for name, *_ in lines(db)] == ["10"]


def test_the_migrated_database_keeps_the_log_too(tmp_path: object) -> None:
    database = Database(make_engine(f"sqlite:///{tmp_path}/new.sqlite3"))
    schema.make_ready(database)
    with database.transaction() as session:
        session.execute(
            AuditEntry.__table__.insert().values(  # type: ignore[attr-defined]
                id=uuid.uuid4(), at=datetime.now(UTC),
                user_name="", role="", deed="x", outcome="done", record={}, ip="", request_id="",
            )
        )  # fmt: skip
    with pytest.raises(DatabaseError, match="audit log"), database.transaction() as session:
        session.execute(delete(AuditEntry))
    database.dispose()


def test_the_log_is_read_by_admins_and_auditors_and_exported_as_json_lines(
    db: Database, runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    with db.transaction() as session:
        olga = people.add_user(
            session, email="olga@rapport.example", name="Olga Brandt", role=Role.AUDITOR, now=runtime.clock.now()
        )
        session.flush()
        olga_id = olga.id
    for _ in range(60):
        sign_in(book.charlie).post(f"/tasks/{book.to_do}/complete")
    sign_in(book.alice).post(f"/tasks/{book.to_do}/complete")
    for user_id in (book.dana, olga_id):
        client = sign_in(user_id)
        first = client.get("/audit").text
        assert "Ticked off a task" in first
        assert "Load more" in first
        only_alice = client.get(f"/audit?user={book.alice}&outcome=done&since=2026-11-23&until=2026-11-23").text
        assert "Alice Moreau" in only_alice
        assert "Load more" not in only_alice
        exported = client.get("/audit/export")
        assert exported.content_type == "application/x-ndjson"
        assert exported.headers["Content-Disposition"] == 'attachment; filename="rapport-audit.jsonl"'
        found = [json.loads(line) for line in exported.get_data(as_text=True).splitlines()]
        assert len(found) == 61
        assert (found[-1]["user_name"], found[-1]["outcome"]) == ("Alice Moreau", "done")
        assert client.get("/audit?user=x").status_code == 422
        assert client.get("/audit?since=0001-99-99").status_code == 422
        assert client.get("/audit?until=9999-12-31").status_code == 422
    assert sign_in(book.alice).get("/audit").status_code == 403


@ON_SQLITE
def test_every_deed_has_words(app: Flask) -> None:
    unsafe = {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.methods and rule.methods & {"POST", "PUT", "DELETE"}
    }
    without_a_visitor = {"auth.start", "mailbox_push.gmail"}
    assert unsafe - without_a_visitor - set(DEED_WORDS) == set()
    assert set(DEED_WORDS) - {rule.endpoint for rule in app.url_map.iter_rules()} == set()


def test_a_bcc_holder_is_a_holder(db: Database, sign_in: SignIn) -> None:
    """Whoever holds a mail by any route reads their own."""
    desk = Desk.open(db)
    message = desk.receive(desk.letter(text="By Bcc"), level=Level.FULL, route=Route.BCC, whose=ALICE)
    entry = desk.entry(message, desk.book.account)
    sign_in(desk.book.alice).get(f"/mail/{entry.id}/body")
    assert lines(db) == []
