"""Questions about accounts. Each is one statement, whatever the number of rows."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.models import Account, AccountDomain
from server.accounts.names import fold
from server.errors import Invalid, NotFound

_DEEPEST = 50  # levels of parents that are followed; a circle ends there, too


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """An account as pages show it. `arr` is in the company's reporting currency."""

    id: uuid.UUID
    salesforce_id: str | None
    name: str
    website: str | None
    parent_id: uuid.UUID | None
    owner_name: str | None
    owner_id: uuid.UUID | None
    tam_name: str | None
    tam_id: uuid.UUID | None
    arr: Decimal | None
    renewal_on: date | None
    lifecycle_stage: str | None
    stage_label: str


@dataclass(frozen=True, kw_only=True)
class AccountSuggestion:
    id: uuid.UUID
    name: str


@dataclass(frozen=True, kw_only=True)
class AccountCursor:
    """The last account of a page. As text it is opaque and safe in a URL."""

    name_key: str
    id: uuid.UUID

    def encode(self) -> str:
        data = json.dumps([self.name_key, self.id.hex]).encode()
        return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")

    @classmethod
    def decode(cls, text: str) -> AccountCursor:
        """Raises Invalid for anything that `encode` did not make."""
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
            name_key, hexadecimal = json.loads(data)
            name_key.encode()  # lone surrogates cannot be sent to a database
            if "\0" in name_key:
                raise ValueError("NUL")
            return cls(name_key=name_key, id=uuid.UUID(hexadecimal))
        except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
            raise Invalid("This page of the list cannot be found.", cure="Start again at the first page.") from None


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """`next_cursor` is None on the last page."""

    accounts: tuple[AccountView, ...]
    next_cursor: AccountCursor | None


def by_id(session: Session, account_id: uuid.UUID) -> Account:
    """Raises NotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account.", cure="It may have been removed. Look for it in the list.")
    return account


def by_ids(session: Session, account_ids: list[uuid.UUID]) -> dict[uuid.UUID, AccountView]:
    """Those that exist; at most some thousands at once."""
    if not account_ids:
        return {}
    return {row.id: view_of(row) for row in session.scalars(select(Account).where(Account.id.in_(account_ids)))}


def page(
    session: Session,
    *,
    limit: int = 50,
    after: AccountCursor | None = None,
    tam_id: uuid.UUID | None = None,
    search: str = "",
) -> AccountPage:
    """Up to `limit` accounts by name, without regard to case and marks."""
    statement = select(Account).where(*_wanted(tam_id, search)).order_by(Account.name_key, Account.id).limit(limit + 1)
    if after is not None:
        last = tuple_(literal(after.name_key), literal(after.id, Account.id.type))
        statement = statement.where(tuple_(Account.name_key, Account.id) > last)
    rows = session.scalars(statement).all()
    shown = rows[:limit]
    more = len(rows) > limit and bool(shown)
    return AccountPage(
        accounts=tuple(view_of(row) for row in shown),
        next_cursor=AccountCursor(name_key=shown[-1].name_key, id=shown[-1].id) if more else None,
    )


def count(session: Session, *, tam_id: uuid.UUID | None = None, search: str = "") -> int:
    """How many accounts all pages together have."""
    return session.scalar(select(func.count()).select_from(Account).where(*_wanted(tam_id, search))) or 0


def suggest(session: Session, search: str, limit: int = 10) -> tuple[AccountSuggestion, ...]:
    """For the typeahead: names that start so come first, then those that have it inside. Nothing for no text."""
    key = fold(search)
    if not key:
        return ()
    starts_so = case((Account.name_key.startswith(key, autoescape=True), 0), else_=1)
    statement = (
        select(Account.id, Account.name)
        .where(Account.name_key.contains(key, autoescape=True))
        .order_by(starts_so, Account.name_key, Account.id)
        .limit(limit)
    )
    return tuple(AccountSuggestion(id=account_id, name=name) for account_id, name in session.execute(statement))


def children_of(session: Session, account_id: uuid.UUID) -> tuple[AccountView, ...]:
    """The direct children, by name."""
    statement = select(Account).where(Account.parent_id == account_id).order_by(Account.name_key, Account.id)
    return tuple(view_of(row) for row in session.scalars(statement))


def parents_of(session: Session, account_id: uuid.UUID) -> tuple[AccountView, ...]:
    """The parent, its parent and so on: the nearest first."""
    chain = (
        select(Account.parent_id.label("id"), literal(1).label("level"))
        .where(Account.id == account_id, Account.parent_id.is_not(None))
        .cte("chain", recursive=True)
    )
    chain = chain.union_all(
        select(Account.parent_id, chain.c.level + 1)
        .join(chain, Account.id == chain.c.id)
        .where(Account.parent_id.is_not(None), chain.c.level < _DEEPEST)
    )
    statement = select(Account).join(chain, Account.id == chain.c.id).order_by(chain.c.level)
    return tuple({row.id: view_of(row) for row in session.scalars(statement)}.values())


def domains_of(session: Session, account_id: uuid.UUID) -> tuple[str, ...]:
    """In the order of the alphabet."""
    statement = select(AccountDomain.domain).where(AccountDomain.account_id == account_id)
    return tuple(session.scalars(statement.order_by(AccountDomain.domain)))


def view_of(account: Account) -> AccountView:
    return AccountView(
        id=account.id,
        salesforce_id=account.salesforce_id,
        name=account.name,
        website=account.website,
        parent_id=account.parent_id,
        owner_name=account.owner_name,
        owner_id=account.owner_id,
        tam_name=account.tam_name,
        tam_id=account.tam_id,
        arr=account.arr,
        renewal_on=account.renewal_on,
        lifecycle_stage=account.lifecycle_stage,
        stage_label=account.stage_label,
    )


def _wanted(tam_id: uuid.UUID | None, search: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if tam_id is not None:
        wanted.append(Account.tam_id == tam_id)
    if key := fold(search):
        has_domain = exists().where(
            AccountDomain.account_id == Account.id, AccountDomain.domain.contains(key, autoescape=True)
        )
        wanted.append(or_(Account.name_key.contains(key, autoescape=True), has_domain))
    return wanted


def first_domains(session: Session, account_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """One domain of each account that has any: the first in the order of the alphabet."""
    if not account_ids:
        return {}
    statement = (
        select(AccountDomain.account_id, func.min(AccountDomain.domain))
        .where(AccountDomain.account_id.in_(account_ids))
        .group_by(AccountDomain.account_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}
