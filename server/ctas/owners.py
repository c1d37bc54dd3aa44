"""Whom a playbook's owner rules mean at an account."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.models import Account, AccountChange
from server.auth import policy
from server.auth.models import Role, User
from server.playbooks.definition import OwnerRule


def owners_of(
    session: Session, account: Account, *, otherwise: uuid.UUID | None = None
) -> Mapping[OwnerRule, uuid.UUID]:
    """Somebody for every rule: for who is not known, has left or may only look stands the TAM, else `otherwise`.

    Empty when there is nobody at all: no TAM who works here, no `otherwise`.
    """
    tam = _working(session, account.tam_id)
    stand_in = tam or _working(session, otherwise)
    if stand_in is None:
        return {}
    found = {
        OwnerRule.TAM: tam,
        OwnerRule.FORMER_TAM: _working(session, _former_tam_id(session, account)),
        OwnerRule.MANAGER: _manager_of(session, stand_in),
        OwnerRule.ACCOUNT_OWNER: _working(session, account.owner_id),
    }
    return {rule: (user or stand_in).id for rule, user in found.items()}


def _working(session: Session, user_id: uuid.UUID | None) -> User | None:
    user = session.get(User, user_id) if user_id else None
    return user if user is not None and policy.can_own_work(user) else None


def _former_tam_id(session: Session, account: Account) -> uuid.UUID | None:
    """The last one before the TAM of today."""
    statement = (
        select(AccountChange.before)
        .where(AccountChange.account_id == account.id, AccountChange.field == "tam", AccountChange.before.is_not(None))
        .order_by(AccountChange.changed_at.desc(), AccountChange.id.desc())
    )
    today = str(account.tam_id)
    earlier = next((one for one in session.scalars(statement) if one and one != today), None)
    return uuid.UUID(earlier) if earlier else None


def _manager_of(session: Session, user: User) -> User | None:
    """The manager of their team: the first by name, when there are several."""
    if user.team_id is None:
        return None
    statement = (
        select(User)
        .where(User.team_id == user.team_id, User.role == Role.MANAGER, User.deactivated_at.is_(None))
        .order_by(User.name, User.id)
        .limit(1)
    )
    return session.scalars(statement).first()
