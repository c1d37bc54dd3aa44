"""Bringing the ledger up to Gmail's present: list the window, look again at what a gap hid, then follow the history."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from server.clock import Clock
from server.db import Database
from server.mailboxes import aliases, connection, history, listing, recheck, watch
from server.mailboxes.halt import Halt, halt
from server.mailboxes.lane import Lane
from server.mailboxes.models import MailboxReading
from server.mailboxes.reading import LaneLost, lose_history
from server.ports.errors import HistoryExpired, PortError
from server.ports.gmail import GmailMailbox


@dataclass(frozen=True, kw_only=True)
class Followed:
    """`added` messages are new on the work list. `halt` is None when the ledger now stands at Gmail's present."""

    added: int
    halt: Halt | None


def follow(
    db: Database,
    clock: Clock,
    mailbox_id: uuid.UUID,
    gmail: GmailMailbox,
    *,
    holder: str,
    poll_interval: timedelta,
    excluded_labels: frozenset[str] = frozenset(),
    push_topic: str | None = None,
) -> Followed:
    """One look at one mailbox by `holder`, who has taken its lane. Never raises for what Gmail answers.

    `excluded_labels` are the ids of Gmail labels that keep a mail out; `push_topic` is None where no push is set up.
    """
    lane = Lane(db=db, clock=clock, mailbox_id=mailbox_id, gmail=gmail, holder=holder)
    look = _Look(lane=lane, poll_interval=poll_interval, excluded_labels=excluded_labels)
    try:
        look.run(push_topic)
    except LaneLost:
        return Followed(added=look.added, halt=Halt.LANE_LOST)
    except PortError as error:
        return Followed(added=look.added, halt=halt(db, clock, mailbox_id, error))
    return Followed(added=look.added, halt=None)


@dataclass(kw_only=True)
class _Look:
    lane: Lane
    poll_interval: timedelta
    excluded_labels: frozenset[str]
    added: int = 0

    def run(self, push_topic: str | None) -> None:
        with self.lane.db.reading() as session:
            can_read_text = connection.can_read_text(connection.by_id(session, self.lane.mailbox_id))
        # The same right lets search and list the addresses to send from.
        if can_read_text:
            aliases.read(self.lane)
        if push_topic is not None:
            watch.keep_watching(self.lane, topic=push_topic)
        while not self._step(can_search=can_read_text):
            pass

    def _step(self, *, can_search: bool) -> bool:
        """Whether the ledger stands at Gmail's present."""
        before = self.lane.position()
        if before.list_from is not None:
            self.added += listing.list_a_page(self.lane, before, can_search=can_search)
        elif before.recheck_since is not None:
            recheck.recheck_some(self.lane, before, excluded_labels=self.excluded_labels)
        elif before.history_id is None:
            self._lose_history(before)
        else:
            return self._follow_history(before, before.history_id)
        return False

    def _follow_history(self, before: MailboxReading, start: str) -> bool:
        try:
            for added in history.follow_history(
                self.lane, before, start, excluded_labels=self.excluded_labels, poll_interval=self.poll_interval
            ):
                self.added += added
        except HistoryExpired:
            self._lose_history(before)
            return False
        return True

    def _lose_history(self, before: MailboxReading) -> None:
        with self.lane.step(before) as (_, reading):
            lose_history(reading, now=self.lane.clock.now())
