"""A reader of one mailbox for tests: it follows, and settles what is due by the labels and the day alone.

The product's own reader stands above this feature and decides by people and rules; what it asks of this feature is
asked here in the same way.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.mailboxes import connection, ledger, reading
from server.mailboxes.follow import Followed, follow
from server.mailboxes.halt import Halt, halt
from server.mailboxes.health import Health, health
from server.mailboxes.models import LedgerState, Mailbox, MailboxMessage, MailboxReading, Reconciliation
from server.mailboxes.opening import lose_access, open_mailbox
from server.mailboxes.reconcile import last_reconciliation, reconcile
from server.ports.errors import AccessLost, PortError, Throttled
from server.ports.gmail import GmailMailbox, GmailMessage, MessageFormat
from server.runtime import Runtime
from server.sandbox.deliver import PlacedMail
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level
from tests.cast import ALICE

POLL = timedelta(seconds=60)
_RULES = {"DRAFT": "draft", "CHAT": "chat", "SPAM": "spam", "TRASH": "trash"}


def a_mail(subject: str = "Hello", *, days_ago: float = 0, labels: Sequence[str] = ("INBOX",)) -> PlacedMail:
    raw = f"From: priya@helios.example\r\nTo: {ALICE}\r\nSubject: {subject}\r\n\r\nHello".encode()
    return PlacedMail(raw=raw, labels=tuple(labels), at=datetime.now(UTC) - timedelta(days=days_ago))


@dataclass(kw_only=True)
class Reader:
    runtime: Runtime
    sandbox: RunningSandbox
    mailbox_id: uuid.UUID
    email: str = ALICE
    holder: str = "reader-1"
    excluded_labels: frozenset[str] = frozenset()
    push_topic: str | None = None
    not_stored: set[str] = field(default_factory=set)
    """Gmail ids that `is_really_logged` denies, as if their mail had been lost in the store."""
    not_waiting: set[str] = field(default_factory=set)
    """The same of those that wait for a person."""

    def start(self, *, days: int = 30, level: Level = Level.SUBJECT) -> None:
        with self.runtime.db.transaction() as session:
            reading.start(session, self.mailbox_id, level=level, days=days, now=self.runtime.clock.now())

    def put(self, *mails: PlacedMail) -> list[str]:
        return self.sandbox.place(self.email, mails)

    def gmail(self) -> GmailMailbox:
        found = open_mailbox(self.runtime, self.mailbox_id)
        assert found is not None
        return found

    def take_lane(self) -> bool:
        with self.runtime.db.transaction() as session:
            return reading.take_lane(session, self.mailbox_id, holder=self.holder, now=self.runtime.clock.now())

    def leave_lane(self) -> None:
        with self.runtime.db.transaction() as session:
            reading.leave_lane(session, self.mailbox_id, holder=self.holder)

    def follow(self) -> Followed:
        """One look, with the lane taken for it."""
        assert self.take_lane(), "the lane is not free"
        try:
            found = follow(
                self.runtime.db,
                self.runtime.clock,
                self.mailbox_id,
                self.gmail(),
                holder=self.holder,
                poll_interval=POLL,
                excluded_labels=self.excluded_labels,
                push_topic=self.push_topic,
            )
        finally:
            self.leave_lane()
        if found.halt is Halt.RECONNECT:
            self._lose_access()
        return found

    def _lose_access(self) -> None:
        with self.runtime.db.reading() as session:
            granted_at = connection.by_id(session, self.mailbox_id).connected_at
        lose_access(self.runtime, self.mailbox_id, granted_at)

    def read(self) -> Halt | None:
        """Settle all that is due."""
        gmail = self.gmail()
        while rows := self.due():
            by_id = {row.gmail_message_id: row for row in rows}
            try:
                batch = gmail.get_messages(list(by_id), message_format=MessageFormat.METADATA)
            except PortError as error:
                return halt(self.runtime.db, self.runtime.clock, self.mailbox_id, error)
            with self.runtime.db.transaction() as session:
                for key, message in batch.found.items():
                    self._settle(session, by_id[key], message)
            if isinstance(batch.failed, Throttled | AccessLost):
                return halt(self.runtime.db, self.runtime.clock, self.mailbox_id, batch.failed)
            for key, failure in batch.failures.items():
                with self.runtime.db.transaction() as session:
                    ledger.did_not_come(session, by_id[key].id, failure, now=self.runtime.clock.now())
        with self.runtime.db.transaction() as session:
            reading.close_gap(session, self.mailbox_id)
        return None

    def _settle(self, session: Session, row: MailboxMessage, message: GmailMessage | None) -> None:
        now = self.runtime.clock.now()
        if message is None:
            assert ledger.settle(session, row.id, LedgerState.GONE, now=now)
            return
        rule = self._rule(session, message)
        state = LedgerState.EXCLUDED if rule else LedgerState.LOGGED
        assert ledger.settle(session, row.id, state, rule=rule, received_at=message.received_at, now=now)

    def _rule(self, session: Session, message: GmailMessage) -> str | None:
        found = session.get_one(MailboxReading, self.mailbox_id)
        if found.level == Level.NOTHING:
            return ledger.MAILBOX_LEVEL
        for label in sorted(message.label_ids):
            if label in _RULES or label in self.excluded_labels:
                return _RULES.get(label, "excluded_label")
        return ledger.BEFORE_WINDOW if message.received_at < found.window_from else None

    def run(self) -> None:
        """Follow and read until nothing is due."""
        assert self.follow().halt is None
        assert self.read() is None

    def compare(self) -> Reconciliation | Halt:
        def is_really_logged(_: Session, ids: Sequence[str]) -> set[str]:
            return set(ids) - self.not_stored

        def is_really_waiting(_: Session, ids: Sequence[str]) -> set[str]:
            return set(ids) - self.not_waiting

        return reconcile(
            self.runtime.db,
            self.runtime.clock,
            self.mailbox_id,
            self.gmail(),
            is_really_logged=is_really_logged,
            is_really_waiting=is_really_waiting,
        )

    # What stands in the database

    def due(self) -> list[MailboxMessage]:
        with self.runtime.db.reading() as session:
            return ledger.due(session, self.mailbox_id, self.runtime.clock.now())

    def row(self, gmail_message_id: str) -> MailboxMessage | None:
        with self.runtime.db.reading() as session:
            return session.scalars(
                select(MailboxMessage).where(
                    MailboxMessage.mailbox_id == self.mailbox_id,
                    MailboxMessage.gmail_message_id == gmail_message_id,
                )
            ).one_or_none()

    def states(self) -> dict[str, str]:
        """{Gmail id: state, with the rule of what is excluded}."""
        with self.runtime.db.reading() as session:
            rows = session.scalars(select(MailboxMessage).where(MailboxMessage.mailbox_id == self.mailbox_id))
            return {
                row.gmail_message_id: f"{row.state}:{row.rule}" if row.state == LedgerState.EXCLUDED else row.state
                for row in rows
            }

    def reading(self) -> MailboxReading:
        with self.runtime.db.reading() as session:
            return session.get_one(MailboxReading, self.mailbox_id)

    def mailbox(self) -> Mailbox:
        with self.runtime.db.reading() as session:
            return connection.by_id(session, self.mailbox_id)

    def health(self) -> Health:
        with self.runtime.db.reading() as session:
            return health(
                reading.of(session, self.mailbox_id),
                connection.by_id(session, self.mailbox_id),
                ledger.counts(session, self.mailbox_id),
                self.runtime.clock.now(),
                POLL,
                last_reconciliation(session, self.mailbox_id),
            )

    def calls(self, name: str) -> int:
        return self.sandbox.call_counts(mailbox=self.email).get(name, 0)
