"""Measures from a table (CSV): all rows are checked, then all are written, or none."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.import_report import ERRORS_KEPT, RowProblem
from server.accounts.named import COLUMNS as ACCOUNT_COLUMNS
from server.accounts.named import CURE, NamedAccounts, names_accounts
from server.accounts.salesforce_csv import Column, ImportUnreadable, Row, SalesforceReport, shown
from server.accounts.salesforce_values import BadValue, DateFormat, report_date
from server.contacts.models import Contact, ContactAddress
from server.errors import Invalid
from server.measures.models import Measure, MeasureName
from server.measures.record import LONGEST_KEY, LONGEST_NOTE, Reported, demand_value, record

COLUMNS = (
    *ACCOUNT_COLUMNS,
    Column(field="measure", header="Measure", required=True),
    Column(field="value", header="Value", required=True),
    Column(field="date", header="Date", required=True),
    Column(field="email", header="Contact Email"),
    Column(field="note", header="Note", longest=LONGEST_NOTE),
    Column(field="key", header="Key", longest=LONGEST_KEY),
)
_NAMES = {one.value: one for one in MeasureName} | {
    "licence use": MeasureName.LICENCE_USE,
    "license use": MeasureName.LICENCE_USE,
    "license_use": MeasureName.LICENCE_USE,
}


@dataclass(frozen=True, kw_only=True)
class MeasuresRead:
    """What a file says. With a problem in it nothing is to be written."""

    rows: int
    told: Sequence[tuple[int, Reported]]
    problems: Sequence[RowProblem]
    unknown_columns: tuple[str, ...]


def read_measures(session: Session, source: BinaryIO, *, date_format: DateFormat | None, now: datetime) -> MeasuresRead:
    """Check every row of a seekable file; writes nothing. Raises ImportUnreadable for the file as a whole."""
    report = SalesforceReport(source, COLUMNS)
    if not names_accounts(report):
        raise ImportUnreadable("No column names the accounts.", line=1, cure=CURE)
    accounts, rows = NamedAccounts(session), 0
    told: list[tuple[int, Reported]] = []
    problems: list[RowProblem] = []
    for row in report.rows():
        rows += 1
        found = _read(session, row, accounts, date_format, now)
        if isinstance(found, Reported):
            told.append((row.line, found))
        elif len(problems) < ERRORS_KEPT:
            problems.append(found)
    return MeasuresRead(rows=rows, told=told, problems=problems, unknown_columns=report.unknown_columns)


def write_measures(session: Session, read: MeasuresRead, *, now: datetime) -> int:
    """How many are new; what was imported before stays as it is. Raises Invalid when a row is bad."""
    if read.problems:
        raise Invalid("Some rows are bad.", cure="Mend them first.")
    keys = [one.source_key for _, one in read.told if one.source_key]
    known: set[str] = set()
    for start in range(0, len(keys), 500):
        wanted = Measure.source_key.in_(keys[start : start + 500])
        known.update(one for one in session.scalars(select(Measure.source_key).where(wanted)) if one)
    new = {one.source_key: one for _, one in read.told if one.source_key not in known}
    for one in new.values():
        record(session, one, by_user_id=None, now=now)
    return len(new)


def _read(
    session: Session, row: Row, accounts: NamedAccounts, date_format: DateFormat | None, now: datetime
) -> Reported | RowProblem:
    def wrong(header: str, value: str, reason: str) -> RowProblem:
        return RowProblem(line=row.line, column=header, value=shown(value), reason=reason)

    if row.damage is not None:
        return wrong(*row.damage)
    meant = accounts.find(row.values)
    if meant.problem is not None or meant.account_id is None:
        return wrong(*(meant.problem or ("Account", "", "is missing")))
    name = _NAMES.get(row.values["measure"].casefold())
    if name is None:
        return wrong("Measure", row.values["measure"], f"is no measure; those are {', '.join(MeasureName)}")
    word, number = _value(name, row.values["value"])
    try:
        demand_value(name, word=word, number=number)
    except Invalid as error:
        return wrong("Value", row.values["value"], f"cannot be: {error.detail[0].lower()}{error.detail[1:]}")
    try:
        day = report_date(row.values["date"], date_format)
    except BadValue as bad:
        return wrong("Date", row.values["date"], str(bad))
    measured_at = datetime.combine(day, time(), UTC)
    if measured_at > now or day.year < 2000:
        return wrong("Date", row.values["date"], "is in the future" if measured_at > now else "is before 2000")
    contact_id = None
    if email := row.values.get("email", ""):
        statement = (
            select(Contact.id)
            .join(ContactAddress, ContactAddress.contact_id == Contact.id)
            .where(Contact.account_id == meant.account_id, ContactAddress.email_norm == email.strip().lower())
        )
        contact_id = session.scalars(statement).first()
        if contact_id is None:
            return wrong("Contact Email", email, "is no contact of this account")
    given = row.values.get("key", "")
    parts = [given] if given else [name.value, row.values["value"], day.isoformat(), str(contact_id or "")]
    digest = hashlib.sha256("\x1f".join((str(meant.account_id), *parts)).encode()).hexdigest()
    return Reported(
        account_id=meant.account_id,
        name=name,
        measured_at=measured_at,
        word=word,
        number=number,
        note=row.values.get("note", ""),
        contact_id=contact_id,
        source_key=f"file:{digest}",
    )


def _value(name: MeasureName, cell: str) -> tuple[str | None, float | None]:
    if name is MeasureName.SENTIMENT:
        return cell.casefold(), None
    try:
        number = float(cell.removesuffix("%").strip())
    except ValueError:
        return None, None
    return None, number if math.isfinite(number) else None
