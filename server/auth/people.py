"""Users: added by an admin, bound to their identity when they first sign in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import Role, Team, User
from server.errors import Forbidden, Invalid, NotFound
from server.ports.google_accounts import Identity


def add_user(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    now: datetime,
    title: str = "",
    team: str | None = None,
    time_zone: str = "UTC",
) -> User:
    """Add a person, or bring the one with this address up to date. Raises Invalid for a bad address, role or zone."""
    email = email.strip().lower()
    if email.count("@") != 1 or not all(email.split("@")) or any(c.isspace() for c in email):
        raise Invalid(f"{email!r} is not an email address.", fields={"email": "Not an email address."})
    if role not in tuple(Role):
        raise Invalid(f"{role!r} is not a role.", cure=f"Use one of {', '.join(Role)}.", fields={"role": "Unknown."})
    if time_zone not in available_timezones():
        raise Invalid(f"{time_zone!r} is not a time zone.", cure="Use an IANA name such as Europe/Berlin.")
    user = session.scalars(select(User).where(User.email == email)).one_or_none()
    if user is None:
        user = User(email=email, created_at=now)
        session.add(user)
    user.name, user.role, user.title, user.time_zone = name.strip(), role, title, time_zone
    user.team_id = _team(session, team).id if team else None
    return user


def by_email(session: Session, email: str) -> User:
    """Raises NotFound."""
    user = session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()
    if user is None:
        raise NotFound(f"There is no user {email}.", cure="Add them: rapport users add.")
    return user


def all_users(session: Session) -> Sequence[User]:
    """By name."""
    return session.scalars(select(User).order_by(User.name, User.id)).all()


def anybody(session: Session) -> User:
    """Some user, the same every time, for what needs a sender and is not sent. Raises NotFound when there is none."""
    user = session.scalars(select(User).order_by(User.id).limit(1)).first()
    if user is None:
        raise NotFound("There is no user yet.", cure="Add one: rapport users add.")
    return user


def recognise(session: Session, identity: Identity, *, hosted_domain: str | None) -> User:
    """The user who signed in, by (issuer, subject); the first time by the verified address that an admin added.

    Raises Forbidden with a reason that is safe to show.
    """
    if hosted_domain and identity.hosted_domain != hosted_domain:
        raise Forbidden(f"Only {hosted_domain} accounts may sign in here.", cure="Choose your work account.")
    known = session.scalars(
        select(User).where(User.issuer == identity.issuer, User.subject == identity.subject)
    ).one_or_none()
    if known is None:
        known = _bind(session, identity)
    if known.deactivated_at is not None:
        raise Forbidden("Your access was ended.", cure="Ask your admin if this is a mistake.")
    return known


def _bind(session: Session, identity: Identity) -> User:
    invited = session.scalars(select(User).where(User.email == identity.email.lower())).one_or_none()
    if invited is None or not identity.email_verified or invited.subject is not None:
        raise Forbidden(
            "This Google account is not known here.", cure="Ask your admin to add you: rapport users add EMAIL."
        )
    invited.issuer, invited.subject = identity.issuer, identity.subject
    return invited


def by_id(session: Session, user_id: uuid.UUID) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def by_ids(session: Session, user_ids: set[uuid.UUID]) -> dict[uuid.UUID, User]:
    if not user_ids:
        return {}
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(user_ids)))}


def _team(session: Session, name: str) -> Team:
    team = session.scalars(select(Team).where(Team.name == name)).one_or_none()
    if team is None:
        team = Team(name=name)
        session.add(team)
        session.flush()
    return team


def sandbox_cast(session: Session) -> list[User]:
    """Whom one can sign in as in the sandbox, in the order they were added."""
    return list(session.scalars(select(User).where(User.deactivated_at.is_(None)).order_by(User.id).limit(10)))
