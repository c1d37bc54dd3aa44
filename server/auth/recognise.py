"""Who signed in: a user by (issuer, subject), bound the first time by a confirmed address, given a role by groups.

docs/decisions/0017-who-signs-in.md
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User
from server.db import insert_if_absent
from server.errors import Forbidden
from server.ports.sign_in import Identity
from server.sign_in_settings import ROLES

_ASK = "Ask your admin to add you: rapport users add EMAIL."


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who may come in. `provider` is its name for people; `roles` are pairs (group, role), none: only who was added."""

    provider: str
    hosted_domain: str | None = None
    roles: tuple[tuple[str, str], ...] = ()


def recognise(session: Session, identity: Identity, *, policy: Policy, now: datetime) -> User:
    """The user who signed in. Raises Forbidden with a reason that is safe to show."""
    if policy.hosted_domain and identity.hosted_domain != policy.hosted_domain:
        raise Forbidden(f"Only {policy.hosted_domain} accounts may sign in here.", cure="Choose your work account.")
    user = session.scalars(
        select(User).where(User.issuer == identity.issuer, User.subject == identity.subject)
    ).one_or_none()
    if user is not None and user.deactivated_at is not None:
        raise _ended()
    role = _role_by_groups(identity, policy) if policy.roles else None
    if user is None:
        user = _bind(session, identity, policy=policy, role=role, now=now)
    if role is not None:
        user.role = role
    return user


def _role_by_groups(identity: Identity, policy: Policy) -> str:
    """The strongest role of this person's groups."""
    if identity.groups is None:
        raise Forbidden(
            f"{policy.provider} does not say which groups you are in, and here they decide what you may do.",
            cure="Ask your admin to have it send them: OIDC_GROUPS_CLAIM and OIDC_SCOPES.",
        )
    mine = {role for group, role in policy.roles if group in identity.groups}
    strongest = next((role for role in ROLES if role in mine), None)
    if strongest is None:
        raise Forbidden(
            f"None of your groups at {policy.provider} may use Rapport.",
            cure="Ask your admin to put you into one that may.",
        )
    return strongest


def _bind(session: Session, identity: Identity, *, policy: Policy, role: str | None, now: datetime) -> User:
    if not identity.email_verified:
        raise Forbidden(
            f"{policy.provider} has not confirmed that your address is yours.",
            cure="Confirm it there, then sign in again.",
        )
    if role is not None:
        # Of two first sign-ins at once one adds the person, and the other finds them.
        insert_if_absent(session, _new_user(identity, role, now))
    # Locked: of two accounts with this address that come at once, one becomes this user.
    user = session.scalars(select(User).where(User.email == identity.email).with_for_update()).one_or_none()
    if user is None:
        raise Forbidden(f"Your {policy.provider} account is not known here.", cure=_ASK)
    if user.deactivated_at is not None:
        raise _ended()
    if (user.issuer, user.subject) == (None, None):
        user.issuer, user.subject = identity.issuer, identity.subject
    elif (user.issuer, user.subject) != (identity.issuer, identity.subject):
        raise Forbidden(
            "Your address belongs to a person who signs in with another account.",
            cure="If it is you, ask your admin to let go of the old one: rapport users unbind EMAIL.",
        )
    return user


def _new_user(identity: Identity, role: str, now: datetime) -> User:
    return User(
        email=identity.email,
        name=identity.name[:200],
        title="",
        role=role,
        time_zone="UTC",
        issuer=identity.issuer,
        subject=identity.subject,
        created_at=now,
    )


def _ended() -> Forbidden:
    return Forbidden("Your access was ended.", cure="Ask your admin if this is a mistake.")
