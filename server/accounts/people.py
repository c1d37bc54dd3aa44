"""Who is meant by a name or an address in a report."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.auth.models import User


@dataclass(frozen=True, kw_only=True)
class Match:
    """`user_id` is None if nobody or more than one person is meant; `why_not` says which, "" for an empty text."""

    user_id: uuid.UUID | None
    why_not: str = ""


class People:
    """All users, found by e-mail address or by exact name, in any case. Those who still work here come first."""

    def __init__(self, session: Session) -> None:
        self._found: defaultdict[str, list[uuid.UUID]] = defaultdict(list)
        former: defaultdict[str, list[uuid.UUID]] = defaultdict(list)
        for user_id, name, email, deactivated_at in session.execute(
            select(User.id, User.name, User.email, User.deactivated_at)
        ):
            keys = {key for key in (_key(name), _key(email)) if key}
            for key in keys:
                (self._found if deactivated_at is None else former)[key].append(user_id)
        for key, ids in former.items():
            self._found.setdefault(key, ids)

    def match(self, text: str) -> Match:
        if not text:
            return Match(user_id=None)
        ids = self._found.get(_key(text), ())
        if len(ids) == 1:
            return Match(user_id=ids[0])
        return Match(user_id=None, why_not=f"is the name of {len(ids)} users here" if ids else "is no user here")


def _key(text: str) -> str:
    return " ".join(text.casefold().split())
