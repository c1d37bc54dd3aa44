"""Letters as they come in, and a desk that takes them in as a reader of mailboxes does, without Gmail."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.db import Database
from server.mail import chosen, correct
from server.mail.decide import Decision, Outcome, decide
from server.mail.incoming import Incoming
from server.mail.models import LinkState, MailLink, MailMessage, MailState, Route
from server.mail.rules import load_rules
from server.mail.store import take_in
from server.mailboxes import ledger
from server.mailboxes.models import LedgerState, Mailbox, MailboxMessage, MailboxState
from server.messages.model import Mail
from server.messages.read import read_mail
from server.ports.gmail import MessageRef
from server.timeline.models import Level, TimelineEntry, TimelineParticipant
from tests.cast import ALICE, BOB, Book, add_contact, load_cast, welcome_only

PRIYA = "Priya Nair <priya@helios.example>"
STRANGER = "Nora Quist <nora@quist.example>"


def letter(
    *,
    sender: str = PRIYA,
    to: str = ALICE,
    cc: str = "",
    bcc: str = "",
    subject: str = "Renewal",
    text: str = "Shall we talk?",
    at: datetime,
    message_id: str | None = None,
    references: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Mail:
    """A plain mail, written as bytes and read back. `message_id` "" leaves it out, None makes one of the rest."""
    message = EmailMessage()
    for name, value in (("From", sender), ("To", to), ("Cc", cc), ("Bcc", bcc), ("Subject", subject)):
        if value:
            message[name] = value
    message["Date"] = format_datetime(at)
    if message_id != "":
        made = hashlib.sha256(f"{sender}{to}{subject}{at}{text}".encode()).hexdigest()[:16]
        message["Message-ID"] = f"<{message_id or f'{made}@letters.example'}>"
    if references:
        message["References"] = " ".join(f"<{one}>" for one in references)
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    return read_mail(message.as_bytes())


@dataclass(kw_only=True)
class Desk:
    """The cast, mailboxes of Alice and Bob, and what was taken in so far. Its time goes on with each letter."""

    db: Database
    book: Book
    boxes: dict[str, uuid.UUID]
    users: dict[str, uuid.UUID]
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @classmethod
    def open(cls, db: Database) -> Desk:
        now = datetime.now(UTC).replace(microsecond=0)
        with db.transaction() as session:
            book = load_cast(session, now, sources=welcome_only())
            users = {ALICE: book.alice, BOB: book.bob}
            boxes = {email: _mailbox(session, user_id, email, now) for email, user_id in users.items()}
        return cls(db=db, book=book, boxes=boxes, users=users, now=now)

    def letter(self, **words: object) -> Mail:
        self.now += timedelta(minutes=1)
        return letter(**{"at": self.now, **words})  # type: ignore[arg-type]

    def incoming(
        self,
        mail: Mail,
        *,
        whose: str = ALICE,
        thread: str | None = None,
        labels: Sequence[str] = ("INBOX",),
        level: str = Level.SUBJECT,
        gmail_id: str | None = None,
        route: Route = Route.GMAIL,
    ) -> Incoming:
        """One holder's copy. The same letter has the same Gmail id each time that it is in the same mailbox."""
        made = hashlib.sha256(f"{whose}{mail.envelope}{mail.text}".encode()).hexdigest()[:16]
        place = gmail_id or made if route is Route.GMAIL else None
        assert mail.envelope.sent_at is not None
        return Incoming(
            envelope=mail.envelope,
            user_id=self.users[whose],
            mailbox_id=self.boxes[whose] if place else None,
            level=level,
            route=route,
            source=place or made,
            gmail_message_id=place,
            gmail_thread_id=(thread or place) if place else None,
            labels=frozenset(labels),
            received_at=mail.envelope.sent_at,
            mail=mail,
        )

    def take(self, incoming: Incoming) -> tuple[Decision, uuid.UUID | None]:
        """What the reader does with one message: decide on the envelope, store with the text what is linked."""
        with self.db.transaction() as session:
            row = self._row(session, incoming)
            rules = load_rules(session)
            decision = decide(session, incoming, rules)
            if decision.outcome is Outcome.EXCLUDED:
                chosen.leave_out(session, incoming, decision, salt=rules.salt, now=self.now)
                self._settle(session, row, LedgerState.EXCLUDED, decision.reason)
                return decision, None
            message = take_in(session, incoming, decision, salt=rules.salt, now=self.now)
            state = {
                MailState.LINKED: LedgerState.LOGGED,
                MailState.WAITING: LedgerState.WAITING,
                MailState.REMOVED: LedgerState.EXCLUDED,
            }
            self._settle(session, row, state[MailState(message.state)], message.waiting_reason)
            return decision, message.id

    def receive(self, mail: Mail, **copy: object) -> uuid.UUID:
        """Take in a letter that is kept; the mail's id."""
        _, message_id = self.take(self.incoming(mail, **copy))  # type: ignore[arg-type]
        assert message_id is not None
        return message_id

    def account(self, name: str, *domains: str) -> uuid.UUID:
        with self.db.transaction() as session:
            account = Account(name=name, name_key=fold(name), created_at=self.now, updated_at=self.now)
            session.add(account)
            session.flush()
            session.add_all(AccountDomain(account_id=account.id, domain=domain) for domain in domains)
        return account.id

    def contact(self, account_id: uuid.UUID, name: str, email: str) -> uuid.UUID:
        first, _, last = name.partition(" ")
        with self.db.transaction() as session:
            return add_contact(session, account_id, first, last, email, self.now)

    def unlink(self, message_id: uuid.UUID, account_id: uuid.UUID | None = None, *, whole: bool = False) -> None:
        """Alice takes it off; off her own account if none is named."""
        with self.db.transaction() as session:
            correct.unlink(
                session, mail_message_id=message_id, account_id=account_id or self.book.account, whole_thread=whole,
                by=self.book.alice, now=self.now,
            )  # fmt: skip

    def move(self, message_id: uuid.UUID, source: uuid.UUID, target: uuid.UUID, *, whole: bool = False) -> None:
        with self.db.transaction() as session:
            correct.move(
                session, mail_message_id=message_id, from_account_id=source, to_account_id=target, whole_thread=whole,
                by=self.book.alice, now=self.now,
            )  # fmt: skip

    def link_to(self, message_id: uuid.UUID, account_id: uuid.UUID, *, whole: bool = False) -> None:
        with self.db.transaction() as session:
            correct.link(
                session, mail_message_id=message_id, account_id=account_id, whole_thread=whole, by=self.book.alice,
                now=self.now,
            )  # fmt: skip

    def restrict(self, message_id: uuid.UUID, level: Level | None, by: uuid.UUID) -> None:
        with self.db.transaction() as session:
            correct.restrict(session, mail_message_id=message_id, level=level, by=by, now=self.now)

    def people_of(self, message_id: uuid.UUID, account_id: uuid.UUID) -> dict[str, uuid.UUID | None]:
        """Who is shown on this account's entry: {address: contact}."""
        entry = self.entry(message_id, account_id)
        with self.db.reading() as session:
            found = select(TimelineParticipant).where(TimelineParticipant.timeline_entry_id == entry.id)
            return {one.email: one.contact_id for one in session.scalars(found)}

    def mail(self, message_id: uuid.UUID) -> MailMessage:
        with self.db.reading() as session:
            return session.get_one(MailMessage, message_id)

    def is_stored(self, message_id: uuid.UUID) -> bool:
        with self.db.reading() as session:
            return session.get(MailMessage, message_id) is not None

    def accounts_of(self, message_id: uuid.UUID) -> set[uuid.UUID]:
        """Where its entries stand; what its links say must be the same."""
        with self.db.reading() as session:
            shown = select(TimelineEntry.account_id).where(TimelineEntry.mail_message_id == message_id)
            found = list(session.scalars(shown))
            linked = select(MailLink.account_id).where(
                MailLink.mail_message_id == message_id, MailLink.state == LinkState.LINKED
            )
            assert sorted(found) == sorted(session.scalars(linked))
            return set(found)

    def link(self, message_id: uuid.UUID, account_id: uuid.UUID) -> MailLink:
        with self.db.reading() as session:
            return session.scalars(
                select(MailLink).where(MailLink.mail_message_id == message_id, MailLink.account_id == account_id)
            ).one()

    def entry(self, message_id: uuid.UUID, account_id: uuid.UUID) -> TimelineEntry:
        with self.db.reading() as session:
            return session.scalars(
                select(TimelineEntry).where(
                    TimelineEntry.mail_message_id == message_id, TimelineEntry.account_id == account_id
                )
            ).one()

    def ledger(self, whose: str = ALICE) -> dict[str, tuple[str, str | None]]:
        """Gmail id: (state, rule)."""
        with self.db.reading() as session:
            rows = session.scalars(select(MailboxMessage).where(MailboxMessage.mailbox_id == self.boxes[whose]))
            return {row.gmail_message_id: (row.state, row.rule) for row in rows}

    def ledger_of(self, mail: Mail, **copy: object) -> tuple[str, str | None]:
        incoming = self.incoming(mail, **copy)  # type: ignore[arg-type]
        whose = next(email for email, user_id in self.users.items() if user_id == incoming.user_id)
        return self.ledger(whose)[incoming.gmail_message_id or ""]

    def _row(self, session: Session, incoming: Incoming) -> uuid.UUID | None:
        if incoming.mailbox_id is None or incoming.gmail_message_id is None:
            return None
        ref = MessageRef(
            gmail_message_id=incoming.gmail_message_id, gmail_thread_id=incoming.gmail_thread_id or "thread"
        )
        if not ledger.add(session, incoming.mailbox_id, [ref], self.now):
            ledger.reopen(session, incoming.mailbox_id, gmail_message_ids=[ref.gmail_message_id], now=self.now)
        return session.scalars(
            select(MailboxMessage.id).where(
                MailboxMessage.mailbox_id == incoming.mailbox_id,
                MailboxMessage.gmail_message_id == incoming.gmail_message_id,
            )
        ).one()

    def _settle(self, session: Session, row: uuid.UUID | None, state: LedgerState, rule: str | None) -> None:
        if row is not None:
            assert ledger.settle(session, row, state, rule=rule, received_at=self.now, now=self.now)


def _mailbox(session: Session, user_id: uuid.UUID, email: str, now: datetime) -> uuid.UUID:
    mailbox = Mailbox(
        user_id=user_id, email=email, state=MailboxState.CONNECTED, scopes="", connected_at=now, state_changed_at=now
    )
    session.add(mailbox)
    session.flush()
    return mailbox.id


def without_text(incoming: Incoming) -> Incoming:
    """As it is known before its text was asked for."""
    return replace(incoming, mail=None)
