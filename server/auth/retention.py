"""What signing in leaves behind and nobody needs any more: what ended by itself or was given up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from server.auth.authorize import KEPT
from server.auth.models import AuthorizationCode, Device, OAuthAttempt, PersonalToken, UserSession
from server.auth.sessions import IDLE


def count_ended(session: Session, *, now: datetime) -> int:
    counts = (select(func.count(model.id)).where(is_over) for model, is_over in _ended(now))
    return sum(session.scalar(one) or 0 for one in counts)


def remove_ended(session: Session, *, now: datetime) -> int:
    removals = (delete(model).where(is_over).returning(model.id) for model, is_over in _ended(now))
    return sum(len(session.scalars(one).all()) for one in removals)


def _ended(now: datetime) -> list[tuple[Any, ColumnElement[bool]]]:
    # Codes first: they point to devices.
    return [
        (UserSession, or_(UserSession.expires_at < now, UserSession.last_seen_at < now - IDLE)),
        (OAuthAttempt, OAuthAttempt.expires_at < now),
        (AuthorizationCode, AuthorizationCode.expires_at < now - KEPT),
        (Device, Device.expires_at < now),
        (PersonalToken, PersonalToken.expires_at < now),
    ]
