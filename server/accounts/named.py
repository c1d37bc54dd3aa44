"""Which account a row of a table means: by its Salesforce id, its name, or a domain, in that order."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.domains import domain_of
from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.accounts.salesforce_csv import Column, SalesforceReport, shown
from server.accounts.salesforce_values import BadValue, salesforce_id

COLUMNS = (
    Column(field="account_id", header="Account ID"),
    Column(field="account_name", header="Account Name"),
    Column(field="domain", header="Domain"),
)
CURE = 'Name the accounts in a column "Account ID", "Account Name" or "Domain".'


@dataclass(frozen=True, kw_only=True)
class Meant:
    """`account_id`, or in its place the column, its value and what is wrong with it."""

    account_id: uuid.UUID | None = None
    problem: tuple[str, str, str] | None = None


def names_accounts(report: SalesforceReport) -> bool:
    """Whether the file has one of the columns; reads its first row."""
    first = next(report.rows(), None)
    return first is None or any(column.field in first.values for column in COLUMNS)


class NamedAccounts:
    """All accounts, read once."""

    def __init__(self, session: Session) -> None:
        self._by_id: dict[str, uuid.UUID] = {}
        self._by_name: defaultdict[str, set[uuid.UUID]] = defaultdict(set)
        self._by_domain: defaultdict[str, set[uuid.UUID]] = defaultdict(set)
        for account_id, key, name_key in session.execute(select(Account.id, Account.salesforce_id, Account.name_key)):
            self._by_name[name_key].add(account_id)
            if key:
                self._by_id[key] = account_id
        for account_id, domain in session.execute(select(AccountDomain.account_id, AccountDomain.domain)):
            self._by_domain[domain].add(account_id)

    def find(self, values: Mapping[str, str]) -> Meant:
        """Of `values` by field, the first that is not empty decides."""
        if cell := values.get("account_id", ""):
            try:
                key = salesforce_id(cell)
            except BadValue as bad:
                return _wrong("Account ID", cell, str(bad))
            found = self._by_id.get(key)
            return Meant(account_id=found) if found else _wrong("Account ID", cell, "is no account here")
        if cell := values.get("account_name", ""):
            return _only("Account Name", cell, self._by_name.get(fold(cell), set()), "is the name of")
        if cell := values.get("domain", ""):
            host = domain_of(cell)
            ids = self._by_domain.get(host, set()) if host else set()
            return _only("Domain", cell, ids, "is a domain of")
        return _wrong("Account", "", "The row names no account")


def _only(header: str, cell: str, ids: set[uuid.UUID], says: str) -> Meant:
    if len(ids) == 1:
        return Meant(account_id=next(iter(ids)))
    return _wrong(header, cell, f"{says} {len(ids)} accounts" if ids else "is no account here")


def _wrong(header: str, cell: str, reason: str) -> Meant:
    return Meant(problem=(header, shown(cell), reason))
