"""The authorization server's rules: who may ask, what a code is worth.

docs/decisions/0022-tokens-of-devices-and-scripts.md

RFC 6749 (4.1), RFC 7636 with S256 alone, RFC 9700. What comes in is never given back, but for `state`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.auth import acting, devices, token_scopes
from server.auth.acting import ActsFor
from server.auth.devices import From, Tokens, hash_of
from server.auth.models import AuthorizationCode, Device, User
from server.errors import Invalid

CLIENT_ID = "rapport-gmail"
CODE_LIFE = timedelta(seconds=60)
KEPT = timedelta(days=1)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LONGEST_STATE = 500
PARAMETERS = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")


class AskRefused(Exception):
    """To be told to the client at `redirect_uri`, which is known to be its own. `code` as of RFC 6749, 4.1.2.1."""

    def __init__(self, code: str, *, redirect_uri: str, state: str) -> None:
        super().__init__(code)
        self.code, self.redirect_uri, self.state = code, redirect_uri, state


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a device asks a person for."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    code_challenge: str


def redirect_uris(extension_ids: Sequence[str]) -> list[str]:
    """Where Chrome hands an answer to the extension of this id, and to nobody else (chrome.identity)."""
    return [f"https://{one}.chromiumapp.org/" for one in extension_ids]


def read_ask(values: Mapping[str, Sequence[str]], allowed: Sequence[str]) -> Ask:
    """`values`: each parameter's values; `allowed`: the redirect addresses.

    Raises Invalid when nobody can be told but the person (who the client is, or where its answer goes, is not
    certain), AskRefused for all else.
    """
    one = {name: found[0] for name in PARAMETERS if (found := values.get(name))}
    redirect_uri = one.get("redirect_uri", "")
    is_whole = all(len(values.get(name, ())) <= 1 for name in PARAMETERS)
    if one.get("client_id") != CLIENT_ID or redirect_uri not in allowed or not is_whole:
        raise Invalid(
            "This is not a Gmail extension that your Rapport knows.",
            cure="Start again from the extension. If it stays, ask your admin whether RAPPORT_EXTENSION_IDS names it.",
        )
    state = one.get("state", "")

    def refused(code: str) -> AskRefused:
        return AskRefused(code, redirect_uri=redirect_uri, state=state if len(state) <= _LONGEST_STATE else "")

    if one.get("response_type") != "code":
        raise refused("unsupported_response_type")
    challenge = one.get("code_challenge", "")
    if one.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise refused("invalid_request")
    if not 0 < len(state) <= _LONGEST_STATE or not state.isprintable():
        raise refused("invalid_request")
    try:
        scopes = token_scopes.chosen(one.get("scope", "").split(), token_scopes.OF_EXTENSION)
    except Invalid as error:
        raise refused("invalid_scope") from error
    return Ask(redirect_uri=redirect_uri, scopes=scopes, state=state, code_challenge=challenge)


def issue_code(session: Session, ask: Ask, *, user_id: uuid.UUID, now: datetime) -> str:
    """For what this person said yes to. Only its hash is stored; codes of yesterday go."""
    session.execute(delete(AuthorizationCode).where(AuthorizationCode.expires_at < now - KEPT))
    code = secrets.token_urlsafe(32)
    session.add(
        AuthorizationCode(
            code_hash=hash_of(code),
            user_id=user_id,
            redirect_uri=ask.redirect_uri,
            scopes=" ".join(ask.scopes),
            code_challenge=ask.code_challenge,
            expires_at=now + CODE_LIFE,
        )
    )
    return code


def redeem(
    session: Session, *, code: str, redirect_uri: str, code_verifier: str, origin: From, now: datetime
) -> Tokens | None:
    """A code for tokens. It is used up by this, right or wrong; None when it is not worth any.

    One that was tried before has been seen by somebody else: what it was given for is signed out.
    """
    found = session.scalars(
        update(AuthorizationCode)
        .where(AuthorizationCode.code_hash == hash_of(code), AuthorizationCode.tried_at.is_(None))
        .values(tried_at=now)
        .returning(AuthorizationCode)
    ).one_or_none()
    if found is None:
        _end_what_came_of(session, code)
        return None
    user = session.get(User, found.user_id)
    is_good = (
        found.expires_at > now
        and secrets.compare_digest(found.redirect_uri.encode(), redirect_uri.encode("utf-8", "surrogatepass"))
        and _VERIFIER.fullmatch(code_verifier) is not None
        and secrets.compare_digest(found.code_challenge, _challenge_of(code_verifier))
        and user is not None
        and user.deactivated_at is None
    )
    if not is_good:
        acting.declare(session, ActsFor(user_id=found.user_id, is_refusal=True, record={"what": "a false code"}))
        return None
    device, tokens = devices.open_device(
        session,
        user_id=found.user_id,
        redirect_uri=found.redirect_uri,
        scopes=found.scopes,
        origin=origin,
        now=now,
    )
    session.flush()
    found.device_id = device.id
    return tokens


def _end_what_came_of(session: Session, code: str) -> None:
    device = session.scalars(
        select(Device)
        .join(AuthorizationCode, AuthorizationCode.device_id == Device.id)
        .where(AuthorizationCode.code_hash == hash_of(code))
    ).one_or_none()
    if device is not None:
        devices.sign_out(session, device, why="its code was tried twice")


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
