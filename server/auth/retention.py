"""Sessions that ended and sign-ins that were given up: nobody needs them any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from server.auth.models import OAuthAttempt, UserSession
from server.auth.sessions import IDLE


def count_ended(session: Session, *, now: datetime) -> int:
    sessions = session.scalar(select(func.count(UserSession.id)).where(_is_over(now))) or 0
    attempts = session.scalar(select(func.count(OAuthAttempt.id)).where(OAuthAttempt.expires_at < now)) or 0
    return sessions + attempts


def remove_ended(session: Session, *, now: datetime) -> int:
    sessions = delete(UserSession).where(_is_over(now)).returning(UserSession.id)
    attempts = delete(OAuthAttempt).where(OAuthAttempt.expires_at < now).returning(OAuthAttempt.id)
    return len(session.scalars(sessions).all()) + len(session.scalars(attempts).all())


def _is_over(now: datetime) -> ColumnElement[bool]:
    return or_(UserSession.expires_at < now, UserSession.last_seen_at < now - IDLE)
