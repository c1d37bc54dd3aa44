"""Personal tokens: what a person's script signs in with, within scopes and for a time."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from server.auth import token_scopes
from server.auth.devices import hash_of
from server.auth.models import PersonalToken, User
from server.errors import Invalid

LIVES_DAYS = (30, 90, 365)
_MOST = 20
_LONGEST_NAME = 80
_SEEN_EVERY = timedelta(minutes=5)
PREFIX = "rapport_pt_"


def create(
    session: Session, *, user: User, name: str, scopes: Collection[str], days: int, now: datetime
) -> tuple[PersonalToken, str]:
    """The row and the token, which is not stored. Raises Invalid for what cannot be, with the field's name."""
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        words = f"Give it a name of at most {_LONGEST_NAME} letters."
        raise Invalid(words, cure="Say what uses it, such as: nightly report.", fields={"name": words})
    if days not in LIVES_DAYS:
        words = f"A token lives {', '.join(map(str, LIVES_DAYS))} days."
        raise Invalid(words, cure="Choose one of these.", fields={"days": words})
    names = token_scopes.chosen(scopes, [one.name for one in token_scopes.of_role(user.role)])
    session.execute(delete(PersonalToken).where(PersonalToken.expires_at < now))
    own = select(func.count()).select_from(PersonalToken).where(PersonalToken.user_id == user.id)
    if (session.scalar(own) or 0) >= _MOST:
        raise Invalid(f"You have {_MOST} tokens already.", cure="End one that is not used any more.")
    token = PREFIX + secrets.token_urlsafe(32)
    row = PersonalToken(
        user_id=user.id,
        name=name,
        scopes=" ".join(names),
        token_hash=hash_of(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    return row, token


def find(session: Session, *, token: str, now: datetime) -> tuple[PersonalToken, User] | None:
    row = session.execute(
        select(PersonalToken, User)
        .join(User, User.id == PersonalToken.user_id)
        .where(PersonalToken.token_hash == hash_of(token), User.deactivated_at.is_(None))
    ).one_or_none()
    if row is None or row[0].expires_at <= now:
        return None
    return row[0], row[1]


def is_stale(row: PersonalToken, now: datetime) -> bool:
    """Whether when and where it was used should be written again."""
    return row.last_seen_at is None or row.last_seen_at + _SEEN_EVERY < now


def touch(session: Session, *, token_id: uuid.UUID, ip: str | None, now: datetime) -> None:
    session.execute(update(PersonalToken).where(PersonalToken.id == token_id).values(last_seen_at=now, last_ip=ip))


def of_user(session: Session, *, user_id: uuid.UUID, now: datetime) -> Sequence[PersonalToken]:
    """The newest first."""
    return session.scalars(
        select(PersonalToken)
        .where(PersonalToken.user_id == user_id, PersonalToken.expires_at > now)
        .order_by(PersonalToken.created_at.desc(), PersonalToken.id)
    ).all()


def end_one_of(session: Session, *, user_id: uuid.UUID, token_id: uuid.UUID) -> None:
    """One that is gone already, or somebody else's, is left as it is."""
    session.execute(delete(PersonalToken).where(PersonalToken.id == token_id, PersonalToken.user_id == user_id))


def end_all(session: Session, *, user_id: uuid.UUID) -> int:
    """How many they were."""
    ended = delete(PersonalToken).where(PersonalToken.user_id == user_id).returning(PersonalToken.id)
    return len(session.scalars(ended).all())
