"""Alice's outbox as tests use it: put emails in, drain, look what became of them."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy import select

from server.adapters.gmail import GoogleGmail
from server.adapters.google_endpoints import GoogleEndpoints
from server.contacts.models import Contact
from server.db import Database
from server.email_templates import queries as email_templates
from server.mailboxes import connection
from server.mailboxes.connection import ENVELOPE_SCOPES
from server.mailboxes.models import Mailbox
from server.mailboxes.opening import open_mailbox
from server.ports.google_accounts import MailboxGrant
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.sends import claim, decide, jobs, queries
from server.sends.deliver import Delivery, Next
from server.sends.models import OutboundEmail, OutboundState, SendLane
from server.sends.schedule import EmailToSchedule, schedule
from server.timeline.models import TimelineEntry
from tests.cast import ALICE, Book

TOM = "tom@helios.example"


@dataclass(frozen=True, kw_only=True)
class Outbox:
    runtime: Runtime
    sandbox: RunningSandbox
    book: Book
    mailbox_id: uuid.UUID

    @property
    def db(self) -> Database:
        return self.runtime.db

    def email(self, *, key: str = "one", to_email: str = TOM, subject: str = "Your review") -> EmailToSchedule:
        with self.db.reading() as session:
            template = email_templates.by_slug(session, "onboarding-welcome")
            version_id = email_templates.current_version(session, template).id
        return EmailToSchedule(
            dedupe_key=key,
            mailbox_id=self.mailbox_id,
            user_id=self.book.alice,
            account_id=self.book.account,
            contact_id=self.book.tom,
            email_template_version_id=version_id,
            template_label="Welcome v1",
            from_name="Alice Moreau",
            from_email=ALICE,
            to_name="Tom Becker",
            to_email=to_email,
            subject=subject,
            html="<p>Hello Tom, the secret word is marzipan.</p>",
            text="Hello Tom, the secret word is marzipan.",
        )

    def put(self, *, key: str = "one", to_email: str = TOM) -> uuid.UUID:
        email = self.email(key=key, to_email=to_email)
        with self.db.transaction() as session:
            return schedule(session, email, now=self.runtime.clock.now()).id

    def put_many(self, count: int) -> list[uuid.UUID]:
        return [self.put(key=f"email-{number}", to_email=f"person{number}@helios.example") for number in range(count)]

    def drain(self) -> None:
        jobs.drain(self.runtime, mailbox_id=str(self.mailbox_id))

    def with_short_patience(self) -> Outbox:
        """The same, with a Gmail client that waits only a moment for an answer."""
        settings = self.runtime.settings
        gmail = GoogleGmail(
            endpoints=GoogleEndpoints.for_sandbox(self.sandbox.base_url),
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret,
            clock=self.runtime.clock,
            read_timeout_s=0.5,
        )
        return replace(self, runtime=replace(self.runtime, gmail=gmail))

    def claim(self) -> OutboundEmail:
        """What a worker holds after it has claimed the next email."""
        with self.db.transaction() as session:
            found = claim.claim_next(session, mailbox_id=self.mailbox_id, now=self.runtime.clock.now())
        assert found is not None
        return found

    def deliver(self, claimed: OutboundEmail) -> Next:
        mailbox = open_mailbox(self.runtime, self.mailbox_id)
        assert mailbox is not None
        return Delivery(db=self.db, clock=self.runtime.clock, mailbox=mailbox, email=claimed).run()

    def row(self, email_id: uuid.UUID) -> OutboundEmail:
        with self.db.reading() as session:
            return session.get_one(OutboundEmail, email_id)

    def state(self, email_id: uuid.UUID) -> str:
        return self.row(email_id).state

    def states(self) -> Counter[str]:
        with self.db.reading() as session:
            return Counter(session.scalars(select(OutboundEmail.state)))

    def steps(self, email_id: uuid.UUID) -> list[str]:
        with self.db.reading() as session:
            return [step.state for step in queries.steps(session, email_id)]

    def lane(self) -> SendLane:
        with self.db.reading() as session:
            return session.get_one(SendLane, self.mailbox_id)

    def mailbox(self) -> Mailbox:
        with self.db.reading() as session:
            return connection.by_id(session, self.mailbox_id)

    def timeline_keys(self) -> list[str]:
        with self.db.reading() as session:
            return list(session.scalars(select(TimelineEntry.source_key)))

    def delivered(self, to: str = TOM) -> int:
        return len(self.sandbox.deliveries(to=to))

    def calls(self, name: str) -> int:
        return self.sandbox.call_counts(mailbox=ALICE).get(name, 0)

    def drafts(self) -> int:
        """How many drafts stand in Alice's mailbox."""
        mailbox = open_mailbox(self.runtime, self.mailbox_id)
        assert mailbox is not None
        return len(mailbox.list_messages(label_ids=["DRAFT"]).messages)

    def assert_sent_once(self, email_id: uuid.UUID, to: str = TOM) -> None:
        assert self.state(email_id) == OutboundState.SENT
        assert self.delivered(to) == 1
        assert self.timeline_keys().count(f"outbound:{email_id}") == 1

    def decide(self, email_id: uuid.UUID, deed: str) -> None:
        """`deed` is the name of a function of server.sends.decide."""
        with self.db.transaction() as session:
            found = decide.own(session, email_id=email_id, user_id=self.book.alice)
            getattr(decide, deed)(session, found, now=self.runtime.clock.now())

    def tom_opts_out(self) -> None:
        with self.db.transaction() as session:
            session.get_one(Contact, self.book.tom).opted_out_at = self.runtime.clock.now()

    def reconnect(self) -> None:
        grant = MailboxGrant(tokens=self.sandbox.tokens_for(ALICE, ENVELOPE_SCOPES), email=ALICE)
        with self.db.transaction() as session:
            connection.connect(
                session,
                user_id=self.book.alice,
                user_email=ALICE,
                grant=grant,
                vault=self.runtime.vault,
                now=self.runtime.clock.now(),
            )
