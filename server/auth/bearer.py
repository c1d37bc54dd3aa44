"""Who asks by a token: a device's access token, or a person's own.

docs/decisions/0022-tokens-of-devices-and-scripts.md
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from server.auth import devices, personal_tokens, token_scopes
from server.auth.models import ROLE_LABELS, Role, User
from server.runtime import Runtime
from server.web.identity import Visitor


def find_visitor(here: Runtime, authorization: str, *, ip: str | None) -> Visitor | None:
    """By an Authorization header; None for whatever is no living token of ours."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    now = here.clock.now()
    with here.db.reading() as session:
        return _find(here, session, token.strip(), ip=ip, now=now)


def _find(here: Runtime, session: Session, token: str, *, ip: str | None, now: datetime) -> Visitor | None:
    if token.startswith(personal_tokens.PREFIX):
        own = personal_tokens.find(session, token=token, now=now)
        if own is None:
            return None
        if personal_tokens.is_stale(own[0], now):
            with here.db.transaction() as writing:
                personal_tokens.touch(writing, token_id=own[0].id, ip=ip, now=now)
        return _visitor(own[1], token_id=own[0].id, scopes=own[0].scopes)
    found = devices.find(session, access_token=token, now=now)
    if found is None:
        return None
    if devices.is_stale(found[0], now):
        with here.db.transaction() as writing:
            devices.touch(writing, device_id=found[0].id, now=now)
    return _visitor(found[1], token_id=found[0].id, scopes=found[0].scopes)


def _visitor(user: User, *, token_id: uuid.UUID, scopes: str) -> Visitor:
    return Visitor(
        user_id=user.id,
        session_id=token_id,
        name=user.name,
        email=user.email,
        role=user.role,
        role_label=ROLE_LABELS[Role(user.role)],
        initials=user.initials,
        time_zone=user.time_zone,
        csrf_token="",
        deeds=token_scopes.deeds_of(scopes.split()),
    )
