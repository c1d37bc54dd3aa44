"""Users: added by an admin, ended by an admin. How they are known again at sign-in stands in `recognise.py`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth import devices, personal_tokens, policy, sessions
from server.auth.models import Role, Team, User
from server.errors import Invalid, NotFound
from server.workdays import is_country


def today_of(user: User, now: datetime) -> date:
    """The day where this person is."""
    return now.astimezone(ZoneInfo(user.time_zone)).date()


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
    country: str | None = None,
) -> User:
    """Add a person, or bring the one with this address up to date: they may sign in, also after an end.

    Without a `country` theirs stays. Raises Invalid for a bad address, role, zone or country.
    """
    email = email.strip().lower()
    if email.count("@") != 1 or not all(email.split("@")) or any(c.isspace() for c in email):
        raise Invalid(f"{email!r} is not an email address.", fields={"email": "Not an email address."})
    if role not in tuple(Role):
        raise Invalid(f"{role!r} is not a role.", cure=f"Use one of {', '.join(Role)}.", fields={"role": "Unknown."})
    _demand_zone(time_zone)
    _demand_country(country or "")
    user = session.scalars(select(User).where(User.email == email)).one_or_none()
    if user is None:
        user = User(email=email, created_at=now)
        session.add(user)
    user.name, user.role, user.title, user.time_zone = name.strip(), role, title, time_zone
    user.country = (country.upper() or None) if country is not None else user.country
    user.team_id = _team(session, team).id if team else None
    user.deactivated_at = None
    return user


def place(user: User, *, time_zone: str, country: str) -> None:
    """Where they are. An empty country: weekends alone are free. Raises Invalid."""
    _demand_zone(time_zone)
    _demand_country(country)
    user.time_zone, user.country = time_zone, country.upper() or None


def _demand_zone(time_zone: str) -> None:
    if time_zone not in available_timezones():
        what = f"{time_zone!r} is not a time zone."
        raise Invalid(what, cure="Use an IANA name such as Europe/Berlin.", fields={"time_zone": what})


def _demand_country(country: str) -> None:
    if country and not is_country(country.upper()):
        what = f"{country!r} is no country whose holidays are known."
        cure = "Use a code such as DE, or DE-BY for a part of it."
        raise Invalid(what, cure=cure, fields={"country": f"{what} {cure}"})


@dataclass(frozen=True, kw_only=True)
class SignedOut:
    """How many of each."""

    browsers: int
    devices: int
    tokens: int


def end_user(session: Session, *, email: str, now: datetime) -> SignedOut:
    """They may sign in no more; browsers, devices and scripts of theirs are out at once. Raises NotFound."""
    user = by_email(session, email)
    user.deactivated_at = user.deactivated_at or now
    return _shut_out(session, user)


def _shut_out(session: Session, user: User) -> SignedOut:
    return SignedOut(
        browsers=sessions.close_all(session, user_id=user.id),
        devices=devices.close_all(session, user_id=user.id),
        tokens=personal_tokens.end_all(session, user_id=user.id),
    )


def unbind_user(session: Session, *, email: str) -> None:
    """Whoever next signs in with this address, confirmed by the provider, is this person. Raises NotFound.

    For a move to another provider, or when a provider made somebody's account anew.
    """
    user = by_email(session, email)
    user.issuer = user.subject = None
    _shut_out(session, user)


def by_email(session: Session, email: str) -> User:
    """Raises NotFound."""
    user = session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()
    if user is None:
        raise NotFound(f"There is no user {email}.", cure="Add them: rapport users add.")
    return user


def all_users(session: Session) -> Sequence[User]:
    """By name."""
    return session.scalars(select(User).order_by(User.name, User.id)).all()


def who_can_own_work(session: Session) -> Sequence[User]:
    """To whom a CTA or a task can be given, by name."""
    return [user for user in all_users(session) if policy.can_own_work(user)]


def anybody(session: Session) -> User:
    """Some user, the same every time, for what needs a sender and is not sent. Raises NotFound when there is none."""
    user = session.scalars(select(User).order_by(User.id).limit(1)).first()
    if user is None:
        raise NotFound("There is no user yet.", cure="Add one: rapport users add.")
    return user


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
