"""The cast: Alice owns, Bob is on her team, Charlie must not act, Dana is an admin. And a small book of business."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.accounts.names import fold
from server.auth import people
from server.auth.models import User
from server.contacts.models import Contact, ContactAddress
from server.ctas.models import Cta, CtaTask, TaskKind
from server.email_templates import queries as email_templates
from server.email_templates.load import load_templates, parse_folder, read_folder
from server.email_templates.models import Kind
from server.email_templates.source import TemplateSource
from server.ids import new_id
from server.mailboxes import tokens
from server.mailboxes.models import Mailbox, MailboxState
from server.ports.gmail import OAuthTokens
from server.vault import Vault

TEMPLATES = Path(__file__).parent.parent / "email_templates"
ALICE, BOB, CHARLIE = "alice@rapport.example", "bob@rapport.example", "charlie@rapport.example"
DANA = "dana@rapport.example"


@dataclass(frozen=True, kw_only=True)
class Book:
    """Ids of what `load_cast` made: one account of Alice's with three contacts, and a CTA with an email task."""

    alice: uuid.UUID
    bob: uuid.UUID
    charlie: uuid.UUID
    dana: uuid.UUID
    account: uuid.UUID
    priya: uuid.UUID
    tom: uuid.UUID
    opted_out: uuid.UUID
    cta: uuid.UUID
    email_task: uuid.UUID
    to_do: uuid.UUID


@cache
def shipped(*slugs: str) -> tuple[TemplateSource, ...]:
    """These templates of the checkout, and the shared blocks that they may use."""
    files = {source.slug: source for source in parse_folder(TEMPLATES)}
    return (*(one for one in files.values() if one.kind is Kind.BLOCK), *(files[slug] for slug in slugs))


@cache
def all_shipped() -> tuple[TemplateSource, ...]:
    """Everything in the checkout's folder of templates."""
    return tuple(read_folder(TEMPLATES))


def welcome_only() -> tuple[TemplateSource, ...]:
    """The one template that the cast's email task needs, for tests that want to start quickly."""
    return shipped("onboarding-welcome")


def load_cast(session: Session, now: datetime, *, sources: Sequence[TemplateSource] | None = None) -> Book:
    load_templates(session, all_shipped() if sources is None else sources, now)
    users = {
        email: people.add_user(session, email=email, name=name, role=role, title=title, time_zone=zone, now=now)
        for email, name, role, title, zone in (
            (ALICE, "Alice Moreau", "tam", "Technical Account Manager", "Europe/Paris"),
            (BOB, "Bob Lindqvist", "tam", "Technical Account Manager", "Europe/Stockholm"),
            (CHARLIE, "Charlie Okoye", "viewer", "Account Executive", "UTC"),
            (DANA, "Dana Petrov", "admin", "Head of Customer Success Operations", "Europe/Sofia"),
        )
    }
    session.flush()
    account = _account(session, users[ALICE], now)
    priya = add_contact(session, account.id, "Priya", "Nair", "priya@helios.example", now, role="executive_sponsor")
    tom = add_contact(session, account.id, "Tom", "Becker", "tom@helios.example", now, role="gitlab_admin")
    out = add_contact(session, account.id, "Sam", "Holt", "sam@helios.example", now, opted_out=True)
    cta, email_task, to_do = _cta(session, account, users[ALICE], now)
    session.flush()
    return Book(
        alice=users[ALICE].id,
        bob=users[BOB].id,
        charlie=users[CHARLIE].id,
        dana=users[DANA].id,
        account=account.id,
        priya=priya,
        tom=tom,
        opted_out=out,
        cta=cta,
        email_task=email_task,
        to_do=to_do,
    )


def _account(session: Session, tam: User, now: datetime) -> Account:
    account = Account(
        name="Helios Energy",
        name_key=fold("Helios Energy"),
        tam_id=tam.id,
        tam_name=tam.name,
        arr=Decimal("858000.00"),
        renewal_on=date(2027, 9, 30),
        lifecycle_stage="onboarding",
        created_at=now,
        updated_at=now,
    )
    session.add(account)
    session.flush()
    return account


def add_contact(
    session: Session,
    account_id: uuid.UUID,
    first: str,
    last: str,
    email: str,
    now: datetime,
    *,
    role: str | None = None,
    title: str | None = "VP Engineering",
    opted_out: bool = False,
) -> uuid.UUID:
    contact = Contact(
        account_id=account_id,
        first_name=first,
        last_name=last,
        name_key=fold(f"{last} {first}"),
        title=title,
        role=role,
        opted_out_at=now if opted_out else None,
        created_at=now,
        updated_at=now,
    )
    session.add(contact)
    session.flush()
    session.add(ContactAddress(contact_id=contact.id, email=email, email_norm=email.lower(), is_primary=True))
    return contact.id


def _cta(session: Session, account: Account, owner: User, now: datetime) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    cta = Cta(
        account_id=account.id,
        name="Onboard Helios Energy",
        cta_type="lifecycle",
        priority="high",
        status="new",
        owner_id=owner.id,
        due_on=people.today_of(owner, now) + timedelta(days=12),
        opened_at=now,
    )
    session.add(cta)
    session.flush()
    template = email_templates.by_slug(session, "onboarding-welcome")
    email_task = CtaTask(
        cta_id=cta.id,
        position=0,
        kind=TaskKind.EMAIL,
        title="Send the welcome email",
        instructions="",
        owner_id=owner.id,
        due_on=people.today_of(owner, now),
        email_template_id=template.id,
        contact_role="gitlab_admin",
    )
    to_do = CtaTask(
        cta_id=cta.id,
        position=1,
        kind=TaskKind.TO_DO,
        title="Hold the internal handoff",
        instructions="Ask why they bought.",
        owner_id=owner.id,
    )
    session.add_all([email_task, to_do])
    return cta.id, email_task.id, to_do.id


def connect_mailbox(
    session: Session, *, user_id: uuid.UUID, email: str, granted: OAuthTokens, vault: Vault, now: datetime
) -> uuid.UUID:
    """A connected mailbox without the trip through the browser; `granted` come from the sandbox."""
    mailbox = Mailbox(
        id=new_id(),
        user_id=user_id,
        email=email,
        state=MailboxState.CONNECTED,
        scopes=" ".join(sorted(granted.scopes)),
        connected_at=now,
        state_changed_at=now,
    )
    mailbox.sealed_tokens = tokens.seal(vault, mailbox.id, granted)
    session.add(mailbox)
    session.flush()
    return mailbox.id
