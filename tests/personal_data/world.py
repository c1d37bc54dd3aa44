"""A book of business in which one person stands everywhere, and a look at every text of every table for them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import JSON, String, Text, cast, func, select

from server.all_models import metadata
from server.contacts import add
from server.contacts.models import Contact
from server.ctas import attachments, change, comments
from server.ctas.change import Change
from server.ctas.models import Cta, CtaTask
from server.db import Database
from server.email_templates import queries as email_templates
from server.email_templates.models import EmailTemplate, EmailTemplateDraft
from server.mail import correct, exclusions
from server.mail.models import ExclusionKind
from server.mailboxes import tokens
from server.mailboxes.connection import ENVELOPE_SCOPES
from server.mailboxes.models import Mailbox
from server.measures import record as measures
from server.measures.models import MeasureName
from server.measures.record import Reported
from server.personal import Subject
from server.personal_data import erase as erasing
from server.personal_data import subjects
from server.personal_data.models import ErasureReceipt
from server.runtime import Runtime
from server.sandbox.running import RunningSandbox
from server.sends import jobs
from server.sends.schedule import EmailToSchedule, schedule
from server.timeline.models import ActivityType
from server.timeline.record import record_note
from tests.cast import ALICE, Book
from tests.conftest import SignedInClient
from tests.ctas.composer import Composer
from tests.ctas.doing import Person
from tests.mail.letters import Desk
from tests.mail.test_correct import report

FIRST, LAST = "Zebrine", "Markerova"
ADDRESS, ALIAS, THIRD = "zebra-marker@helios.example", "Zebra.Alias@quist.example", "zebra-third@quist.example"
HERSELF = f"{FIRST} {LAST} <{ADDRESS}>"
MARKS = ("zebra-marker", "zebra.alias", "zebra-third", "zebrine", "markerova")
PRIYA = "Priya Nair <priya@helios.example>"


def tables_with(db: Database, marks: Iterable[str] = MARKS) -> dict[str, list[str]]:
    """table -> columns in which one of these stands, in any case: every text and JSON column of every table."""
    found: dict[str, list[str]] = {}
    with db.reading() as session:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if not isinstance(column.type, String | Text | JSON):
                    continue
                told = func.lower(cast(column, Text))
                if any(session.scalar(select(func.count()).where(told.contains(mark))) for mark in marks):
                    found.setdefault(table.name, []).append(column.name)
    return found


@dataclass(kw_only=True)
class World:
    """`zebra` is the contact who is to be erased."""

    runtime: Runtime
    sandbox: RunningSandbox
    desk: Desk
    zebra: uuid.UUID

    @classmethod
    def open(cls, runtime: Runtime, sandbox: RunningSandbox) -> World:
        desk = Desk.open(runtime.db)
        with runtime.db.transaction() as session:
            mailbox = session.get_one(Mailbox, desk.boxes[ALICE])
            mailbox.sealed_tokens = tokens.seal(runtime.vault, mailbox.id, sandbox.tokens_for(ALICE, ENVELOPE_SCOPES))
            mailbox.scopes = " ".join(sorted(ENVELOPE_SCOPES))
            zebra = add.add_contact(
                session, account_id=desk.book.account, first_name=FIRST, last_name=LAST, email=ADDRESS, now=desk.now
            )
            session.get_one(Contact, zebra).salesforce_id = "003000000000001AAA"
        return cls(runtime=runtime, sandbox=sandbox, desk=desk, zebra=zebra)

    @property
    def db(self) -> Database:
        return self.runtime.db

    @property
    def book(self) -> Book:
        return self.desk.book

    def add_address(self, email: str) -> None:
        with self.db.transaction() as session:
            add.add_address(session, contact_id=self.zebra, email=email, now=self.desk.now)

    def subject(self) -> Subject:
        with self.db.reading() as session:
            return subjects.of_contact(session, self.zebra)

    def erase(self, subject: Subject | None = None) -> ErasureReceipt:
        wanted = subject or self.subject()
        with self.db.transaction() as session:
            return erasing.erase(
                session, wanted, by_user_id=self.book.dana, by_name="Dana Petrov", now=self.runtime.clock.now()
            )

    def drain(self) -> None:
        jobs.drain(self.runtime, mailbox_id=str(self.desk.boxes[ALICE]))

    def fill(self, alice: SignedInClient) -> None:
        """Everything that this release can hold of a person, by the ways that it comes in."""
        self.mail_of_hers()
        self.mail_with_others()
        self.rules_about_her()
        self.what_people_wrote()
        self.emails_to_her(alice)

    def mail_of_hers(self) -> None:
        desk = self.desk
        # Mail of an address that nobody knew then waits, and is found all the same.
        desk.receive(desk.letter(sender=f"{FIRST} M. <{ALIAS}>", subject="From my other address"))
        self.add_address(ALIAS)
        desk.receive(desk.letter(sender=HERSELF, subject="Zebrine here", text=f"Yours, {FIRST}"))
        desk.receive(
            desk.letter(sender=ALICE, to=HERSELF, text=f"Dear {FIRST},", message_id="out@r.example"), labels=["SENT"]
        )
        desk.receive(desk.letter(sender=ALICE, to=HERSELF, message_id="dead@r.example"), labels=["SENT"])
        desk.receive(report(desk, ADDRESS, "dead@r.example"))

    def mail_with_others(self) -> uuid.UUID:
        desk = self.desk
        desk.receive(desk.letter(text=f"Ask {FIRST} {LAST} ({ADDRESS}) about it.", subject=f"About {FIRST} {LAST}"))
        return desk.receive(
            desk.letter(
                sender=PRIYA, to=f"{ALICE}, {HERSELF}", cc="tom@helios.example", subject=f"Plans for {FIRST}",
                text=f"Hi {FIRST}, hi all,\n\nsee below.\n\nOn Monday {HERSELF} wrote:\n> we want more seats\n",
                references=["zebra-marker.17@helios.example"],
            )
        )  # fmt: skip

    def rules_about_her(self) -> None:
        self.add_address(THIRD)
        message_id = self.desk.receive(self.desk.letter(sender=THIRD))
        by, now = self.book.dana, self.desk.now
        with self.db.transaction() as session:
            correct.never_pair(
                session, mail_message_id=message_id, email_norm=THIRD, account_id=self.book.account, by=by, now=now
            )
            exclusions.exclude(
                session, kind=ExclusionKind.ADDRESS, value=THIRD, label=THIRD, mailbox_id=None, by=by, now=now
            )

    def what_people_wrote(self) -> None:
        now = self.runtime.clock.now()
        with self.db.transaction() as session:
            cta, task = session.get_one(Cta, self.book.cta), session.get_one(CtaTask, self.book.to_do)
            cta.name, cta.snooze_reason = f"Call {FIRST} {LAST}", f"{ADDRESS} asked"
            task.title, task.instructions = f"Thank {FIRST} {LAST}", f"Write to {ADDRESS}."
            task.snooze_reason = f"{FIRST} {LAST} is away"
            asker = Person(user_id=self.book.alice)
            comments.write(session, cta, f"Ask {FIRST} {LAST} at {ADDRESS}", asker=asker, now=now)
            attachments.add(session, cta, name=f"{FIRST} {LAST}.txt", data=b"Hello", asker=asker, now=now)
            words = f"{FIRST} {LAST}: too slow"
            answer = Reported(account_id=self.book.account, name=MeasureName.NPS, number=4, note=words, measured_at=now)
            measures.record(session, answer, by_user_id=self.book.alice, now=now)
            renamed = Change(values={"name": f"Ring {FIRST} {LAST}"})
            change.change(session, [cta], renamed, asker=asker, now=now)
            record_note(
                session, account_id=self.book.account, activity_type=ActivityType.CUSTOMER_CALL, source_key="note:1",
                subject=f"Call with {FIRST} {LAST}", body_text=f"{FIRST} {LAST} <{ADDRESS}> wants more.",
                occurred_at=now, author_id=self.book.alice, now=now,
            )  # fmt: skip
            template = session.scalars(select(EmailTemplate).where(EmailTemplate.slug == "onboarding-welcome")).one()
            session.add(
                EmailTemplateDraft(
                    email_template_id=template.id, source_text=f"Dear {FIRST} {LAST}", revision=1, saved_at=now
                )
            )

    def emails_to_her(self, alice: SignedInClient) -> None:
        """One that was sent, one that waits, and a preview."""
        composer = Composer(client=alice, task_id=self.book.email_task)
        assert composer.send_all_the_same(self.zebra, subject=f"For {FIRST} and the team").status_code in (200, 303)
        self.drain()
        # She opts out while an email waits, and comes back.
        self.put_email("opted-out")
        self.say_opted_out(True)
        self.drain()
        self.say_opted_out(False)
        assert composer.preview(self.zebra, subject=f"Once more for {FIRST}").status_code == 200
        self.put_email("waits")

    def say_opted_out(self, is_so: bool) -> None:
        with self.db.transaction() as session:
            session.get_one(Contact, self.zebra).opted_out_at = self.runtime.clock.now() if is_so else None

    def put_email(self, key: str, *, contact: uuid.UUID | None = None, to: str = ADDRESS) -> uuid.UUID:
        """One more in the outbox, to her if nobody is named."""
        with self.db.transaction() as session:
            template = email_templates.by_slug(session, "onboarding-welcome")
            email = EmailToSchedule(
                dedupe_key=key, mailbox_id=self.desk.boxes[ALICE], user_id=self.book.alice,
                account_id=self.book.account, contact_id=contact or self.zebra,
                email_template_version_id=email_templates.current_version(session, template).id,
                template_label="Welcome v1", from_name="Alice Moreau", from_email=ALICE, to_name=f"{FIRST} {LAST}",
                to_email=to, subject=f"For {FIRST}", html=f"<p>Dear {FIRST} {LAST}</p>", text=f"Dear {FIRST} {LAST}",
            )  # fmt: skip
            return schedule(session, email, now=self.runtime.clock.now()).id
