"""Import contacts from a Salesforce report. Never deletes: a former address stays as an alternate one.

An opt-out is never taken back by a file: Salesforce says FALSE of everybody who only told us. Who was erased on
request is left out with a warning, and the rest of the file comes in.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from server.accounts.import_accounts import ids_by_salesforce_id, note_seen
from server.accounts.import_passes import CheckedImport, ImportOvertaken, Seen, check_import, import_in_two_passes
from server.accounts.import_report import Change, ImportOptions, ImportReport, Progress, Tally, no_progress
from server.accounts.names import fold
from server.accounts.salesforce_csv import Column, Row
from server.contacts import erased
from server.contacts.contact_rows import ACCOUNT, COLUMNS, ContactRecord, read_contact
from server.contacts.erased import ErasedAddresses
from server.contacts.models import Contact, ContactAddress, FormerAccount
from server.db import Base
from server.ids import new_id

_CONTACT: Table = Base.metadata.tables[Contact.__tablename__]
_ADDRESS: Table = Base.metadata.tables[ContactAddress.__tablename__]
_FORMER: Table = Base.metadata.tables[FormerAccount.__tablename__]
_LABELS = {
    "account_id": "Account ID", "first_name": "First Name", "last_name": "Last Name", "title": "Title",
    "role": "Role", "language": "Language", "time_zone": "Time Zone", "opted_out_at": "Email Opt Out",
}  # fmt: skip
_WRITTEN = (*_LABELS, "name_key", "synced_at", "updated_at")
_NEW: dict[str, Any] = {**dict.fromkeys(_WRITTEN), "first_name": "", "last_name": ""}


@dataclass
class _Writes:
    """Rows of one batch, by statement."""

    contacts_new: list[dict[str, Any]] = field(default_factory=list)
    contacts_changed: list[dict[str, Any]] = field(default_factory=list)
    addresses_new: list[dict[str, Any]] = field(default_factory=list)
    addresses_changed: list[dict[str, Any]] = field(default_factory=list)
    former_accounts: list[dict[str, Any]] = field(default_factory=list)


def check_contacts(
    session: Session,
    rows_source: BinaryIO,
    *,
    options: ImportOptions,
    now: datetime,
    progress: Progress = no_progress,
) -> CheckedImport[ContactRecord]:
    """Check every row of a seekable CSV file; `write_import` then writes them. Raises ImportUnreadable."""
    return check_import(session, rows_source, _ContactImport(options, now, erased.load(session)), options, progress)


def import_contacts(
    session: Session,
    rows_source: BinaryIO,
    *,
    options: ImportOptions,
    now: datetime,
    progress: Progress = no_progress,
) -> ImportReport:
    """Check all rows of a seekable CSV file, then write them. Does not commit. Raises ImportUnreadable.

    Writes with bulk statements, so objects that the session already holds are not refreshed.
    """
    kind = _ContactImport(options, now, erased.load(session))
    return import_in_two_passes(session, rows_source, kind, options, progress)


class _ContactImport:
    """An ImportKind."""

    def __init__(self, options: ImportOptions, now: datetime, erased_addresses: ErasedAddresses) -> None:
        self._erased = erased_addresses
        self.columns: Sequence[Column] = COLUMNS
        self._dry_run = options.dry_run
        self._now = now

    def read(self, row: Row, salesforce_id: str, tally: Tally) -> ContactRecord | None:
        record = read_contact(row, salesforce_id, tally)
        if record is None or not self._is_erased(record):
            return record
        tally.warn(f"Line {record.line} is left out: this contact was erased on request. {erased.CURE}")
        return None

    def _is_erased(self, record: ContactRecord) -> bool:
        addresses = (record.primary, *record.alternates)
        return self._erased.holds_salesforce_id(record.salesforce_id) or any(
            self._erased.holds(address.norm) for address in addresses
        )

    def check(self, session: Session, records: Sequence[ContactRecord], tally: Tally) -> None:
        accounts = ids_by_salesforce_id(session, [record.account for record in records])
        for record in records:
            if record.account not in accounts:
                reason = "is no account here: import the accounts first"
                tally.problem(record.line, ACCOUNT.header, record.account, reason)
        _note_opt_outs(session, records, tally)

    def check_together(self, session: Session, seen: Seen, tally: Tally) -> None:
        """Contacts say nothing of each other."""

    def finish(self, session: Session) -> None:
        """Nothing waits for the end."""

    def write(self, session: Session, records: Sequence[ContactRecord], tally: Tally) -> None:
        self._demand_none_erased_since(session, records)
        accounts = ids_by_salesforce_id(session, [record.account for record in records])
        existing = _existing(session, [record.salesforce_id for record in records])
        addresses = _addresses(session, [row["id"] for row in existing.values()])
        writes, same = _Writes(), []
        for record in records:
            before = existing.get(record.salesforce_id)
            if record.account not in accounts:
                raise ImportOvertaken(f"Line {record.line}: the account {record.account} is gone.")
            after = self._after(record, before, accounts[record.account])
            changed = [label for name, label in _LABELS.items() if before and after[name] != before[name]]
            changed += _address_changes(record, after["id"], addresses[after["id"]], writes)
            if before is not None and before["account_id"] != after["account_id"]:
                writes.former_accounts.append(_former(before, self._now))
            if before is None:
                writes.contacts_new.append(after)
            elif changed:
                writes.contacts_changed.append(after)
            else:
                tally.unchanged += 1
                same.append(after["id"])
                continue
            tally.change(
                Change(
                    line=record.line, salesforce_id=record.salesforce_id, created=before is None,
                    name=f"{after['first_name']} {after['last_name']}".strip(),
                    fields=tuple(changed) if before else (),
                )
            )  # fmt: skip
        if not self._dry_run:
            _execute(session, writes)
            note_seen(session, _CONTACT, same, self._now)

    def _demand_none_erased_since(self, session: Session, records: Sequence[ContactRecord]) -> None:
        """Raises ImportOvertaken: the same file leaves them out when it is checked again."""
        self._erased = erased.load(session)
        gone = next((record for record in records if self._is_erased(record)), None)
        if gone is not None:
            raise ImportOvertaken(f"Line {gone.line}: this contact was erased on request.")

    def _after(self, record: ContactRecord, before: dict[str, Any] | None, account_id: uuid.UUID) -> dict[str, Any]:
        after = {**(before or {**_NEW, "id": new_id(), "created_at": self._now}), **record.values}
        after["salesforce_id"] = record.salesforce_id
        after["account_id"] = account_id
        after["name_key"] = name_key(after["first_name"], after["last_name"])
        if record.opt_out and after["opted_out_at"] is None:
            after["opted_out_at"] = self._now
        after["synced_at"] = after["updated_at"] = self._now
        return after


def _note_opt_outs(session: Session, records: Sequence[ContactRecord], tally: Tally) -> None:
    keys = [record.salesforce_id for record in records if record.opt_out is False]
    if not keys:
        return
    statement = select(_CONTACT.c.salesforce_id).where(
        _CONTACT.c.salesforce_id.in_(keys), _CONTACT.c.opted_out_at.is_not(None)
    )
    for _ in session.execute(statement):
        tally.warn("A contact has opted out here and not in the file: they stay opted out")


def _existing(session: Session, keys: list[str]) -> dict[str, dict[str, Any]]:
    found = session.connection().execute(select(_CONTACT).where(_CONTACT.c.salesforce_id.in_(keys)))
    return {row["salesforce_id"]: dict(row) for row in found.mappings()}


def _addresses(session: Session, contact_ids: list[uuid.UUID]) -> defaultdict[uuid.UUID, dict[str, dict[str, Any]]]:
    """contact -> normal form -> the row."""
    addresses: defaultdict[uuid.UUID, dict[str, dict[str, Any]]] = defaultdict(dict)
    if contact_ids:
        found = session.connection().execute(select(_ADDRESS).where(_ADDRESS.c.contact_id.in_(contact_ids)))
        for row in found.mappings():
            addresses[row["contact_id"]][row["email_norm"]] = dict(row)
    return addresses


def _execute(session: Session, writes: _Writes) -> None:
    connection = session.connection()
    if writes.contacts_new:
        connection.execute(insert(_CONTACT), writes.contacts_new)
    _update(session, _CONTACT, _WRITTEN, writes.contacts_changed)
    _update(session, _ADDRESS, ("email", "is_primary"), writes.addresses_changed)
    if writes.addresses_new:
        connection.execute(insert(_ADDRESS), writes.addresses_new)
    if writes.former_accounts:
        connection.execute(insert(_FORMER), writes.former_accounts)


def _former(before: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Where the contact was until now: the mail of that time stays with that account."""
    return {"id": new_id(), "contact_id": before["id"], "account_id": before["account_id"], "until": now}


def _update(session: Session, table: Table, columns: Sequence[str], rows: list[dict[str, Any]]) -> None:
    if rows:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
        statement = update(table).where(table.c.id == bindparam("key")).values(values)
        parameters = [{"key": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in rows]
        session.connection().execute(statement, parameters)


def name_key(first_name: str, last_name: str) -> str:
    """Last name first, so that lists are in the order that people look names up."""
    return fold(f"{last_name} {first_name}")


def _address_changes(
    record: ContactRecord, contact_id: uuid.UUID, existing: dict[str, dict[str, Any]], writes: _Writes
) -> list[str]:
    """Adds to `writes` what makes the addresses so; returns the headers of what changes."""
    changed = []
    for norm, row in existing.items():
        if norm == record.primary.norm:
            if not row["is_primary"] or row["email"] != record.primary.email:
                writes.addresses_changed.append({**row, "is_primary": True, "email": record.primary.email})
                changed.append("Email")
        elif row["is_primary"]:
            writes.addresses_changed.append({**row, "is_primary": False})
            changed.append("Email")
    for address in (record.primary, *record.alternates):
        if address.norm not in existing:
            is_primary = address is record.primary
            writes.addresses_new.append(
                {"id": new_id(), "contact_id": contact_id, "email": address.email, "email_norm": address.norm,
                 "is_primary": is_primary}
            )  # fmt: skip
            changed.append("Email" if is_primary else "Alternate Emails")
    return list(dict.fromkeys(changed))
