"""What colleagues see of mail that is logged already, after its owner chose another level for the past."""

from __future__ import annotations

import pytest

from server.db import Database
from server.errors import Invalid
from server.mail import jobs, relevel
from server.mailboxes import reading
from server.runtime import Runtime
from server.timeline.models import Level
from tests.cast import ALICE, BOB
from tests.mail.letters import Desk


@pytest.fixture
def desk(db: Database) -> Desk:
    desk = Desk.open(db)
    with db.transaction() as session:
        reading.start(session, desk.boxes[ALICE], level=Level.SUBJECT, days=30, now=desk.now)
    return desk


def choose(desk: Desk, level: Level) -> None:
    with desk.db.transaction() as session:
        reading.change_level(session, desk.boxes[ALICE], level=level, is_for_past=True, now=desk.now)


def test_mail_of_the_past_follows_and_words_on_single_mails_stay(desk: Desk, runtime: Runtime) -> None:
    mails = [desk.receive(desk.letter(text=str(number)), level=Level.FULL) for number in range(45)]
    own_word = desk.receive(desk.letter(text="own word"), level=Level.SUBJECT)
    desk.restrict(own_word, Level.FULL, desk.book.alice)
    bobs = desk.receive(desk.letter(to=BOB, text="to Bob"), whose=BOB, level=Level.FULL)
    both = desk.letter(to=f"{ALICE}, {BOB}")
    shared = desk.receive(both, level=Level.FULL)
    desk.receive(both, whose=BOB, level=Level.FULL)
    choose(desk, Level.METADATA)
    # A worker dies after its first transaction; the clock finds what is left.
    assert relevel.run_some(runtime.db, runtime.clock, desk.boxes[ALICE])
    with desk.db.reading() as session:
        assert relevel.under_way(session) == [desk.boxes[ALICE]]
    jobs.wake_added(runtime)
    jobs.relevel_past(runtime, mailbox_id=str(desk.boxes[ALICE]))

    def level(message: object) -> str:
        return desk.entry(message, desk.book.account).level  # type: ignore[arg-type]

    assert {level(one) for one in mails} == {Level.METADATA}
    assert level(own_word) == Level.FULL
    assert level(bobs) == Level.FULL
    assert level(shared) == Level.METADATA, "the most careful holder decides"
    with desk.db.reading() as session:
        assert relevel.under_way(session) == []
    choose(desk, Level.FULL)
    jobs.relevel_past(runtime, mailbox_id=str(desk.boxes[ALICE]))
    assert {level(one) for one in (*mails, shared)} == {Level.FULL}


def test_nothing_is_no_level_for_the_past(desk: Desk) -> None:
    with pytest.raises(Invalid, match="not to nothing"):
        choose(desk, Level.NOTHING)
    with desk.db.reading() as session:
        assert relevel.under_way(session) == []
