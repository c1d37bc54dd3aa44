"""One row of a Salesforce report of contacts, read and checked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from server.accounts.import_passes import read_cell
from server.accounts.import_report import Tally
from server.accounts.languages import language_tag
from server.accounts.names import fold
from server.accounts.salesforce_csv import Column, Row, shown
from server.accounts.salesforce_values import BadValue, one_line, salesforce_id, yes_or_no
from server.contacts.addresses import Address, address_of
from server.contacts.models import ROLE_LABELS
from server.errors import Invalid

COLUMNS = (
    Column(field="salesforce_id", header="Contact ID", required=True, is_id=True),
    Column(field="account", header="Account ID", required=True),
    Column(field="email", header="Email", required=True),
    Column(field="first_name", header="First Name"),
    Column(field="last_name", header="Last Name"),
    Column(field="title", header="Title"),
    Column(field="role", header="Role"),
    Column(field="language", header="Language"),
    Column(field="time_zone", header="Time Zone"),
    Column(field="alternates", header="Alternate Emails", longest=4_000),
    Column(field="opt_out", header="Email Opt Out"),
)
ACCOUNT = COLUMNS[1]
_ROLES = {fold(word): key for key, label in ROLE_LABELS.items() for word in (key, label)}


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactRecord:
    """`values` has the columns of `contact` that the file speaks of, but for the account, which is by Salesforce id.

    `opt_out` is None if the file has no such column.
    """

    line: int
    salesforce_id: str
    account: str
    values: dict[str, Any]
    primary: Address
    alternates: tuple[Address, ...]
    opt_out: bool | None


def read_contact(row: Row, key: str, tally: Tally) -> ContactRecord | None:
    """None if a cell is bad, of which the tally is told."""
    told = tally.error_total
    cells: dict[str, Any] = {
        column.field: read_cell(tally, row, column, _READERS[column.field])
        for column in COLUMNS[1:]
        if column.field in row.values
    }
    if tally.error_total > told:
        return None
    primary: Address = cells.pop("email")
    alternates = {address.norm: address for address in cells.pop("alternates", ()) if address.norm != primary.norm}
    return ContactRecord(
        line=row.line,
        salesforce_id=key,
        account=cells.pop("account"),
        opt_out=cells.pop("opt_out", None),
        values=cells,
        primary=primary,
        alternates=tuple(alternates.values()),
    )


def role_key(text: str) -> str | None:
    """ "GitLab Admin" and "gitlab_admin" give "gitlab_admin". Roles that we do not know get a key in the same way."""
    known = _ROLES.get(fold(text))
    return known or re.sub(r"\W+", "_", fold(text)).strip("_") or None


def _address(cell: str) -> Address:
    if not cell:
        raise BadValue("is empty")
    try:
        return address_of(cell)
    except Invalid as invalid:
        raise BadValue(invalid.detail) from None


def _addresses(cell: str) -> tuple[Address, ...]:
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    found = []
    for part in parts:
        try:
            found.append(address_of(part))
        except Invalid as invalid:
            raise BadValue(f'has "{shown(part)}" in it, which {invalid.detail}') from None
    return tuple(found)


def _language(cell: str) -> str | None:
    tag = language_tag(cell)
    if cell and tag is None:
        raise BadValue("is no language; write de, pt-BR or German")
    return tag


def _time_zone(cell: str) -> str | None:
    """Of an IANA name or of words that hold one, as Salesforce writes "(GMT+01:00) … (Europe/Berlin)"."""
    found = next((word for word in re.split(r"[\s()]+", cell) if word in available_timezones()), None)
    if cell and found is None:
        raise BadValue("is no time zone; write Europe/Berlin or America/New_York")
    return found


_READERS: dict[str, Callable[[str], object]] = {
    "account": salesforce_id,
    "email": _address,
    "first_name": one_line,
    "last_name": one_line,
    "title": lambda cell: one_line(cell) or None,
    "role": role_key,
    "language": _language,
    "time_zone": _time_zone,
    "alternates": _addresses,
    "opt_out": yes_or_no,
}
