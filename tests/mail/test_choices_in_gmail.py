"""Choices before sending, with a mailbox of the sandbox that the real job reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import event, select

from server.auth import people
from server.mail.models import MailContent, MailCopy, MailMessage, MailParticipant
from server.mailboxes.connection import ENVELOPE_SCOPES, TEXT_SCOPES
from server.mailboxes.models import LedgerState
from server.mailboxes.reconcile import last_reconciliation
from server.panel.choose import choose
from server.panel.foresee import Draft
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level
from tests.cast import ALICE, Book
from tests.mailboxes.box import Box, raw

TOM = "tom@helios.example"
NOTHING = (LedgerState.EXCLUDED, "chosen_nothing")
LOGGED = (LedgerState.LOGGED, None)


@pytest.fixture(params=[TEXT_SCOPES, ENVELOPE_SCOPES], ids=["with texts", "envelopes only"])
def box(request: pytest.FixtureRequest, runtime: Runtime, sandbox: RunningSandbox, book: Book) -> Box:
    for user in sandbox.config.users:
        sandbox.revoke(user.email)
    found = Box.connected(runtime, sandbox, book, email=ALICE, scopes=request.param)
    found.start(level=Level.SUBJECT)
    found.read()
    return found


def send(box: Box, text: str, *, minutes: float) -> str:
    """What leaves Gmail so many minutes from now."""
    letter = raw(sender=ALICE, to=TOM, subject=text, text=text)
    return box.put(letter, "SENT", days_ago=-minutes / 1440)


def choose_for_tom(box: Box, level: Level) -> None:
    draft, runtime = Draft(written_from=ALICE, to=(TOM,)), box.runtime
    with runtime.db.transaction() as session:
        user = people.by_email(session, ALICE)
        choose(session, draft, level, user=user, now=runtime.clock.now())


def levels(box: Box) -> dict[str, str | None]:
    """Gmail id: own level, of what is stored."""
    with box.runtime.db.reading() as session:
        return {one.gmail_message_id or "": one.own_level for one in session.scalars(select(MailCopy))}


def test_of_two_that_leave_before_anybody_looks_the_first_has_the_choice(box: Box) -> None:
    choose_for_tom(box, Level.NOTHING)
    second, first = send(box, "Second", minutes=2), send(box, "First", minutes=1)
    box.read()
    assert box.ledger() == {first: NOTHING, second: LOGGED}
    assert levels(box) == {second: None}


def test_a_rescan_finds_the_same_answer_and_the_comparison_explains_it(box: Box) -> None:
    choose_for_tom(box, Level.NOTHING)
    hidden = send(box, "Hidden", minutes=1)
    box.read()
    choose_for_tom(box, Level.FULL)
    shown = send(box, "Shown", minutes=1)
    box.read()
    for _ in range(2):
        box.start(level=Level.SUBJECT)
        box.read()
        assert box.ledger() == {hidden: NOTHING, shown: LOGGED}
        assert levels(box) == {shown: "full"}
    assert [entry.level for entry in box.entries()] == [Level.FULL]
    box.compare()
    with box.runtime.db.reading() as session:
        found = last_reconciliation(session, box.mailbox_id)
    assert found is not None
    assert (found.unexplained, found.excluded) == (0, {"chosen_nothing": 1})
    assert box.count(MailMessage) == 1


class _Killed(BaseException):
    """As a process that ends between two lines."""


@contextlib.contextmanager
def killed_as_it_commits(runtime: Runtime) -> Iterator[list[str]]:
    """The first transaction that uses a choice up never ends; what was said so far is in the list."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE mail_choice"):
            said.append(statement)

    def die(_connection: object) -> None:
        if said:
            raise _Killed

    event.listen(runtime.db.engine, "before_cursor_execute", hear)
    event.listen(runtime.db.engine, "commit", die)
    try:
        with pytest.raises(_Killed):
            yield said
    finally:
        event.remove(runtime.db.engine, "before_cursor_execute", hear)
        event.remove(runtime.db.engine, "commit", die)


@pytest.mark.parametrize("level", [Level.NOTHING, Level.METADATA])
def test_a_reader_that_dies_as_it_uses_a_choice_up_leaves_it_to_the_next(box: Box, level: Level) -> None:
    choose_for_tom(box, level)
    first = send(box, "First", minutes=1)
    with killed_as_it_commits(box.runtime):
        box.read()
    assert levels(box) == {}
    box.runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
    second = send(box, "Second", minutes=6)
    box.read()
    if level is Level.NOTHING:
        assert box.ledger() == {first: NOTHING, second: LOGGED}
        assert levels(box) == {second: None}
    else:
        assert levels(box) == {first: "metadata", second: None}


def test_nothing_is_decided_before_any_text_is_asked_for(box: Box) -> None:
    choose_for_tom(box, Level.NOTHING)
    send(box, "Secret", minutes=1)
    before = box.sandbox.call_counts(mailbox=ALICE)
    box.read()
    after = box.sandbox.call_counts(mailbox=ALICE)
    assert after["batch"] - before.get("batch", 0) == 1, "the envelope, and nothing after it"
    assert [box.count(one) for one in (MailMessage, MailContent, MailParticipant, MailCopy)] == [0, 0, 0, 0]
