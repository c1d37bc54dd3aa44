"""Adding a domain to an account by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import queries
from server.accounts.domains import domain_of, is_free_mail, registrable_domain
from server.accounts.models import Account, AccountDomain
from server.db import insert_if_absent
from server.errors import Invalid


@dataclass(frozen=True, kw_only=True)
class AddedDomain:
    """`also_at` are names of other accounts with this very domain: while there are any, mail is not matched by it."""

    domain: str
    is_new: bool
    also_at: tuple[str, ...]


def add_domain(
    session: Session, *, account_id: uuid.UUID, domain: str, says_nothing: Callable[[str], str], now: datetime
) -> AddedDomain:
    """Mail from this domain, and from all below it, is this account's. Doing it twice is doing it once.

    `says_nothing(host)` tells why a domain speaks for no customer by the rules of mail (it is our own, it is on the
    list of shared ones), and "" if it does. Raises NotFound, and Invalid for a domain that speaks for no company.
    """
    account = queries.by_id(session, account_id)
    host = domain_of(domain.strip().removeprefix("@"))
    if host is None:
        raise _invalid(f"“{domain.strip()[:100]}” is no domain.", "Write a domain, such as acme.com.")
    why_not = _why_not(host) or says_nothing(host)
    if why_not:
        raise _invalid(why_not, "Add the person as a contact instead: their own address always counts.")
    is_new = insert_if_absent(session, AccountDomain(account_id=account.id, domain=host))
    if is_new:
        account.updated_at = now
    others = (
        select(Account.name)
        .join(AccountDomain, AccountDomain.account_id == Account.id)
        .where(AccountDomain.domain == host, Account.id != account.id)
        .order_by(Account.name_key, Account.id)
    )
    return AddedDomain(domain=host, is_new=is_new, also_at=tuple(session.scalars(others)))


def _why_not(host: str) -> str:
    registrable = registrable_domain(host)
    if is_free_mail(host) or is_free_mail(registrable):
        return f"Anybody can have an address at {host}: it says nothing of the company."
    if not registrable:
        return f"{host} is an ending that many companies have domains under."
    return ""


def _invalid(detail: str, cure: str) -> Invalid:
    return Invalid(detail, cure=cure, fields={"domain": detail})
