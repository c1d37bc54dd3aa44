"""The pages of Rapport with ids that exist, for tests that open all of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest

from server.ctas.models import EmailTaskSend
from server.email_templates import queries as email_templates
from server.ids import new_id
from server.runtime import Runtime
from server.sends import schedule
from server.sends.models import OutboundEmail
from server.timeline.models import ActivityType
from server.timeline.record import record_note
from tests.cast import ALICE, Book

# For tests of what does not depend on the database: `db` and all that stands on it, on SQLite only.
ON_SQLITE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@dataclass(frozen=True, kw_only=True)
class Address:
    """`owner_only`: what is refused to everybody but Alice, to whom it belongs."""

    path: str
    owner_only: bool = False


def addresses(book: Book, email_id: uuid.UUID) -> list[Address]:
    return [
        *(
            Address(path=path)
            for path in (
                "/cockpit",
                "/cockpit?view=all",
                "/cockpit?type=lifecycle&status=new&q=helios",
                "/accounts",
                "/accounts?view=all",
                "/accounts?view=all&q=hel",
                f"/accounts/{book.account}",
                f"/accounts/{book.account}/timeline",
                f"/ctas/{book.cta}",
                "/outbox",
                "/outbox?group=waiting",
                "/outbox?group=sent",
                "/outbox?group=needs_you",
                "/mailbox",
                "/search",
                "/search?q=helios",
                "/search?q=nothing+like+it",
                "/search/suggest?q=hel",
                "/api/docs",
            )
        ),
        Address(path=f"/tasks/{book.email_task}/email", owner_only=True),
        Address(path=f"/emails/{email_id}", owner_only=True),
        Address(path=f"/emails/{email_id}/row", owner_only=True),
        Address(path=f"/emails/{email_id}/body", owner_only=True),
    ]


def add_note(runtime: Runtime, account_id: uuid.UUID, subject: str, *, days_ago: float = 1, **values: object) -> None:
    now = runtime.clock.now()
    note = {"activity_type": ActivityType.CUSTOMER_CALL, "body_text": "What was said.", "author_id": None} | values
    with runtime.db.transaction() as session:
        record_note(
            session,
            account_id=account_id,
            subject=subject,
            occurred_at=now - timedelta(days=days_ago),
            source_key=f"test:{new_id()}",
            now=now,
            **note,  # type: ignore[arg-type]
        )


def put_into_outbox(
    runtime: Runtime,
    book: Book,
    mailbox_id: uuid.UUID,
    *,
    contact_id: uuid.UUID | None = None,
    task_id: uuid.UUID | None = None,
    to_name: str = "Tom Becker",
    **changes: object,
) -> uuid.UUID:
    """An email of Alice's email task, as the composer schedules it; `changes` are set on the row."""
    now = runtime.clock.now()
    with runtime.db.transaction() as session:
        template = email_templates.by_slug(session, "onboarding-welcome")
        row: OutboundEmail = schedule.schedule(
            session,
            schedule.EmailToSchedule(
                dedupe_key=f"test:{new_id()}",
                mailbox_id=mailbox_id,
                user_id=book.alice,
                account_id=book.account,
                contact_id=contact_id or book.tom,
                email_template_version_id=email_templates.current_version(session, template).id,
                template_label="Welcome v1",
                from_name="Alice Moreau",
                from_email=ALICE,
                to_name=to_name,
                to_email="tom@helios.example",
                subject="Welcome",
                html="<p>Hello</p>",
                text="Hello",
            ),
            now=now,
        )
        for name, value in changes.items():
            setattr(row, name, value)
        session.add(EmailTaskSend(cta_task_id=task_id or book.email_task, outbound_email_id=row.id))
        return row.id
