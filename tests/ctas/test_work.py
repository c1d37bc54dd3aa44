"""Ticking off, taking back, and seeing that emails have left."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import delete

from server.ctas import jobs, queries
from server.ctas.models import Cta, CtaStatus, CtaTask, EmailTaskSend, TaskKind
from server.runtime import Runtime
from server.sends.models import OutboundState
from tests.cast import ALICE, Book
from tests.conftest import SignedInClient
from tests.mail.letters import Desk
from tests.web.pages import put_into_outbox

SignIn = Callable[[uuid.UUID], SignedInClient]
TOM = "tom@helios.example"
SENT, FAILED, CANCELLED = OutboundState.SENT, OutboundState.FAILED, OutboundState.CANCELLED
SUPPRESSED, REVIEW, QUEUED, SENDING = (
    OutboundState.SUPPRESSED,
    OutboundState.REVIEW,
    OutboundState.QUEUED,
    OutboundState.SENDING,
)


def read(runtime: Runtime, book: Book, task_id: uuid.UUID) -> tuple[CtaTask, Cta]:
    with runtime.db.reading() as session:
        return queries.task(session, task_id), queries.cta(session, book.cta)


WHAT_BECAME_OF_IT = [
    ([("tom", SENT)], True),
    ([("tom", SENT), ("priya", SENT)], True),
    ([("tom", SENT), ("priya", FAILED)], False),
    ([("tom", SENT), ("priya", CANCELLED)], True),
    ([("tom", SENT), ("priya", SUPPRESSED)], True),
    ([("tom", SENT), ("priya", REVIEW)], False),
    ([("tom", SENT), ("priya", QUEUED)], False),
    ([("tom", SENDING)], False),
    ([("tom", CANCELLED)], False),
    ([("tom", SUPPRESSED)], False),
    ([("tom", FAILED)], False),
    ([("tom", FAILED), ("tom", SENT)], True),
    ([("tom", FAILED), ("tom", SENT), ("priya", FAILED)], False),
    ([], False),
]


def test_an_email_task_is_done_when_all_it_wrote_has_left(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID
) -> None:
    sent_at = runtime.clock.now()
    contacts = {"tom": book.tom, "priya": book.priya}
    tasks = []
    for states, _ in WHAT_BECAME_OF_IT:
        task_id = email_task(runtime, book, position=100 + len(tasks))
        tasks.append(task_id)
        for who, state in states:
            at = sent_at if state is SENT else None
            changes = {"contact_id": contacts[who], "state": state, "sent_at": at}
            put_into_outbox(runtime, book, alices_mailbox, task_id=task_id, **changes)
    jobs.settle_email_tasks(runtime)
    for task_id, (states, is_done) in zip(tasks, WHAT_BECAME_OF_IT, strict=True):
        task, cta = read(runtime, book, task_id)
        assert task.done_at == (sent_at if is_done else None), states
        assert task.done_by_id == (book.alice if is_done else None), states
    assert cta.status == CtaStatus.WORK_IN_PROGRESS


def test_a_cta_stays_new_while_nothing_of_it_has_left(runtime: Runtime, book: Book, alices_mailbox: uuid.UUID) -> None:
    put_into_outbox(runtime, book, alices_mailbox, state=FAILED)
    jobs.settle_email_tasks(runtime)
    assert read(runtime, book, book.email_task)[1].status == CtaStatus.NEW


def email_task(runtime: Runtime, book: Book, position: int) -> uuid.UUID:
    task = CtaTask(
        cta_id=book.cta,
        position=position,
        kind=TaskKind.EMAIL,
        title="Write",
        instructions="",
        owner_id=book.alice,
    )
    with runtime.db.transaction() as session:
        session.add(task)
    return task.id


def test_settling_twice_settles_once(runtime: Runtime, book: Book, alices_mailbox: uuid.UUID) -> None:
    first = runtime.clock.now()
    put_into_outbox(runtime, book, alices_mailbox, state=SENT, sent_at=first)
    jobs.settle_email_tasks(runtime)
    jobs.settle_email_tasks(runtime)
    assert read(runtime, book, book.email_task)[0].done_at == first


def test_a_to_do_is_ticked_off_and_taken_back(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    client = sign_in(book.alice)
    piece = client.post(f"/tasks/{book.to_do}/complete", headers={"HX-Request": "true"}).text
    assert f'id="task-{book.to_do}"' in piece
    assert "Reopen" in piece
    task, cta = read(runtime, book, book.to_do)
    first = task.done_at
    assert first is not None
    assert task.done_by_id == book.alice
    assert cta.status == CtaStatus.WORK_IN_PROGRESS
    client.post(f"/tasks/{book.to_do}/complete")
    assert read(runtime, book, book.to_do)[0].done_at == first
    answer = client.post(f"/tasks/{book.to_do}/reopen")
    assert answer.status_code == 302
    assert answer.location.endswith(f"/ctas/{book.cta}#task-{book.to_do}")
    assert read(runtime, book, book.to_do)[0].done_at is None


def test_an_email_task_is_neither_ticked_off_nor_taken_back_by_hand(
    runtime: Runtime, book: Book, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)
    for deed in ("complete", "reopen"):
        answer = client.post(f"/tasks/{book.email_task}/{deed}")
        assert answer.status_code == 409
        assert "email" in answer.text
    assert read(runtime, book, book.email_task)[0].done_at is None


def test_a_task_is_also_worked_by_its_own_owner(runtime: Runtime, book: Book, sign_in: SignIn) -> None:
    with runtime.db.transaction() as session:
        queries.task(session, book.to_do).owner_id = book.bob
    assert sign_in(book.bob).post(f"/tasks/{book.to_do}/complete").status_code == 302
    assert sign_in(book.alice).post(f"/tasks/{book.to_do}/reopen").status_code == 302
    assert sign_in(book.charlie).post(f"/tasks/{book.to_do}/complete").status_code == 403


def test_while_an_email_moves_its_task_keeps_asking_and_stops_when_it_is_done(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    client = sign_in(book.alice)

    def piece() -> str:
        return client.get(f"/tasks/{book.email_task}", headers={"HX-Request": "true"}).text

    assert "every 1s" not in piece()
    email_id = put_into_outbox(runtime, book, alices_mailbox)
    put_into_outbox(runtime, book, alices_mailbox, contact_id=book.priya, state=CANCELLED)
    assert "every 1s" in piece()
    with runtime.db.transaction() as session:
        session.execute(delete(EmailTaskSend).where(EmailTaskSend.outbound_email_id == email_id))
    put_into_outbox(runtime, book, alices_mailbox, state=SENT, sent_at=runtime.clock.now())
    assert "every 1s" in piece()  # it has left, and a moment later the task is settled
    jobs.settle_email_tasks(runtime)
    assert "every 1s" not in piece()
    assert "is-done" in piece()


def test_a_failed_email_says_what_to_do_to_its_sender_only(
    runtime: Runtime, book: Book, alices_mailbox: uuid.UUID, sign_in: SignIn
) -> None:
    put_into_outbox(runtime, book, alices_mailbox, state=FAILED, problem="No such address.", cure="Correct it.")
    alices, bobs = (sign_in(user).get(f"/ctas/{book.cta}").text for user in (book.alice, book.bob))
    assert "Tom Becker: No such address." in alices
    assert "Correct it." in alices
    assert "/send-again" in alices
    assert "Tom Becker: No such address." in bobs
    assert "/send-again" not in bobs


def test_an_email_task_is_done_by_a_mail_that_was_sent_from_gmail_and_stands_on_the_timeline(
    runtime: Runtime, sign_in: SignIn
) -> None:
    desk = Desk.open(runtime.db)
    client, path = sign_in(desk.book.alice), f"/api/v1/tasks/{desk.book.email_task}/complete"
    sent = desk.receive(desk.letter(sender=f"Alice <{ALICE}>", to=TOM, text="Welcome"), labels=("SENT",))
    theirs = desk.receive(desk.letter(sender=f"Tom <{TOM}>", to=ALICE, text="Thanks"))
    for refused in (None, uuid.uuid4(), desk.entry(theirs, desk.book.account).id):
        answer = client.post(path, json={"entry_id": str(refused)} if refused else None)
        assert answer.status_code == 409, refused
        assert "wait until it stands on the timeline" in answer.get_json()["cure"]
    answer = client.post(path, json={"entry_id": str(desk.entry(sent, desk.book.account).id)})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["done_at"] is not None
