"""Devices: browsers whose Gmail extension acts for a person. docs/decisions/0022-tokens-of-devices-and-scripts.md"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.auth import acting
from server.auth.acting import ActsFor
from server.auth.models import Device, User
from server.auth.user_agents import browser_of

ACCESS_LIFE = timedelta(minutes=10)
SILENT = timedelta(days=60)
ABSOLUTE = timedelta(days=180)
_SEEN_EVERY = timedelta(minutes=5)
# What a scanner of secrets can know them by.
_ACCESS, _REFRESH = "rapport_at_", "rapport_rt_"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """`expires_in` in seconds, of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class From:
    """Where a call comes from: what it says of itself, and its address."""

    user_agent: str
    ip: str | None


def open_device(
    session: Session, *, user_id: uuid.UUID, redirect_uri: str, scopes: str, origin: From, now: datetime
) -> tuple[Device, Tokens]:
    """A new device and its first tokens; only their hashes are stored. What is over goes."""
    session.execute(delete(Device).where(Device.expires_at < now))
    family = secrets.token_urlsafe(16)
    access, refresh = _new_access(), _new_refresh(family)
    device = Device(
        user_id=user_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        family_hash=hash_of(family),
        refresh_hash=hash_of(refresh),
        access_hash=hash_of(access),
        access_expires_at=now + ACCESS_LIFE,
        user_agent=origin.user_agent[:300],
        ip=origin.ip,
        created_at=now,
        last_seen_at=now,
        expires_at=now + SILENT,
        ends_at=now + ABSOLUTE,
    )
    session.add(device)
    _declare(session, device, "given access")
    return device, _tokens(access, refresh, scopes)


def refresh(session: Session, *, refresh_token: str, origin: From, now: datetime) -> Tokens | None:
    """New tokens; the old ones end. None for one that is unknown, too old, or of a person who is shut out.

    One that was used before is a copy in somebody's hands: its device is signed out, whoever asks.
    """
    family = _family_of(refresh_token)
    if family is None:
        return None
    statement = select(Device).where(Device.family_hash == hash_of(family)).with_for_update()
    device = session.scalars(statement).one_or_none()
    if device is None or not _is_alive(session, device, now):
        return None
    access, fresh = _new_access(), _new_refresh(family)
    # In the statement, not by looking first: of two at once only one finds its own.
    taken = session.scalars(
        update(Device)
        .where(Device.id == device.id, Device.refresh_hash == hash_of(refresh_token))
        .values(
            refresh_hash=hash_of(fresh),
            access_hash=hash_of(access),
            access_expires_at=now + ACCESS_LIFE,
            expires_at=min(now + SILENT, device.ends_at),
            last_seen_at=now,
            ip=origin.ip,
        )
        .returning(Device.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        sign_out(session, device, why="a refresh token was used twice")
        return None
    return _tokens(access, fresh, device.scopes)


def find(session: Session, *, access_token: str, now: datetime) -> tuple[Device, User] | None:
    """Whose access token this is, while it lives."""
    row = session.execute(
        select(Device, User)
        .join(User, User.id == Device.user_id)
        .where(Device.access_hash == hash_of(access_token), User.deactivated_at.is_(None))
    ).one_or_none()
    if row is None or row[0].access_expires_at <= now:
        return None
    return row[0], row[1]


def is_stale(device: Device, now: datetime) -> bool:
    """Whether `last_seen_at` should be written again."""
    return device.last_seen_at + _SEEN_EVERY < now


def touch(session: Session, *, device_id: uuid.UUID, now: datetime) -> None:
    session.execute(update(Device).where(Device.id == device_id).values(last_seen_at=now))


def of_user(session: Session, *, user_id: uuid.UUID, now: datetime) -> Sequence[Device]:
    """Those that can still act for this person, the one seen last first."""
    return session.scalars(
        select(Device)
        .where(Device.user_id == user_id, Device.expires_at > now)
        .order_by(Device.last_seen_at.desc(), Device.id)
    ).all()


def of_everybody(session: Session, *, now: datetime) -> Sequence[tuple[Device, str]]:
    """Those that can still act for somebody, with that person's name; the one seen last first."""
    rows = session.execute(
        select(Device, User.name)
        .join(User, User.id == Device.user_id)
        .where(Device.expires_at > now, User.deactivated_at.is_(None))
        .order_by(Device.last_seen_at.desc(), Device.id)
    )
    return [(row[0], row[1]) for row in rows]


def close_one_of(session: Session, *, user_id: uuid.UUID, device_id: uuid.UUID) -> None:
    """One that is gone already, or somebody else's, is left as it is."""
    session.execute(delete(Device).where(Device.id == device_id, Device.user_id == user_id))


def close_all(session: Session, *, user_id: uuid.UUID) -> int:
    """How many they were."""
    return len(session.scalars(delete(Device).where(Device.user_id == user_id).returning(Device.id)).all())


def close_by_token(session: Session, *, token: str) -> None:
    """By either of its tokens (RFC 7009). What is no token of ours is left alone, without a word."""
    family = _family_of(token)
    which = Device.access_hash == hash_of(token) if family is None else Device.family_hash == hash_of(family)
    device = session.scalars(select(Device).where(which)).one_or_none()
    if device is not None and (family is None or device.refresh_hash == hash_of(token)):
        sign_out(session, device, why="", is_refusal=False)


def sign_out(session: Session, device: Device, *, why: str, is_refusal: bool = True) -> None:
    _declare(session, device, why or "signed out by itself", is_refusal=is_refusal)
    session.execute(delete(Device).where(Device.id == device.id))


def words_of(device: Device) -> str:
    """Such as "Gmail extension in Chrome on macOS"."""
    browser = browser_of(device.user_agent).words
    return f"Gmail extension in {browser.replace('An unknown', 'an unknown')}"


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _is_alive(session: Session, device: Device, now: datetime) -> bool:
    user = session.get(User, device.user_id)
    return device.expires_at > now and user is not None and user.deactivated_at is None


def _declare(session: Session, device: Device, what: str, *, is_refusal: bool = False) -> None:
    record = {"device": words_of(device), "what": what}
    acting.declare(session, ActsFor(user_id=device.user_id, is_refusal=is_refusal, record=record))


def _family_of(token: str) -> str | None:
    family, dot, rest = token.removeprefix(_REFRESH).partition(".")
    return family if token.startswith(_REFRESH) and dot and family and rest else None


def _new_access() -> str:
    return _ACCESS + secrets.token_urlsafe(32)


def _new_refresh(family: str) -> str:
    return f"{_REFRESH}{family}.{secrets.token_urlsafe(32)}"


def _tokens(access: str, refresh_token: str, scopes: str) -> Tokens:
    life_s = int(ACCESS_LIFE.total_seconds())
    return Tokens(access_token=access, refresh_token=refresh_token, expires_in=life_s, scopes=tuple(scopes.split()))
