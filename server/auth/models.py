"""Users, teams, sessions, sign-ins that are under way, and the tokens of devices and scripts."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db import Base


class Role(StrEnum):
    TAM = "tam"
    MANAGER = "manager"
    ADMIN = "admin"
    VIEWER = "viewer"
    AUDITOR = "auditor"


ROLE_LABELS = {
    Role.TAM: "TAM",
    Role.MANAGER: "Manager",
    Role.ADMIN: "Admin",
    Role.VIEWER: "Viewer",
    Role.AUDITOR: "Auditor",
}


class Team(Base):
    __tablename__ = "team"

    name: Mapped[str] = mapped_column(unique=True)


class User(Base):
    """A person who signs in here. `email` is lower case; (issuer, subject) is who they are once they signed in.

    `country` is whose holidays they have: an ISO 3166 code, with a part of it behind a hyphen ("DE-BY").
    """

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    title: Mapped[str]
    role: Mapped[str]
    team_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("team.id"))
    time_zone: Mapped[str]
    country: Mapped[str | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    created_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.name


class UserSession(Base):
    """A signed-in browser. Only the SHA-256 of the cookie's value is kept. `ip` is where it was when it was opened."""

    __tablename__ = "user_session"

    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str]
    user_agent: Mapped[str]
    ip: Mapped[str | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OAuthAttempt(Base):
    """A trip to the provider and back. `state` in the URL is random and opaque; everything else stays here."""

    __tablename__ = "oauth_attempt"

    state_hash: Mapped[str] = mapped_column(unique=True)
    browser_hash: Mapped[str]
    purpose: Mapped[str]
    nonce: Mapped[str]
    code_verifier: Mapped[str]
    return_to: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class AuthorizationCode(Base):
    """What a device redeems for its tokens, once. `tried_at` when somebody tried; `device_id` what came of it."""

    __tablename__ = "authorization_code"

    code_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str]
    scopes: Mapped[str]
    code_challenge: Mapped[str]
    expires_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    device_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("device.id", ondelete="SET NULL"), index=True)


class Device(Base):
    """A browser whose Gmail extension acts for a person. `scopes` are words with spaces between.

    `family_hash` is of the half of its refresh token that stays, `refresh_hash` of the whole newest one: SHA-256, as
    of the access token. `expires_at` moves with each refresh, up to `ends_at`, which does not.
    """

    __tablename__ = "device"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str]
    scopes: Mapped[str]
    family_hash: Mapped[str] = mapped_column(unique=True)
    refresh_hash: Mapped[str]
    access_hash: Mapped[str] = mapped_column(unique=True)
    access_expires_at: Mapped[datetime]
    user_agent: Mapped[str]
    ip: Mapped[str | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class PersonalToken(Base):
    """What a script signs in with. Only its SHA-256 is kept."""

    __tablename__ = "personal_token"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    scopes: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    last_ip: Mapped[str | None]
