"""A trip to the provider and back. What the browser carries is random and opaque; what it means stays in our table.

(Gainsight's plug-in put mail data into `state` and echoed `error_description`: CVE-2026-31381 and -31382.)
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.auth.models import OAuthAttempt
from server.errors import Invalid

LIFETIME = timedelta(minutes=10)
SIGN_IN = "sign_in"
CONNECT_MAILBOX = "connect_mailbox"


@dataclass(frozen=True, kw_only=True)
class Started:
    """`state` and `code_challenge` go into the URL, `browser` into a cookie of the same browser."""

    state: str
    browser: str
    nonce: str
    code_challenge: str


def start(session: Session, *, purpose: str, return_to: str, user_id: uuid.UUID | None, now: datetime) -> Started:
    session.execute(delete(OAuthAttempt).where(OAuthAttempt.expires_at < now))
    state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
    session.add(
        OAuthAttempt(
            state_hash=_hash(state),
            browser_hash=_hash(browser),
            purpose=purpose,
            nonce=nonce,
            code_verifier=verifier,
            return_to=safe_return_path(return_to),
            user_id=user_id,
            expires_at=now + LIFETIME,
        )
    )
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return Started(state=state, browser=browser, nonce=nonce, code_challenge=challenge)


def finish(session: Session, *, purpose: str, state: str, browser: str, now: datetime) -> OAuthAttempt:
    """Take the attempt, once. Raises Invalid when it is unknown, used, too old, or of another browser."""
    # Locked, so that of two callbacks at once only one finds it.
    statement = select(OAuthAttempt).where(OAuthAttempt.state_hash == _hash(state)).with_for_update()
    attempt = session.scalars(statement).one_or_none()
    if attempt is not None:
        session.delete(attempt)
    if (
        attempt is None
        or attempt.purpose != purpose
        or attempt.expires_at < now
        or not secrets.compare_digest(attempt.browser_hash, _hash(browser))
    ):
        raise Invalid(
            "This sign-in was started elsewhere, was already used, or took longer than ten minutes.",
            cure="Start again from here.",
        )
    return attempt


def safe_return_path(path: str) -> str:
    """A path on this server, or "/": never another host."""
    good = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if good else "/"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
