"""A mailbox of the sandbox that the real job reads to the timeline."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import func, select

from server.mail import jobs
from server.mail.models import MailContent, MailCopy, MailMessage, MailParticipant
from server.mail.read_mailbox import Reader
from server.mailboxes import connection, ledger, reading
from server.mailboxes.health import Health, health
from server.mailboxes.models import Mailbox, MailboxMessage, MailboxReading
from server.mailboxes.opening import open_mailbox
from server.mailboxes.reconcile import last_reconciliation
from server.ports.google_accounts import MailboxGrant
from server.runtime import Runtime
from server.sandbox.deliver import PlacedMail
from server.sandbox.faults import FaultKind
from server.sandbox.running import RunningSandbox
from server.timeline.models import Level, TimelineEntry
from tests.cast import ALICE, BOB, Book, connect_mailbox

PRIYA = "Priya Nair <priya@helios.example>"


def raw(
    *, sender: str = PRIYA, to: str = ALICE, subject: str = "Renewal", text: str = "Hello", number: int = 0, **more: str
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(datetime.now(UTC) - timedelta(hours=1, seconds=-number))
    message["Message-ID"] = f"<{uuid.uuid4()}@letters.example>"
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


@dataclass(kw_only=True)
class Box:
    """One user's mailbox, read by the real job."""

    runtime: Runtime
    sandbox: RunningSandbox
    email: str
    mailbox_id: uuid.UUID
    account: uuid.UUID

    @classmethod
    def connected(
        cls, runtime: Runtime, sandbox: RunningSandbox, book: Book, *, email: str, scopes: tuple[str, ...]
    ) -> Box:
        with runtime.db.transaction() as session:
            mailbox_id = connect_mailbox(
                session,
                user_id={ALICE: book.alice, BOB: book.bob}[email],
                email=email,
                granted=sandbox.tokens_for(email, scopes),
                vault=runtime.vault,
                now=runtime.clock.now(),
            )
        return cls(runtime=runtime, sandbox=sandbox, email=email, mailbox_id=mailbox_id, account=book.account)

    def allow(self, scopes: tuple[str, ...]) -> None:
        """The person connects anew, with these permissions."""
        granted = self.sandbox.tokens_for(self.email, scopes)
        with self.runtime.db.transaction() as session:
            connection.connect(
                session,
                user_id=connection.by_id(session, self.mailbox_id).user_id,
                user_email=self.email,
                grant=MailboxGrant(tokens=replace(granted, scopes=frozenset(scopes)), email=self.email),
                vault=self.runtime.vault,
                now=self.runtime.clock.now(),
            )

    def put(self, content: bytes, *labels: str, days_ago: float = 0) -> str:
        at = datetime.now(UTC) - timedelta(days=days_ago)
        placed = PlacedMail(raw=content, labels=labels or ("INBOX",), at=at)
        return self.sandbox.place(self.email, [placed])[0]

    def start(self, *, level: Level = Level.FULL, days: int = 30) -> None:
        with self.runtime.db.transaction() as session:
            reading.start(session, self.mailbox_id, level=level, days=days, now=self.runtime.clock.now())

    def read(self) -> None:
        self._look_now()
        jobs.read(self.runtime, mailbox_id=str(self.mailbox_id))

    def compare(self) -> None:
        jobs.compare(self.runtime, mailbox_id=str(self.mailbox_id))

    def ledger(self) -> dict[str, tuple[str, str | None]]:
        with self.runtime.db.reading() as session:
            rows = session.scalars(select(MailboxMessage).where(MailboxMessage.mailbox_id == self.mailbox_id))
            return {row.gmail_message_id: (row.state, row.rule) for row in rows}

    def entries(self) -> list[TimelineEntry]:
        with self.runtime.db.reading() as session:
            return list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.occurred_at)))

    def count(self, model: type[MailMessage] | type[MailContent] | type[MailParticipant] | type[MailCopy]) -> int:
        with self.runtime.db.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def health(self) -> Health:
        with self.runtime.db.reading() as session:
            return health(
                session.get(MailboxReading, self.mailbox_id),
                session.get_one(Mailbox, self.mailbox_id),
                ledger.counts(session, self.mailbox_id),
                now=self.runtime.clock.now(),
                poll_interval=timedelta(seconds=60),
                last_reconciliation=last_reconciliation(session, self.mailbox_id),
            )

    def reader(self) -> Reader:
        """One that has the lane, its ledger filled, and nothing read."""
        self.sandbox.add_fault("batch", FaultKind.UNAVAILABLE)
        self.read()
        self.runtime.clock.advance(minutes=5)  # type: ignore[attr-defined]
        now, gmail = self.runtime.clock.now(), open_mailbox(self.runtime, self.mailbox_id)
        assert gmail is not None
        with self.runtime.db.transaction() as session:
            assert reading.take_lane(session, self.mailbox_id, holder="test", now=now)
            position = session.get_one(MailboxReading, self.mailbox_id)
            return Reader(
                db=self.runtime.db, clock=self.runtime.clock, gmail=gmail, mailbox_id=self.mailbox_id,
                user_id=session.get_one(Mailbox, self.mailbox_id).user_id, holder="test", level=position.level,
                window_from=position.window_from, may_read_text=True,
            )  # fmt: skip

    def _look_now(self) -> None:
        with self.runtime.db.transaction() as session:
            session.get_one(MailboxReading, self.mailbox_id).next_look_at = self.runtime.clock.now()
