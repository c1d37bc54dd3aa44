"""Import accounts from a Salesforce report. Never deletes; the file is the truth for the columns that it has."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from server.accounts import changes
from server.accounts.account_rows import COLUMNS, AccountRecord, AccountRows
from server.accounts.import_passes import (
    BATCH,
    CheckedImport,
    ImportOvertaken,
    Seen,
    check_import,
    import_in_two_passes,
)
from server.accounts.import_report import Change, ImportOptions, ImportReport, Progress, Tally, no_progress
from server.accounts.parents import ParentTree
from server.accounts.people import People
from server.accounts.salesforce_csv import Column, Row
from server.db import Base
from server.ids import new_id

_ACCOUNT: Table = Base.metadata.tables["account"]
_DOMAIN: Table = Base.metadata.tables["account_domain"]
_CHANGE: Table = Base.metadata.tables["account_change"]
_LABELS = {
    **{column.field: column.header for column in COLUMNS},
    "parent_id": "Parent Account ID",
    "owner_id": "Account Owner",
    "tam_id": "Technical Account Manager",
}  # not name_key: it changes only together with the name
_WRITTEN = ("name", "name_key", "website", "parent_id", "owner_name", "owner_id", "tam_name", "tam_id", "arr",
            "renewal_on", "contract_start_on", "lifecycle_stage", "synced_at", "updated_at")  # fmt: skip
_NOTHING: dict[str, Any] = dict.fromkeys(_WRITTEN)


def check_accounts(
    session: Session,
    rows_source: BinaryIO,
    *,
    options: ImportOptions,
    now: datetime,
    progress: Progress = no_progress,
) -> CheckedImport[AccountRecord]:
    """Check every row of a seekable CSV file; `write_import` then writes them. Raises ImportUnreadable."""
    return check_import(session, rows_source, _AccountImport(People(session), options, now), options, progress)


def import_accounts(
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
    return import_in_two_passes(session, rows_source, _AccountImport(People(session), options, now), options, progress)


class _AccountImport:
    """An ImportKind. Parents that are written later than their children are set at the end."""

    def __init__(self, people: People, options: ImportOptions, now: datetime) -> None:
        self.columns: Sequence[Column] = COLUMNS
        self._dry_run = options.dry_run
        self._now = now
        self._rows = AccountRows(people, options)
        self._tree = ParentTree()
        self._later: list[tuple[uuid.UUID, str]] = []

    def read(self, row: Row, salesforce_id: str, tally: Tally) -> AccountRecord | None:
        return self._rows.read(row, salesforce_id, tally)

    def check(self, session: Session, records: Sequence[AccountRecord], tally: Tally) -> None:
        for record in records:
            if record.parent is not None:
                self._tree.add(record.line, record.salesforce_id, record.parent)

    def check_together(self, session: Session, seen: Seen, tally: Tally) -> None:
        self._tree.check(session, seen, tally)
        currencies = self._rows.currencies
        if len(currencies) > 1:
            counts = ", ".join(f"{currency} ({count:,})" for currency, count in sorted(currencies.items()))
            tally.warn(f"ARR is in more than one currency, and is not converted: {counts}")

    def write(self, session: Session, records: Sequence[AccountRecord], tally: Tally) -> None:
        existing = _existing(session, records)
        parents = ids_by_salesforce_id(session, [record.parent for record in records if record.parent])
        inserts, updates, domains, same = [], [], [], []
        changed_rows: list[dict[str, Any]] = []
        for record in records:
            before, had_domains = existing.get(record.salesforce_id, (None, frozenset()))
            after, changed = self._compared(record, before, parents)
            new_domains = [domain for domain in record.domains if domain not in had_domains]
            domains += [{"id": new_id(), "account_id": after["id"], "domain": domain} for domain in new_domains]
            if before is None:
                inserts.append(after)
            elif changed or new_domains:
                updates.append(after)
                changed_rows += changes.rows_of(before, after, self._now)
            else:
                tally.unchanged += 1
                same.append(after["id"])
                continue
            fields = (*changed, "Domains") if new_domains else tuple(changed)
            tally.change(Change(line=record.line, salesforce_id=record.salesforce_id, name=after["name"],
                                created=before is None, fields=fields if before else ()))  # fmt: skip
        if not self._dry_run:
            _execute(session, inserts, updates, domains, changed_rows)
            note_seen(session, _ACCOUNT, same, self._now)

    def finish(self, session: Session) -> None:
        for start in range(0, len(self._later), BATCH):
            some = self._later[start : start + BATCH]
            if self._dry_run:
                continue
            parents = ids_by_salesforce_id(session, [parent for _, parent in some])
            if absent := next((parent for _, parent in some if parent not in parents), None):
                raise ImportOvertaken(f"The parent account {absent} is gone.")
            statement = update(_ACCOUNT).where(_ACCOUNT.c.id == bindparam("key")).values(parent_id=bindparam("to"))
            session.connection().execute(statement, [{"key": child, "to": parents[parent]} for child, parent in some])

    def _compared(
        self, record: AccountRecord, before: dict[str, Any] | None, parents: dict[str, uuid.UUID]
    ) -> tuple[dict[str, Any], list[str]]:
        """The row as it will be, and the headers of what changes."""
        after = {**(before or {**_NOTHING, "id": new_id(), "created_at": self._now}), **record.values}
        after["salesforce_id"] = record.salesforce_id
        _keep_links_made_by_hand(after, before)
        parent_waits = record.parent is not None and record.parent not in parents
        if parent_waits:
            self._later.append((after["id"], str(record.parent)))
        elif record.has_parent:
            after["parent_id"] = parents.get(record.parent or "")
        changed = [label for field, label in _LABELS.items() if before and after.get(field) != before.get(field)]
        if parent_waits:
            changed.append(_LABELS["parent_id"])
        after["synced_at"] = after["updated_at"] = self._now
        return after, list(dict.fromkeys(changed))


def _existing(session: Session, records: Sequence[AccountRecord]) -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
    connection = session.connection()
    keys = [record.salesforce_id for record in records]
    rows = [
        dict(row) for row in connection.execute(select(_ACCOUNT).where(_ACCOUNT.c.salesforce_id.in_(keys))).mappings()
    ]
    domains: defaultdict[uuid.UUID, set[str]] = defaultdict(set)
    if rows:
        statement = select(_DOMAIN.c.account_id, _DOMAIN.c.domain)
        for account_id, domain in connection.execute(
            statement.where(_DOMAIN.c.account_id.in_([row["id"] for row in rows]))
        ):
            domains[account_id].add(domain)
    return {row["salesforce_id"]: (row, frozenset(domains[row["id"]])) for row in rows}


def _execute(
    session: Session,
    inserts: list[dict[str, Any]],
    updates: list[dict[str, Any]],
    domains: list[dict[str, Any]],
    changed: list[dict[str, Any]],
) -> None:
    connection = session.connection()
    if inserts:
        connection.execute(insert(_ACCOUNT), inserts)
    if updates:
        statement = update(_ACCOUNT).where(_ACCOUNT.c.id == bindparam("key"))
        values: dict[str, Any] = {field: bindparam(f"new_{field}") for field in _WRITTEN}
        connection.execute(
            statement.values(values),
            [{"key": row["id"], **{f"new_{field}": row[field] for field in _WRITTEN}} for row in updates],
        )
    if domains:
        connection.execute(insert(_DOMAIN), domains)
    if changed:
        connection.execute(insert(_CHANGE), changed)


def note_seen(session: Session, table: Table, ids: Sequence[uuid.UUID], now: datetime) -> None:
    """An import spoke of these records and changed nothing: they are as fresh as those that it changed."""
    if ids:
        session.connection().execute(update(table).where(table.c.id.in_(ids)).values(synced_at=now))


def ids_by_salesforce_id(session: Session, salesforce_ids: Sequence[str]) -> dict[str, uuid.UUID]:
    """Our id for each that exists; at most some thousands at once."""
    if not salesforce_ids:
        return {}
    statement = select(_ACCOUNT.c.salesforce_id, _ACCOUNT.c.id)
    found = session.execute(statement.where(_ACCOUNT.c.salesforce_id.in_(set(salesforce_ids))))
    return {row.salesforce_id: row.id for row in found}


def _keep_links_made_by_hand(after: dict[str, Any], before: dict[str, Any] | None) -> None:
    """A name that matches nobody, and has not changed, may have been linked by a person in between."""
    for who in ("owner", "tam"):
        if before and after[f"{who}_id"] is None and after[f"{who}_name"] == before[f"{who}_name"]:
            after[f"{who}_id"] = before[f"{who}_id"]
