"""Loading the sample book of business; accounts and contacts go through the real import."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.import_accounts import import_accounts
from server.accounts.import_report import ImportOptions, ImportReport
from server.accounts.models import Account
from server.auth import people
from server.auth.models import User
from server.contacts.import_contacts import import_contacts
from server.ctas.models import Cta, CtaTask, TaskKind
from server.email_templates import queries as email_templates
from server.email_templates.load import load_templates, read_folder
from server.errors import Unavailable
from server.playbooks.load import load_playbooks
from server.playbooks.load import read_folder as read_playbooks
from server.timeline.models import ActivityType
from server.timeline.record import record_note
from server.triggers.shipped import load_triggers

_BOOK = Path(__file__).with_name("book.yaml")
_OPTIONS = ImportOptions(dry_run=False, skip_bad_rows=False)


def is_loaded(session: Session) -> bool:
    return session.scalars(select(User.id).limit(1)).first() is not None


def load_book(session: Session, *, templates_dir: Path, playbooks_dir: Path, now: datetime) -> str:
    """Load everything once; returns a sentence of what there is. Does not commit."""
    book = YAML(typ="safe").load(_BOOK.read_text(encoding="utf-8"))
    load_templates(session, read_folder(templates_dir), now)
    playbooks = load_playbooks(session, read_playbooks(playbooks_dir), now)
    for user in book["users"]:
        people.add_user(session, now=now, **user)
    session.flush()
    today = now.date()
    _check(import_accounts(session, _accounts_csv(book["accounts"], today), options=_OPTIONS, now=now))
    _check(import_contacts(session, _contacts_csv(book["contacts"], book["accounts"]), options=_OPTIONS, now=now))
    accounts = {account.salesforce_id or "": account for account in session.scalars(select(Account))}
    users = {user.email: user for user in session.scalars(select(User))}
    for number, cta in enumerate(book["ctas"]):
        _open_cta(session, cta, _of(accounts, cta["account"]), users, now, number)
    for number, note in enumerate(book["notes"]):
        _note(session, note, _of(accounts, note["account"]), now, number)
    # On from after the book is here: that all of it is new opens nothing.
    load_triggers(session, now=now + timedelta(seconds=1), on=True)
    return (
        f"{len(book['accounts'])} accounts, {len(book['contacts'])} contacts, {len(book['ctas'])} CTAs, "
        f"{len(email_templates.list_all(session))} email templates, {len(playbooks.created)} playbooks"
    )


def _check(report: ImportReport) -> None:
    if report.bad_rows:
        raise Unavailable("The sample book does not load.", cure=str(report.errors[0]))


def _of(accounts: Mapping[str, Account], short_id: str) -> Account:
    return next(account for salesforce_id, account in accounts.items() if salesforce_id.startswith(short_id))


def _csv(rows: Sequence[Mapping[str, object]]) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())


def _accounts_csv(accounts: Sequence[Mapping[str, Any]], today: date) -> io.BytesIO:
    return _csv(
        [
            {
                "Account ID": account["id"],
                "Account Name": account["name"],
                "Parent Account ID": account.get("parent", ""),
                "Website": account["website"],
                "Account Owner": "Charlie Okoye",
                "Technical Account Manager": account["tam"],
                "ARR": account["arr"],
                "Renewal Date": (today + timedelta(days=account["renews"])).isoformat(),
                # Contracts run for a year here.
                "Contract Start Date": (today + timedelta(days=account["renews"] - 365)).isoformat(),
                "Lifecycle Stage": account["stage"],
            }
            for account in accounts
        ]
    )


def _contacts_csv(contacts: Sequence[Mapping[str, Any]], accounts: Sequence[Mapping[str, Any]]) -> io.BytesIO:
    hosts = {account["id"]: account["website"].split("//")[1].removeprefix("www.") for account in accounts}
    return _csv(
        [
            {
                "Contact ID": contact["id"],
                "First Name": contact["first"],
                "Last Name": contact["last"],
                "Email": contact.get("email") or _address(contact, hosts[contact["account"]]),
                "Title": contact["title"],
                "Account ID": contact["account"],
                "Role": contact["role"],
                "Language": contact.get("language", ""),
                "Alternate Emails": contact.get("alternates", ""),
                "Email Opt Out": str(contact.get("opted_out", False)).upper(),
            }
            for contact in contacts
        ]
    )


def _address(contact: Mapping[str, Any], host: str) -> str:
    name = f"{contact['first']}.{contact['last']}".lower()
    return name.translate(str.maketrans("áéíóúêëø", "aeioueeo")) + "@" + host


def _open_cta(
    session: Session, wanted: Mapping[str, Any], account: Account, users: Mapping[str, User], now: datetime, number: int
) -> None:
    owner = users[wanted.get("owner", "alice@rapport.example")]
    cta = Cta(
        account_id=account.id,
        name=wanted["name"],
        cta_type=wanted["type"],
        reason=wanted.get("reason"),
        priority=wanted["priority"],
        status=wanted.get("status", "new"),
        owner_id=owner.id,
        playbook_name=wanted.get("playbook"),
        due_on=_day(now, wanted.get("due")),
        opened_at=now + timedelta(days=wanted["opened"], minutes=number),
    )
    session.add(cta)
    for position, task in enumerate(wanted["tasks"]):
        done_at = now + timedelta(days=min(task["due"], -1)) if task.get("done") else None
        template = email_templates.by_slug(session, task["email"]) if "email" in task else None
        session.add(
            CtaTask(
                cta_id=cta.id,
                position=position,
                kind=TaskKind.EMAIL if template else TaskKind.TO_DO,
                title=task["title"],
                instructions=task.get("instructions", ""),
                owner_id=owner.id,
                due_on=_day(now, task.get("due")),
                email_template_id=template.id if template else None,
                contact_role=task.get("to"),
                done_at=done_at,
                done_by_id=owner.id if done_at else None,
            )
        )


def _note(session: Session, note: Mapping[str, Any], account: Account, now: datetime, number: int) -> None:
    record_note(
        session,
        account_id=account.id,
        activity_type=ActivityType(note["kind"]),
        subject=note["subject"],
        body_text=note["text"],
        occurred_at=now + timedelta(days=note["days"], minutes=-7 * number),
        author_id=account.tam_id,
        source_key=f"sample:{number}",
        now=now,
    )


def _day(now: datetime, days: int | None) -> date | None:
    return now.date() + timedelta(days=days) if days is not None else None
