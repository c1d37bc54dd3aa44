"""What the queue suggests for a stranger: a name to begin with, and who has their company's domain."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account, AccountDomain


def accounts_with(session: Session, domain: str) -> list[str]:
    """Names of the accounts that have this domain already: with a second one, mail is not matched by it any more."""
    statement = select(Account.name).join(AccountDomain, AccountDomain.account_id == Account.id)
    return list(session.scalars(statement.where(AccountDomain.registrable == domain).order_by(Account.name_key)))


def name_parts(name: str, email: str) -> tuple[str, str]:
    """First and last name to begin with: "Nair, Priya" and "Priya Nair", else what the address says."""
    if name.count(",") == 1:
        last, first = (part.strip() for part in name.split(","))
        return first, last
    words = name.split() or _from_address(email)
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else ("", words[0] if words else "")


def _from_address(email: str) -> list[str]:
    local = email.partition("@")[0].partition("+")[0]
    return [word.capitalize() for word in local.replace("_", ".").replace("-", ".").split(".") if word.isalpha()]
