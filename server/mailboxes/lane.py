"""A reader's hold on one mailbox, and the two things that it does with it: ask Gmail, and write down what came.

Between two calls to Gmail stands one transaction that holds what the first brought and the position after it. So a
reader may be killed anywhere: the next one goes on from what was committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from server.clock import Clock
from server.db import Database
from server.mailboxes.models import MailboxReading
from server.mailboxes.reading import LaneLost, hold, still_holds
from server.ports.gmail import GmailMailbox

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Lane:
    """`holder` has taken the lane (`reading.take_lane`)."""

    db: Database
    clock: Clock
    mailbox_id: uuid.UUID
    gmail: GmailMailbox
    holder: str

    def position(self) -> MailboxReading:
        with self.db.reading() as session:
            return session.get_one(MailboxReading, self.mailbox_id)

    def ask(self, call: Callable[[], T]) -> T:
        """One call to Gmail, outside of any transaction. Raises LaneLost when nobody may call any more."""
        with self.db.reading() as session:
            if not still_holds(session, self.mailbox_id, holder=self.holder, now=self.clock.now()):
                raise LaneLost
        return call()

    @contextmanager
    def step(self, before: MailboxReading) -> Iterator[tuple[Session, MailboxReading]]:
        """One transaction that writes. Raises LaneLost when the position is no longer the one that was worked from."""
        with self.db.transaction() as session:
            reading = hold(session, self.mailbox_id, holder=self.holder, now=self.clock.now())
            if _place(reading) != _place(before):
                raise LaneLost
            yield session, reading


def _place(reading: MailboxReading) -> tuple[object, ...]:
    """What a person moves who begins anew or widens the window, and a reader who took over."""
    return (
        reading.started_at,
        reading.phase,
        reading.list_from,
        reading.list_page_token,
        reading.pinned_history_id,
        reading.history_id,
        reading.recheck_since,
        reading.recheck_after,
    )
