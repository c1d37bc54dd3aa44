"""For whom a request acts while no visitor is known: at a sign-in, at the token endpoint. The audit log reads it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

_KEY = "acts_for"


@dataclass(frozen=True, kw_only=True)
class ActsFor:
    """`user_id` is None where it is not certain who asked. `is_refusal`: what was asked for was not done.

    `record` is what else the log shall say; ids and words of ours.
    """

    user_id: uuid.UUID | None
    is_refusal: bool = False
    record: dict[str, str] = field(default_factory=dict)


def declare(session: Session, acts_for: ActsFor) -> None:
    session.info[_KEY] = acts_for


def declared(session: Session) -> ActsFor | None:
    found = session.info.get(_KEY)
    return found if isinstance(found, ActsFor) else None
