"""One row of a Salesforce report of accounts, read and checked by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.accounts.domains import domain_of, domain_of_website, is_free_mail, is_web_address
from server.accounts.import_passes import read_cell
from server.accounts.import_report import ImportOptions, Tally
from server.accounts.models import STAGE_LABELS, LifecycleStage
from server.accounts.names import fold
from server.accounts.people import People
from server.accounts.salesforce_csv import Column, Row, shown
from server.accounts.salesforce_values import BadValue, amount, one_line, report_date, salesforce_id

COLUMNS = (
    Column(field="salesforce_id", header="Account ID", required=True, is_id=True),
    Column(field="name", header="Account Name", required=True),
    Column(field="parent", header="Parent Account ID"),
    Column(field="website", header="Website"),
    Column(field="owner_name", header="Account Owner"),
    Column(field="tam_name", header="Technical Account Manager"),
    Column(field="arr", header="ARR"),
    Column(field="renewal_on", header="Renewal Date"),
    Column(field="contract_start_on", header="Contract Start Date"),
    Column(field="lifecycle_stage", header="Lifecycle Stage"),
    Column(field="domains", header="Domains", longest=4_000),
)
_STAGES = {fold(word): stage.value for stage, label in STAGE_LABELS.items() for word in (stage.value, label)}
_STAGES["optimize and grow"] = LifecycleStage.OPTIMIZE_AND_GROW.value


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRecord:
    """`values` has the columns of `account` that the file speaks of, but for the parent, which is by Salesforce id."""

    line: int
    salesforce_id: str
    values: dict[str, Any]
    has_parent: bool
    parent: str | None
    domains: tuple[str, ...]


class AccountRows:
    """Reads rows; remembers which currencies it saw."""

    def __init__(self, people: People, options: ImportOptions) -> None:
        self._people = people
        self._options = options
        self.currencies: Counter[str] = Counter()
        self._readers: dict[str, Callable[[str], object]] = {
            "name": _name,
            "parent": lambda cell: salesforce_id(cell) if cell else None,
            "website": _website,
            "owner_name": lambda cell: one_line(cell) or None,
            "tam_name": lambda cell: one_line(cell) or None,
            "arr": self._arr,
            "renewal_on": lambda cell: report_date(cell, options.date_format) if cell else None,
            "contract_start_on": lambda cell: report_date(cell, options.date_format) if cell else None,
            "lifecycle_stage": _stage,
            "domains": _domains,
        }

    def read(self, row: Row, key: str, tally: Tally) -> AccountRecord | None:
        """None if a cell is bad, of which the tally is told."""
        told = tally.error_total
        cells = {
            column.field: read_cell(tally, row, column, self._readers[column.field])
            for column in COLUMNS[1:]
            if column.field in row.values
        }
        if tally.error_total > told:
            return None
        domains = self._domains(row, cells, tally)
        parent = cells.pop("parent", None)
        cells.pop("domains", None)
        cells["name_key"] = fold(str(cells["name"]))
        self._link(cells, "owner", "Account Owner", tally)
        self._link(cells, "tam", "Technical Account Manager", tally)
        return AccountRecord(
            line=row.line,
            salesforce_id=key,
            values=cells,
            has_parent="parent" in row.values,
            parent=str(parent) if parent else None,
            domains=domains,
        )

    def _arr(self, cell: str) -> object:
        if not cell:
            return None
        value, currency = amount(cell, self._options.decimal)
        if currency:
            self.currencies[currency] += 1
        return value

    def _link(self, cells: dict[str, Any], field: str, header: str, tally: Tally) -> None:
        if f"{field}_name" not in cells:
            return
        name = cells[f"{field}_name"] or ""
        match = self._people.match(name)
        cells[f"{field}_id"] = match.user_id
        if match.why_not:
            tally.warn(f'{header} "{shown(name)}" {match.why_not}: kept as text, linked to nobody')

    def _domains(self, row: Row, cells: dict[str, Any], tally: Tally) -> tuple[str, ...]:
        found = list(cells.get("domains") or ())
        website = cells.get("website")
        if website:
            domain = domain_of_website(website)
            if domain is None:
                tally.warn("A website has no host name that could be a mail domain")
            else:
                found.insert(0, domain)
        for domain in found:
            if is_free_mail(domain):
                tally.warn(f"{domain} gives mail addresses to everybody: it is not made the domain of an account")
        return tuple(dict.fromkeys(domain for domain in found if not is_free_mail(domain)))


def _name(cell: str) -> str:
    if not cell:
        raise BadValue("is empty")
    return one_line(cell)


def _website(cell: str) -> str | None:
    if not is_web_address(cell):
        raise BadValue("is not a web address")
    return one_line(cell) or None


def _stage(cell: str) -> str | None:
    if not cell:
        return None
    stage = _STAGES.get(fold(cell))
    if stage is None:
        raise BadValue(f"is no lifecycle stage; those are {', '.join(STAGE_LABELS.values())}")
    return stage


def _domains(cell: str) -> tuple[str, ...]:
    found = []
    for part in cell.split(";"):
        if part.strip():
            domain = domain_of(part.strip().removeprefix("@"))
            if domain is None:
                raise BadValue(f'has "{shown(part.strip())}" in it, which is not a domain')
            found.append(domain)
    return tuple(found)
