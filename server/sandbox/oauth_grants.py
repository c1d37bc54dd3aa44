"""Codes, tokens and grants. Only hashes of codes and tokens are kept, as a real provider would."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Row

from server.sandbox.google_errors import OAuthError

CODE_LIVES_S = 60
ACCESS_TOKEN_LIVES_S = 3600


@dataclass(frozen=True, kw_only=True)
class CodeRequest:
    """What a person agreed to. `offline` means that a refresh token goes with it."""

    email: str
    scopes: tuple[str, ...]
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    offline: bool


@dataclass(frozen=True, kw_only=True)
class IssuedTokens:
    access_token: str
    refresh_token: str | None


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def granted_scopes(db: Connection, email: str) -> tuple[str, ...]:
    row = db.execute("select scopes from oauth_grant where email = ?", (email,)).fetchone()
    return tuple(row["scopes"].split()) if row else ()


def add_grant(db: Connection, email: str, scopes: tuple[str, ...]) -> None:
    together = dict.fromkeys((*granted_scopes(db, email), *scopes))
    db.execute(
        "insert into oauth_grant values (?, ?) on conflict (email) do update set scopes = excluded.scopes",
        (email, " ".join(together)),
    )


def issue_code(db: Connection, asked: CodeRequest, *, now: datetime) -> str:
    code = "4/" + secrets.token_urlsafe(32)
    db.execute(
        "insert into oauth_code (code_hash, email, scopes, redirect_uri, code_challenge, nonce, offline, expires_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hashed(code), asked.email, " ".join(asked.scopes), asked.redirect_uri, asked.code_challenge,
            asked.nonce, int(asked.offline), now.timestamp() + CODE_LIVES_S,
        ),
    )  # fmt: skip
    return code


def use_code(db: Connection, code: str) -> Row | None:
    """The code's row at its first use; None for an unknown or used one.

    A second use means that somebody else has the code: what the first use gave is taken back (RFC 6749, 4.1.2).
    """
    row: Row | None = db.execute("select * from oauth_code where code_hash = ?", (hashed(code),)).fetchone()
    if row is None:
        return None
    if row["used"]:
        db.execute("delete from oauth_token where code_hash = ?", (row["code_hash"],))
        return None
    db.execute("update oauth_code set used = 1 where code_hash = ?", (row["code_hash"],))
    return row


def check_code(row: Row, *, redirect_uri: str, code_verifier: str, now: datetime) -> None:
    """Raises OAuthError invalid_grant."""
    digest = hashlib.sha256(code_verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if row["expires_at"] < now.timestamp():
        raise OAuthError("invalid_grant", "The code has expired.")
    if row["redirect_uri"] != redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri differs from the one that was asked with.")
    if not secrets.compare_digest(row["code_challenge"], challenge):
        raise OAuthError("invalid_grant", "code_verifier does not match code_challenge.")


def issue_tokens(
    db: Connection, email: str, scopes: tuple[str, ...], *, offline: bool, code_hash: str | None, now: datetime
) -> IssuedTokens:
    access = "ya29.sandbox-" + secrets.token_urlsafe(32)
    refresh = "1//sandbox-" + secrets.token_urlsafe(32) if offline else None
    _keep_token(db, access, "access", email, scopes, now.timestamp() + ACCESS_TOKEN_LIVES_S, code_hash)
    if refresh is not None:
        _keep_token(db, refresh, "refresh", email, scopes, None, code_hash)
    return IssuedTokens(access_token=access, refresh_token=refresh)


def live_token(db: Connection, token: str, kind: str, *, now: datetime) -> Row | None:
    """The token's row, unless it is unknown, revoked or expired."""
    row: Row | None = db.execute(
        "select * from oauth_token where token_hash = ? and kind = ? and (expires_at is null or expires_at > ?)",
        (hashed(token), kind, now.timestamp()),
    ).fetchone()
    return row


def revoke_grant(db: Connection, email: str) -> None:
    """All of it: Google forgets the whole grant of a person when one of its tokens is revoked."""
    db.execute("delete from oauth_token where email = ?", (email,))
    db.execute("delete from oauth_grant where email = ?", (email,))


def _keep_token(
    db: Connection, token: str, kind: str, email: str, scopes: tuple[str, ...], expires_at: float | None,
    code_hash: str | None,
) -> None:  # fmt: skip
    db.execute(
        "insert into oauth_token values (?, ?, ?, ?, ?, ?)",
        (hashed(token), kind, email, " ".join(scopes), expires_at, code_hash),
    )
