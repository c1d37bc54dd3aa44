"""Signed-in browsers: opened at sign-in with a new id, refreshed while used, ended by idleness, age or the person."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.auth import acting
from server.auth.acting import ActsFor
from server.auth.models import User, UserSession

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
_SEEN_EVERY = timedelta(minutes=5)


def open_session(session: Session, *, user_id: uuid.UUID, user_agent: str, ip: str | None, now: datetime) -> str:
    """Returns the cookie's value, 256 random bits; only its hash is stored. `ip` is the browser's address."""
    token = secrets.token_urlsafe(32)
    acting.declare(session, ActsFor(user_id=user_id))
    session.execute(delete(UserSession).where(UserSession.expires_at < now))
    session.add(
        UserSession(
            token_hash=_hash(token),
            user_id=user_id,
            csrf_token=secrets.token_urlsafe(24),
            user_agent=user_agent[:300],
            ip=ip,
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE,
        )
    )
    return token


def find(session: Session, *, token: str, now: datetime) -> tuple[UserSession, User] | None:
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == _hash(token), User.deactivated_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    found, user = row
    if found.expires_at <= now or found.last_seen_at + IDLE <= now:
        return None
    return found, user


def is_stale(found: UserSession, now: datetime) -> bool:
    """Whether `last_seen_at` should be written again; not at each request, reading is far commoner than that."""
    return found.last_seen_at + _SEEN_EVERY < now


def touch(session: Session, *, session_id: uuid.UUID, now: datetime) -> None:
    found = session.get(UserSession, session_id)
    if found is not None:
        found.last_seen_at = now


def close(session: Session, *, session_id: uuid.UUID) -> None:
    session.execute(delete(UserSession).where(UserSession.id == session_id))


def close_by_token(session: Session, *, token: str) -> None:
    """Of whatever a browser brings as its cookie; nothing when it is nobody's."""
    session.execute(delete(UserSession).where(UserSession.token_hash == _hash(token)))


def of_user(session: Session, *, user_id: uuid.UUID, now: datetime) -> Sequence[UserSession]:
    """The browsers in which this person is signed in now, the one seen last first."""
    return session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.expires_at > now, UserSession.last_seen_at > now - IDLE)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id)
    ).all()


def close_one_of(session: Session, *, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End a session of this person. One that is gone already, or somebody else's, is left as it is."""
    session.execute(delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id))


def close_all(session: Session, *, user_id: uuid.UUID, but: uuid.UUID | None = None) -> int:
    """End all sessions of this person, perhaps but one. How many they were."""
    statement = delete(UserSession).where(UserSession.user_id == user_id).returning(UserSession.id)
    if but is not None:
        statement = statement.where(UserSession.id != but)
    return len(session.scalars(statement).all())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
