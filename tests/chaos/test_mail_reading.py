"""Ten seeds, each a mailbox of its own that is read while everything breaks. `make chaos-mail` plays 50 in full size.

A seed plans the same mail, faults, kills and changes each time; the microsecond of a kill is the machine's.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.ids import new_id
from server.mail.models import MailContent, MailCopy, MailLink, MailMessage
from server.mailboxes.models import LedgerState, MailboxMessage
from server.timeline.models import TimelineEntry
from tests.chaos.mail_reading import play
from tests.chaos.mailbag import Fate
from tests.chaos.play import Play, Seed
from tests.chaos.reckoning import reckon_in
from tests.chaos.stage import Stage

# A seed costs what its deaths cost, whatever its size: 2,000 messages in each are for `make chaos-mail`.
MESSAGES = 60


@pytest.mark.peer_case(21)
@pytest.mark.parametrize("number", range(1, 11))
def test_mailbox_and_store_are_the_same_whatever_broke(stage: Stage, number: int) -> None:
    outcome = play(stage, Seed(number=number, messages=MESSAGES))
    assert outcome.is_well, outcome.complaint()
    assert outcome.reckoning.linked > 0
    assert outcome.deaths["of these at work"] > 0
    assert outcome.deaths["pushes answered 204"] > 0


def _lose_an_entry(session: Session, _: Play) -> None:
    _delete_one(session, TimelineEntry)


def _lose_a_copy(session: Session, _: Play) -> None:
    _delete_one(session, MailCopy)


def _lose_a_text(session: Session, _: Play) -> None:
    # Some letters are unreadable, and of them no text is asked.
    session.execute(delete(MailContent))


def _delete_one(session: Session, model: type[TimelineEntry | MailCopy]) -> None:
    one = session.scalars(select(model.id).limit(1)).one()
    session.execute(update(MailLink).values(timeline_entry_id=None))
    session.execute(delete(model).where(model.id == one))


def _double_an_entry(session: Session, _: Play) -> None:
    entry = session.scalars(select(TimelineEntry).limit(1)).one()
    values = {name: getattr(entry, name) for name in TimelineEntry.__table__.columns.keys()}  # noqa: SIM118
    session.add(TimelineEntry(**{**values, "id": new_id(), "source_key": "again"}))
    session.flush()


def _write_down_what_is_excluded(session: Session, one: Play) -> None:
    letter = next(one.letter for one in one.truth.placed.values() if one.letter.fate is Fate.NEVER)
    message_id = session.scalars(select(MailMessage.id).limit(1)).one()
    session.execute(update(MailMessage).where(MailMessage.id == message_id).values(subject=f"Fwd: {letter.mark}"))


def _leave_a_row_unread(session: Session, _: Play) -> None:
    row_id = session.scalars(select(MailboxMessage.id).limit(1)).one()
    session.execute(update(MailboxMessage).where(MailboxMessage.id == row_id).values(state=LedgerState.TO_READ))


_DAMAGE: dict[str, tuple[Callable[[Session, Play], None], ...]] = {
    "missing": (_lose_an_entry, _lose_a_copy, _lose_a_text),
    "doubled": (_double_an_entry,),
    "leaked": (_write_down_what_is_excluded,),
    "wrong": (_leave_a_row_unread,),
}


def test_the_comparison_notices_all_that_it_looks_for(stage: Stage) -> None:
    seed = Seed(number=1, messages=40)
    scene = stage.open(postgres=seed.is_on_postgres, bob_has_text=seed.bob_has_text)
    one = Play(stage, scene, seed)
    one.run()
    stage.leave()
    for name, damages in _DAMAGE.items():
        for damage in damages:
            with scene.runtime.db.reading() as session:
                assert reckon_in(session, scene, one.truth).is_well
                damage(session, one)
                assert getattr(reckon_in(session, scene, one.truth), name), damage.__name__
                session.rollback()
