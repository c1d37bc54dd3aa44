"""Whom a playbook's owner rules mean, for the whole book at once: the rules of `ctas.owners`, in three questions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.changes import TAM
from server.accounts.models import Account, AccountChange
from server.auth import policy
from server.auth.models import Role, User
from server.playbooks.definition import OwnerRule


class BulkOwners:
    """Reads all users and all former TAMs once."""

    def __init__(self, session: Session) -> None:
        self.users = {one.id: one for one in session.scalars(select(User))}
        here = sorted(
            (one for one in self.users.values() if one.role == Role.MANAGER and one.deactivated_at is None),
            key=lambda one: (one.name, one.id),
            reverse=True,
        )
        self._managers = {one.team_id: one for one in here if one.team_id is not None}
        self._former: dict[uuid.UUID, list[str]] = {}
        statement = (
            select(AccountChange.account_id, AccountChange.before)
            .where(AccountChange.field == TAM, AccountChange.before.is_not(None))
            .order_by(AccountChange.changed_at.desc(), AccountChange.id.desc())
        )
        for account_id, before in session.execute(statement):
            self._former.setdefault(account_id, []).append(before or "")

    def of(self, account: Account) -> Mapping[OwnerRule, uuid.UUID]:
        """Empty when the account has no TAM who works here."""
        tam = self._working(account.tam_id)
        if tam is None:
            return {}
        former = next((one for one in self._former.get(account.id, ()) if one != str(account.tam_id)), None)
        found = {
            OwnerRule.TAM: tam,
            OwnerRule.FORMER_TAM: self._working(uuid.UUID(former) if former else None),
            OwnerRule.MANAGER: self._managers.get(tam.team_id) if tam.team_id else None,
            OwnerRule.ACCOUNT_OWNER: self._working(account.owner_id),
        }
        return {rule: (user or tam).id for rule, user in found.items()}

    def _working(self, user_id: uuid.UUID | None) -> User | None:
        user = self.users.get(user_id) if user_id else None
        return user if user is not None and policy.can_own_work(user) else None
