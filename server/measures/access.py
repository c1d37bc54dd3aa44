"""Who may report of an account: its TAM, their manager, admins."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.accounts.models import Account
from server.auth import policy
from server.auth.policy import Asker, Deed
from server.errors import Forbidden


def may_report(session: Session, account: Account, asker: Asker) -> bool:
    return policy.covers(session, asker, Deed.WORK_TASKS, account.tam_id)


def demand_may_report(session: Session, account: Account, asker: Asker) -> None:
    """Raises Forbidden."""
    if not may_report(session, account, asker):
        what = f"{account.name} is looked after by somebody else."
        raise Forbidden(what, cure="Ask its TAM, their manager or an admin.")
